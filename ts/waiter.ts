import { BlockingSwitchOutError, ConcurrentObjectUseError } from "./exceptions.ts"
import { currentStrand } from "./strand.ts"
import { Wait } from "./wait.ts"

/** What a Waiter holds until somebody gets it. */
interface Stored<T> {
  readonly value: T | undefined
  readonly error: unknown
  readonly failed: boolean
}

/**
 * Hands one value, or one error, from the hub to a greenlet: `get` waits for it, unless it is there already. The low-level
 * piece that callbacks of the loop wake greenlets with.
 *
 * gevent: `gevent.hub.Waiter`.
 *
 * @example
 * ```ts
 * import { getHub, Waiter } from "gevent-wasm/hub"
 * import { Timer } from "gevent-wasm/core"
 * const waiter = new Waiter<string>()
 * new Timer(getHub().loop, 0.01).start(() => waiter.switch("now"))
 * console.log(await waiter.get()) // now
 * ```
 */
export class Waiter<T = unknown> {
  private stored: Stored<T> | null = null
  private getter: WaiterGet<T> | null = null

  /** Forgets what it holds, so that it may be used again. */
  clear(): void {
    this.stored = null
  }

  /** Whether it holds a value or an error. */
  ready(): boolean {
    return this.stored !== null
  }

  /** Whether it holds a value. */
  successful(): boolean {
    return this.stored !== null && !this.stored.failed
  }

  /** The error that it holds; null when there is none. gevent: `exc_info`. */
  get exception(): unknown {
    return this.stored?.failed === true ? this.stored.error : null
  }

  /** Wakes the greenlet that waits, or keeps the value for `get`. @throws {Error} outside the hub's callbacks. */
  switch(value: T): void {
    checkHub("switch")
    if (this.take()?.wake(value) !== true) this.stored = { value, error: undefined, failed: false }
  }

  /** Throws into the greenlet that waits, or keeps the error for `get`. @throws {Error} outside the hub's callbacks. */
  throw(error: unknown): void {
    checkHub("throw")
    if (this.take()?.fail(error) !== true) this.stored = { value: undefined, error, failed: true }
  }

  /**
   * Returns what it holds, or throws it when it is an error; waits for that first when it holds nothing.
   *
   * @throws {ConcurrentObjectUseError} when another greenlet waits for it.
   */
  get(): Wait<T> {
    return new WaiterGet(this)
  }

  /** What it holds. Called by its wait. */
  peek(): Stored<T> | null {
    return this.stored
  }

  /** Whoever waits gets what comes next. Called by its wait. */
  occupy(wait: WaiterGet<T>): void {
    if (this.getter !== null) throw new ConcurrentObjectUseError("This Waiter is already used by another greenlet")
    this.getter = wait
  }

  /** Nobody waits any more. Called by its wait. */
  leave(): void {
    this.getter = null
  }

  private take(): WaiterGet<T> | null {
    const { getter } = this
    this.getter = null
    return getter
  }
}

class WaiterGet<T> extends Wait<T> {
  private readonly waiter: Waiter<T>

  constructor(waiter: Waiter<T>) {
    super()
    this.waiter = waiter
  }

  protected begin(): boolean {
    const stored = this.waiter.peek()
    if (stored === null) {
      this.waiter.occupy(this)
      return false
    }
    if (stored.failed) throw stored.error
    this.value = stored.value as T
    return true
  }

  protected cancel(): void {
    this.waiter.leave()
  }

  override describe(): string {
    return "a Waiter"
  }
}

function checkHub(method: string): void {
  if (currentStrand().refusal() instanceof BlockingSwitchOutError) return
  throw new Error(`Can only use Waiter.${method} method from the Hub greenlet`)
}
