import type { Greenlet } from "./greenlet.ts"

/** Who wants to know that a greenlet has ended. */
export interface Link {
  /** What `unlink` finds it by. */
  readonly target: unknown
  /** The greenlet has ended. Runs in the hub, and must not wait; the hub deals with what it returns. */
  notify(greenlet: Greenlet<unknown>): unknown
}

/** Who is told that something is ready: a function, a queue or channel that it is put into, an AsyncResult that takes over its result. */
export type Target<S> = ((source: S) => unknown) | { put(source: S): unknown } | { linked(source: S): unknown }

/** What a greenlet can be linked to. */
export type LinkTarget<T> = Target<Greenlet<T>>

/** The function behind a target. @throws {TypeError} when it cannot be called. */
export function linkFunction<S>(target: Target<S>): (source: S) => unknown {
  if (typeof target === "function") return target
  if (typeof target === "object" && target !== null) {
    if ("linked" in target && typeof target.linked === "function") return (source) => target.linked(source)
    if ("put" in target && typeof target.put === "function") return (source) => target.put(source)
  }
  throw new TypeError(`Expected a function, a queue or an AsyncResult, not ${String(target)}`)
}
