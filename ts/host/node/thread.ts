import process from "node:process"
import type * as threads from "node:worker_threads"
import type { Thread, ThreadEvents, ThreadPort, Transferred } from "../thread.ts"

/** What a thread starts with. */
interface ThreadData {
  readonly port: threads.MessagePort
  /** A number that rises with each message, on which the thread sleeps, and whether it does. */
  readonly bell: Int32Array
  /** Whether messages are sent in a Map. */
  readonly wraps: boolean
}

// Deno looks at each element of a message's arrays of bytes, for ports that would have to be made Node's. It does not look into a Map.
const wraps = process.versions["deno"] !== undefined

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
    const { MessageChannel, Worker } = process.getBuiltinModule("node:worker_threads")
    const { port1, port2 } = new MessageChannel()
    const workerData: ThreadData = { port: port2, bell: this.bell, wraps }
    // it may be run as a script or as a module, as the program's own flags say
    const parts = [main, wrapped, unwrapped].map(String).join(", ")
    const source = `import("node:worker_threads").then((modules) => (${String(boot)})(modules, ${parts}))`
    this.port = port1
    this.worker = new Worker(source, { eval: true, workerData, transferList: [port2] })
    this.worker.on("error", (error) => events.error(error))
    this.worker.on("exit", (code) => {
      port1.close()
      events.exit(code)
    })
    port1.on("message", (message) => events.message(unwrapped(message)))
    // it ends, and its end is to be told
    port1.on("close", () => this.worker.ref())
    this.worker.unref()
    this.port.unref()
  }

  post(message: unknown, transfer: readonly Transferred[]): void {
    this.port.postMessage(wraps ? wrapped(message, transfer) : message, transfer as threads.Transferable[])
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

/** A message whose bytes the host does not look at, unless it may bring ports along. Goes to the thread as its source. */
function wrapped(message: unknown, transfer: readonly Transferred[]): unknown {
  return transfer.every((each) => each instanceof ArrayBuffer) ? new Map([[0, message]]) : message
}

/** The message itself, which is no Map. Goes to the thread as its source. */
function unwrapped(message: unknown): unknown {
  return message instanceof Map ? (message.get(0) as unknown) : message
}

/** Runs in the thread, without anything from around it. */
function boot(
  modules: typeof threads,
  main: (port: ThreadPort) => void,
  wrap: typeof wrapped,
  unwrap: typeof unwrapped,
): void {
  const { port, bell, wraps } = modules.workerData as ThreadData
  let rung = 0
  main({
    post(message, transfer) {
      port.postMessage(wraps ? wrap(message, transfer) : message, transfer as threads.Transferable[])
    },
    take() {
      rung = Atomics.load(bell, 0)
      const found = modules.receiveMessageOnPort(port) as { message: unknown } | undefined
      return found === undefined ? null : [unwrap(found.message)]
    },
    block(ms) {
      Atomics.store(bell, 1, 1)
      Atomics.wait(bell, 0, rung, ms)
      Atomics.store(bell, 1, 0)
    },
    listen(fn) {
      port.on("message", (message) => fn(unwrap(message)))
    },
  })
}
