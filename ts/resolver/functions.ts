import { host } from "#host"
import { Flow } from "../flow.ts"
import { getHub } from "../hub.ts"
import type { AddressInfo, HostEntry, Hostname, NumericAddress } from "./interface.ts"
import type { RecordResolver } from "./recordresolver.ts"
import type { RecordType, RecordTypes } from "./records.ts"
import { AresResolver } from "./ares.ts"
import type { BlockingCall } from "../wait.ts"

/**
 * The first IPv4 address of a name. gevent: `socket.gethostbyname(hostname)`.
 *
 * @param hostname - A name or a numeric address; `""` is 0.0.0.0.
 * @throws {gaierror} -2 when there is no such name, -9 for an IPv6 address; {herror} 12 when no server has answered.
 * @throws {TypeError} unless it is a string or bytes, {UnicodeError} for a label that is empty or too long; both at the call.
 * @example
 * ```ts
 * import { gethostbyname } from "gevent-wasm/resolver"
 * console.log(await gethostbyname("localhost")) // 127.0.0.1
 * ```
 */
export function gethostbyname(hostname: Hostname): BlockingCall<string> {
  return getHub().resolver.gethostbyname(hostname)
}

/**
 * The canonical name, the aliases and all IPv4 addresses of a name. gevent: `socket.gethostbyname_ex(hostname)`.
 *
 * @throws as `gethostbyname`.
 * @example
 * ```ts
 * import { gethostbynameEx } from "gevent-wasm/resolver"
 * const [name, aliases, addresses] = await gethostbynameEx("127.0.0.1") // "127.0.0.1", [], ["127.0.0.1"]
 * ```
 */
export function gethostbynameEx(hostname: Hostname): BlockingCall<HostEntry> {
  return getHub().resolver.gethostbynameEx(hostname)
}

/**
 * All addresses of a host and a service, as `[family, type, proto, canonname, sockaddr]` each: the loopback of IPv6 first, then
 * IPv4, then the rest of IPv6. A numeric host needs no name server.
 *
 * gevent: `socket.getaddrinfo(host, port, family=0, type=0, proto=0, flags=0)`.
 *
 * @param host - A name, a numeric address with or without a scope (`"fe80::1%eth0"`), or null: this machine.
 * @param port - A number, a text of digits, the name of a service, or null for 0.
 * @param family - AF_INET or AF_INET6; by default both.
 * @param type - SOCK_STREAM or SOCK_DGRAM; by default both.
 * @param flags - AI_PASSIVE, AI_CANONNAME, AI_NUMERICHOST, AI_NUMERICSERV; others are ignored.
 * @throws {gaierror} -2 when there is no such name, -6, -7, -8, -9 for a family, type or service that there is not; a positive
 *   ARES_ code, such as 12 when no server has answered, else.
 * @throws {TypeError} for another type of argument, {UnicodeError} for a label that is empty or too long; both at the call.
 * @example
 * ```ts
 * import { getaddrinfo } from "gevent-wasm/resolver"
 * import { SOCK_STREAM } from "gevent-wasm/socket"
 * console.log(await getaddrinfo("127.0.0.1", "https", 0, SOCK_STREAM)) // [[2, 1, 6, "", ["127.0.0.1", 443]]]
 * ```
 */
export function getaddrinfo(
  host: Hostname | null,
  port: number | string | Uint8Array | null,
  family = 0,
  type = 0,
  proto = 0,
  flags = 0,
): BlockingCall<AddressInfo[]> {
  return getHub().resolver.getaddrinfo(host, port, family, type, proto, flags)
}

/**
 * The name, the other names and the address of an address, or of a name's first address. gevent: `socket.gethostbyaddr(ip_address)`.
 *
 * @throws {herror} 1 when the address has no name; {gaierror} -2 when there is no such name. {TypeError} as `gethostbyname`.
 * @example
 * ```ts
 * import { gethostbyaddr } from "gevent-wasm/resolver"
 * const nameOf = async (address: string) => (await gethostbyaddr(address))[0]
 * ```
 */
export function gethostbyaddr(ipAddress: Hostname): BlockingCall<HostEntry> {
  return getHub().resolver.gethostbyaddr(ipAddress)
}

