import { host } from "#host"
import type { Body } from "../body.ts"
import { Event } from "../event/event.ts"
import { GreenletExit } from "../exceptions.ts"
import { Greenlet } from "../greenlet.ts"
import { Immediate } from "../immediate.ts"
import { raisesErrors, type JoinOptions } from "../joinoptions.ts"
import { toError, type KillError } from "../kill.ts"
import type { TimeoutArgument } from "../limit.ts"
import type { Link } from "../link.ts"
import { RawGreenlet } from "../rawgreenlet.ts"
import { currentStrand } from "../strand.ts"
import type { Wait } from "../wait.ts"
import { Join, KillWait } from "./groupwait.ts"
import { Mapping } from "./mapping.ts"

/** A class of greenlets. */
export type GreenletClass = new (body: Body, ...args: unknown[]) => Greenlet<unknown>

/** What `Group` and `Pool` have in common: greenlets that are waited for, and ended, together. */
export abstract class GreenletSet extends Mapping implements Link {
  /** What `spawn` makes. gevent: `greenlet_class`. */
  greenletClass: GreenletClass = Greenlet
  private readonly members = new Set<RawGreenlet>()
  private readonly dying = new Set<RawGreenlet>()
  private readonly vacant = new Event()
  // kills that wait for all to end: who comes meanwhile is killed too
  private readonly kills = new Set<Error>()

  constructor() {
    super()
    this.vacant.set()
  }

  /** How many greenlets are in it. gevent: `len(group)`. */
  get length(): number {
    return this.members.size
  }

  /** Whether a greenlet is in it. gevent: `greenlet in group`. */
  has(greenlet: unknown): boolean {
    return this.members.has(greenlet as RawGreenlet)
  }

  /** Its greenlets, in the order in which they came. */
  [Symbol.iterator](): IterableIterator<RawGreenlet> {
    return this.members.values()
  }

  /** Whether there is no room for a greenlet more. */
  abstract override full(): boolean

  /** Waits until there is room. */
  abstract waitAvailable(timeout?: TimeoutArgument): Wait<number>

  /** Takes a greenlet out, without ending it. An unknown one is ignored. */
  discard(greenlet: RawGreenlet): void {
    if (greenlet instanceof Greenlet) greenlet.removeLink(this)
    this.leave(greenlet)
  }

  /**
   * Waits until it is empty, which it may be for a moment only.
   *
   * @param timeout - Seconds or a Timeout; when it passes first, the wait just ends.
   * @param options - `raiseError`: throws the error of one of those that are in it now and have failed by then.
   * @returns Whether it was empty.
   */
  join(timeout: TimeoutArgument = null, options: JoinOptions = {}): Wait<boolean> {
    return new Join(this.vacant, raisesErrors(options) ? [...this.members] : [], timeout)
  }

  /**
   * Ends all greenlets, those too that come while it is waited for. Those that have not run yet never do.
   *
   * Without `yield*` or `await` nothing is waited for. `block` false says that this is meant.
   *
   * @param timeout - How long to wait for their end, seconds or a Timeout; then the wait just ends.
   * @throws {TypeError} when `exception` is neither an error nor a class of errors.
   */
  kill(exception?: KillError, block?: true, timeout?: TimeoutArgument): Wait<void>
  kill(exception: KillError | undefined, block: false): void
  kill(exception: KillError = GreenletExit, block = true, timeout: TimeoutArgument = null): Wait<void> | void {
    const error = toError(exception)
    const wait = block ? new KillWait(this.vacant, this.kills, error, timeout) : undefined
    for (const greenlet of [...this.members]) this.end(greenlet, error)
    return wait as Wait<unknown> as Wait<void>
  }

  /**
   * Ends one greenlet, if it is in here. Without `yield*` or `await` its end is not waited for.
   *
   * @param timeout - How long to wait for its end, seconds or a Timeout; then the wait just ends.
   * @throws {TypeError} when `exception` is neither an error nor a class of errors.
   */
  killone(greenlet: Greenlet<unknown>, exception?: KillError, block?: true, timeout?: TimeoutArgument): Wait<void>
  killone(greenlet: Greenlet<unknown>, exception: KillError | undefined, block: false): void
  killone(
    greenlet: Greenlet<unknown>,
    exception: KillError = GreenletExit,
    block = true,
    timeout: TimeoutArgument = null,
  ): Wait<void> | void {
    const error = toError(exception)
    if (!this.has(greenlet)) return block ? new Immediate<void>(undefined) : undefined
    const join = block ? greenlet.join(timeout) : undefined
    this.end(greenlet, error)
    return join
  }

  /** What the console shows. */
  override toString(): string {
    return `<${this.constructor.name} ${this.describeSize()}>`
  }

  // --- the protocol of links ---

  /** What the links of its greenlets are known by. */
  get target(): unknown {
    return this
  }

  /** One of its greenlets has ended. */
  notify(greenlet: RawGreenlet): void {
    this.leave(greenlet)
  }

  // --- for subclasses ---

  /** What the console shows of how many there are. */
  protected describeSize(): string {
    return `${this.length} greenlets`
  }

  /** A greenlet comes in. */
  protected enter(greenlet: RawGreenlet): void {
    if (!(greenlet instanceof RawGreenlet)) throw new TypeError(`expected a greenlet, not ${String(greenlet)}`)
    if (this.members.has(greenlet)) return
    this.members.add(greenlet)
    this.vacant.clear()
    if (greenlet instanceof Greenlet) greenlet.addLink(this)
    for (const error of this.kills) this.end(greenlet, error)
  }

  /** A greenlet leaves; whether it was in here. */
  protected leave(greenlet: RawGreenlet): boolean {
    if (!this.members.delete(greenlet)) return false
    this.dying.delete(greenlet)
    if (this.members.size === 0) this.vacant.set()
    return true
  }

  protected override runsHere(): boolean {
    return this.has(currentStrand())
  }

  /** Kills a greenlet once. */
  private end(greenlet: RawGreenlet, error: Error): void {
    if (this.dying.has(greenlet)) return
    this.dying.add(greenlet)
    greenlet.scheduleKill(error)
  }
}

Object.defineProperty(GreenletSet.prototype, host.inspect, {
  value(this: GreenletSet) {
    return this.toString()
  },
})
