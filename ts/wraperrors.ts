import { isGeneratorFunction } from "./body.ts"
import { Flow } from "./flow.ts"
import type { ErrorClass } from "./hub.ts"
import type { Op } from "./wait.ts"

/**
 * A function that returns the errors of these classes instead of throwing them, so that a greenlet that ends with one is not reported.
 * Generator functions, async functions and functions that return a Wait stay what they are. It has the properties of the function, and
 * `String()` shows that one. gevent: `gevent.util.wrap_errors(errors, func)`.
 *
 * @throws {TypeError} when `errors` is neither a class nor an array of classes, or `fn` no function.
 * @example
 * ```ts
 * import { spawn } from "gevent-wasm"
 * import { wrapErrors } from "gevent-wasm/util"
 * const greenlet = spawn(
 *   wrapErrors([RangeError, SyntaxError], function* (text: string) {
 *     return JSON.parse(text) as unknown
 *   }),
 *   "{",
 * )
 * console.log((await greenlet.get()) instanceof SyntaxError) // true
 * ```
 */
export function wrapErrors<A extends unknown[], T>(
  errors: ErrorClass | readonly ErrorClass[],
  fn: (...args: A) => Generator<never, T, unknown> | Op<T>,
): (...args: A) => Op<T | Error>
export function wrapErrors<A extends unknown[], T>(
  errors: ErrorClass | readonly ErrorClass[],
  fn: (...args: A) => Promise<T>,
): (...args: A) => Promise<T | Error>
export function wrapErrors<A extends unknown[], T>(
  errors: ErrorClass | readonly ErrorClass[],
  fn: (...args: A) => T,
): (...args: A) => T | Error
export function wrapErrors(
  errors: ErrorClass | readonly ErrorClass[],
  fn: (...args: unknown[]) => unknown,
): (...args: unknown[]) => unknown {
  const classes = classesOf(errors)
  if (typeof fn !== "function") throw new TypeError(`wrapErrors takes a function, not ${String(fn)}`)
  const given = (error: unknown): unknown => {
    if (!classes.some((type) => error instanceof type)) throw error
    return error
  }
  const wrapped = isGeneratorFunction(fn)
    ? function* (this: unknown, ...args: unknown[]) {
        try {
          return yield* fn.apply(this, args) as Generator<never, unknown, unknown>
        } catch (error) {
          return given(error)
        }
      }
    : function (this: unknown, ...args: unknown[]): unknown {
        try {
          return wrapResult(fn.apply(this, args), given)
        } catch (error) {
          return given(error)
        }
      }
  Object.setPrototypeOf(wrapped, fn)
  Object.defineProperties(wrapped, {
    name: { value: fn.name, configurable: true },
    length: { value: fn.length, configurable: true },
    toString: { value: () => String(fn), configurable: true, writable: true },
  })
  return wrapped
}

/** A call may go on after it has returned. */
function wrapResult(result: unknown, given: (error: unknown) => unknown): unknown {
  if (typeof result !== "object" || result === null) return result
  const [waits, promises] = [Symbol.iterator in result, typeof (result as PromiseLike<unknown>).then === "function"]
  if (waits && promises) {
    return new Flow(function* () {
      try {
        return yield* result as Op<unknown>
      } catch (error) {
        return given(error)
      }
    })
  }
  return promises ? (result as PromiseLike<unknown>).then(undefined, given) : result
}

function classesOf(errors: unknown): ErrorClass[] {
  const classes = (Array.isArray(errors) ? errors : [errors]) as ErrorClass[]
  for (const type of classes) {
    if (typeof type !== "function") throw new TypeError(`errors must be classes of errors, not ${String(type)}`)
  }
  return classes
}
