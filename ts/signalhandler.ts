import { Signal } from "./core/signal.ts"
import { need } from "./exceptions.ts"
import { Greenlet } from "./greenlet.ts"
import { getHub } from "./hub.ts"
import type { Op } from "./wait.ts"

/** A handler that was set for a signal. gevent: what `gevent.signal_handler` returns. */
export class SignalHandler {
  private readonly watcher: Signal

  constructor(signum: number, run: () => void) {
    this.watcher = new Signal(getHub().loop, signum, { ref: false })
    this.watcher.start(run)
  }

  /** Whether it keeps `wait()` and the process alive. Default false. */
  get ref(): boolean {
    return this.watcher.ref
  }

  set ref(value: boolean) {
    this.watcher.ref = value
  }

  /** The handler is not called any more. */
  cancel(): void {
    this.watcher.stop()
  }
}

/**
 * Calls a function, in a greenlet of its own, whenever the process gets a signal. It may wait.
 * gevent: `gevent.signal_handler(signum, handler, *args, **kwargs)`.
 *
 * @throws {TypeError} when `handler` is no function. @throws {RangeError} for a signal that cannot be caught.
 * @example
 * ```ts
 * import { signalHandler } from "gevent-wasm"
 * const SIGTERM = 15
 * const handler = signalHandler(SIGTERM, function* () {
 *   console.log("shutting down")
 * })
 * handler.cancel()
 * ```
 */
export function signalHandler<A extends unknown[]>(
  signum: number,
  handler: (...args: A) => Op<unknown> | Promise<unknown>,
  ...args: A
): SignalHandler {
  if (typeof handler !== "function") throw new TypeError(`signal handler must be a function, not ${String(handler)}`)
  need("signals", "signal")
  return new SignalHandler(signum, () => new Greenlet(handler, ...args).start())
}
