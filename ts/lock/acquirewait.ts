import { limitOf, type TimeoutArgument } from "../limit.ts"
import type { Linked } from "../linkable.ts"
import { ListedWait } from "../waitlist.ts"
import { Held } from "./held.ts"
import type { Lockable } from "./lockable.ts"

/** Waits for a lock. */
export abstract class LockWait<T> extends ListedWait<T> implements Linked {
  round = 0
  protected readonly lock: Lockable

  constructor(lock: Lockable, timeout: TimeoutArgument) {
    super()
    this.lock = lock
    this.limit = limitOf(timeout)
  }

  abstract notify(): void

  /** Whether it stands in the line of a lock. */
  waitsFor(lock: Lockable): boolean {
    return this.lock === lock && this.before !== null
  }

  protected cancel(): void {
    this.lock.removeLink(this)
  }

  override describe(): string {
    return `acquire of ${String(this.lock)}`
  }
}

/** Waits for a lock, and acquires it. */
export class AcquireWait extends LockWait<boolean> {
  private readonly blocking: boolean

  constructor(lock: Lockable, blocking: boolean, timeout: TimeoutArgument) {
    super(lock, timeout)
    this.blocking = blocking
  }

  notify(): void {
    this.resumeWith(this.lock.take(this.strand))
  }

  protected begin(): boolean {
    this.value = this.lock.take(this.strand)
    if (this.value || !this.blocking) return true
    this.lock.addLink(this)
    return false
  }

  protected override expired(): boolean {
    return false
  }
}

/** Waits for a lock, and acquires it for a `using` block. */
export class EnterWait extends LockWait<Held> {
  notify(): void {
    this.lock.take(this.strand)
    this.resumeWith(new Held(this.lock))
  }

  protected begin(): boolean {
    if (!this.lock.take(this.strand)) {
      this.lock.addLink(this)
      return false
    }
    this.value = new Held(this.lock)
    return true
  }
}
