import { limitOf, Timeout, type TimeoutArgument } from "./limit.ts"
import { scheduler } from "./strand.ts"
import { Wait } from "./wait.ts"

/** What may end the wait for a promise early; the promise itself goes on. */
export interface PromiseWaitOptions {
  /** When it aborts, its reason is thrown. */
  signal?: AbortSignal | null | undefined
  /** Seconds or a Timeout, which is thrown when it passes first. */
  timeout?: TimeoutArgument
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

/**
 * What waits for a promise.
 *
 * @throws {TypeError} when `options` or its signal is none; {RangeError} for a negative timeout.
 */
export function promiseWait<T>(promise: PromiseLike<T>, options: TimeoutArgument | PromiseWaitOptions): Wait<T> {
  return options === null ? new PromiseWait(promise) : new AbortableWait(promise, optionsOf(options))
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
