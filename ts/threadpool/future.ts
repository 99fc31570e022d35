import type { AsyncResult } from "../event/asyncresult.ts"
import { Flow } from "../flow.ts"
import type { TimeoutArgument } from "../limit.ts"
import type { Wait } from "../wait.ts"

/**
 * The result of a task of an executor, which can be waited for with `wait` and `iwait` too.
 *
 * gevent: the future of `ThreadPoolExecutor.submit`.
 */
export class Future<T> {
  private readonly outcome: AsyncResult<T>

  /** Made by `submit`. */
  constructor(outcome: AsyncResult<T>) {
    this.outcome = outcome
  }

  /**
   * Waits for the result, or throws the error.
   *
   * @param timeout - Seconds or a Timeout, which is thrown when it passes first.
   */
  result(timeout: TimeoutArgument = null): Wait<T> {
    return this.outcome.get(true, timeout)
  }

  /**
   * Waits for the end.
   *
   * @param timeout - Seconds or a Timeout, which is thrown when it passes first.
   * @returns The error; null when there was none.
   */
  exception(timeout: TimeoutArgument = null): Flow<unknown> {
    const { outcome } = this
    return new Flow(function* () {
      try {
        yield* outcome.get(true, timeout)
      } catch (error) {
        if (!outcome.ready()) throw error
      }
      return outcome.exception
    })
  }

  /** Whether it has ended. */
  done(): boolean {
    return this.outcome.ready()
  }

  /** A task that was submitted cannot be cancelled: false. */
  cancel(): boolean {
    return false
  }

  /** Whether it was cancelled: false. */
  cancelled(): boolean {
    return false
  }

  /** Whether it has not ended. */
  running(): boolean {
    return !this.done()
  }

  /** Calls `fn` with the future in the hub when it has ended, also when it has already. gevent: `add_done_callback`. */
  addDoneCallback(fn: (future: this) => unknown): void {
    this.rawlink(fn)
  }

  /** The same as `addDoneCallback`: what `wait` and `iwait` use. */
  rawlink(callback: (future: this) => unknown): void {
    const call = (): unknown => callback(this)
    this.callbacks.set(callback, call)
    this.outcome.rawlink(call)
  }

  /** Takes a callback off. */
  unlink(callback: (future: this) => unknown): void {
    const call = this.callbacks.get(callback)
    if (call === undefined) return
    this.callbacks.delete(callback)
    this.outcome.unlink(call)
  }

  private readonly callbacks = new Map<unknown, () => unknown>()
}
