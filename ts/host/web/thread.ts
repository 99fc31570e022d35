import type { Thread, ThreadEvents, ThreadPort, Transferred } from "../thread.ts"

/** What a worker says when it ends itself. */
const BYE = "gevent-wasm: bye"

/** A worker, as far as it is used here. */
interface WebWorker {
  postMessage(message: unknown, transfer: readonly Transferred[]): void
  addEventListener(type: "message", listener: (event: { data: unknown }) => void): void
  addEventListener(type: "error", listener: (event: WorkerError) => void): void
  terminate(): void
}

/** What nobody caught in a worker. */
interface WorkerError {
  readonly error: unknown
  readonly message: string
  preventDefault(): void
}

/** The scope of a worker. */
interface WorkerScope {
  postMessage(message: unknown, transfer: readonly Transferred[]): void
  addEventListener(type: "message", listener: (event: { data: unknown }) => void): void
  close(): void
}

/**
 * Starts a worker that runs `main`, which goes there as its source. A worker of the web cannot look for messages by itself without
 * returning to its event loop.
 */
export function startThread(main: (port: ThreadPort) => void, events: ThreadEvents): Thread {
  const url = URL.createObjectURL(new Blob([`(${String(boot)})(self, ${String(main)}, ${JSON.stringify(BYE)})`]))
  const { Worker } = globalThis as unknown as { Worker: new (url: string) => WebWorker }
  const worker = new Worker(url)
  URL.revokeObjectURL(url)
  let ended = false
  const end = (code: number): void => {
    if (ended) return
    ended = true
    worker.terminate()
    // as elsewhere, not before whoever ends it has returned
    queueMicrotask(() => events.exit(code))
  }
  worker.addEventListener("message", ({ data }) => (data === BYE ? end(0) : events.message(data)))
  worker.addEventListener("error", (event) => {
    event.preventDefault()
    events.error(event.error ?? new Error(event.message))
    end(1)
  })
  return {
    post: (message, transfer) => worker.postMessage(message, transfer),
    keepAlive() {
      // a page lives as long as it is looked at
    },
    terminate: () => end(1),
  }
}

/** Runs in the worker, without anything from around it. */
function boot(scope: WorkerScope, main: (port: ThreadPort) => void, bye: string): void {
  const close = scope.close.bind(scope)
  scope.close = () => {
    scope.postMessage(bye, [])
    close()
  }
  main({
    post: (message, transfer) => scope.postMessage(message, transfer),
    take: () => null,
    block() {
      // its event loop brings the messages
    },
    listen: (fn) => scope.addEventListener("message", ({ data }) => fn(data)),
  })
}
