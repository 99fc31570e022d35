import type { BlockingCall } from "../wait.ts"

/** A host: a name, a numeric address, or the bytes of either. */
export type Hostname = string | Uint8Array

/** A numeric socket address: host and port, and for IPv6 the flow information and the scope id. */
export type NumericAddress =
  readonly [host: string, port: number] | readonly [host: string, port: number, flowinfo: number, scopeId: number]

/** An entry of what `getaddrinfo` returns, as Python has it. */
export type AddressInfo = readonly [
  family: number,
  type: number,
  proto: number,
  canonname: string,
  sockaddr: NumericAddress,
]

/** What `gethostbynameEx` and `gethostbyaddr` return. */
export type HostEntry = readonly [hostname: string, aliases: readonly string[], addresses: readonly string[]]

/**
 * Who turns names into addresses, and back. `hub.resolver` is one, and may be set to one of your own.
 *
 * gevent: `gevent.resolver.AbstractResolver`.
 *
 * @example
 * ```ts
 * import { getHub } from "gevent-wasm"
 * import type { Resolver } from "gevent-wasm/resolver"
 * const resolver: Resolver = getHub().resolver
 * console.log(await resolver.gethostbyname("localhost")) // 127.0.0.1
 * ```
 */
export interface Resolver {
  /** The first address of a name, IPv4 unless `family` says otherwise. */
  gethostbyname(hostname: Hostname, family?: number): BlockingCall<string>
  /** The canonical name, the aliases and all addresses of a name. gevent: `gethostbyname_ex`. */
  gethostbynameEx(hostname: Hostname, family?: number): BlockingCall<HostEntry>
  /** All addresses of a host and a service. */
  getaddrinfo(
    host: Hostname | null,
    port: number | string | Uint8Array | null,
    family?: number,
    type?: number,
    proto?: number,
    flags?: number,
  ): BlockingCall<AddressInfo[]>
  /** The names of an address, or of the address of a name. */
  gethostbyaddr(ipAddress: Hostname): BlockingCall<HostEntry>
  /** The names of a host's address and of a port. */
  getnameinfo(sockaddr: NumericAddress, flags: number): BlockingCall<[host: string, service: string]>
  /** Lets go of what it holds; searches that are under way fail. */
  close(): void
}

/** @throws {TypeError} for what cannot be a resolver. */
export function checkResolver(resolver: Resolver): Resolver {
  if (typeof (resolver as Resolver | undefined)?.getaddrinfo === "function") return resolver
  throw new TypeError(`a resolver must be an object with getaddrinfo() and the other calls, not ${String(resolver)}`)
}
