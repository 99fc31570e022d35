import { host } from "#host"
import { hubModule, type EventSink } from "./core/hubmodule.ts"
import type { Runnable } from "./core/runqueue.ts"
import { currentStrand, type Interrupt, type Strand } from "./strand.ts"
import type { Limit } from "./wait.ts"

/** What a Timeout throws: an error object, a class to make one of, a message for the Timeout itself, or false. */
export type TimeoutException = Error | (new () => Error) | string | false | null

/** Options of a Timeout. */
export interface TimeoutOptions {
  /** Whether it keeps the loop alive. Default true. */
  ref?: boolean
  /** libev's priority; -1 lets data that is ready in the same iteration win. */
  priority?: number
}

/** A limit on a blocking call: seconds, a Timeout, or null or undefined for none. */
export type TimeoutArgument = number | Timeout | null | undefined

/** libev's priority of a Timeout: what became ready in the same iteration comes first. */
export const DEFAULT_PRIORITY = -1
const DEFAULTS: TimeoutOptions = {}

/**
 * Throws itself, or another error, into the greenlet that started it, when its time has passed and that greenlet waits.
 * Data that is ready in the same iteration wins. It cannot interrupt code that does not wait.
 *
 * `using` starts it and always cancels it: `using limit = Timeout.startNew(5)`. To have it silent, as gevent's
 * `Timeout(5, False)`, use `withTimeout`.
 *
 * gevent: `gevent.Timeout(seconds=None, exception=None, ref=True, priority=-1)`.
 *
 * @example
 * ```ts
 * import { run, sleep, Timeout } from "gevent-wasm"
 * await run(function* () {
 *   const limit = Timeout.startNew(0.01)
 *   try {
 *     yield* sleep(10)
 *   } catch (error) {
 *     console.log(error === limit, String(error)) // true, Timeout: 0.01 seconds
 *   } finally {
 *     limit.cancel()
 *   }
 * })
 * ```
 */
export class Timeout implements Error, Limit, Interrupt, EventSink, Runnable {
  /** `"Timeout"`. */
  declare readonly name: string
  /** Says where it comes from; no stack is captured. */
  declare readonly stack: string
  /** Seconds; null never ends. */
  readonly seconds: number | null
  /** What was given to be thrown. */
  readonly exception: TimeoutException
  private readonly ref: boolean
  private readonly priority: number
  /** Whether it was started by a wait, and ends no other. */
  limitsWait = false
  private handle = 0
  private firing = false
  private strand: Strand | null = null

  /**
   * @param seconds - null or undefined: it never fires.
   * @param exception - Thrown in its place; a text becomes part of its message.
   * @throws {TypeError} when `seconds` is no number or `exception` nothing that can be thrown.
   * @throws {RangeError} when `seconds` is negative.
   */
  constructor(seconds: number | null = null, exception: TimeoutException = null, options = DEFAULTS) {
    if (seconds !== null) checkSeconds(seconds)
    if (exception !== null && exception !== false && typeof exception !== "string") checkException(exception)
    this.seconds = seconds
    this.exception = exception
    this.ref = options.ref ?? true
    this.priority = options.priority ?? DEFAULT_PRIORITY
  }

  /**
   * A started Timeout: a number makes a new one, a Timeout is started unless it is pending. gevent: `Timeout.start_new`.
   *
   * @example
   * ```ts
   * import { Timeout } from "gevent-wasm"
   * using limit = Timeout.startNew(5)
   * ```
   */
  static startNew(timeout: TimeoutArgument, exception: TimeoutException = null, options = DEFAULTS): Timeout {
    const result = timeout instanceof Timeout ? timeout : new Timeout(timeout, exception, options)
    if (!result.pending) result.start()
    return result
  }

  /** It never ends a greenlet for certain: it can be caught. */
  get kill(): boolean {
    return false
  }

  /** Whether it is going to fire. */
  get pending(): boolean {
    return this.handle !== 0 || this.firing
  }

