import { Semaphore } from "./semaphore.ts"

/**
 * A semaphore that cannot be released more often than it was acquired: that is an error.
 *
 * gevent: `gevent.lock.BoundedSemaphore(value=1)`.
 *
 * @example
 * ```ts
 * import { BoundedSemaphore } from "gevent-wasm/lock"
 * const lock = new BoundedSemaphore()
 * lock.acquireNowait()
 * console.log(lock.release()) // 1
 * ```
 */
export class BoundedSemaphore extends Semaphore {
  private readonly initial: number

  /**
   * @param value - How often it can be acquired.
   * @throws {TypeError} unless `value` is a number; {RangeError} when it is negative or no whole number.
   */
  constructor(value = 1) {
    super(value)
    this.initial = value
  }

  /** Gives one back, and wakes who waits. @returns How often it can be acquired now. @throws {RangeError} when nobody has acquired it. */
  override release(): number {
    if (this.counter >= this.initial) throw new RangeError("Semaphore released too many times")
    return super.release()
  }
}
