import { host } from "#host"
import { NotSupportedError } from "../exceptions.ts"
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
 * Makes a resolver: the first of a list that this host supports. One that throws a NotSupportedError is passed over, and so is doh
 * without a URL.
 *
 * gevent: `GEVENT_RESOLVER`, `gevent.config.resolver`.
 *
 * @param choice - `"ares"`, `"host"` (gevent's `"thread"`), `"doh"`, a class, or a list. A text may name several, with commas. By
 *   default the variable GEVENT_RESOLVER, and without that ares where there are sockets, doh where it has a URL, and the host.
 * @throws {RangeError} for a name that there is not; any other error of a resolver, such as InvalidIP when a variable names a server
 *   that is no address, and that of the last one when none can be made.
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
  for (const [i, type] of classes.entries()) {
    const last = i === classes.length - 1
    if (type === DohResolver && !last && !host.env("GEVENT_RESOLVER_DOH")) continue
    try {
      return new type()
    } catch (error) {
      // what is wrong with a setting is said, not passed over
      if (last || !(error instanceof NotSupportedError)) throw error
    }
  }
  throw new RangeError("a list of resolvers must name one")
}

function classOf(choice: unknown): new () => Resolver {
  if (typeof choice === "function") return choice as new () => Resolver
  if (typeof choice === "string" && Object.hasOwn(NAMED, choice)) return NAMED[choice]!
  if (choice === "block") throw new RangeError("there is no resolver that blocks: no host has one")
  throw new RangeError(
    `there is no resolver ${String(choice)}: it is one of ${Object.keys(NAMED).join(", ")}, or a class`,
  )
}
