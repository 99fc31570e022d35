import { transport } from "./bun/transport.ts"
import { openUdp } from "./bun/udp.ts"
import { UpgradedStream } from "./bun/upgradedstream.ts"
import type { Descriptor } from "./descriptor.ts"
import type { Host } from "./host.ts"
import { startWatchdog } from "./node/watchdog.ts"
import { host as node } from "./node.ts"
import { Datagram } from "./node/datagram.ts"
import { domains } from "./node/domains.ts"
import { Stream } from "./node/stream.ts"
import type { SecureOptions } from "./secure.ts"

/**
 * Bun as the library sees it: its compatibility layer for Node, and its own sockets.
 *
 * @example
 * ```ts
 * import { host } from "#host"
 * host.name // "bun"
 * ```
 */
export const host: Host = {
  ...node,
  name: "bun",
  // its inspector connects and says nothing
  watchdog: (options) => startWatchdog(options, false),
  stream: (family: "inet" | "inet6" | "unix"): Stream => new Stream(domains[family], transport),
  datagram: (family: "inet" | "inet6"): Datagram => new Datagram(family, openUdp),

  secure(inner: Descriptor, options: SecureOptions): ReturnType<Host["secure"]> {
    const upgraded = !options.unwrap && inner instanceof Stream ? UpgradedStream.over(inner, options) : undefined
    return upgraded ?? node.secure(inner, options)
  },
}
