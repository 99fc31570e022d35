import * as threads from "node:worker_threads"
import type { Thread, ThreadEvents, ThreadPort, Transferred } from "../thread.ts"

/** What a thread starts with. */
interface ThreadData {
  readonly port: threads.MessagePort
  /** A number that rises with each message, on which the thread sleeps, and whether it does. */
  readonly bell: Int32Array
}

/**
 * Starts a thread that runs `main`, which goes there as its source.
 *
 * A thread that sleeps on a number in shared memory is awake within a few microseconds, and a third of the time later when it waits
 * in its event loop for a message.
 */
export function startThread(main: (port: ThreadPort) => void, events: ThreadEvents): Thread {
  return new WorkerThread(main, events)
}

class WorkerThread implements Thread {
  private readonly worker: threads.Worker
  private readonly port: threads.MessagePort
  private readonly bell = new Int32Array(new SharedArrayBuffer(8))

  constructor(main: (port: ThreadPort) => void, events: ThreadEvents) {
    const { port1, port2 } = new threads.MessageChannel()
    const workerData: ThreadData = { port: port2, bell: this.bell }
    // it may be run as a script or as a module, as the program's own flags say
    const source = `import("node:worker_threads").then((modules) => (${String(boot)})(modules, ${String(main)}))`
    this.port = port1
    this.worker = new threads.Worker(source, { eval: true, workerData, transferList: [port2] })
    this.worker.on("error", (error) => events.error(error))
    this.worker.on("exit", (code) => {
      port1.close()
      events.exit(code)
    })
    port1.on("message", (message) => events.message(message))
    // it ends, and its end is to be told
    port1.on("close", () => this.worker.ref())
    this.worker.unref()
    this.port.unref()
  }

  post(message: unknown, transfer: readonly Transferred[]): void {
    this.port.postMessage(message, transfer as threads.Transferable[])
    Atomics.add(this.bell, 0, 1)
    if (Atomics.load(this.bell, 1) !== 0) Atomics.notify(this.bell, 0)
  }

  keepAlive(on: boolean): void {
    if (on) this.port.ref()
    else this.port.unref()
  }

  terminate(): void {
    // for its end, which is told
    this.worker.ref()
    void this.worker.terminate()
  }
}

/** Runs in the thread, without anything from around it. */
function boot(modules: typeof threads, main: (port: ThreadPort) => void): void {
  const { port, bell } = modules.workerData as ThreadData
  let rung = 0
  main({
    post(message, transfer) {
      port.postMessage(message, transfer as threads.Transferable[])
    },
    take() {
      rung = Atomics.load(bell, 0)
      const found = modules.receiveMessageOnPort(port) as { message: unknown } | undefined
      return found === undefined ? null : [found.message]
    },
    block(ms) {
      Atomics.store(bell, 1, 1)
      Atomics.wait(bell, 0, rung, ms)
      Atomics.store(bell, 1, 0)
    },
    listen(fn) {
      port.on("message", fn)
    },
  })
}
