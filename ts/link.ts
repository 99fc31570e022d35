import type { Greenlet } from "./greenlet.ts"

/** Who wants to know that a greenlet has ended. */
export interface Link {
  /** What `unlink` finds it by. */
  readonly target: unknown
  /** The greenlet has ended. Runs in the hub, and must not wait; the hub deals with what it returns. */
  notify(greenlet: Greenlet<unknown>): unknown
}

/** What a greenlet can be linked to: a function, or an object with a method `put` (a queue) or `link` protocol of its own. */
export type LinkTarget<T> = ((greenlet: Greenlet<T>) => unknown) | { put(greenlet: Greenlet<T>): unknown }

/** The function behind a link target. @throws {TypeError} when it cannot be called. */
export function linkFunction<T>(target: LinkTarget<T>): (greenlet: Greenlet<T>) => unknown {
  if (typeof target === "function") return target
  if (typeof target === "object" && target !== null && typeof target.put === "function") {
    return (greenlet) => target.put(greenlet)
  }
  throw new TypeError(`Expected a function or an object with put(), not ${String(target)}`)
}
