import { host } from "#host"
import type { Runnable } from "./core/runqueue.ts"
import { BlockingSwitchOutError } from "./exceptions.ts"
import { inContext, scheduler, type Strand } from "./strand.ts"

/** What a generator greenlet can `yield*`: a `Wait`, a generator, or what has one inside. */
export interface Op<T> {
  [Symbol.iterator](): Iterator<BlockingCall<unknown>, T, unknown>
}

/** What a blocking call returns: it begins with `yield*` in a generator greenlet, and with `await` anywhere else. */
export interface BlockingCall<T> extends Op<T>, PromiseLike<T> {
  /** Begins, and gives a promise of the result. It belongs to the greenlet that made the call. */
  then<A = T, B = never>(
    onfulfilled?: ((value: T) => A | PromiseLike<A>) | null,
    onrejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B>
}

/** A limit on a wait: the part of a Timeout that a wait needs. */
export interface Limit {
  arm(strand: Strand): void
  cancel(): void
}

const FRESH = 0
const ARMED = 1
const SETTLED = 2
const FINISHED = 3

const NO_ERROR = Symbol("no error")

/** A promise and what settles it; a wait that is not awaited has none. */
class Deferred {
  resolve!: (value: unknown) => void
  reject!: (error: unknown) => void
  readonly promise = new Promise<unknown>((resolve, reject) => {
    this.resolve = resolve
    this.reject = reject
  })
}

/**
 * A blocking call that has not begun. `yield*` it in a generator greenlet, `await` it anywhere else; then it begins. It is
 * its own iterator and its own iterator result, so that a wait costs one object.
 *
 * A subclass says how to begin and how to undo that; whoever ends the wait calls `wake` or `fail`, and the strand goes on in
 * the order of the run queue. A wait that has settled always hands over its result: an interrupt that comes later is thrown
 * at the next wait. gevent: `gevent.hub.Waiter` and `hub.switch()`.
 */
export abstract class Wait<T> implements BlockingCall<T>, Runnable {
  /** Part of the iterator result: whether the wait is over. */
  done = false
  /** Part of the iterator result. */
  value: T = undefined as T
  protected strand: Strand
  protected limit: Limit | null = null
  private state = FRESH
  private error: unknown = NO_ERROR
  private deferred: Deferred | null = null

  constructor() {
    // an async greenlet is told from MAIN when the wait is awaited, still in its context: asking here cost a sixth of a put
    this.strand = scheduler.current
  }

  /** Looks whether it is over at once (sets `value` and returns true), or arranges for `wake` or `fail`. May throw. */
  protected abstract begin(): boolean

  /** Undoes `begin`, leaving no trace. Called when the wait ends in another way than `wake` or `fail`. */
  protected abstract cancel(): void

  /** What is returned when the wait's own limit has passed. By default that is an error, the limit itself. */
  protected expired(limit: unknown): T {
    throw limit
  }

  /** What is waited for, for messages about who is blocked. */
  describe(): string {
    return this.constructor.name
  }

  /** Ends the wait with a value; false when it had ended. */
  wake(value: T): boolean {
    if (this.state !== ARMED) return false
    this.value = value
    this.settle()
    return true
  }

  /** Ends the wait with an error; false when it had ended. */
  fail(error: unknown): boolean {
    if (this.state !== ARMED) return false
    this.error = error
    this.settle()
    return true
  }

  /** Ends the wait with a value, and the strand goes on now. Only for entries of the run queue; false when it had ended. */
  resumeWith(value: T): boolean {
    if (this.state !== ARMED) return false
    this.value = value
    this.resumeNow()
    return true
  }

  /** As `resumeWith`, with an error. */
  resumeWithError(error: unknown): boolean {
    if (this.state !== ARMED) return false
    this.error = error
    this.resumeNow()
    return true
  }

  /** Whether `wake` would have an effect. */
  get armed(): boolean {
    return this.state === ARMED
  }

  /** Whether it was waited for and has ended. */
  get hasEnded(): boolean {
    return this.state >= SETTLED
  }

  /** Its turn in the run queue: the strand goes on. */
  run(): void {
    if (this.state === SETTLED) this.proceed()
  }

  /** Whether it failed; the driver of a generator then throws `failure`. */
  get failed(): boolean {
    return this.error !== NO_ERROR
  }

