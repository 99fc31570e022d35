import type { Runnable } from "./runqueue.ts"

/** Who is told of the errors of callbacks. */
export interface ErrorHandler {
  handleError(context: unknown, error: unknown): void
}

/**
 * What `loop.runCallback` returns: a function that waits in the loop's run queue.
 *
 * `pending` is cleared before the function is called. gevent: `gevent.core.callback`.
 */
export class Callback implements Runnable {
  /** The function; null once it is called or stopped. */
  callback: ((...args: never[]) => unknown) | null
  /** Its arguments; null once it is called or stopped. */
  args: unknown[] | null
  private readonly call: (callback: (...args: never[]) => unknown, args: unknown[], context: unknown) => void
  private running = false

  /** Made by `loop.runCallback`. */
  constructor(
    callback: (...args: never[]) => unknown,
    args: unknown[],
    call: (callback: (...args: never[]) => unknown, args: unknown[], context: unknown) => void,
  ) {
    this.callback = callback
    this.args = args
    this.call = call
  }

  /** Whether it has yet to be called. */
  get pending(): boolean {
    return this.callback !== null
  }

  /** Whether it is pending or being called; gevent's `bool(callback)`. */
  get active(): boolean {
    return this.running || this.pending
  }

  /** It will not be called. */
  stop(): void {
    this.callback = null
    this.args = null
  }

  /** The same as `stop`. */
  close(): void {
    this.stop()
  }

  /** Calls it, unless it was stopped; the loop does. */
  run(): void {
    const { callback, args } = this
    if (callback === null) return
    this.stop()
    this.running = true
    this.call(callback, args ?? [], this)
    this.running = false
  }
}
