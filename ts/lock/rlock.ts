import { host } from "#host"
import type { TimeoutArgument } from "../limit.ts"
import type { Linked } from "../linkable.ts"
import { currentStrand, scheduler, type Strand } from "../strand.ts"
import type { BlockingCall } from "../wait.ts"
import { Acquire } from "./acquire.ts"
import { AcquireWait, LockWait } from "./acquirewait.ts"
import { Enter } from "./enter.ts"
import type { Held } from "./held.ts"
import type { Lockable } from "./lockable.ts"
import { Semaphore } from "./semaphore.ts"

/**
 * A lock that the greenlet which holds it may acquire again; it is free when it was released as often. Who waits is served in order.
 *
 * Its owner is a greenlet. All code outside greenlets is one owner, MAIN. gevent: `gevent.lock.RLock`.
 *
 * @example
 * ```ts
 * import { run } from "gevent-wasm"
 * import { RLock } from "gevent-wasm/lock"
 * await run(function* () {
 *   const lock = new RLock()
 *   using _outer = yield* lock.enter()
 *   using _inner = yield* lock.enter() // does not wait for itself
 * })
 * ```
 */
export class RLock implements Lockable {
  private readonly block = new Semaphore(1)
  private owner: Strand | null = null
  private count = 0

  /**
   * Acquires it, and waits for that while another holds it.
   *
   * @param blocking - false: does not wait.
   * @param timeout - Seconds or a Timeout; when it passes first, the wait just ends.
   * @returns Whether it was acquired.
   */
  acquire(blocking = true, timeout: TimeoutArgument = null): BlockingCall<boolean> {
    return blocking ? new Acquire(this, timeout) : new AcquireWait(this, blocking, timeout)
  }

  /** Acquires it if no other holds it; whether that was so. Never waits. gevent: `acquire(blocking=False)`. */
  acquireNowait(): boolean {
    return this.take(currentStrand())
  }

  /**
   * Acquires it for a block: `using held = yield* lock.enter()` releases it at the end of the block. gevent: `with lock`.
   *
   * @param timeout - Seconds or a Timeout, which is thrown when it passes first.
   */
  enter(timeout: TimeoutArgument = null): BlockingCall<Held> {
    return new Enter(this, timeout)
  }

  /** Takes one `acquire` back. @throws {Error} unless the current greenlet holds it. */
  release(): void {
    if (!this.isOwned()) throw new Error("cannot release un-acquired lock")
    if (--this.count > 0) return
    this.owner = null
    this.block.release()
  }

  /** Whether somebody holds it. */
  locked(): boolean {
    return this.owner !== null
  }

  /** Whether the current greenlet holds it. gevent: `_is_owned`. */
  isOwned(): boolean {
    return this.owner !== null && this.owner === currentStrand()
  }

  /** How many wait for it. */
  linkcount(): number {
    return this.block.linkcount()
  }

  /** Releases it, however often it was acquired; returns how often. For conditions. gevent: `_release_save`. */
  releaseSave(): number {
    const { count } = this
    this.count = 1
    this.release()
    return count
  }

  /** Has acquired it as often as `releaseSave` said, and not only once. For conditions. gevent: `_acquire_restore`. */
  restore(count: number): void {
    this.count += count - 1
  }

  /** Acquires it for a strand, unless another has it. For waits. */
  take(strand: Strand): boolean {
    if (this.owner !== strand) {
      if (!this.block.take()) return false
      this.owner = strand
      if (strand.awaiting !== null && this.linkcount() > 0) this.serveOwner(strand)
    }
    this.count++
    return true
  }

  /** For waits. */
  addLink(link: Linked): void {
    this.block.addLink(link)
  }

  /** For waits. */
  removeLink(link: Linked): void {
    this.block.removeLink(link)
  }

  /** Code that awaits may have asked for it several times at once, and as its owner need not wait for it any more. */
  private serveOwner(owner: Strand): void {
    const serve = (): void => {
      for (const wait of [...owner.awaiting!]) {
        if (this.owner !== owner) return
        if (!(wait instanceof LockWait) || !wait.waitsFor(this)) continue
        this.block.removeLink(wait)
        wait.notify()
      }
    }
    scheduler.loop.queue.push({ run: serve })
  }

  /** What the console shows. */
  toString(): string {
    const owner = this.owner === null ? "free" : `owner=${String(this.owner)} count=${this.count}`
    return `<${this.constructor.name} ${owner} links[${this.linkcount()}]>`
  }
}

Object.defineProperty(RLock.prototype, host.inspect, {
  value(this: RLock) {
    return this.toString()
  },
})
