import type { Greenlet } from "../greenlet.ts"
import type { Link } from "../link.ts"
import { killall, spawn } from "../spawn.ts"
import type { Op, Wait } from "../wait.ts"
import { joinall } from "../waiting.ts"
import { Until } from "./until.ts"

/** What a server asks of a pool of greenlets. */
export interface ServerPool {
  /** Runs a function in a greenlet of the pool. Only called while it is not full. */
  spawn(fn: () => Op<unknown>): unknown
  /** Whether there is no room for a greenlet more. */
  full(): boolean
  /** Waits until there is room. */
  waitAvailable(): Op<unknown>
  /** Waits until all have ended, for some seconds at most. */
  join(timeout: number): Op<unknown>
  /** Ends all, and waits for that. */
  kill(): Op<unknown>
}

/** At most some handlers at once: what a server makes of a number. */
export class HandlerPool implements ServerPool, Link {
  private readonly size: number
  private readonly members = new Set<Greenlet<unknown>>()
  private readonly waiters = new Set<Until>()

  /** @throws {RangeError} unless `size` is a positive whole number. */
  constructor(size: number) {
    if (!Number.isInteger(size) || size < 1)
      throw new RangeError(`the number of handlers must be positive, not ${size}`)
    this.size = size
  }

  get target(): unknown {
    return this
  }

  spawn(fn: () => Op<unknown>): Greenlet<unknown> {
    const greenlet = spawn(fn)
    this.members.add(greenlet)
    greenlet.addLink(this)
    return greenlet
  }

  notify(greenlet: Greenlet<unknown>): void {
    this.members.delete(greenlet)
    Until.notify(this.waiters)
  }

  full(): boolean {
    return this.members.size >= this.size
  }

  waitAvailable(): Wait<void> {
    return new Until(this.waiters, () => !this.full(), "room for a handler")
  }

  join(timeout: number): Wait<unknown> {
    return joinall(this.members, timeout)
  }

  kill(): Wait<unknown> {
    return killall(this.members)
  }
}
