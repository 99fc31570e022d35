import { Attempt } from "../attempt.ts"
import { limitOf, type Timeout, type TimeoutArgument } from "../limit.ts"
import { scheduler } from "../strand.ts"
import type { BlockingCall, Wait } from "../wait.ts"
import { EnterWait } from "./acquirewait.ts"
import { Held } from "./held.ts"
import type { Lockable } from "./lockable.ts"

/** Acquires a lock for a `using` block, and waits only when that is not possible now. */
export class Enter extends Attempt<Held> {
  declare private readonly lock: Lockable
  declare private readonly limit: Timeout | null

  constructor(lock: Lockable, timeout: TimeoutArgument) {
    super()
    this.done = false
    this.value = undefined as never
    this.strand = scheduler.current
    this.wait = null
    this.lock = lock
    this.limit = timeout === null ? null : limitOf(timeout)
  }

  [Symbol.iterator](): Iterator<BlockingCall<unknown>, Held, unknown> {
    const { current } = scheduler
    if (this.done || this.wait !== null || current.interrupts !== null) return this.begun()
    if (!this.lock.take(current)) return this.begun()
    this.value = new Held(this.lock)
    this.done = true
    return this
  }

  protected makeWait(): Wait<Held> {
    return new EnterWait(this.lock, this.limit)
  }
}
