import { openUdp } from "./bun/udp.ts"
import type { Host } from "./host.ts"
import { host as node } from "./node.ts"
import { Datagram } from "./node/datagram.ts"

/**
 * Bun as the library sees it: its compatibility layer for Node, with UDP sockets of its own.
 *
 * @example
 * ```ts
 * import { host } from "#host"
 * host.name // "bun"
 * ```
 */
export const host: Host = { ...node, name: "bun", datagram: (family) => new Datagram(family, openUdp) }