  /** The error that it failed with. */
  get failure(): unknown {
    return this.error
  }

  // --- yield* ---

  [Symbol.iterator](): Iterator<BlockingCall<unknown>, T, unknown> {
    return this as unknown as Iterator<BlockingCall<unknown>, T, unknown>
  }

  /** Iterator protocol: begins, and is called again when it is over. */
  next(): this {
    if (this.state !== FRESH) {
      if (this.state === ARMED) throw new TypeError("a Wait can be waited for once")
      this.done = true
      return this
    }
    const strand = (this.strand = scheduler.current)
    if (strand.interrupts !== null) {
      strand.waiting = this // not begun: the driver throws the interrupt here
      return this
    }
    if (this.begin()) {
      this.state = FINISHED
      this.done = true
      return this
    }
    this.state = ARMED
    const refusal = strand.refusal()
    if (refusal !== undefined) {
      this.abandon()
      throw refusal
    }
    this.limit?.arm(strand)
    strand.waiting = this
    return this
  }

  /** Iterator protocol: an error is thrown into the generator that waits. */
  throw(error: unknown): this {
    this.abandon()
    if (this.limit === null || error !== this.limit) throw error
    this.value = this.expired(error)
    this.done = true
    return this
  }

  /** Iterator protocol: the generator that waits is ended. */
  return(value: T): IteratorResult<BlockingCall<unknown>, T> {
    this.abandon()
    return { done: true, value }
  }

  /** Ends the wait without telling anybody. */
  abandon(): void {
    if (this.state === ARMED) {
      this.state = FINISHED
      this.cancel()
      this.limit?.cancel()
    } else if (this.state === FRESH) this.state = FINISHED
  }

  // --- await ---

  /** It was made for a strand, which is the one that awaits it. */
  belongTo(strand: Strand): void {
    this.strand = strand
  }

  /** Begins, and gives a promise of the result. The wait belongs to the greenlet that made it. */
  then<A = T, B = never>(
    onfulfilled?: ((value: T) => A | PromiseLike<A>) | null,
    onrejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    if (this.deferred === null) {
      this.deferred = new Deferred()
      try {
        this.await(this.deferred)
      } catch (error) {
        this.deferred.reject(error)
      }
    }
    return (this.deferred.promise as Promise<T>).then(onfulfilled, onrejected)
  }

  /** Whether something is its own limit. */
  isLimitedBy(limit: unknown): boolean {
    return this.limit === limit
  }

  /** Throws into an awaited wait; false when it was over. */
  reject(error: unknown): boolean {
    if (this.state !== ARMED) return false
    this.abandon()
    this.leave()
    try {
      if (this.limit === null || error !== this.limit) throw error
      this.deferred!.resolve(this.expired(error))
    } catch (thrown) {
      this.deferred!.reject(thrown)
    }
    return true
  }

  private await(deferred: Deferred): void {
    if (this.state !== FRESH) throw new TypeError("a Wait can be waited for once")
    const strand = (this.strand = inContext(this.strand).awaiter)
    const interrupt = strand.takeInterrupt()
    if (interrupt !== undefined) {
      this.state = FINISHED
      throw interrupt.error
    }
    if (this.begin()) {
      this.state = FINISHED
      deferred.resolve(this.value)
      return
    }
    this.state = ARMED
    const refusal = strand.refusal()
    if (refusal instanceof BlockingSwitchOutError) {
      this.abandon()
      throw refusal
    }
    strand.addAwaited(this)
    this.limit?.arm(strand)
  }

  private leave(): void {
    this.strand.removeAwaited(this)
  }

  private proceed(): void {
    this.state = FINISHED
    if (this.deferred === null) {
      this.strand.resume(this)
      return
    }
    this.leave()
    if (this.error === NO_ERROR) this.deferred.resolve(this.value)
    else this.deferred.reject(this.error)
  }

  private resumeNow(): void {
    if (this.strand.home !== host.home()) {
      this.settle() // its code may only run there
      return
    }
    this.limit?.cancel()
    this.proceed()
  }

  private settle(): void {
    this.state = SETTLED
    this.limit?.cancel()
    this.strand.loop.queue.push(this)
  }
}
