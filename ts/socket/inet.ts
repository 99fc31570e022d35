import { formatIPv4, formatIPv6, parseIPv4, parseIPv6 } from "../core/ipaddress.ts"
import { SocketError } from "../exceptions.ts"
import { E } from "../host/errno.ts"
import { AF_INET, AF_INET6 } from "./constants.ts"

const NUMBER = /^(?:0x[0-9a-f]+|0[0-7]*|[1-9]\d*)$/i

/**
 * The 4 bytes of an IPv4 address, in any form that inet_aton(3) reads: `"127.0.0.1"`, `"127.1"`, `"0x7f000001"`.
 *
 * gevent: `socket.inet_aton(ip_string)`.
 *
 * @throws {SocketError} EINVAL when it is none, {TypeError} for another type.
 * @example
 * ```ts
 * import { inetAton } from "gevent-wasm/socket"
 * inetAton("127.1") // Uint8Array [127, 0, 0, 1]
 * ```
 */
export function inetAton(text: string): Uint8Array {
  const parts = checkText(text).split(".")
  if (parts.length > 4 || !parts.every((part) => NUMBER.test(part))) throw illegal("inet_aton")
  const numbers = parts.map((part) => (/^0[0-7]/.test(part) ? parseInt(part, 8) : Number(part)))
  const last = numbers.pop()!
  const room = 4 - numbers.length
  if (numbers.some((number) => number > 255) || last >= 256 ** room) throw illegal("inet_aton")
  for (let i = room - 1; i >= 0; i--) numbers.push(Math.floor(last / 256 ** i) % 256)
  return Uint8Array.from(numbers)
}

/**
 * The dotted form of an IPv4 address. gevent: `socket.inet_ntoa(packed_ip)`.
 *
 * @throws {TypeError} unless they are bytes, {RangeError} unless they are 4.
 * @example
 * ```ts
 * import { inetNtoa } from "gevent-wasm/socket"
 * inetNtoa(Uint8Array.of(127, 0, 0, 1)) // "127.0.0.1"
 * ```
 */
export function inetNtoa(bytes: Uint8Array): string {
  return formatIPv4(checkBytes(bytes, 4))
}

/**
 * The bytes of a numeric address: 4 of an IPv4, 16 of an IPv6 one.
 *
 * gevent: `socket.inet_pton(address_family, ip_string)`.
 *
 * @throws {SocketError} EINVAL when it is no such address, EAFNOSUPPORT for another family. {TypeError} for another type.
 * @example
 * ```ts
 * import { AF_INET6, inetPton } from "gevent-wasm/socket"
 * inetPton(AF_INET6, "::1").length // 16
 * ```
 */
export function inetPton(family: number, text: string): Uint8Array {
  checkText(text)
  if (family !== AF_INET && family !== AF_INET6) throw new SocketError(E.AFNOSUPPORT, "inet_pton")
  const bytes = family === AF_INET ? parseIPv4(text) : parseIPv6(text)
  if (bytes === undefined) throw illegal("inet_pton")
  return bytes
}

/**
 * The text of an address of 4 or 16 bytes. gevent: `socket.inet_ntop(address_family, packed_ip)`.
 *
 * @throws {SocketError} EAFNOSUPPORT for another family. {TypeError} unless they are bytes, {RangeError} for another number.
 * @example
 * ```ts
 * import { AF_INET6, inetNtop, inetPton } from "gevent-wasm/socket"
 * inetNtop(AF_INET6, inetPton(AF_INET6, "0:0:0:0:0:0:0:1")) // "::1"
 * ```
 */
export function inetNtop(family: number, bytes: Uint8Array): string {
  if (family === AF_INET) return formatIPv4(checkBytes(bytes, 4))
  if (family === AF_INET6) return formatIPv6(checkBytes(bytes, 16))
  throw new SocketError(E.AFNOSUPPORT, "inet_ntop")
}

/**
 * Turns a 16-bit number from the host's byte order into the network's. gevent: `socket.htons(x)`.
 *
 * @throws {TypeError} unless it is a number, {RangeError} unless it has 16 bits.
 * @example
 * ```ts
 * import { htons } from "gevent-wasm/socket"
 * htons(0x1234) // 0x3412
 * ```
 */
export function htons(number: number): number {
  checkBits(number, 16)
  // every host that runs WebAssembly is little endian to its programs
  return ((number & 0xff) << 8) | (number >>> 8)
}

/**
 * Turns a 32-bit number from the host's byte order into the network's. gevent: `socket.htonl(x)`.
 *
 * @throws {TypeError} unless it is a number, {RangeError} unless it has 32 bits.
 * @example
 * ```ts
 * import { htonl } from "gevent-wasm/socket"
 * htonl(0x12345678) // 0x78563412
 * ```
 */
export function htonl(number: number): number {
  checkBits(number, 32)
  return ((htons(number & 0xffff) << 16) | htons(number >>> 16)) >>> 0
}

/**
 * Turns a 16-bit number from the network's byte order into the host's. gevent: `socket.ntohs(x)`.
 *
 * @throws as `htons`.
 * @example
 * ```ts
 * import { ntohs } from "gevent-wasm/socket"
 * ntohs(0x3412) // 0x1234
 * ```
 */
export function ntohs(number: number): number {
  return htons(number)
}

/**
 * Turns a 32-bit number from the network's byte order into the host's. gevent: `socket.ntohl(x)`.
 *
 * @throws as `htonl`.
 * @example
 * ```ts
 * import { ntohl } from "gevent-wasm/socket"
 * ntohl(0x78563412) // 0x12345678
 * ```
 */
export function ntohl(number: number): number {
  return htonl(number)
}

function checkText(text: string): string {
  if (typeof text !== "string") throw new TypeError(`an address must be a string, not ${String(text)}`)
  return text
}

function checkBytes(bytes: Uint8Array, count: number): Uint8Array {
  if (!(bytes instanceof Uint8Array)) throw new TypeError(`a packed address must be bytes, not ${String(bytes)}`)
  if (bytes.length !== count) throw new RangeError(`a packed address must have ${count} bytes, not ${bytes.length}`)
  return bytes
}

function checkBits(number: number, bits: number): void {
  if (typeof number !== "number") throw new TypeError(`expected a number, not ${String(number)}`)
  if (!Number.isInteger(number) || number < 0 || number >= 2 ** bits) {
    throw new RangeError(`expected a whole number of ${bits} bits, not ${number}`)
  }
}

function illegal(call: string): SocketError {
  return new SocketError(E.INVAL, call, `illegal IP address string passed to ${call}`)
}
