import { AF_INET, AF_INET6, AF_UNIX } from "../socket/constants.ts"
import type { SocketAddress, UnixAddress } from "../socket/address.ts"

/**
 * Where to listen: a text (`"127.0.0.1:80"`, `":80"`, `"[::1]:80"`, `"80"`), a port, or host and port. A text with a slash or
 * with NUL in front is the path or the abstract name of a unix socket, and so is what follows `"unix:"`.
 */
export type ListenAddress = string | number | readonly [host: string, port: number]

/** An address to listen at, and its family. */
export interface ParsedAddress {
  readonly family: number
  readonly address: SocketAddress
}

/**
 * The address of a listener. A port alone and the empty host of a pair are IPv6, which serves IPv4 too; `":80"` is IPv4.
 * gevent: `baseserver.parse_address`.
 *
 * @throws {TypeError} for another type, {RangeError} for a text that is no address.
 */
export function parseAddress(address: ListenAddress): ParsedAddress {
  if (typeof address === "number") return { family: AF_INET6, address: ["", checkPort(address, address)] }
  if (typeof address === "string") return parseText(address)
  if (!Array.isArray(address)) throw new TypeError(`Expected an address or a socket, not ${String(address)}`)
  const [host, port] = address as unknown[]
  if (typeof host !== "string") throw new TypeError(`a host must be a string, not ${String(host)}`)
  if (typeof port !== "number") throw new TypeError(`a port must be a number, not ${String(port)}`)
  const family = host === "" || host.includes(":") ? AF_INET6 : AF_INET
  return { family, address: [host, checkPort(port, address)] }
}

const UNIX = "unix:"

function parseText(text: string): ParsedAddress {
  const path = text.startsWith(UNIX) ? text.slice(UNIX.length) : text
  if (path !== text || path.includes("/") || path.startsWith("\0")) {
    if (path === "") throw new RangeError(`Failed to parse address ${JSON.stringify(text)}: there is no path`)
    return { family: AF_UNIX, address: path as UnixAddress }
  }
  const colon = text.lastIndexOf(":")
  const digits = text.slice(colon + 1).trim()
  const port = checkPort(/^\d+$/.test(digits) ? Number(digits) : NaN, text)
  if (colon < 0) return { family: AF_INET6, address: ["", port] }
  const host = text.slice(0, colon)
  if (host.startsWith("[") && host.endsWith("]")) return { family: AF_INET6, address: [host.slice(1, -1), port] }
  return { family: AF_INET, address: [host === "*" ? "" : host, port] }
}

function checkPort(port: number, address: unknown): number {
  if (Number.isInteger(port) && port >= 0 && port <= 65535) return port
  throw new RangeError(`Failed to parse address ${JSON.stringify(address)}: a port must be 0-65535`)
}
