import { Attempt } from "../attempt.ts"
import { limitOf, type Timeout, type TimeoutArgument } from "../limit.ts"
import { scheduler } from "../strand.ts"
import type { BlockingCall, Wait } from "../wait.ts"
import { AcquireWait } from "./acquirewait.ts"
import type { Lockable } from "./lockable.ts"

/** Acquires a lock, and waits only when that is not possible now. */
export class Acquire extends Attempt<boolean> {
  declare private readonly lock: Lockable
  declare private readonly limit: Timeout | null

  constructor(lock: Lockable, timeout: TimeoutArgument) {
    super()
    this.done = false
    this.value = true
    this.strand = scheduler.current
    this.wait = null
    this.lock = lock
    this.limit = timeout === null ? null : limitOf(timeout)
  }

  [Symbol.iterator](): Iterator<BlockingCall<unknown>, boolean, unknown> {
    const { current } = scheduler
    if (this.done || this.wait !== null || current.interrupts !== null) return this.begun()
    if (!this.lock.take(current)) return this.begun()
    this.done = true
    return this
  }

  protected makeWait(): Wait<boolean> {
    return new AcquireWait(this.lock, true, this.limit)
  }
}
