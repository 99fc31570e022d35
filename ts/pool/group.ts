import { checkBody, type Body } from "../body.ts"
import type { Greenlet } from "../greenlet.ts"
import { Immediate } from "../immediate.ts"
import type { TimeoutArgument } from "../limit.ts"
import type { RawGreenlet } from "../rawgreenlet.ts"
import type { Wait } from "../wait.ts"
import { GreenletSet } from "./greenletset.ts"
import type { Result, Running } from "./mapping.ts"

/**
 * Greenlets that are waited for, and ended, together. They leave the group when they end.
 *
 * gevent: `gevent.pool.Group(*greenlets)`.
 *
 * @example
 * ```ts
 * import { run, sleep } from "gevent-wasm"
 * import { Group } from "gevent-wasm/pool"
 * await run(function* () {
 *   const group = new Group()
 *   group.spawn(() => sleep(0.01))
 *   group.spawn(() => sleep(0.02))
 *   console.log(yield* group.join()) // true
 * })
 * ```
 */
export class Group extends GreenletSet {
  /** @param greenlets - Its first greenlets. */
  constructor(greenlets: Iterable<RawGreenlet> = []) {
    super()
    for (const greenlet of greenlets) this.add(greenlet)
  }

  /** Always false. */
  full(): boolean {
    return false
  }

  /** Takes a greenlet in. @throws {TypeError} when it is none. */
  add(greenlet: RawGreenlet): void {
    this.enter(greenlet)
  }

  /** Takes a greenlet in and starts it. @throws {TypeError} when it is none. */
  start(greenlet: Greenlet<unknown>): void {
    this.add(greenlet)
    greenlet.start()
  }

  /** Makes a greenlet in it and starts it. @throws {TypeError} when `fn` is no function. */
  spawn<A extends unknown[], R extends Running>(fn: (...args: A) => R, ...args: A): Greenlet<Result<R>> {
    checkBody(fn)
    return this.admit(fn, args) as Greenlet<Result<R>>
  }

  /** Returns at once: there is always room. gevent: `wait_available`. */
  waitAvailable(_timeout: TimeoutArgument = null): Wait<number> {
    return new Immediate(1)
  }

  admit(fn: Body, args: unknown[]): Greenlet<unknown> {
    const greenlet = new this.greenletClass(fn, ...args)
    this.start(greenlet)
    return greenlet
  }

  admitLater(fn: Body, args: unknown[]): Wait<Greenlet<unknown>> {
    return new Immediate(this.admit(fn, args))
  }
}
