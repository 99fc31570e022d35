import type { Host } from "./host.ts"
import { host as node } from "./node.ts"

/**
 * Bun as the library sees it: its compatibility layer for Node.
 *
 * @example
 * ```ts
 * import { host } from "#host"
 * host.name // "bun"
 * ```
 */
export const host: Host = { ...node, name: "bun" }
