import type { Greenlet } from "./greenlet.ts"
import { getHub } from "./hub.ts"
import type { Link } from "./link.ts"
import { scheduler, switchTo } from "./strand.ts"

/** Who wants to know that a greenlet has ended, in the order in which they said so. */
export class LinkList {
  /** Whether the greenlet stands in the run queue to notify them. */
  queued = false
  private links: Link[]
  private notified = 0

  constructor(first: Link) {
    // an array that begins empty has room for 17 once something is pushed, and there is mostly one link
    this.links = [first]
  }

  /** How many have not been notified. */
  get length(): number {
    return this.links.length - this.notified
  }

  add(link: Link): void {
    this.links.push(link)
  }

  remove(link: Link): void {
    this.removeAt(this.links.indexOf(link, this.notified))
  }

  /** Takes back one link to `target`. */
  removeTarget(target: unknown): void {
    this.removeAt(this.links.findIndex((link, at) => at >= this.notified && link.target === target))
  }

  clear(): void {
    this.links.length = 0
    this.notified = 0
  }

  /** Calls them, as the hub. Links may come and go meanwhile. */
  notify(greenlet: Greenlet<unknown>): void {
    this.queued = false
    const hub = getHub()
    const previous = scheduler.current
    switchTo(hub)
    while (this.notified < this.links.length) {
      const link = this.links[this.notified++]!
      try {
        const result = link.notify(greenlet)
        if (typeof result === "object") hub.complete(result, link.target)
      } catch (error) {
        hub.report(link.target, error)
      }
    }
    this.clear()
    switchTo(previous)
  }

  private removeAt(index: number): void {
    if (index >= 0) this.links.splice(index, 1)
  }
}
