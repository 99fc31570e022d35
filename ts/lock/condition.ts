import { host } from "#host"
import type { Runnable } from "../core/runqueue.ts"
import { limitOf, type TimeoutArgument } from "../limit.ts"
import { scheduler } from "../strand.ts"
import { ListedWait, WaitList } from "../waitlist.ts"
import type { BlockingCall, Op, Wait } from "../wait.ts"
import type { Held } from "./held.ts"
import { RLock } from "./rlock.ts"
import { Semaphore } from "./semaphore.ts"

/** What a `Condition` can be made with. */
export type ConditionLock = RLock | Semaphore

/**
 * Lets those who hold a lock wait until another one, who holds it meanwhile, says that something has changed. Who waits is woken in
 * order.
 *
 * Python: `threading.Condition(lock=None)`, as gevent patches it.
 *
 * @example
 * ```ts
 * import { run, spawn } from "gevent-wasm"
 * import { Condition } from "gevent-wasm/lock"
 * await run(function* () {
 *   const changed = new Condition()
 *   let stock = 0
 *   spawn(function* () {
 *     using _held = yield* changed.enter()
 *     stock = 5
 *     changed.notifyAll()
 *   })
 *   using _held = yield* changed.enter()
 *   yield* changed.waitFor(() => stock > 0)
 *   console.log(stock) // 5
 * })
 * ```
 */
export class Condition implements Runnable {
  private readonly lock: ConditionLock
  private readonly waiters = new WaitList<Notified>()
  private notified = 0
  // who came in an earlier round than this one was there at the last notify
  private round = 0
  private scheduled = false

  /**
   * @param lock - The lock that it goes with; by default an RLock of its own.
   * @throws {TypeError} unless it is an RLock or a semaphore.
   */
  constructor(lock: ConditionLock = new RLock()) {
    if (!(lock instanceof RLock || lock instanceof Semaphore)) {
      throw new TypeError(`a Condition takes an RLock or a Semaphore, not ${String(lock)}`)
    }
    this.lock = lock
  }

  /** Acquires the lock: see `RLock.acquire`. */
  acquire(blocking = true, timeout: TimeoutArgument = null): BlockingCall<boolean> {
    return this.lock.acquire(blocking, timeout)
  }

  /** Acquires the lock for a `using` block: see `RLock.enter`. gevent: `with condition`. */
  enter(timeout: TimeoutArgument = null): BlockingCall<Held> {
    return this.lock.enter(timeout)
  }

  /** Releases the lock. */
  release(): void {
    this.lock.release()
  }

  /**
   * Releases the lock, waits for `notify`, and acquires the lock again, in any case.
   *
   * @param timeout - Seconds or a Timeout; when it passes first, the wait for `notify` just ends.
   * @returns Whether it was notified.
   * @throws {Error} unless the current greenlet holds the lock.
   */
  wait(timeout: TimeoutArgument = null): Op<boolean> & PromiseLike<boolean> {
    limitOf(timeout) // says at the call what is wrong
    return new ConditionWait(this, timeout)
  }

  /**
   * Waits for `notify` until `predicate` returns something true, and returns that.
   *
   * @param timeout - Seconds or a Timeout for all of it; when it passes first, what `predicate` then returns is returned.
   * @throws {Error} unless the current greenlet holds the lock.
   */
  waitFor<T>(predicate: () => T, timeout: TimeoutArgument = null): Op<T> & PromiseLike<T> {
    return new ConditionWaitFor(this, predicate, timeout)
  }

  /**
   * Wakes some who wait, the first ones. They go on once they have the lock.
   *
   * @throws {Error} unless the current greenlet holds the lock.
   * @throws {TypeError} unless `count` is a number; {RangeError} when it is negative or no whole number.
   */
  notify(count = 1): void {
    this.checkOwned("notify")
    if (typeof count !== "number") throw new TypeError(`notify needs a number, not ${String(count)}`)
    if (!Number.isInteger(count) || count < 0) throw new RangeError(`notify needs a whole number, not ${count}`)
    this.notified = Math.min(this.notified + count, this.waiters.length)
    if (count > 0) this.round++
    if (this.scheduled || this.notified === 0) return
    this.scheduled = true
    scheduler.loop.queue.push(this)
  }

  /** Wakes all who wait. @throws {Error} unless the current greenlet holds the lock. */
  notifyAll(): void {
    this.notify(this.waiters.length)
  }

  /** How many wait to be notified. */
  linkcount(): number {
    return this.waiters.length
  }

  /** Its turn in the run queue: those who are notified go on. */
  run(): void {
    const { waiters } = this
    while (this.notified > 0 && waiters.length > 0 && waiters.first!.round < this.round) {
      this.notified--
      waiters.shift()!.resumeWith(true)
    }
    this.notified = 0
    this.scheduled = false
  }

