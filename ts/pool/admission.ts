import { PoolFull } from "../exceptions.ts"
import { limitOf, type TimeoutArgument } from "../limit.ts"
import type { Linked } from "../linkable.ts"
import type { Semaphore } from "../lock/semaphore.ts"
import { ListedWait } from "../waitlist.ts"

/** Waits for room in a pool, and brings a greenlet in. */
export class Admission<G> extends ListedWait<G> implements Linked {
  round = 0
  private readonly slots: Semaphore | null
  private readonly bring: () => G
  private readonly blocking: boolean

  /**
   * @param slots - Where it waits; null: there is always room.
   * @param bring - Brings the greenlet into the pool, with the slot that it has by then.
   */
  constructor(slots: Semaphore | null, bring: () => G, blocking: boolean, timeout: TimeoutArgument) {
    super()
    this.slots = slots
    this.bring = bring
    this.blocking = blocking
    this.limit = limitOf(timeout)
  }

  notify(): void {
    this.slots!.take()
    let greenlet
    try {
      greenlet = this.bring()
    } catch (error) {
      this.resumeWithError(error)
      return
    }
    this.resumeWith(greenlet)
  }

  protected begin(): boolean {
    if (this.slots === null || this.slots.take()) {
      this.value = this.bring()
      return true
    }
    if (!this.blocking) throw new PoolFull()
    this.slots.addLink(this)
    return false
  }

  protected cancel(): void {
    this.slots!.removeLink(this)
  }

  protected override expired(): G {
    throw new PoolFull()
  }

  override describe(): string {
    return "room in a pool"
  }
}
