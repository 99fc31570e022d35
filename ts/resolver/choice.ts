import { host } from "#host"
import { AresResolver } from "./ares.ts"
import { DohResolver } from "./doh.ts"
import { HostResolver } from "./host.ts"
import type { Resolver } from "./interface.ts"

/** A resolver, by its name, as a class, or as a list of either in the order of preference. */
export type ResolverChoice = string | (new () => Resolver) | readonly (string | (new () => Resolver))[]

const NAMED: Readonly<Record<string, new () => Resolver>> = {
  ares: AresResolver,
  host: HostResolver,
  thread: HostResolver,
  doh: DohResolver,
}

const PREFERENCE: ResolverChoice = ["ares", "doh", "host"]

/**
 * Makes a resolver: the first of a list that can be made on this host.
 *
 * gevent: `GEVENT_RESOLVER`, `gevent.config.resolver`.
 *
 * @param choice - `"ares"`, `"host"` (gevent's `"thread"`), `"doh"`, a class, or a list. A text may name several, with commas. By
 *   default the variable GEVENT_RESOLVER, and without that ares where there are sockets, doh where it has a URL, and the host.
 * @throws {RangeError} for a name that there is not; the error of the last one when none can be made.
 * @example
 * ```ts
 * import { getHub } from "gevent-wasm"
 * import { makeResolver } from "gevent-wasm/resolver"
 * getHub().resolver = makeResolver("host")
 * ```
 */
export function makeResolver(choice: ResolverChoice = host.env("GEVENT_RESOLVER") || PREFERENCE): Resolver {
  const list = typeof choice === "string" ? choice.split(",").map((name) => name.trim()) : [choice].flat()
  const classes = list.map(classOf)
  let last: unknown = new RangeError("a list of resolvers must name one")
  for (const type of classes) {
    try {
      return new type()
    } catch (error) {
      last = error
    }
  }
  throw last
}

function classOf(choice: unknown): new () => Resolver {
  if (typeof choice === "function") return choice as new () => Resolver
  if (typeof choice === "string" && Object.hasOwn(NAMED, choice)) return NAMED[choice]!
  if (choice === "block") throw new RangeError("there is no resolver that blocks: no host has one")
  throw new RangeError(
    `there is no resolver ${String(choice)}: it is one of ${Object.keys(NAMED).join(", ")}, or a class`,
  )
}
