import type { Descriptor } from "./descriptor.ts"
import { TlsWrap } from "./deno/tlswrap.ts"
import { transport } from "./deno/transport.ts"
import { arm, immediate } from "./deno/wakeup.ts"
import type { Host } from "./host.ts"
import { CarriedStream } from "./node/carriedstream.ts"
import { domains } from "./node/domains.ts"
import { Stream } from "./node/stream.ts"
import { host as node } from "./node.ts"
import type { Secure, SecureOptions } from "./secure.ts"

/**
 * Deno as the library sees it: its compatibility layer for Node, with an event loop of its own. What its permissions do not
 * allow fails with EACCES at the call.
 *
 * @example
 * ```ts
 * import { host } from "#host"
 * host.name // "deno"
 * ```
 */
export const host: Host = {
  ...node,
  name: "deno",
  immediate,
  arm,
  stream: (family: "inet" | "inet6" | "unix"): Stream => new Stream(domains[family], transport),
  secure: (inner: Descriptor, options: SecureOptions): Secure =>
    new CarriedStream(inner, options, (engine, ends) => TlsWrap.to(engine, ends)),
}
