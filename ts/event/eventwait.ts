import { limitOf, type TimeoutArgument } from "../limit.ts"
import type { Linked } from "../linkable.ts"
import { ListedWait } from "../waitlist.ts"
import type { Event } from "./event.ts"

/** Waits until an event is set. */
export class EventWait extends ListedWait<boolean> implements Linked {
  round = 0
  private readonly event: Event

  constructor(event: Event, timeout: TimeoutArgument) {
    super()
    this.event = event
    this.limit = limitOf(timeout)
  }

  notify(): void {
    this.resumeWith(true)
  }

  protected begin(): boolean {
    const { event } = this
    // nobody overtakes those who are being woken, but for the hub, which cannot wait
    if (event.ready() && (!event.notifying || this.strand.refusal() !== undefined)) {
      this.value = true
      return true
    }
    event.addLink(this)
    return false
  }

  protected cancel(): void {
    this.event.removeLink(this)
  }

  protected override expired(): boolean {
    return false
  }

  override describe(): string {
    return `wait for ${String(this.event)}`
  }
}
