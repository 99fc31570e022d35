import { InvalidIP } from "../exceptions.ts"
import { parseNumeric } from "./numeric.ts"

const SERVER = /^(?:\[([^\]]*)\]|([^:[\]]*))(?::(\d{1,5}))?$/
// how c-ares writes one whose ports differ
const URI = /^dns:\/\/(.*?)(?:\?tcpport=(\d{1,5}))?$/
const LINK_LOCAL = /^fe[89ab]/i

/**
 * The servers as c-ares takes them.
 *
 * @throws {InvalidIP} for one that is no numeric address; {TypeError} for another type.
 */
export function serverList(servers: string | readonly string[]): string {
  const list: readonly unknown[] = typeof servers === "string" ? servers.split(",") : servers
  if (!Array.isArray(list)) throw new TypeError(`servers must be a list or a text, not ${String(servers)}`)
  return list.map(checkServer).join(",")
}

/** Those of them that c-ares takes. */
export function usableServers(servers: readonly string[]): string {
  return servers.flatMap((server) => serverOf(server) ?? []).join(",")
}

function checkServer(server: unknown): string {
  if (typeof server !== "string") throw new TypeError(`a server must be a string, not ${String(server)}`)
  const found = serverOf(server)
  if (found !== undefined) return found
  const text = JSON.stringify(server)
  throw new InvalidIP(`a server must be a numeric address, not link-local, with a port or without, not ${text}`)
}

function serverOf(server: string): string | undefined {
  const [, authority = server.trim(), tcpPort] = URI.exec(server.trim()) ?? []
  const [, bracketed, bare, port] = SERVER.exec(plain(authority)) ?? []
  const address = bracketed ?? bare ?? ""
  // c-ares passes over a link-local one, since it cannot ask the host for the interface
  if (address.includes("%") || LINK_LOCAL.test(address) || !parseNumeric(address)) return undefined
  if (Number(port ?? 53) > 65535 || Number(tcpPort ?? 53) > 65535) return undefined
  const host = `${address.includes(":") ? `[${address}]` : address}${port === undefined ? "" : `:${port}`}`
  return tcpPort === undefined ? host : `dns://${host}?tcpport=${tcpPort}`
}

// an IPv6 address without brackets has no port
function plain(server: string): string {
  return !server.startsWith("[") && server.split(":").length > 2 ? `[${server}]` : server
}
