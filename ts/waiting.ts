import type { EventSink } from "./core/hubmodule.ts"
import type { Loop } from "./core/loop.ts"
import { Greenlet } from "./greenlet.ts"
import { getHub } from "./hub.ts"
import { DEFAULT_PRIORITY, limitOf, Timeout, type TimeoutArgument } from "./limit.ts"
import type { Link } from "./link.ts"
import { scheduler } from "./strand.ts"
import { Wait } from "./wait.ts"

/** What `wait` and `iwait` can wait for: it calls `callback(itself)` in the hub once it is ready, also when it is already. */
export interface Waitable {
  rawlink(callback: (object: this) => unknown): void
  unlink(callback: (object: this) => unknown): void
}

/** The links of one wait to many objects. */
class Links<W extends Waitable> implements Link {
  private readonly objects: readonly W[]
  private readonly onReady: (object: W) => void

  constructor(objects: readonly W[], onReady: (object: W) => void) {
    this.objects = objects
    this.onReady = onReady
  }

  get target(): unknown {
    return this
  }

  notify(greenlet: Greenlet<unknown>): void {
    this.onReady(greenlet as unknown as W)
  }

  link(): void {
    for (const object of this.objects) {
      if (object instanceof Greenlet) object.addLink(this)
      else object.rawlink(this.onReady)
    }
  }

  unlink(): void {
    for (const object of this.objects) {
      if (object instanceof Greenlet) object.removeLink(this)
      else object.unlink(this.onReady)
    }
  }
}

/** Waits until `count` of the objects are ready. */
class WaitMany<W extends Waitable> extends Wait<W[]> {
  private readonly objects: W[]
  private readonly links: Links<W>
  private readonly wanted: number
  private readonly raiseError: boolean
  private readonly strict: boolean
  private readonly ready: W[] = []

  constructor(objects: W[], timeout: TimeoutArgument, count: number | null, raiseError: boolean, strict = false) {
    super()
    this.objects = objects
    this.links = new Links(objects, (object) => this.onReady(object))
    this.wanted = count === null ? objects.length : Math.min(count, objects.length)
    this.raiseError = raiseError
    this.strict = strict
    this.limit = limitOf(timeout)
  }

  protected begin(): boolean {
    this.value = this.ready
    if (this.wanted <= 0) return true
    this.links.link()
    return false
  }

  protected cancel(): void {
    this.links.unlink()
  }

  protected override expired(limit: unknown): W[] {
    if (this.strict) throw limit
    return this.ready
  }

  override describe(): string {
    return `wait for ${this.wanted - this.ready.length} of ${this.objects.length} objects`
  }

  private onReady(object: W): void {
    if (!this.armed) return
    this.ready.push(object)
    if (this.raiseError && object instanceof Greenlet && !object.successful()) this.fail(object.exception)
    else if (this.ready.length === this.wanted) this.wake(this.ready)
    else return
    if (this.ready.length < this.objects.length) this.links.unlink()
  }
}

/** Waits for the result of somebody else's promise. */
class PromiseWait<T> extends Wait<T> {
  private readonly awaited: PromiseLike<T>

  constructor(promise: PromiseLike<T>) {
    super()
    this.awaited = promise
  }

  protected begin(): boolean {
    scheduler.foreign++
    this.awaited.then(
      (value) => this.settled(() => this.wake(value)),
      (error: unknown) => this.settled(() => this.fail(error)),
    )
    return false
  }

  protected cancel(): void {
    scheduler.foreign--
    scheduler.loop.touch()
  }

  override describe(): string {
    return "a promise"
  }

  private settled(settle: () => boolean): void {
    if (settle()) this.cancel()
  }
}

/** As PromiseWait, and ends with the reason of a signal when that aborts. */
class AbortableWait<T> extends PromiseWait<T> {
  private readonly signal: AbortSignal | null

  constructor(promise: PromiseLike<T>, options: PromiseWaitOptions) {
    super(promise)
    this.signal = signalOf(options.signal)
    this.limit = limitOf(options.timeout)
  }

  protected override begin(): boolean {
    super.begin()
    this.signal?.addEventListener("abort", this)
    if (!this.signal?.aborted) return false
    this.cancel()
    throw this.signal.reason
  }

  protected override cancel(): void {
    this.signal?.removeEventListener("abort", this)
    super.cancel()
  }

  /** The signal aborts. */
  handleEvent(): void {
    if (this.fail(this.signal!.reason)) this.cancel()
  }
}

/** What may end the wait for a promise early; the promise itself goes on. */
export interface PromiseWaitOptions {
  /** When it aborts, its reason is thrown. */
  signal?: AbortSignal | null | undefined
  /** Seconds or a Timeout, which is thrown when it passes first. */
  timeout?: TimeoutArgument
}

