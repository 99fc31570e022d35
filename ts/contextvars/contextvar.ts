import { belongingsOf } from "../belongings.ts"
import { currentStrand } from "../strand.ts"
import { Scope } from "./scope.ts"
import { Token } from "./token.ts"

const NO_DEFAULT = Symbol("no default")

/**
 * A variable whose value belongs to the context: each greenlet has one of its own, which begins empty. Make it once, at the top
 * level of a module: a context that has a value for it keeps it in memory.
 *
 * gevent: `gevent.contextvars.ContextVar(name, *, default)`.
 *
 * @example
 * ```ts
 * import { run, spawn } from "gevent-wasm"
 * import { ContextVar, copyContext } from "gevent-wasm/contextvars"
 * const user = new ContextVar("user", { default: "nobody" })
 * await run(function* () {
 *   user.set("Ada")
 *   const show = async () => console.log(user.get())
 *   yield* spawn(show).join() // nobody
 *   yield* copyContext().run(show) // Ada
 * })
 * ```
 */
export class ContextVar<T> {
  /** What it was named. */
  readonly name: string
  private readonly default: T | typeof NO_DEFAULT

  /** @throws {TypeError} when the name is no string or `options` no object. */
  constructor(name: string, options: { default?: T } = {}) {
    if (typeof name !== "string") throw new TypeError(`the name of a ContextVar must be a string, not ${String(name)}`)
    if (typeof options !== "object" || options === null) {
      throw new TypeError(
        `the options of a ContextVar must be an object like { default: value }, not ${String(options)}`,
      )
    }
    this.name = name
    this.default = "default" in options ? options.default : NO_DEFAULT
  }

  /**
   * The value in the current context; if there is none, `fallback`; without that the default.
   *
   * @throws {ReferenceError} when there is none of them. Python: LookupError.
   */
  get(): T
  get<F>(fallback: F): T | F
  get(...fallback: unknown[]): unknown {
    const values = currentStrand().belongings?.scope?.values
    if (values !== undefined) {
      const value = values.get(this)
      if (value !== undefined || values.has(this)) return value
    }
    if (fallback.length > 0) return fallback[0]
    if (this.default === NO_DEFAULT) throw new ReferenceError(`${String(this)} has no value here and no default`)
    return this.default
  }

  /** Sets the value in the current context. The token that it returns is for `reset`. */
  set(value: T): Token<T> {
    const scope = (belongingsOf(currentStrand()).scope ??= new Scope())
    const { values } = scope
    const token = new Token(this, values.has(this) ? (values.get(this) as T) : Token.MISSING, scope)
    values.set(this, value)
    return token
  }

  /**
   * Gives it the value that it had before the `set` that returned the token.
   *
   * @throws {TypeError} when it is no token.
   * @throws {Error} when the token was used already.
   * @throws {RangeError} when the token is of another variable or another context.
   */
  reset(token: Token<T>): void {
    if (!(token instanceof Token))
      throw new TypeError(`reset takes the Token that set() returned, not ${String(token)}`)
    token.restore(this, currentStrand().belongings?.scope ?? null)
  }

  /** `<ContextVar "name">`. */
  toString(): string {
    return `<ContextVar ${JSON.stringify(this.name)}>`
  }
}
