import { SocketError } from "../exceptions.ts"
import { getservbyname, getservbyport } from "../services.ts"
import { textOf } from "./answer.ts"
import { EAI_NONAME, EAI_SERVICE, EAI_SOCKTYPE, IPPROTO_UDP, SOCK_DGRAM, SOCK_RAW, SOCK_STREAM } from "./constants.ts"
import { eaiError } from "./status.ts"

const IPPROTO_TCP = 6

/** A type of socket and its protocol. */
export type Transport = readonly [type: number, proto: number]

const TCP: Transport = [SOCK_STREAM, IPPROTO_TCP]
const UDP: Transport = [SOCK_DGRAM, IPPROTO_UDP]
const BOTH: readonly Transport[] = [TCP, UDP]
const TCP_ONLY: readonly Transport[] = [TCP]
const UDP_ONLY: readonly Transport[] = [UDP]

/**
 * The transports that match a type and a protocol, 0 being any.
 *
 * @throws {gaierror} EAI_SOCKTYPE for a type that there is not, or a protocol that is not its own.
 */
export function transports(type: number, proto: number): readonly Transport[] {
  if (type === 0 && proto === 0) return BOTH
  if (type === SOCK_RAW) return [[SOCK_RAW, proto]]
  if (type !== 0 && type !== SOCK_STREAM && type !== SOCK_DGRAM) throw eaiError(EAI_SOCKTYPE)
  if (proto === 0) return type === SOCK_STREAM ? TCP_ONLY : UDP_ONLY
  if (proto === IPPROTO_TCP && type !== SOCK_DGRAM) return TCP_ONLY
  if (proto === IPPROTO_UDP && type !== SOCK_STREAM) return UDP_ONLY
  throw eaiError(type === 0 ? EAI_SERVICE : EAI_SOCKTYPE)
}

/**
 * The number of a port or service, and the transports that have it.
 *
 * @param port - A number, taken modulo 65536; a text of digits; the name of a service; null for 0.
 * @throws {TypeError} for another type; {gaierror} EAI_SERVICE for an unknown service, EAI_NONAME for a name that must not be one.
 */
export function lookupPort(
  port: number | string | Uint8Array | null,
  among: readonly Transport[],
  numericOnly: boolean,
): [port: number, transports: readonly Transport[]] {
  if (typeof port === "number" && Number.isInteger(port)) return [((port % 65536) + 65536) % 65536, among]
  if (port === null) return [0, among]
  const text = port instanceof Uint8Array ? textOf(port) : port
  if (typeof text !== "string") throw new TypeError(`Int or String expected, not ${String(port)}`)
  if (text === "") return [0, among]
  if (/^\s*[+-]?\d+\s*$/.test(text)) return lookupPort(Number(text), among, false)
  if (numericOnly) throw eaiError(EAI_NONAME)
  let first: number | undefined
  const found = among.filter((transport) => {
    const known = portOf(text, transport)
    first ??= known
    return known !== undefined && known === first
  })
  if (first === undefined) throw eaiError(EAI_SERVICE)
  return [first, found]
}

/** The name of a port's service; the number when it has none. */
export function serviceName(port: number, datagram: boolean): string {
  try {
    return getservbyport(port, datagram ? "udp" : "tcp")
  } catch (error) {
    if (error instanceof SocketError) return String(port)
    throw error
  }
}

function portOf(service: string, [type]: Transport): number | undefined {
  if (type === SOCK_RAW) return undefined
  try {
    return getservbyname(service, type === SOCK_DGRAM ? "udp" : "tcp")
  } catch (error) {
    if (error instanceof SocketError) return undefined
    throw error
  }
}
