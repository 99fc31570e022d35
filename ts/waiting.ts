import { wantedOf } from "./count.ts"
import { Greenlet } from "./greenlet.ts"
import { getHub } from "./hub.ts"
import { raisesErrors } from "./joinoptions.ts"
import { limitOf, type TimeoutArgument } from "./limit.ts"
import { promiseWait, type PromiseWaitOptions } from "./promisewait.ts"
import { Wait } from "./wait.ts"
import { Links, waitables, type Waitable } from "./waitable.ts"
import { WaitIterator } from "./waititerator.ts"

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
    this.wanted = wantedOf(count, objects)
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
 * @throws {TypeError} for what cannot be waited for, or a count that is no number; {RangeError} when that is no whole number.
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
  if (objects !== null && isPromise(objects)) return promiseWait(objects, limits)
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
  const raiseError = raisesErrors(options)
  return new WaitMany(waitables(greenlets), timeout, options.count ?? null, raiseError)
}

/** As `joinall`, but the timeout is thrown; for `killall`. */
export function joinStrictly<G extends Waitable>(greenlets: G[], timeout: TimeoutArgument): Wait<G[]> {
  return new WaitMany(greenlets, timeout, null, false, true)
}

/**
 * Objects as they become ready, one at a time. gevent: `gevent.iwait(objects, timeout=None, count=None)`.
 *
 * @param timeout - Seconds for all of it, or a Timeout; when they have passed, the iteration ends, or throws the Timeout's exception.
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
