import { host } from "#host"
import { gaierror, herror, SocketError } from "../exceptions.ts"
import { Failure } from "../failure.ts"
import { Flow } from "../flow.ts"
import { E } from "../host/errno.ts"
import { Immediate } from "../immediate.ts"
import type { BlockingCall } from "../wait.ts"
import type { Found, FoundAddress } from "./answer.ts"
import {
  AF_INET,
  AF_INET6,
  AF_UNSPEC,
  AI_CANONNAME,
  AI_NUMERICHOST,
  AI_NUMERICSERV,
  AI_PASSIVE,
  EAI_ADDRFAMILY,
  EAI_FAMILY,
  EAI_NONAME,
  NI_DGRAM,
  NI_NAMEREQD,
  NI_NOFQDN,
  NI_NUMERICHOST,
  NI_NUMERICSERV,
} from "./constants.ts"
import { encodeHostname } from "./hostname.ts"
import type { AddressInfo, HostEntry, Hostname, NumericAddress, Resolver } from "./interface.ts"
import { interfaceName } from "./interfaces.ts"
import { parseNumeric, type Numeric } from "./numeric.ts"
import { lookupPort, serviceName, transports, type Transport } from "./port.ts"
import { eaiError, unknownHost, type NameErrorClass } from "./status.ts"

const BROADCAST = "<broadcast>"
const LOOPBACK: readonly FoundAddress[] = [
  { family: AF_INET6, address: "::1", ttl: 0 },
  { family: AF_INET, address: "127.0.0.1", ttl: 0 },
]
const ANY: readonly FoundAddress[] = [
  { family: AF_INET, address: "0.0.0.0", ttl: 0 },
  { family: AF_INET6, address: "::", ttl: 0 },
]

/**
 * The five calls of a resolver with the arguments, special names and errors that Python's have. A subclass searches: for the
 * addresses of a name, and for the name of an address.
 *
 * gevent: `gevent.resolver.AbstractResolver`.
 */
export abstract class AbstractResolver implements Resolver {
  /**
   * Searches for the addresses of a name, which is no numeric address.
   *
   * @param family - AF_INET, AF_INET6 or AF_UNSPEC.
   * @param aliases - Whether the name's aliases are wanted.
   * @param type - The class of errors other than that there is no such name, which is a gaierror.
   * @param finish - Makes the result of what was found, or throws.
   */
  protected abstract search<T>(
    name: string,
    family: number,
    aliases: boolean,
    type: NameErrorClass,
    finish: (found: Found) => T,
  ): BlockingCall<T>

  /** Searches for the name of a numeric address; fails with a herror. */
  protected abstract searchAddress<T>(address: string, family: number, finish: (found: Found) => T): BlockingCall<T>

  abstract close(): void

  gethostbyname(hostname: Hostname, family: number = AF_INET): BlockingCall<string> {
    const name = encodeHostname(hostname)
    if (name === BROADCAST) return new Immediate("255.255.255.255")
    return failing(() => {
      if (name === "") return new Immediate(wildcard(family))
      const numeric = numericOf(name, family)
      if (numeric !== null) return new Immediate(numeric.address)
      return this.search(name, family, false, herror, ({ addresses }) => first(addresses))
    })
  }

  gethostbynameEx(hostname: Hostname, family: number = AF_INET): BlockingCall<HostEntry> {
    const name = encodeHostname(hostname)
    if (name === BROADCAST || name === "") return new Failure(unknownHost())
    return failing(() => {
      const numeric = numericOf(name, family)
      if (numeric !== null) return new Immediate<HostEntry>([numeric.address, [], [numeric.address]])
      return this.search(name, family, true, herror, (found) => entryOf(found, name))
    })
  }

  getaddrinfo(
    host: Hostname | null,
    port: number | string | Uint8Array | null,
    family: number = AF_UNSPEC,
    type = 0,
    proto = 0,
    flags = 0,
  ): BlockingCall<AddressInfo[]> {
    const name = host === null ? null : encodeHostname(host)
    checkIntegers({ family, type, proto, flags })
    return failing(() => this.addresses(name, port, family, type, proto, flags))
  }

