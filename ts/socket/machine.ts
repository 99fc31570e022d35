import { host } from "#host"

/** Whether sockets of IPv6 can be made. gevent: `socket.has_ipv6`. */
export const hasIpv6: boolean = host.capabilities.tcp

/**
 * The name of this machine; `"localhost"` where nobody may ask. gevent: `socket.gethostname()`.
 *
 * @example
 * ```ts
 * import { gethostname } from "gevent-wasm/socket"
 * console.log(gethostname())
 * ```
 */
export function gethostname(): string {
  return host.hostname()
}
