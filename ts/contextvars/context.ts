import { belongingsOf } from "../belongings.ts"
import { isAsyncFunction } from "../body.ts"
import { Flow, QuietGreenlet } from "../flow.ts"
import { currentStrand } from "../strand.ts"
import type { BlockingCall, Op } from "../wait.ts"
import type { ContextVar } from "./contextvar.ts"
import { Scope } from "./scope.ts"

type Steps<T> = Generator<BlockingCall<unknown>, T, unknown>

/**
 * Values of context variables, in which functions can be run. A map that only those functions change, with `ContextVar.set`.
 *
 * gevent: `gevent.contextvars.Context()`.
 *
 * @example
 * ```ts
 * import { sleep, spawn } from "gevent-wasm"
 * import { Context, ContextVar } from "gevent-wasm/contextvars"
 * const user = new ContextVar<string>("user")
 * const context = new Context()
 * context.run(() => user.set("Ada"))
 * const greenlet = spawn(() =>
 *   context.run(function* () {
 *     yield* sleep(0.01)
 *     return user.get()
 *   }),
 * )
 * console.log(await greenlet.get(), context.get(user), user.get("nobody")) // Ada Ada nobody
 * ```
 */
export class Context implements Iterable<[ContextVar<unknown>, unknown]> {
  private readonly scope: Scope

  /** @param values - Pairs of a variable and its value, such as another context; by default it is empty. */
  constructor(values?: Iterable<readonly [ContextVar<unknown>, unknown]>) {
    this.scope = new Scope(values)
  }

  /**
   * Calls `fn` in this context. A plain function's result is returned. What a generator function, or one that returns an operation,
   * does is waited for in the current greenlet, with `yield*`, and in no other is the context changed meanwhile. An async function
   * runs as a greenlet of its own, which is killed when the waiting ends early.
   *
   * @throws {TypeError} when `fn` is no function.
   * @throws {Error} while the context is being run already.
   */
  run<A extends unknown[], T>(fn: (...args: A) => Op<T>, ...args: A): Flow<T>
  run<A extends unknown[], T>(fn: (...args: A) => Promise<T>, ...args: A): Flow<T>
  run<A extends unknown[], T>(fn: (...args: A) => T, ...args: A): T
  run(fn: (...args: unknown[]) => unknown, ...args: unknown[]): unknown {
    if (typeof fn !== "function") throw new TypeError(`Context.run takes a function, not ${String(fn)}`)
    if (isAsyncFunction(fn)) return new Flow(() => this.runGreenlet(fn, args))
    const result = this.call(() => fn(...args))
    return isOperation(result) ? new Flow(() => this.runSteps(result)) : result
  }

  /** A context with the same values. */
  copy(): Context {
    return new Context(this)
  }

  /** The value of a variable here; if there is none, `fallback`. The variable's default is not looked at. */
  get<T, F = undefined>(variable: ContextVar<T>, fallback?: F): T | F {
    const { values } = this.scope
    return (values.has(variable) ? values.get(variable) : fallback) as T | F
  }

  /** Whether a variable has a value here. */
  has<T>(variable: ContextVar<T>): boolean {
    return this.scope.values.has(variable)
  }

  /** How many variables have a value here. Python: `len(context)`. */
  get size(): number {
    return this.scope.values.size
  }

  /** The variables that have a value here. */
  keys(): IterableIterator<ContextVar<unknown>> {
    return this.scope.values.keys() as IterableIterator<ContextVar<unknown>>
  }

  /** The values. */
  values(): IterableIterator<unknown> {
    return this.scope.values.values()
  }

  /** Pairs of a variable and its value. Python: `items`. */
  entries(): IterableIterator<[ContextVar<unknown>, unknown]> {
    return this.scope.values.entries() as IterableIterator<[ContextVar<unknown>, unknown]>
  }

  /** The same as `entries`. */
  [Symbol.iterator](): IterableIterator<[ContextVar<unknown>, unknown]> {
    return this.entries()
  }

  private call<T>(fn: () => T): T {
    const leave = this.enter()
    try {
      return fn()
    } finally {
      leave()
    }
  }

  private *runSteps(operation: Op<unknown>): Steps<unknown> {
    const leave = this.enter()
    try {
      return yield* operation
    } finally {
      leave()
    }
  }

  private *runGreenlet(fn: (...args: unknown[]) => unknown, args: unknown[]): Steps<unknown> {
    const { scope } = this
    this.take()
    const greenlet = new QuietGreenlet(fn, ...args)
    belongingsOf(greenlet).scope = scope
    // one that is killed may go on for a while, and has the context until it ends
    greenlet.addLink({ target: null, notify: () => void (scope.entered = false) })
    greenlet.start()
    try {
      return yield* greenlet.get()
    } finally {
      greenlet.kill(undefined, false)
    }
  }

  /** Makes it the context of the current greenlet, and gives what undoes that. */
  private enter(): () => void {
    this.take()
    const { scope } = this
    const belongings = belongingsOf(currentStrand())
    const previous = belongings.scope
    belongings.scope = scope
    return () => {
      belongings.scope = previous
      scope.entered = false
    }
  }

  private take(): void {
    if (this.scope.entered) throw new Error("cannot enter the Context: it is being run already")
    this.scope.entered = true
  }
}

/**
 * A copy of the current context. gevent: `gevent.contextvars.copy_context()`.
 *
 * @example
 * ```ts
 * import { spawn } from "gevent-wasm"
 * import { ContextVar, copyContext } from "gevent-wasm/contextvars"
 * const user = new ContextVar<string>("user")
 * user.set("Ada")
 * const context = copyContext()
 * console.log(await spawn(() => context.run(async () => user.get())).get()) // Ada
 * ```
 */
export function copyContext(): Context {
  return new Context(currentStrand().belongings?.scope?.values as Map<ContextVar<unknown>, unknown> | undefined)
}

function isOperation(result: unknown): result is Op<unknown> {
  if (typeof result !== "object" || result === null || !(Symbol.iterator in result)) return false
  return "next" in result || "then" in result
}
