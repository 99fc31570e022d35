import { StopIteration } from "./exceptions.ts"
import { Flow } from "./flow.ts"
import type { BlockingCall, Op } from "./wait.ts"
import { wait } from "./waiting.ts"

/** What gives one item after another, and may have to wait for each: a queue, an imap. */
export interface Source<T> {
  /** Waits for the next item; `done` when there is none any more. */
  next(): Op<IteratorResult<T, undefined>> & PromiseLike<IteratorResult<T, undefined>>
}

/** What `each` calls with an item: a generator function, an async function or a plain one. */
export type Visitor<T> = (item: T) => unknown

/**
 * Calls a function with each item, one after the other, and waits for what it returns, until there are no more items or the function
 * returns the class `StopIteration`.
 */
export function each<T>(source: Source<T>, fn: Visitor<T>): Flow<void> {
  if (typeof fn !== "function") throw new TypeError(`each takes a function, not ${String(fn)}`)
  return new Flow(function* () {
    for (let next = yield* source.next(); !next.done; next = yield* source.next()) {
      if ((yield* resultOf(fn(next.value))) === StopIteration) return
    }
  })
}

/** What `for await` asks for. `leave` is called when the loop is left early. */
export function asyncIterator<T>(source: Source<T>, leave?: () => void): AsyncIterator<T, undefined> {
  return {
    // what can be awaited will do, and a wait is an object less than a promise of one
    next: () => source.next() as unknown as Promise<IteratorResult<T, undefined>>,
    return: () => {
      leave?.()
      return Promise.resolve({ done: true, value: undefined })
    },
  }
}

/** Waits for what a function has returned, if that is something to wait for: an operation, a generator, a promise. */
export function* resultOf(result: unknown): Generator<BlockingCall<unknown>, unknown, unknown> {
  if (typeof result !== "object" || result === null) return result
  const thenable = "then" in result
  if (Symbol.iterator in result && (thenable || "next" in result)) return yield* result as Op<unknown>
  return thenable ? yield* wait(result as PromiseLike<unknown>) : result
}
