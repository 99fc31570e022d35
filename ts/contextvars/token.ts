import type { ContextVar } from "./contextvar.ts"
import type { Scope } from "./scope.ts"

const MISSING: unique symbol = Symbol("Token.MISSING")

/**
 * What `ContextVar.set` returns, for `reset`: the value before. At the end of a `using` block it resets its variable.
 * Python: `contextvars.Token`.
 *
 * @example
 * ```ts
 * import { ContextVar, Token } from "gevent-wasm/contextvars"
 * const user = new ContextVar<string>("user")
 * const token = user.set("Ada")
 * console.log(token.var === user, token.oldValue === Token.MISSING) // true true
 * user.reset(token)
 * ```
 */
export class Token<T = unknown> {
  /** Stands for the value of a variable that had none. */
  static readonly MISSING: typeof MISSING = MISSING
  /** The variable that was set. */
  readonly var: ContextVar<T>
  /** The value before, or `Token.MISSING`. Python: `old_value`. */
  readonly oldValue: T | typeof MISSING
  private readonly scope: Scope
  private used = false

  /** Only `ContextVar.set` makes tokens. */
  constructor(variable: ContextVar<T>, oldValue: T | typeof MISSING, scope: Scope) {
    this.var = variable
    this.oldValue = oldValue
    this.scope = scope
  }

  /** Puts the old value back; for `ContextVar.reset`, which says what it throws. */
  restore(variable: ContextVar<T>, scope: Scope | null): void {
    if (this.used) throw new Error("the Token has been used already")
    if (this.var !== variable)
      throw new RangeError(`the Token was made by ${String(this.var)}, not by ${String(variable)}`)
    if (this.scope !== scope) throw new RangeError("the Token was made in another Context")
    this.used = true
    if (this.oldValue === MISSING) scope.values.delete(variable)
    else scope.values.set(variable, this.oldValue)
  }

  /** `using` resets the variable, unless that was done. */
  [Symbol.dispose](): void {
    if (!this.used) this.var.reset(this)
  }
}