  /**
   * Starts it for the current greenlet. It may be started again once it has fired or was cancelled.
   *
   * @throws {Error} when it is pending.
   */
  start(): void {
    if (this.pending) throw new Error(`${String(this)} is already started; to restart it, cancel it first`)
    this.begin(currentStrand(), false)
  }

  /** Starts it for a wait of a strand, unless it is pending. */
  arm(strand: Strand): void {
    if (!this.pending) this.begin(strand, true)
  }

  private begin(strand: Strand, limitsWait: boolean): void {
    this.strand = strand
    this.limitsWait = limitsWait
    if (this.seconds === null) return
    this.handle = strand.loop.startTimer(this, this.priority, this.ref, this.seconds, 0)
  }

  /** It will not fire. Nothing happens when it is not pending. */
  cancel(): void {
    if (this.handle !== 0) {
      const handle = this.handle
      this.handle = 0
      hubModule().stop(handle)
    } else if (this.firing) {
      this.firing = false
      this.strand!.withdraw(this)
    }
  }

  /** The same as `cancel`. */
  close(): void {
    this.cancel()
  }

  /** `using` cancels it. */
  [Symbol.dispose](): void {
    this.cancel()
  }

  /** What is thrown. */
  get error(): unknown {
    const { exception } = this
    return exception instanceof Error ? exception : typeof exception === "function" ? new exception() : this
  }

  /** `""`, `"1 second"`, `"2 seconds"`, `"2 seconds (silent)"` or `"2 seconds: text"`. */
  get message(): string {
    const { seconds, exception } = this
    if (seconds === null) return ""
    const unit = seconds === 1 ? "1 second" : `${seconds} seconds`
    if (exception === null) return unit
    return exception === false ? `${unit} (silent)` : `${unit}: ${nameOf(exception)}`
  }

  /** The time has passed: it stands in line behind what became ready before it. */
  event(): void {
    this.handle = 0
    this.firing = true
    this.strand!.loop.queue.push(this)
  }

  /** Its turn in the run queue: it is thrown. */
  run(): void {
    if (this.firing) this.strand!.interrupt(this)
  }

  /** It is being thrown, or never will be. */
  thrown(): void {
    this.firing = false
  }
}

// an error without the cost of one: a stack would be captured at each construction, and say nothing of the wait that it ends
Object.setPrototypeOf(Timeout.prototype, Error.prototype)
Object.defineProperty(Timeout.prototype, "name", { value: "Timeout", configurable: true, writable: true })
Object.defineProperty(Timeout.prototype, "stack", {
  configurable: true,
  get(this: Timeout) {
    return `${String(this)}\n    (thrown into the greenlet that started it, ${this.seconds} seconds before)`
  },
})

Object.defineProperty(Timeout.prototype, host.inspect, {
  value(this: Timeout) {
    return this.stack
  },
})

function checkSeconds(seconds: unknown): void {
  if (typeof seconds !== "number" || Number.isNaN(seconds)) {
    throw new TypeError(`a timeout must be a number of seconds or null, not ${describe(seconds)}`)
  }
  if (seconds < 0) throw new RangeError(`a timeout must not be negative: ${seconds}`)
}

function checkException(exception: unknown): void {
  if (exception instanceof Error) return
  if (typeof exception === "function" && exception.prototype instanceof Error) return
  throw new TypeError(`exception must be an Error, a class of errors, a string or false, not ${describe(exception)}`)
}

function describe(value: unknown): string {
  return typeof value === "string" ? JSON.stringify(value) : String(value)
}

function nameOf(exception: Error | (new () => Error) | string): string {
  return typeof exception === "function" ? exception.name : String(exception)
}

/**
 * The limit of a wait for the argument of a blocking call.
 *
 * @param exception - What a number of seconds throws; a Timeout throws its own.
 * @returns null when there is none.
 * @throws {TypeError} unless it is a number, a Timeout, null or undefined; {RangeError} for a negative number.
 */
export function limitOf(timeout: TimeoutArgument, exception: TimeoutException = null): Timeout | null {
  if (timeout === null || timeout === undefined || timeout instanceof Timeout) return timeout ?? null
  return new Timeout(timeout, exception)
}
