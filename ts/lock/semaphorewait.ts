import { limitOf, type TimeoutArgument } from "../limit.ts"
import type { Linked } from "../linkable.ts"
import { ListedWait } from "../waitlist.ts"
import type { Semaphore } from "./semaphore.ts"

/** Waits until a semaphore can be acquired. */
export class SemaphoreWait extends ListedWait<number> implements Linked {
  round = 0
  private readonly semaphore: Semaphore

  constructor(semaphore: Semaphore, timeout: TimeoutArgument) {
    super()
    this.semaphore = semaphore
    this.limit = limitOf(timeout)
  }

  notify(): void {
    this.resumeWith(this.semaphore.counter)
  }

  protected begin(): boolean {
    this.value = this.semaphore.counter
    if (this.value > 0) return true
    this.semaphore.addLink(this)
    return false
  }

  protected cancel(): void {
    this.semaphore.removeLink(this)
  }

  protected override expired(): number {
    return this.semaphore.counter
  }

  override describe(): string {
    return `wait for ${String(this.semaphore)}`
  }
}
