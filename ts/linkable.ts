import { host } from "#host"
import type { Runnable } from "./core/runqueue.ts"
import { getHub } from "./hub.ts"
import { linkFunction, type Target } from "./link.ts"
import { scheduler } from "./strand.ts"
import { WaitList, type Entry } from "./waitlist.ts"

/** Who is told when an object becomes ready: a wait, or a link. */
export interface Linked extends Entry {
  /** Set by what it is linked to, if that counts rounds. */
  round: number
  /** It is ready. Called from the run queue, and taken out of the list before. */
  notify(): void
}

/**
 * What becomes ready and tells, from the run queue, those who wait for it or are linked to it, in the order in which they came.
 * gevent: `gevent._abstract_linkable.AbstractLinkable`.
 */
export abstract class Linkable implements Runnable {
  private readonly links = new WaitList<Linked>()
  private scheduled = false

  /** Whether it is ready. */
  abstract ready(): boolean

  /** How many wait for it or are linked to it. */
  linkcount(): number {
    return this.links.length
  }

  /**
   * Calls `target(this)` in the hub once it is ready, also when it is already. The link is gone before that.
   *
   * @throws {TypeError} when `target` cannot be called.
   */
  rawlink(target: Target<this>): void {
    this.addLink(new RawLink(this, target))
  }

  /** Takes back one link to `target`; an unknown one is ignored. */
  unlink(target: unknown): void {
    for (const link of this.links) {
      if (link instanceof RawLink && link.target === target) {
        this.links.remove(link)
        return
      }
    }
  }

  /** Somebody wants to be told. For waits. */
  addLink(link: Linked): void {
    this.links.push(link)
    this.checkAndNotify()
  }

  /** Somebody does not want to be told any more. For waits. */
  removeLink(link: Linked): void {
    this.links.remove(link)
  }

  /** Its turn in the run queue: tells those who are there now, as long as `isDue` says so. */
  run(): void {
    const { links } = this
    for (let left = links.length; left > 0 && links.length > 0; left--) {
      const link = links.first!
      if (!this.isDue(link)) break
      links.remove(link)
      link.notify()
    }
    this.scheduled = false
    this.checkAndNotify()
  }

  /** Whether one of the links is to be told now. */
  protected isDue(_link: Linked): boolean {
    return this.ready()
  }

  /** Whether some are being told, or are going to be. For waits. */
  get notifying(): boolean {
    return this.scheduled
  }

  /** What the console shows. */
  abstract toString(): string

  /** Has those told who are due. */
  protected checkAndNotify(): void {
    const { first } = this.links
    if (this.scheduled || first === undefined || !this.isDue(first)) return
    this.scheduled = true
    scheduler.loop.queue.push(this)
  }
}

Object.defineProperty(Linkable.prototype, host.inspect, {
  value(this: Linkable) {
    return this.toString()
  },
})

/** A function that is called when an object is ready. */
class RawLink<S extends Linkable> implements Linked {
  before: Entry | null = null
  after: Entry | null = null
  round = 0
  readonly target: Target<S>
  private readonly source: S
  private readonly call: (source: S) => unknown

  constructor(source: S, target: Target<S>) {
    this.call = linkFunction(target)
    this.source = source
    this.target = target
  }

  notify(): void {
    getHub().loop.invoke(this.call, [this.source], this.target)
  }
}