/**
 * Waits for a promise, or for objects to become ready, or, without any, for the hub to have nothing left to do.
 *
 * gevent: `gevent.wait(objects=None, timeout=None, count=None)`.
 *
 * @param timeout - Seconds or a Timeout; when it passes first, what is ready by then is returned.
 * @param count - How many objects are enough.
 * @param options - For a promise: a `signal` whose reason is thrown when it aborts, and a `timeout`, seconds or a Timeout, which
 *   is thrown when it passes first.
 * @returns The promise's value; the ready objects, in the order in which they became ready; or whether the hub has nothing left.
 * @throws {TypeError} for what cannot be waited for.
 * @example
 * ```ts
 * import { run, sleep, spawn, wait } from "gevent-wasm"
 * await run(function* () {
 *   const fast = spawn(() => sleep(0.01))
 *   const slow = spawn(() => sleep(10))
 *   console.log((yield* wait([slow, fast], null, 1))[0] === fast) // true
 *   console.log(yield* wait(Promise.resolve(7), { signal: AbortSignal.timeout(1000), timeout: 5 })) // 7
 * })
 * ```
 */
export function wait<T>(promise: PromiseLike<T>, options?: PromiseWaitOptions): Wait<T>
export function wait<W extends Waitable>(
  objects: Iterable<W>,
  timeout?: TimeoutArgument,
  count?: number | null,
): Wait<W[]>
export function wait(objects?: null, timeout?: TimeoutArgument): Wait<boolean>
export function wait(
  objects: PromiseLike<unknown> | Iterable<Waitable> | null = null,
  limits: TimeoutArgument | PromiseWaitOptions = null,
  count: number | null = null,
): Wait<unknown> {
  if (objects !== null && isPromise(objects)) {
    return limits === null ? new PromiseWait(objects) : new AbortableWait(objects, optionsOf(limits))
  }
  const timeout = limits as TimeoutArgument
  if (objects === null) return getHub().join(timeout)
  return new WaitMany(waitables(objects), timeout, count, false)
}

/**
 * Waits until greenlets have ended. gevent: `gevent.joinall(greenlets, timeout=None, raise_error=False, count=None)`.
 *
 * @param timeout - Seconds or a Timeout; when it passes first, those that have ended by then are returned.
 * @param options - `raiseError`: throw the error of the first that fails. `count`: how many are enough.
 * @returns Those that have ended, in that order.
 * @example
 * ```ts
 * import { joinall, run, sleep, spawn } from "gevent-wasm"
 * await run(function* () {
 *   yield* joinall([spawn(() => sleep(0.01)), spawn(() => sleep(0.02))], 1)
 * })
 * ```
 */
export function joinall<G extends Waitable>(
  greenlets: Iterable<G>,
  timeout: TimeoutArgument = null,
  options: { raiseError?: boolean; count?: number | null } = {},
): Wait<G[]> {
  return new WaitMany(waitables(greenlets), timeout, options.count ?? null, options.raiseError ?? false)
}

/** As `joinall`, but the timeout is thrown; for `killall`. */
export function joinStrictly<G extends Waitable>(greenlets: G[], timeout: TimeoutArgument): Wait<G[]> {
  return new WaitMany(greenlets, timeout, null, false, true)
}

/** Waits for the next of several objects to become ready, or for there to be none. */
class NextWait<W> extends Wait<IteratorResult<W, undefined>> {
  private readonly source: WaitIterator<W & Waitable>

  constructor(source: WaitIterator<W & Waitable>, limit: Timeout | null) {
    super()
    this.source = source
    this.limit = limit
  }

  protected begin(): boolean {
    const result = this.source.take()
    if (result === undefined) {
      this.source.waiter = this as unknown as NextWait<W & Waitable>
      return false
    }
    this.value = result
    return true
  }

  protected cancel(): void {
    this.source.waiter = null
  }

  protected override expired(): IteratorResult<W, undefined> {
    this.source.close()
    return { done: true, value: undefined }
  }

  override describe(): string {
    return "iwait"
  }
}

/**
 * Objects as they become ready. `for await` it, or ask for `next()` in a greenlet; leaving the loop unlinks the rest.
 * gevent: what `gevent.iwait` returns.
 */
export class WaitIterator<W extends Waitable> implements AsyncIterable<W>, EventSink {
  /** The wait for the next object, while there is one. */
  waiter: NextWait<W> | null = null
  private readonly links: Links<W>
  private readonly limit: Timeout | null
  private readonly ready: W[] = []
  private left: number
  private linked = false
  private loop: Loop | null = null
  private timer = 0

