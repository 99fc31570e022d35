import { scheduler } from "./strand.ts"

/** A generator that is being left, or what looks like one. */
export type Frame = Iterator<unknown, unknown, unknown>

type Return = (this: Frame, value: unknown) => IteratorResult<unknown, unknown>

/** The object that all generators inherit their methods from. */
const prototype = Object.getPrototypeOf(Object.getPrototypeOf((function* () {})())) as { return: Return }

/**
 * Calls `frame.return(value)`: runs the `finally` blocks of a generator and of those that it delegates to with `yield*`.
 *
 * When one of them waits in a `finally` block, the language forgets: resumed with `next`, the inner generator ends and the
 * outer one goes on as if nothing had happened. So the generators that are still to be left are found out here: whoever
 * resumes has to run `frames[0]` to its end and then leave the next one, and so on. They all stop at the wait that the greenlet
 * is in then, which tells them from other generators that a `finally` block may close. (That they hand on one result object
 * would tell it too, but not every engine keeps to that.)
 *
 * @returns The result, and, when it is not done, the generators to be left, the innermost first.
 */
export function unwind(frame: Frame, value: unknown): { result: IteratorResult<unknown, unknown>; frames: Frame[] } {
  if (frame.return === undefined) return { result: { done: true, value }, frames: [] }
  const strand = scheduler.current
  const left: { frame: Frame; waiting: unknown }[] = []
  const original = prototype.return
  const recording: Return = function (given) {
    const result = original.call(this, given)
    if (result.done !== true) left.push({ frame: this, waiting: strand.waiting })
    return result
  }
  // only while this call lasts, which nothing else can run in between
  const recorded = Reflect.set(prototype, "return", recording)
  try {
    const result = frame.return(value)
    if (result.done === true) return { result, frames: [] }
    return { result, frames: left.filter((each) => each.waiting === strand.waiting).map((each) => each.frame) }
  } finally {
    if (recorded) prototype.return = original
  }
}
