import { checkBody, type Body } from "../body.ts"
import { PoolFull } from "../exceptions.ts"
import { Greenlet } from "../greenlet.ts"
import { Immediate } from "../immediate.ts"
import type { TimeoutArgument } from "../limit.ts"
import { Semaphore } from "../lock/semaphore.ts"
import type { RawGreenlet } from "../rawgreenlet.ts"
import type { Wait } from "../wait.ts"
import { Admission } from "./admission.ts"
import { GreenletSet, type GreenletClass } from "./greenletset.ts"
import type { Result, Running } from "./mapping.ts"

/**
 * A group of at most some greenlets at once: `spawn` waits while it is full.
 *
 * gevent: `gevent.pool.Pool(size=None, greenlet_class=None)`.
 *
 * @example
 * ```ts
 * import { run, sleep } from "gevent-wasm"
 * import { Pool } from "gevent-wasm/pool"
 * await run(function* () {
 *   const pool = new Pool(2)
 *   for (let i = 0; i < 4; i++) yield* pool.spawn(() => sleep(0.01)) // the third waits for the first
 *   yield* pool.join()
 *   console.log(yield* pool.map(async (number: number) => number * number, [1, 2, 3])) // [ 1, 4, 9 ]
 * })
 * ```
 */
export class Pool extends GreenletSet {
  /** How many greenlets it holds; null: as many as come. */
  readonly size: number | null
  private readonly slots: Semaphore | null

  /**
   * @param size - How many greenlets it holds; null: as many as come; 0: none ever runs.
   * @param greenletClass - What `spawn` makes; by default Greenlet.
   * @throws {TypeError} unless `size` is a number or null and `greenletClass` a class; {RangeError} when it is negative or no whole number.
   */
  constructor(size: number | null = null, greenletClass: GreenletClass = Greenlet) {
    super()
    if (size !== null && typeof size !== "number") {
      throw new TypeError(`the size of a pool must be a number or null, not ${String(size)}`)
    }
    if (size !== null && (!Number.isInteger(size) || size < 0)) {
      throw new RangeError(`the size of a pool must be a whole number of at least 0, not ${size}`)
    }
    if (typeof greenletClass !== "function") {
      throw new TypeError(`the greenlet class of a pool must be a class, not ${String(greenletClass)}`)
    }
    this.size = size
    this.slots = size === null ? null : new Semaphore(size)
    this.greenletClass = greenletClass
  }

  /** Whether there is no room for a greenlet more. */
  full(): boolean {
    return this.freeCount() <= 0
  }

  /** How many greenlets there is room for; 1 when there is no limit. gevent: `free_count`. */
  freeCount(): number {
    return this.size === null ? 1 : Math.max(0, this.size - this.length)
  }

  /**
   * Waits until there is room.
   *
   * @param timeout - Seconds or a Timeout; when it passes first, the wait just ends.
   * @returns How many greenlets there is room for; 0 when the time has passed. gevent: `wait_available`.
   */
  waitAvailable(timeout: TimeoutArgument = null): Wait<number> {
    return this.slots === null ? new Immediate(1) : this.slots.wait(timeout)
  }

  /**
   * Makes a greenlet in it and starts it; waits for room first.
   *
   * @returns The greenlet, which has started by then.
   * @throws {TypeError} when `fn` is no function.
   */
  spawn<A extends unknown[], R extends Running>(fn: (...args: A) => R, ...args: A): Wait<Greenlet<Result<R>>> {
    checkBody(fn)
    return this.admitLater(fn, args) as Wait<Greenlet<Result<R>>>
  }

  /**
   * Takes a greenlet in; waits for room first.
   *
   * @param blocking - false: takes it in at once, and throws PoolFull when there is no room.
   * @param timeout - Seconds or a Timeout; when it passes first, PoolFull is thrown.
   * @throws {TypeError} when it is no greenlet.
   */
  add(greenlet: RawGreenlet, blocking?: true, timeout?: TimeoutArgument): Wait<void>
  add(greenlet: RawGreenlet, blocking: false): void
  add(greenlet: RawGreenlet, blocking = true, timeout: TimeoutArgument = null): Wait<void> | void {
    return this.bring(() => this.hold(greenlet), blocking, timeout)
  }

  /** As `add`, and starts the greenlet. */
  start(greenlet: Greenlet<unknown>, blocking?: true, timeout?: TimeoutArgument): Wait<void>
  start(greenlet: Greenlet<unknown>, blocking: false): void
  start(greenlet: Greenlet<unknown>, blocking = true, timeout: TimeoutArgument = null): Wait<void> | void {
    const enter = (): void => {
      this.hold(greenlet)
      greenlet.start()
    }
    return this.bring(enter, blocking, timeout)
  }

  admit(fn: Body, args: unknown[]): Greenlet<unknown> | null {
    return this.slots === null || this.slots.take() ? this.make(fn, args) : null
  }

  admitLater(fn: Body, args: unknown[]): Wait<Greenlet<unknown>> {
    return new Admission(this.slots, () => this.make(fn, args), true, null)
  }

  protected override describeSize(): string {
    return `${this.length} of ${this.size ?? "any number of"} greenlets`
  }

  protected override leave(greenlet: RawGreenlet): boolean {
    const known = super.leave(greenlet)
    if (known) this.slots?.release()
    return known
  }

  private bring(enter: () => void, blocking: boolean, timeout: TimeoutArgument): Wait<void> | void {
    const { slots } = this
    if (blocking) return new Admission(slots, enter, true, timeout)
    if (slots !== null && !slots.take()) throw new PoolFull()
    enter()
  }

  /** Makes a greenlet in the slot that was taken for it. */
  private make(fn: Body, args: unknown[]): Greenlet<unknown> {
    const { greenletClass: Kind } = this
    let greenlet
    try {
      greenlet = new Kind(fn, ...args)
    } catch (error) {
      this.slots?.release()
      throw error
    }
    this.hold(greenlet)
    greenlet.start()
    return greenlet
  }

  /** Takes a greenlet into the slot that was taken for it. */
  private hold(greenlet: RawGreenlet): void {
    const before = this.length
    try {
      this.enter(greenlet)
    } finally {
      if (this.length === before) this.slots?.release() // it was here already, or is none
    }
  }
}
