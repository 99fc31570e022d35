import { host } from "#host"
import type { Capabilities } from "./capabilities.ts"

/**
 * What the host that runs this can do. A call that needs what it lacks throws a `NotSupportedError`.
 *
 * @example
 * ```ts
 * import { capabilities } from "gevent-wasm/host"
 * console.log(capabilities.listen) // true on Node, false in a browser
 * ```
 */
export const capabilities: Capabilities = host.capabilities
