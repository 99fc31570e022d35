import { descriptors } from "../core/descriptors.ts"
import type { Descriptor, Observer } from "../host/descriptor.ts"
import { limitOf, type TimeoutArgument } from "../limit.ts"
import { scheduler } from "../strand.ts"
import { Wait } from "../wait.ts"

/** One number of the fd table that is waited for. */
class Interest implements Observer {
  readonly descriptor: Descriptor
  private readonly wait: ReadinessWait<unknown>
  private readonly fd: number

  constructor(wait: ReadinessWait<unknown>, descriptor: Descriptor, fd: number) {
    this.wait = wait
    this.descriptor = descriptor
    this.fd = fd
  }

  ready(): void {
    this.wait.look()
  }

  closed(fd: number): void {
    if (fd === this.fd) this.wait.closed(this)
  }
}

/** Waits until one of some descriptors is ready: it observes them, so nothing is left behind in the loop. */
export abstract class ReadinessWait<T> extends Wait<T> {
  private interests: Interest[] = []
  private immediate = false
  private readonly blocking: boolean

  /** @param timeout - Seconds, 0 for a look; or a Timeout. When it passes, nothing is ready. */
  constructor(timeout: TimeoutArgument) {
    super()
    this.blocking = timeout !== 0
    if (this.blocking) this.limit = limitOf(timeout)
  }

  /** The numbers. */
  protected abstract fds(): Iterable<number>
  /** What is ready; null when nothing is. May throw. */
  protected abstract collect(): T | null
  /** The result when nothing is ready. */
  protected abstract nothing(): T

  protected begin(): boolean {
    const ready = this.collect()
    if (ready !== null || !this.blocking) {
      // others run in between all the same, or a greenlet that only selects would keep the thread for itself
      this.immediate = true
      this.value = ready ?? this.nothing()
      scheduler.loop.queue.push(this)
      return false
    }
    for (const fd of new Set(this.fds())) {
      const descriptor = descriptors.get(fd)
      if (descriptor === undefined) continue
      const interest = new Interest(this, descriptor, fd)
      this.interests.push(interest)
      descriptor.observers.push(interest)
    }
    if (this.interests.length > 0) scheduler.loop.hold()
    return false
  }

  protected cancel(): void {
    if (this.interests.length > 0) scheduler.loop.unhold()
    for (const interest of this.interests) leave(interest)
    this.interests = []
  }

  protected override expired(): T {
    return this.nothing()
  }

  /** Its turn: what became ready meanwhile counts as well. */
  override run(): void {
    if (this.immediate) {
      this.resumeWith(this.value)
      return
    }
    // not before: a descriptor that tells its observers goes through their list
    this.cancel()
    if (!this.failed) this.value = this.latest()
    super.run()
  }

  /** A descriptor may have become ready. */
  look(): void {
    if (!this.armed) return
    try {
      const ready = this.collect()
      if (ready !== null) this.wake(ready)
    } catch (error) {
      this.fail(error)
    }
  }

  /** The number of a descriptor is being closed. */
  closed(interest: Interest): void {
    if (!this.armed) return
    this.interests.splice(this.interests.indexOf(interest), 1)
    leave(interest)
    if (this.interests.length === 0) scheduler.loop.unhold()
    this.look()
  }

  private latest(): T {
    try {
      return this.collect() ?? this.value
    } catch {
      return this.value
    }
  }
}

function leave(interest: Interest): void {
  const { observers } = interest.descriptor
  const at = observers.indexOf(interest)
  if (at >= 0) observers.splice(at, 1)
}
