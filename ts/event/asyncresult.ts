import { exceptionInfo, type ExceptionInfo } from "../exceptioninfo.ts"
import type { GreenletExit } from "../exceptions.ts"
import { limitOf, Timeout, type TimeoutArgument } from "../limit.ts"
import { Linkable, type Linked } from "../linkable.ts"
import { ListedWait } from "../waitlist.ts"
import type { Wait } from "../wait.ts"

/** What has a result that an AsyncResult can take over: a greenlet, another AsyncResult. */
export interface ResultSource<T> {
  /** Whether there is a result, and it is no error. */
  successful(): boolean
  /** The result; a killed greenlet's is its GreenletExit. */
  readonly value: T | GreenletExit | undefined
  /** The error; null when there is none. */
  readonly exception: unknown
}

/** What it holds. */
interface Outcome<T> {
  readonly value: T | undefined
  readonly error: unknown
  readonly failed: boolean
}

/**
 * A place for one value or one error, which greenlets wait for.
 *
 * It can be the target of a link: `greenlet.link(result)` sets it to what the greenlet ends with. It has the methods of a future
 * too. gevent: `gevent.event.AsyncResult`.
 *
 * @example
 * ```ts
 * import { run, spawn } from "gevent-wasm"
 * import { AsyncResult } from "gevent-wasm/event"
 * await run(function* () {
 *   const answer = new AsyncResult<number>()
 *   spawn(function* () {
 *     answer.set(42)
 *   })
 *   console.log(yield* answer.get()) // 42
 * })
 * ```
 */
export class AsyncResult<T = unknown> extends Linkable {
  private outcome: Outcome<T> | null = null

  /** Whether it holds a value or an error. */
  ready(): boolean {
    return this.outcome !== null
  }

  /** Whether it holds a value. */
  successful(): boolean {
    return this.outcome !== null && !this.outcome.failed
  }

  /** The value; undefined when there is none. */
  get value(): T | undefined {
    return this.outcome?.value
  }

  /** The error; null when there is none. */
  get exception(): unknown {
    return this.outcome?.failed === true ? this.outcome.error : null
  }

  /** The error in three parts; null when there is none. gevent: `exc_info`. */
  get excInfo(): ExceptionInfo | null {
    return this.outcome?.failed === true ? exceptionInfo(this.outcome.error) : null
  }

  /** Holds a value from now on, whatever it held before, and wakes all who wait. */
  set(value: T): void {
    this.outcome = { value, error: undefined, failed: false }
    this.checkAndNotify()
  }

  /** Holds an error from now on, whatever it held before, and wakes all who wait. gevent: `set_exception`. */
  setException(error: unknown): void {
    this.outcome = { value: undefined, error, failed: true }
    this.checkAndNotify()
  }

  /** Takes over what a greenlet or another AsyncResult has ended with. gevent: `__call__(source)`. */
  linked(source: ResultSource<T>): void {
    if (source.successful()) this.set(source.value as T)
    else this.setException(source.exception)
  }

  /**
   * Waits for it, and returns the value or throws the error, the very one for all who wait.
   *
   * @param block - false: throws a Timeout at once when it holds nothing.
   * @param timeout - Seconds or a Timeout, which is thrown when it passes first.
   */
  get(block = true, timeout: TimeoutArgument = null): Wait<T> {
    return new ResultGet(this, block, timeout)
  }

  /** The value, or its error is thrown. Never waits. gevent: `get_nowait`. @throws {Timeout} when it holds nothing. */
  getNowait(): T {
    const { outcome } = this
    if (outcome === null) throw new Timeout()
    if (outcome.failed) throw outcome.error
    return outcome.value as T
  }

  /**
   * Waits for it.
   *
   * @param timeout - Seconds or a Timeout; when it passes first, the wait just ends.
   * @returns The value; undefined when it is an error or the time has passed.
   */
  wait(timeout: TimeoutArgument = null): Wait<T | undefined> {
    return new ResultWait(this, timeout)
  }

  /** The same as `ready`. gevent: `done`, as futures have it. */
  done(): boolean {
    return this.ready()
  }

  /** The same as `get(true, timeout)`. gevent: `result`, as futures have it. */
  result(timeout: TimeoutArgument = null): Wait<T> {
    return this.get(true, timeout)
  }

  /** The same as `set`. gevent: `set_result`, as futures have it. */
  setResult(value: T): void {
    this.set(value)
  }

  /** It cannot be cancelled: false. gevent: `cancel`, as futures have it. */
  cancel(): boolean {
    return false
  }

  /** It cannot be cancelled: false. gevent: `cancelled`, as futures have it. */
  cancelled(): boolean {
    return false
  }

  /** What the console shows. */
  override toString(): string {
    const { outcome } = this
    const text = outcome === null ? "unset" : outcome.failed ? `exception=${show(outcome)}` : `value=${show(outcome)}`
    return `<${this.constructor.name} ${text} links[${this.linkcount()}]>`
  }
}

function show({ value, error, failed }: Outcome<unknown>): string {
  const shown = failed ? error : value
  return typeof shown === "string" ? JSON.stringify(shown) : String(shown)
}

/** Waits until there is a result. */
class ResultWait<T> extends ListedWait<T | undefined> implements Linked {
  round = 0
  private readonly result: AsyncResult<T>

  constructor(result: AsyncResult<T>, timeout: TimeoutArgument) {
    super()
    this.result = result
    this.limit = limitOf(timeout)
  }

  notify(): void {
    this.resumeWith(this.result.value)
  }

  protected begin(): boolean {
    const { result } = this
    if (result.ready() && (!result.notifying || this.strand.refusal() !== undefined)) {
      this.value = result.value
      return true
    }
    result.addLink(this)
    return false
  }

  protected cancel(): void {
    this.result.removeLink(this)
  }

  protected override expired(): undefined {
    return undefined
  }

  override describe(): string {
    return `wait for ${String(this.result)}`
  }
}

/** Waits until there is a result, and gets it. */
class ResultGet<T> extends ListedWait<T> implements Linked {
  round = 0
  private readonly result: AsyncResult<T>
  private readonly block: boolean

  constructor(result: AsyncResult<T>, block: boolean, timeout: TimeoutArgument) {
    super()
    this.result = result
    this.block = block
    this.limit = limitOf(timeout)
  }

  notify(): void {
    const { result } = this
    if (result.successful()) this.resumeWith(result.value as T)
    else this.resumeWithError(result.exception)
  }

  protected begin(): boolean {
    const { result } = this
    if (!result.ready() && this.block) {
      result.addLink(this)
      return false
    }
    this.value = result.getNowait()
    return true
  }

  protected cancel(): void {
    this.result.removeLink(this)
  }

  override describe(): string {
    return `get of ${String(this.result)}`
  }
}