  constructor(objects: W[], timeout: TimeoutArgument, count: number | null) {
    this.links = new Links(objects, (object) => this.onReady(object))
    this.limit = limitOf(timeout)
    this.left = count === null ? objects.length : Math.min(count, objects.length)
  }

  /** Waits for the next object. The timeout ends the iteration. */
  next(): Wait<IteratorResult<W, undefined>> {
    // a Timeout that its owner has started is thrown, and then recognized; of any other only the seconds count
    return new NextWait<W>(this, this.limit?.pending === true ? this.limit : null)
  }

  /** Unlinks everything. */
  close(): void {
    this.left = 0
    this.ready.length = 0
    if (!this.linked) return
    this.linked = false
    this.links.unlink()
    this.stopTimer()
  }

  /** `using` unlinks everything. */
  [Symbol.dispose](): void {
    this.close()
  }

  [Symbol.asyncIterator](): AsyncIterator<W, undefined> {
    return {
      next: async () => await this.next(),
      return: () => {
        this.close()
        return Promise.resolve({ done: true, value: undefined })
      },
    }
  }

  /** The next result if it is known; undefined when it has to be waited for. */
  take(): IteratorResult<W, undefined> | undefined {
    if (this.left <= 0) {
      this.close()
      return { done: true, value: undefined }
    }
    if (!this.linked) {
      this.linked = true
      this.links.link()
      this.startTimer()
    }
    const object = this.ready.shift()
    if (object === undefined) return undefined
    this.left--
    return { done: false, value: object }
  }

  /** The time has passed: what is ready by then is still handed over. */
  event(): void {
    this.timer = 0
    // behind what became ready before it
    this.loop!.queue.push({ run: () => this.expire() })
  }

  private expire(): void {
    if (!this.linked) return
    this.left = this.ready.length
    this.answer()
  }

  private startTimer(): void {
    const { limit } = this
    if (limit === null || limit.pending || limit.seconds === null) return
    this.loop = scheduler.loop
    this.timer = this.loop.startTimer(this, DEFAULT_PRIORITY, true, limit.seconds, 0)
  }

  private stopTimer(): void {
    if (this.timer !== 0) this.loop!.stopWatcher(this.timer)
    this.timer = 0
  }

  private onReady(object: W): void {
    if (!this.linked) return
    this.ready.push(object)
    this.answer()
  }

  private answer(): void {
    const { waiter } = this
    if (waiter === null) return
    const result = this.take()
    if (result === undefined) return
    this.waiter = null
    waiter.wake(result)
  }
}

/**
 * Objects as they become ready, one at a time. gevent: `gevent.iwait(objects, timeout=None, count=None)`.
 *
 * @param timeout - Seconds for all of it, or a Timeout; when they have passed, the iteration ends.
 * @param count - How many objects at most.
 * @throws {TypeError} for what cannot be waited for.
 * @example
 * ```ts
 * import { iwait, sleep, spawn } from "gevent-wasm"
 * for await (const greenlet of iwait([spawn(() => sleep(0.02)), spawn(() => sleep(0.01))])) console.log(String(greenlet))
 * ```
 */
export function iwait<W extends Waitable>(
  objects: Iterable<W>,
  timeout: TimeoutArgument = null,
  count: number | null = null,
): WaitIterator<W> {
  return new WaitIterator(waitables(objects), timeout, count)
}

function isPromise(value: object): value is PromiseLike<unknown> {
  return typeof (value as PromiseLike<unknown>).then === "function"
}

function optionsOf(limits: TimeoutArgument | PromiseWaitOptions): PromiseWaitOptions {
  if (typeof limits === "object" && limits !== null && !(limits instanceof Timeout)) return limits
  throw new TypeError(`wait(promise) takes its timeout as an option, wait(promise, { timeout }), not ${String(limits)}`)
}

function signalOf(signal: AbortSignal | null | undefined): AbortSignal | null {
  if (signal === null || signal === undefined) return null
  if (typeof signal.aborted === "boolean" && typeof signal.addEventListener === "function") return signal
  throw new TypeError(`signal must be an AbortSignal, not ${String(signal)}`)
}

function waitables<W extends Waitable>(objects: Iterable<W>): W[] {
  if (objects === null || typeof objects !== "object" || !(Symbol.iterator in objects)) {
    throw new TypeError(`expected an iterable of objects to wait for, not ${String(objects)}`)
  }
  const list = [...objects]
  for (const object of list) {
    if (typeof (object as Partial<Waitable> | null)?.rawlink !== "function") {
      throw new TypeError(`${String(object)} cannot be waited for: it has no rawlink()`)
    }
  }
  return list
}
