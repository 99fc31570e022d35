import { host } from "#host"
import { descriptors } from "../core/descriptors.ts"
import { need, SocketError } from "../exceptions.ts"
import type { Descriptor } from "../host/descriptor.ts"
import { E } from "../host/errno.ts"
import {
  AF_INET,
  AF_INET6,
  AF_UNIX,
  SOCK_DGRAM,
  SO_TYPE,
  SOCK_STREAM,
  SOL_SOCKET,
  SOL_TCP,
  SOL_UDP,
} from "./constants.ts"
import { checked } from "./endpoint.ts"

const FAMILIES: ReadonlyMap<number, { readonly name: string; readonly stream: Parameters<typeof host.stream>[0] }> =
  new Map([
    [AF_UNIX, { name: "AF_UNIX", stream: "unix" }],
    [AF_INET, { name: "AF_INET", stream: "inet" }],
    [AF_INET6, { name: "AF_INET6", stream: "inet6" }],
  ])

/** Throws unless there are sockets of the kind. @throws {SocketError} EAFNOSUPPORT, EPROTONOSUPPORT; {TypeError} */
export function checkKind(family: number, type: number, proto: number): void {
  checkNumber("family", family)
  checkNumber("type", type)
  checkNumber("proto", proto)
  if (!FAMILIES.has(family)) throw new SocketError(E.AFNOSUPPORT, "socket")
  const stream = type === SOCK_STREAM
  const own = family === AF_UNIX ? 0 : stream ? SOL_TCP : SOL_UDP
  if ((!stream && (type !== SOCK_DGRAM || family === AF_UNIX)) || (proto !== 0 && proto !== own)) {
    throw new SocketError(E.PROTONOSUPPORT, "socket")
  }
}

function checkNumber(name: string, value: unknown): void {
  if (typeof value !== "number") throw new TypeError(`the ${name} of a socket must be a number, not ${String(value)}`)
}

/** What the console shows of a family. */
export function familyName(family: number): string {
  return FAMILIES.get(family)!.name
}

/** Opens a socket: its number in the fd table. */
export function openSocket(family: number, type: number): number {
  need(type === SOCK_DGRAM ? "udp" : family === AF_UNIX ? "unix" : "tcp", "socket")
  const { stream } = FAMILIES.get(family)!
  const opened = type === SOCK_DGRAM && stream !== "unix" ? host.datagram(stream) : host.stream(stream)
  if (typeof opened === "number") throw new SocketError(opened, "socket")
  return checked(descriptors.install(opened), "socket")
}

/** The socket that a number stands for. @throws {SocketError} EBADF when it is not open, ENOTSOCK when it is no socket; {TypeError} */
export function openedSocket(fd: number, syscall: string): Descriptor {
  checkNumber("fileno", fd)
  const descriptor = descriptors.get(fd)
  if (descriptor === undefined) throw new SocketError(E.BADF, syscall)
  // any call would do that only sockets know; this one asks the system nothing
  if (descriptor.getOption(SOL_SOCKET, SO_TYPE) === -E.NOTSOCK) throw new SocketError(E.NOTSOCK, syscall)
  return descriptor
}