  gethostbyaddr(ipAddress: Hostname): BlockingCall<HostEntry> {
    const name = encodeHostname(ipAddress)
    if (name === "") throw new SocketError(E.INVAL, "gethostbyaddr", "wildcard resolved to multiple address")
    if (name === BROADCAST) return new Failure(unknownHost())
    return failing(() => {
      const numeric = numericOf(name, AF_UNSPEC)
      if (numeric !== null) return this.entryOf(numeric)
      return new Flow(() => this.reverseName(name))
    })
  }

  getnameinfo(sockaddr: NumericAddress, flags: number): BlockingCall<[host: string, service: string]> {
    checkIntegers({ flags })
    if (!Array.isArray(sockaddr)) throw new TypeError("getnameinfo() argument 1 must be an array: host and port")
    const [hostname, port, flowinfo = 0, scopeId = 0] = sockaddr as NumericAddress
    const name = encodeHostname(hostname)
    if (!Number.isInteger(port)) throw new TypeError(`port must be a whole number, not ${String(port)}`)
    checkIntegers({ flowinfo, scopeId })
    if (flowinfo < 0 || flowinfo > 0xfffff) throw new RangeError("getnameinfo(): flowinfo must be 0-1048575.")
    return new Flow(() => this.names(name, port, sockaddr.length, scopeId, flags))
  }

  /** What the console shows. */
  toString(): string {
    return `<${this.constructor.name}>`
  }

  private addresses(
    name: string | null,
    port: number | string | Uint8Array | null,
    family: number,
    type: number,
    proto: number,
    flags: number,
  ): BlockingCall<AddressInfo[]> {
    if (family !== AF_UNSPEC && family !== AF_INET && family !== AF_INET6) throw eaiError(EAI_FAMILY)
    if (name === null && port === null) throw eaiError(EAI_NONAME)
    const [number, among] = lookupPort(port, transports(type, proto), (flags & AI_NUMERICSERV) !== 0)
    if (name === null) {
      const list = (flags & AI_PASSIVE) === 0 ? LOOPBACK : ANY
      return new Immediate(entries(ofFamily(list, family), number, among, 0, ""))
    }
    const wanted = (flags & AI_CANONNAME) !== 0
    const numeric = numericOf(name, family)
    if (numeric !== null) {
      const found = [{ family: numeric.family, address: numeric.address, ttl: 0 }]
      return new Immediate(entries(found, number, among, numeric.scopeId, wanted ? name : ""))
    }
    if (name === "" || name === BROADCAST || (flags & AI_NUMERICHOST) !== 0) throw eaiError(EAI_NONAME)
    return this.search(name, family, wanted, gaierror, (found) => {
      const list = ordered(ofFamily(found.addresses, family))
      if (list.length === 0) throw eaiError(EAI_NONAME)
      return entries(list, number, among, 0, wanted ? found.name || name : "")
    })
  }

  private entryOf({ address, family }: Numeric): BlockingCall<HostEntry> {
    return this.searchAddress(address, family, ({ name, aliases }) => [
      name,
      aliases.filter((alias) => alias !== name),
      [address],
    ])
  }

  private *reverseName(name: string): Generator<BlockingCall<unknown>, HostEntry, unknown> {
    let failure: Error = eaiError(EAI_NONAME)
    for (const address of yield* this.search(name, AF_UNSPEC, false, gaierror, ({ addresses }) => ordered(addresses))) {
      try {
        return yield* this.entryOf({ ...address, scopeId: 0 })
      } catch (error) {
        if (!(error instanceof herror) || error.errno !== 1) throw error
        failure = error
      }
    }
    throw failure
  }