/**
 * The names of an address and of a port; what has none is shown as a number. gevent: `socket.getnameinfo(sockaddr, flags)`.
 *
 * @param flags - NI_NUMERICHOST, NI_NUMERICSERV, NI_NOFQDN, NI_NAMEREQD, NI_DGRAM; others are ignored.
 * @throws {gaierror} -2 with NI_NAMEREQD when the host has no name. {SocketError} EINVAL for a name of several addresses.
 * @throws {TypeError} for another type of argument, {RangeError} for flow information above 0xfffff; both at the call.
 * @example
 * ```ts
 * import { getnameinfo, NI_NUMERICHOST } from "gevent-wasm/resolver"
 * console.log(await getnameinfo(["127.0.0.1", 80], NI_NUMERICHOST)) // ["127.0.0.1", "http"]
 * ```
 */
export function getnameinfo(sockaddr: NumericAddress, flags: number): BlockingCall<[host: string, service: string]> {
  return getHub().resolver.getnameinfo(sockaddr, flags)
}

/**
 * This machine's name with its domain, or that of a host: the first of its names that has a dot. gevent: `socket.getfqdn(name="")`.
 *
 * @param name - A name or a numeric address; `""`, `"0.0.0.0"` and `"::"` are this machine.
 * @returns The name itself when nothing better is known.
 * @example
 * ```ts
 * import { getfqdn } from "gevent-wasm/resolver"
 * console.log(await getfqdn())
 * ```
 */
export function getfqdn(name = ""): Flow<string> {
  return new Flow(function* () {
    const trimmed = name.trim()
    const wanted = trimmed === "" || trimmed === "0.0.0.0" || trimmed === "::" ? host.hostname() : trimmed
    try {
      const [hostname, aliases] = yield* getHub().resolver.gethostbyaddr(wanted)
      return [hostname, ...aliases].find((known) => known.includes(".")) ?? hostname
    } catch (error) {
      if (error instanceof Error && "strerror" in error) return wanted
      throw error
    }
  })
}

let records: { readonly hub: unknown; readonly resolver: AresResolver } | null = null

/**
 * The records of a name, as a name server has them. The hub's resolver is asked, or one of c-ares when that gives no records.
 *
 * @param type - `"A"` by default; also AAAA, CAA, CNAME, HTTPS, MX, NAPTR, NS, PTR, SOA, SRV, SVCB, TLSA, TXT, URI.
 * @throws {gaierror} whose `errno` is c-ares' code: 4 when there is no such name, 1 when none of its records is of the type.
 * @throws {RangeError} for a type that is not known, {UnicodeError} for a name that is none; both at the call.
 * @example
 * ```ts
 * import { resolve } from "gevent-wasm/resolver"
 * async function mailServers(domain: string) {
 *   return (await resolve(domain, "MX")).map(({ priority, exchange, ttl }) => `${priority} ${exchange} (${ttl} s)`)
 * }
 * ```
 */
export function resolve(hostname: Hostname): BlockingCall<RecordTypes["A"][]>
export function resolve<T extends RecordType>(hostname: Hostname, type: T): BlockingCall<RecordTypes[T][]>
export function resolve(hostname: Hostname, type: RecordType = "A"): BlockingCall<RecordTypes[RecordType][]> {
  return recordResolver().resolve(hostname, type)
}

/**
 * The names of a numeric address, as a name server has them.
 *
 * @throws {gaierror} as `resolve`; {RangeError} for what is no address, at the call.
 * @example
 * ```ts
 * import { reverse } from "gevent-wasm/resolver"
 * const namesOf = (address: string) => reverse(address)
 * ```
 */
export function reverse(address: string): BlockingCall<string[]> {
  return recordResolver().reverse(address)
}

function recordResolver(): RecordResolver {
  const hub = getHub()
  const { resolver } = hub
  if ("resolve" in resolver && "reverse" in resolver) return resolver as RecordResolver
  if (records === null || records.hub !== hub || records.resolver.closed)
    records = { hub, resolver: new AresResolver() }
  return records.resolver
}
