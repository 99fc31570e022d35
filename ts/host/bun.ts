import { transport } from "./bun/transport.ts"
import { openUdp } from "./bun/udp.ts"
import type { Host } from "./host.ts"
import { startWatchdog } from "./node/watchdog.ts"
import { host as node } from "./node.ts"
import { Datagram } from "./node/datagram.ts"
import { domains } from "./node/domains.ts"
import { Stream } from "./node/stream.ts"

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
}