  private *names(
    name: string,
    port: number,
    length: number,
    scopeId: number,
    flags: number,
  ): Generator<BlockingCall<unknown>, [host: string, service: string], unknown> {
    const numeric = numericOf(name, AF_UNSPEC)
    let found: Numeric
    if (numeric !== null) found = numeric
    else {
      const list = yield* this.search(name, AF_UNSPEC, false, gaierror, ({ addresses }) => addresses)
      if (list.length === 0) throw eaiError(EAI_NONAME)
      if (list.length > 1) throw new SocketError(E.INVAL, "getnameinfo", "sockaddr resolved to multiple addresses")
      found = { ...list[0]!, scopeId: 0 }
    }
    if (found.family === AF_INET && length !== 2) {
      throw new SocketError(E.INVAL, "getnameinfo", "IPv4 sockaddr must be 2 tuple")
    }
    const service = port < 0 || port > 65535 ? 0 : port
    const host = yield* this.nameOf(found, scopeId || found.scopeId, flags)
    return [host, (flags & NI_NUMERICSERV) === 0 ? serviceName(service, (flags & NI_DGRAM) !== 0) : String(service)]
  }

  private *nameOf(
    { address, family }: Numeric,
    scopeId: number,
    flags: number,
  ): Generator<BlockingCall<unknown>, string, unknown> {
    if ((flags & NI_NUMERICHOST) === 0) {
      try {
        const name = yield* this.searchAddress(address, family, (found) => found.name)
        return (flags & NI_NOFQDN) === 0 ? name : withoutDomain(name)
      } catch (error) {
        if (!(error instanceof herror) || error.errno !== 1) throw error
        if ((flags & NI_NAMEREQD) !== 0) throw eaiError(EAI_NONAME)
      }
    }
    return scopeId === 0 ? address : `${address}%${interfaceName(scopeId)}`
  }
}

/** What a call returns; a failure of names is one of the wait, as all that comes from the network are. */
function failing<T>(call: () => BlockingCall<T>): BlockingCall<T> {
  try {
    return call()
  } catch (error) {
    if (error instanceof gaierror) return new Failure(error)
    throw error
  }
}

function numericOf(name: string, family: number): Numeric | null {
  const numeric = parseNumeric(name)
  if (numeric === undefined) throw eaiError(EAI_NONAME)
  if (numeric !== null && family !== AF_UNSPEC && numeric.family !== family) throw eaiError(EAI_ADDRFAMILY)
  return numeric
}

function wildcard(family: number): string {
  if (family === AF_INET) return "0.0.0.0"
  if (family === AF_INET6) return "::"
  throw new SocketError(E.INVAL, "gethostbyname", "wildcard resolved to multiple address")
}

function first(addresses: readonly FoundAddress[]): string {
  const [address] = addresses
  if (address === undefined) throw eaiError(EAI_NONAME)
  return address.address
}

function entryOf({ name, aliases, addresses }: Found, asked: string): HostEntry {
  if (addresses.length === 0) throw eaiError(EAI_NONAME)
  return [name || asked, aliases.filter((alias) => alias !== name), addresses.map(({ address }) => address)]
}

function ofFamily(addresses: readonly FoundAddress[], family: number): FoundAddress[] {
  return addresses.filter((one) => family === AF_UNSPEC || one.family === family)
}

/** As gevent 1.1 has them: the loopback of IPv6, IPv4, the rest of IPv6. */
function ordered(addresses: readonly FoundAddress[]): FoundAddress[] {
  if (addresses.length < 2) return [...addresses]
  const rank = ({ family, address }: FoundAddress): number => (family === AF_INET ? 1 : address === "::1" ? 0 : 2)
  return [...addresses].sort((a, b) => rank(a) - rank(b))
}

function entries(
  addresses: readonly FoundAddress[],
  port: number,
  among: readonly Transport[],
  scopeId: number,
  canonname: string,
): AddressInfo[] {
  const list: AddressInfo[] = []
  for (const { family, address } of addresses) {
    const sockaddr: NumericAddress = family === AF_INET6 ? [address, port, 0, scopeId] : [address, port]
    for (const [type, proto] of among) list.push([family, type, proto, list.length === 0 ? canonname : "", sockaddr])
  }
  return list
}

function checkIntegers(values: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(values)) {
    if (!Number.isInteger(value)) throw new TypeError(`${name} must be a whole number, not ${String(value)}`)
  }
}

function withoutDomain(name: string): string {
  const own = host.hostname()
  const dot = own.indexOf(".")
  return dot > 0 && name.endsWith(own.slice(dot)) ? name.slice(0, -(own.length - dot)) : name
}
