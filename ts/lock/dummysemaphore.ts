import { Immediate } from "../immediate.ts"
import type { TimeoutArgument } from "../limit.ts"
import { Linkable } from "../linkable.ts"
import type { Wait } from "../wait.ts"
import { Held } from "./held.ts"

/**
 * What looks like a semaphore and never makes anybody wait: for code that can do with or without a limit.
 *
 * gevent: `gevent.lock.DummySemaphore(value=None)`.
 *
 * @example
 * ```ts
 * import { run } from "gevent-wasm"
 * import { DummySemaphore } from "gevent-wasm/lock"
 * await run(function* () {
 *   const unlimited = new DummySemaphore()
 *   console.log(yield* unlimited.acquire(), unlimited.locked()) // true false
 * })
 * ```
 */
export class DummySemaphore extends Linkable {
  /** @param _value - Ignored. */
  constructor(_value?: unknown) {
    super() // nothing is counted
  }

  /** Always true. */
  ready(): boolean {
    return true
  }

  /** Always false. */
  locked(): boolean {
    return false
  }

  /** Returns true at once. */
  acquire(_blocking = true, _timeout: TimeoutArgument = null): Wait<boolean> {
    return new Immediate(true)
  }

  /** Always true. gevent: `acquire(blocking=False)`. */
  acquireNowait(): boolean {
    return true
  }

  /** Returns at once; for a `using` block. gevent: `with semaphore`. */
  enter(_timeout: TimeoutArgument = null): Wait<Held> {
    return new Immediate(new Held(this))
  }

  /** Does nothing. */
  release(): void {
    // nothing was taken
  }

  /** Returns at once. */
  wait(_timeout: TimeoutArgument = null): Wait<void> {
    return new Immediate<void>(undefined)
  }

  /** What the console shows. */
  override toString(): string {
    return `<${this.constructor.name}>`
  }
}