  /** Begins to wait: the wait, and the way to have the lock again after it. For waits. */
  begin(timeout: TimeoutArgument): { notified: Wait<boolean>; released: Released } {
    this.checkOwned("wait")
    const { lock } = this
    const notified = new Notified(this.waiters, this.round, timeout)
    if (!(lock instanceof RLock)) {
      lock.release()
      return { notified, released: { acquire: () => lock.acquire(), restore: () => {} } }
    }
    const count = lock.releaseSave()
    return { notified, released: { acquire: () => lock.acquire(), restore: () => lock.restore(count) } }
  }

  /** What the console shows. */
  toString(): string {
    return `<${this.constructor.name} ${String(this.lock)} waiting[${this.linkcount()}]>`
  }

  private checkOwned(method: string): void {
    const { lock } = this
    if (lock instanceof RLock ? lock.isOwned() : lock.locked()) return
    throw new Error(`cannot ${method} on un-acquired lock`)
  }
}

Object.defineProperty(Condition.prototype, host.inspect, {
  value(this: Condition) {
    return this.toString()
  },
})

/** A lock that was released for the time of a wait. */
interface Released {
  acquire(): BlockingCall<boolean>
  /** It is acquired as often as it was. */
  restore(): void
}

/** Has the lock again in any case: the code around the wait is going to release it. What is thrown meanwhile comes after. */
function* regain(released: Released): Generator<BlockingCall<unknown>, void, unknown> {
  let acquired = false
  try {
    acquired = yield* released.acquire()
  } finally {
    if (acquired) released.restore()
    else yield* regain(released)
  }
}

/** The same, where it is awaited. */
async function regainAsync(released: Released): Promise<void> {
  try {
    await released.acquire()
  } catch (error) {
    await regainAsync(released)
    throw error
  }
  released.restore()
}

/** Waits to be notified. */
class Notified extends ListedWait<boolean> {
  /** How many notifies there were when it came. */
  readonly round: number
  private readonly list: WaitList<Notified>

  constructor(list: WaitList<Notified>, round: number, timeout: TimeoutArgument) {
    super()
    this.list = list
    this.round = round
    this.limit = limitOf(timeout)
  }

  protected begin(): boolean {
    this.list.push(this)
    return false
  }

  protected cancel(): void {
    this.list.remove(this)
  }

  protected override expired(): boolean {
    return false
  }

  override describe(): string {
    return "notify of a Condition"
  }
}

/**
 * Waits twice: to be notified and for the lock. It is written for both kinds of strands, since it is the waiting strand itself that
 * has to own the lock in the end.
 */
class ConditionWait implements Op<boolean>, PromiseLike<boolean> {
  private readonly condition: Condition
  private readonly timeout: TimeoutArgument

  constructor(condition: Condition, timeout: TimeoutArgument) {
    this.condition = condition
    this.timeout = timeout
  }

  *[Symbol.iterator](): Generator<BlockingCall<unknown>, boolean, unknown> {
    const { notified, released } = this.condition.begin(this.timeout)
    try {
      return yield* notified
    } finally {
      yield* regain(released)
    }
  }

  then<A = boolean, B = never>(
    onfulfilled?: ((value: boolean) => A | PromiseLike<A>) | null,
    onrejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.wait().then(onfulfilled, onrejected)
  }

  private async wait(): Promise<boolean> {
    const { notified, released } = this.condition.begin(this.timeout)
    try {
      return await notified
    } finally {
      await regainAsync(released)
    }
  }
}

/** Waits until a predicate holds. */
class ConditionWaitFor<T> implements Op<T>, PromiseLike<T> {
  private readonly condition: Condition
  private readonly predicate: () => T
  private readonly limit: ReturnType<typeof limitOf>

  constructor(condition: Condition, predicate: () => T, timeout: TimeoutArgument) {
    this.condition = condition
    this.predicate = predicate
    this.limit = limitOf(timeout)
  }

  *[Symbol.iterator](): Generator<BlockingCall<unknown>, T, unknown> {
    const { condition, predicate } = this
    this.start()
    try {
      for (;;) {
        const result = predicate()
        if (result) return result
        yield* condition.wait()
      }
    } catch (error) {
      return this.expired(error)
    } finally {
      this.limit?.cancel()
    }
  }

  then<A = T, B = never>(
    onfulfilled?: ((value: T) => A | PromiseLike<A>) | null,
    onrejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.wait().then(onfulfilled, onrejected)
  }

  /** Other things may be awaited beside it, and a Timeout that is started would end them too: so each wait is given what is left. */
  private async wait(): Promise<T> {
    const { condition, predicate, limit } = this
    const seconds = limit === null || limit.pending ? null : limit.seconds
    const end = host.monotonic() + (seconds ?? 0) * 1000
    try {
      for (;;) {
        const result = predicate()
        if (result) return result
        const left = seconds === null ? null : Math.max(0, (end - host.monotonic()) / 1000)
        if (!(await condition.wait(left))) throw limit!.error
      }
    } catch (error) {
      return this.expired(error)
    } finally {
      this.limit?.cancel()
    }
  }

  private start(): void {
    if (this.limit !== null && !this.limit.pending) this.limit.start()
  }

  private expired(error: unknown): T {
    if (error !== this.limit) throw error
    return this.predicate()
  }
}
