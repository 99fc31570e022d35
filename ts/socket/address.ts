import { SocketError } from "../exceptions.ts"
import type { Address } from "../host/descriptor.ts"
import { E } from "../host/errno.ts"
import { AF_INET, AF_INET6, AF_UNIX } from "./constants.ts"

/**
 * The address of a unix socket: its path, an abstract name that begins with NUL, or `""` for a socket without one. It is a
 * string. To the compiler it is also a pair with a port that there never is, so that code for TCP needs no check.
 */
export type UnixAddress = string & readonly [path: string, port: never]

/** Where a socket is: host and port; of a unix socket its path. */
export type SocketAddress = [host: string, port: number] | UnixAddress

/** What calls take for an address; that of IPv6 may have flow information and a scope id. */
export type AddressArgument =
  readonly [host: string, port: number] | readonly [host: string, port: number, flowinfo: number, scopeId: number]

/** What `bind` and `connect` take: host and port, or the path of a unix socket. */
export type AnyAddress = AddressArgument | string

const IPV4 = /^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?!$)|$)){4}$/

/**
 * Throws unless it is an address.
 *
 * @throws {TypeError} for another type, {RangeError} for a port that is none.
 */
export function checkAddress(address: AddressArgument): void {
  if (!Array.isArray(address) || (address.length !== 2 && address.length !== 4)) {
    throw new TypeError(`an address must be [host, port], not ${String(address)}`)
  }
  const [host, port, flowinfo = 0, scopeId = 0] = address as unknown[]
  if (typeof host !== "string") throw new TypeError(`a host must be a string, not ${String(host)}`)
  if (typeof port !== "number") throw new TypeError(`a port must be a number, not ${String(port)}`)
  if (!Number.isInteger(port) || port < 0 || port > 65535) throw new RangeError(`a port must be 0-65535, not ${port}`)
  if (typeof flowinfo !== "number" || typeof scopeId !== "number") {
    throw new TypeError("flow information and scope id must be numbers")
  }
}

/**
 * Throws unless it is an address of the family.
 *
 * @throws {TypeError} for another type, {RangeError} for a port that is none.
 */
export function checkAddressOf(family: number, address: AnyAddress): void {
  if (family !== AF_UNIX) checkAddress(address as AddressArgument)
  else if (typeof address !== "string") {
    throw new TypeError(`the address of a unix socket must be a path, not ${String(address)}`)
  }
}

/**
 * An address that needs no look-up as descriptors take it, null when it has the name of a host.
 *
 * @param address - Checked to be one of the family.
 */
export function knownAddress(family: number, address: AnyAddress): Address | null {
  if (family === AF_UNIX) return { family: "unix", path: address as string }
  const inet = address as AddressArgument
  return numericFamily(inet[0], family) === 0 ? null : toAddress(family, inet)
}

/**
 * An address to bind as descriptors take it; "localhost" is the loopback.
 *
 * @param address - Checked to be one of the family.
 * @throws {SocketError} EADDRNOTAVAIL for another name.
 */
export function addressToBind(family: number, address: AnyAddress): Address {
  if (typeof address !== "string" && address[0] === "localhost") {
    address = [family === AF_INET6 ? "::1" : "127.0.0.1", address[1]]
  }
  const known = knownAddress(family, address)
  if (known !== null) return known
  const name = JSON.stringify((address as AddressArgument)[0])
  throw new SocketError(E.ADDRNOTAVAIL, "bind", `only a numeric address can be bound, not ${name}`)
}

/** The family of a numeric host, 0 for a name. The empty host is numeric in any family: the unspecified address. */
export function numericFamily(host: string, family: number): number {
  if (host === "") return family
  if (host.includes(":")) return AF_INET6
  return IPV4.test(host) ? AF_INET : 0
}

/** An address with a numeric host as descriptors take it. */
export function toAddress(family: number, [host, port, , scopeId = 0]: AddressArgument): Address {
  if (host === "") host = family === AF_INET6 ? "::" : "0.0.0.0"
  else if (scopeId !== 0 && !host.includes("%")) host = `${host}%${scopeId}`
  const numeric = numericFamily(host, family)
  return { family: numeric === AF_INET6 ? "inet6" : "inet", host, port }
}

/** A descriptor's address as callers get it. */
export function fromAddress(address: Address): SocketAddress {
  return address.family === "unix" ? (address.path as UnixAddress) : [address.host, address.port]
}

/** What the console shows of a descriptor's address; nothing when there is none. */
export function describeAddress(address: Address | number): string {
  if (typeof address === "number") return ""
  const shown = fromAddress(address)
  return typeof shown === "string" ? JSON.stringify(shown) : shown.join(" port ")
}
