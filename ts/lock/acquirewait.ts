import { limitOf, type TimeoutArgument } from "../limit.ts"
import type { Linked } from "../linkable.ts"
import { ListedWait } from "../waitlist.ts"
import { Held } from "./held.ts"
import type { Lockable } from "./lockable.ts"

/** Waits for a lock, and acquires it. */
export class AcquireWait extends ListedWait<boolean> implements Linked {
  round = 0
  private readonly lock: Lockable
  private readonly blocking: boolean

  constructor(lock: Lockable, blocking: boolean, timeout: TimeoutArgument) {
    super()
    this.lock = lock
    this.blocking = blocking
    this.limit = limitOf(timeout)
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

  protected cancel(): void {
    this.lock.removeLink(this)
  }

  protected override expired(): boolean {
    return false
  }

  override describe(): string {
    return `acquire of ${String(this.lock)}`
  }
}

/** Waits for a lock, and acquires it for a `using` block. */
export class EnterWait extends ListedWait<Held> implements Linked {
  round = 0
  private readonly lock: Lockable

  constructor(lock: Lockable, timeout: TimeoutArgument) {
    super()
    this.lock = lock
    this.limit = limitOf(timeout)
  }

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

  protected cancel(): void {
    this.lock.removeLink(this)
  }

  override describe(): string {
    return `acquire of ${String(this.lock)}`
  }
}
