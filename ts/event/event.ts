import type { TimeoutArgument } from "../limit.ts"
import { Linkable, type Linked } from "../linkable.ts"
import type { Wait } from "../wait.ts"
import { EventWait } from "./eventwait.ts"

/**
 * A flag that greenlets wait for: `set` raises it and wakes all who wait, in the order in which they came.
 *
 * gevent: `gevent.event.Event`.
 *
 * @example
 * ```ts
 * import { run, spawn } from "gevent-wasm"
 * import { Event } from "gevent-wasm/event"
 * await run(function* () {
 *   const opened = new Event()
 *   spawn(function* () {
 *     opened.set()
 *   })
 *   console.log(yield* opened.wait(5)) // true
 * })
 * ```
 */
export class Event extends Linkable {
  private flag = false
  // a link of an earlier round than this one was there while the flag was up
  private round = 0

  /** Whether it is set. gevent: `is_set`, `isSet`. */
  isSet(): boolean {
    return this.flag
  }

  /** The same as `isSet`. */
  ready(): boolean {
    return this.flag
  }

  /** Sets it, and wakes all who wait; they go on later, in their order, even if it is cleared before. */
  set(): void {
    this.flag = true
    this.round++
    this.checkAndNotify()
  }

  /** Takes `set` back: from now on one has to wait for the next `set`. */
  clear(): void {
    this.flag = false
  }

  /**
   * Waits until it is set. When it is already, nothing is waited for, unless some who came earlier have yet to go on.
   *
   * @param timeout - Seconds or a Timeout; when it passes first, the wait just ends.
   * @returns Whether it was set before or during the wait.
   */
  wait(timeout: TimeoutArgument = null): Wait<boolean> {
    return new EventWait(this, timeout)
  }

  override addLink(link: Linked): void {
    link.round = this.flag ? this.round - 1 : this.round
    super.addLink(link)
  }

  protected override isDue(link: Linked): boolean {
    return link.round < this.round
  }

  /** What the console shows. */
  override toString(): string {
    return `<${this.constructor.name} ${this.flag ? "set" : "clear"} links[${this.linkcount()}]>`
  }
}
