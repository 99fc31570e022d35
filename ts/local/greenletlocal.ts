import { belongingsOf } from "../belongings.ts"
import { currentStrand } from "../strand.ts"

// for the debugger alone: weak, and swept when it has doubled
let known: WeakRef<GreenletLocal<unknown>>[] = []
let sweepAt = 16

/**
 * One value per greenlet. MAIN and the hub have one as well. It is let go of when its greenlet ends, or when nobody has the
 * local any more.
 *
 * gevent: a `gevent.local.local()` with a single attribute.
 *
 * @example
 * ```ts
 * import { run, sleep, spawn } from "gevent-wasm"
 * import { GreenletLocal } from "gevent-wasm/local"
 * const user = new GreenletLocal(() => "nobody")
 * await run(function* () {
 *   user.set("Ada")
 *   yield* spawn(function* () {
 *     yield* sleep(0)
 *     console.log(user.get()) // nobody
 *   }).join()
 *   console.log(user.get()) // Ada
 * })
 * ```
 */
export class GreenletLocal<T> {
  private readonly initial: (() => T) | undefined

  /**
   * @param initial - Makes a greenlet's value when that asks for it first; without it, that is undefined.
   * @throws {TypeError} when it is no function.
   */
  constructor(...initial: undefined extends T ? [initial?: () => T] : [initial: () => T]) {
    const [make] = initial
    if (make !== undefined && typeof make !== "function") {
      throw new TypeError(`a GreenletLocal takes a function that makes the initial value, not ${String(make)}`)
    }
    this.initial = make
    remember(this)
  }

  /** The value of the current greenlet. */
  get(): T {
    const locals = currentStrand().belongings?.locals
    const value = locals?.get(this)
    if (value !== undefined || this.initial === undefined || locals?.has(this)) return value as T
    const made = this.initial()
    this.set(made)
    return made
  }

  /** Gives the current greenlet a value. */
  set(value: T): void {
    const belongings = belongingsOf(currentStrand())
    ;(belongings.locals ??= new WeakMap()).set(this, value)
  }

  /** Whether the current greenlet has a value already. */
  has(): boolean {
    return currentStrand().belongings?.locals?.has(this) ?? false
  }

  /** Takes the value away from the current greenlet; whether there was one. */
  delete(): boolean {
    return currentStrand().belongings?.locals?.delete(this) ?? false
  }

  /** A local of its own that has, in the current greenlet alone, the same value. gevent: `copy.copy(local)`. */
  clone(): GreenletLocal<T> {
    const copy = new GreenletLocal<T>(...([this.initial] as unknown as ConstructorParameters<typeof GreenletLocal<T>>))
    if (this.has()) copy.set(this.get())
    return copy
  }
}

/** The locals that are still in memory, oldest first. */
export function knownLocals(): GreenletLocal<unknown>[] {
  return known.map((reference) => reference.deref()).filter((local) => local !== undefined)
}

function remember(local: GreenletLocal<unknown>): void {
  known.push(new WeakRef(local))
  if (known.length < sweepAt) return
  known = known.filter((reference) => reference.deref() !== undefined)
  sweepAt = Math.max(16, known.length * 2)
}
