import { Flow, QuietGreenlet } from "./flow.ts"
import { isAsyncFunction } from "./body.ts"
import { wait } from "./waiting.ts"
import { Timeout, type TimeoutArgument } from "./limit.ts"
import type { BlockingCall, Op } from "./wait.ts"

export { Timeout, type TimeoutArgument, type TimeoutException, type TimeoutOptions } from "./limit.ts"

/**
 * Calls `fn` and waits for its result, at most for some seconds. An async function runs as a greenlet, which is killed when the
 * time has passed.
 *
 * Only its own timeout is turned into `timeoutValue`; another Timeout and every other error pass through.
 * gevent: `gevent.with_timeout(seconds, function, *args, timeout_value=_, **kw)`.
 *
 * @param seconds - Seconds or a Timeout; null never ends.
 * @param timeoutValue - What is returned when the time has passed; without it that Timeout is thrown.
 * @throws {TypeError} when `fn` is not a function or `seconds` no number.
 * @example
 * ```ts
 * import { sleep, withTimeout } from "gevent-wasm"
 * console.log(await withTimeout(0.01, () => sleep(10), "gave up")) // gave up
 * ```
 */
export function withTimeout<T>(seconds: TimeoutArgument, fn: () => Op<T>): Flow<T>
export function withTimeout<T>(seconds: TimeoutArgument, fn: () => Promise<T>): Flow<T>
export function withTimeout<T, V>(seconds: TimeoutArgument, fn: () => Op<T>, timeoutValue: V): Flow<T | V>
export function withTimeout<T, V>(seconds: TimeoutArgument, fn: () => Promise<T>, timeoutValue: V): Flow<T | V>
export function withTimeout<T, V>(seconds: TimeoutArgument, fn: () => Op<T> | Promise<T>, ...rest: [V?]): Flow<T | V> {
  if (typeof fn !== "function") throw new TypeError(`withTimeout takes a function, not ${String(fn)}`)
  const timeout = seconds instanceof Timeout ? seconds : new Timeout(seconds)
  return new Flow(function* () {
    if (!timeout.pending) timeout.start()
    try {
      return yield* call(fn)
    } catch (error) {
      if (error === timeout && rest.length > 0) return rest[0] as V
      throw error
    } finally {
      timeout.cancel()
    }
  })
}

function* call<T>(fn: () => Op<T> | Promise<T>): Generator<BlockingCall<unknown>, T, unknown> {
  if (!isAsyncFunction(fn)) {
    const result = fn()
    return yield* Symbol.iterator in result ? result : wait(result)
  }
  const greenlet = new QuietGreenlet<T>(fn)
  greenlet.start()
  try {
    return yield* greenlet.get()
  } finally {
    greenlet.kill(undefined, false)
  }
}
