import type { TimeoutArgument } from "../limit.ts"
import { Linkable } from "../linkable.ts"
import type { BlockingCall, Wait } from "../wait.ts"
import { Acquire } from "./acquire.ts"
import { AcquireWait } from "./acquirewait.ts"
import { Enter } from "./enter.ts"
import type { Held } from "./held.ts"
import type { Lockable } from "./lockable.ts"
import { SemaphoreWait } from "./semaphorewait.ts"

/**
 * A counter of how many may still come in: `acquire` takes one and waits while there is none, `release` gives one back. Who waits is
 * served in order; but who releases and acquires again without waiting in between has it at once.
 *
 * It does not know who has acquired it, and it may be released more often than it was acquired.
 *
 * gevent: `gevent.lock.Semaphore(value=1)`.
 *
 * @example
 * ```ts
 * import { joinall, run, sleep, spawn } from "gevent-wasm"
 * import { Semaphore } from "gevent-wasm/lock"
 * await run(function* () {
 *   const semaphore = new Semaphore(2)
 *   function* worker(number: number) {
 *     using _held = yield* semaphore.enter()
 *     yield* sleep(0.01)
 *     console.log(number)
 *   }
 *   yield* joinall([spawn(worker, 1), spawn(worker, 2), spawn(worker, 3)])
 * })
 * ```
 */
export class Semaphore extends Linkable implements Lockable {
  private count: number

  /**
   * @param value - How often it can be acquired.
   * @throws {TypeError} unless `value` is a number; {RangeError} when it is negative or no whole number.
   */
  constructor(value = 1) {
    super()
    if (typeof value !== "number") throw new TypeError(`a semaphore's value must be a number, not ${String(value)}`)
    if (!Number.isInteger(value) || value < 0) {
      throw new RangeError(`a semaphore's value must be a whole number of at least 0, not ${value}`)
    }
    this.count = value
  }

  /** How often it can be acquired now. */
  get counter(): number {
    return this.count
  }

  /** Whether it can be acquired. */
  ready(): boolean {
    return this.count > 0
  }

  /** Whether it cannot be acquired. */
  locked(): boolean {
    return this.count <= 0
  }

  /**
   * Takes one, and waits for that while there is none.
   *
   * @param blocking - false: does not wait.
   * @param timeout - Seconds or a Timeout; when it passes first, the wait just ends.
   * @returns Whether it was acquired.
   */
  acquire(blocking = true, timeout: TimeoutArgument = null): BlockingCall<boolean> {
    return blocking ? new Acquire(this, timeout) : new AcquireWait(this, blocking, timeout)
  }

  /** Takes one if there is one; whether that was so. Never waits. gevent: `acquire(blocking=False)`. */
  acquireNowait(): boolean {
    return this.take()
  }

  /** The same, for waits. */
  take(): boolean {
    if (this.count <= 0) return false
    this.count--
    return true
  }

  /**
   * Acquires it for a block: `using held = yield* semaphore.enter()` releases it at the end of the block. gevent: `with semaphore`.
   *
   * @param timeout - Seconds or a Timeout, which is thrown when it passes first.
   */
  enter(timeout: TimeoutArgument = null): BlockingCall<Held> {
    return new Enter(this, timeout)
  }

  /** Gives one back, and wakes who waits. @returns How often it can be acquired now. */
  release(): number {
    this.count++
    this.checkAndNotify()
    return this.count
  }

  /**
   * Waits until it can be acquired, and does not acquire it.
   *
   * @param timeout - Seconds or a Timeout; when it passes first, the wait just ends.
   * @returns How often it can be acquired; 0 when the time has passed, or when others were faster.
   */
  wait(timeout: TimeoutArgument = null): Wait<number> {
    return new SemaphoreWait(this, timeout)
  }

  /** What the console shows. */
  override toString(): string {
    return `<${this.constructor.name} counter=${this.count} links[${this.linkcount()}]>`
  }
}
