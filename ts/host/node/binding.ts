import net from "node:net"
import process from "node:process"
import type { Address } from "../descriptor.ts"
import { E } from "../errno.ts"
import { errnoOfError, errnoOfSystem } from "./errors.ts"

/** A TCP address. */
export type TcpAddress = Extract<Address, { host: string }>

/** The part of Node's `net.Server` that a binding needs. */
export interface Server {
  listen(source: unknown, backlog?: number): unknown
  close(): unknown
}

/** What `listen` of a server takes where there is no bound handle. */
export interface ListenOptions {
  readonly host?: string
  readonly port?: number
  readonly path?: string
  readonly backlog: number
  readonly exclusive: boolean
  readonly ipv6Only?: boolean
}

/** A local address that is taken, before it is known whether the socket will listen or connect. */
export interface Binding {
  /** What was asked for, with the port that the system chose where it could be asked. */
  readonly address: Address
  /** What `new net.Socket({ handle })` takes to connect from here; undefined when the host cannot bind ahead. */
  readonly source: unknown
  /** Makes a server listen here, which takes `source` over. */
  listen(server: Server, backlog: number): void
  /** Ends the listening of that server. */
  unlisten(server: Server): void
  /** Gives the address back when nothing took `source` over. */
  close(): void
}

/** How to bind. */
export interface BindOptions {
  ipv6Only: boolean
  reusePort: boolean
}

interface BoundSocket {
  address(): { address: string; port: number }
  close(): void
}

interface TcpHandle {
  bind(host: string, port: number, flags: number): number
  bind6(host: string, port: number, flags: number): number
  getsockname(into: { address?: string; port?: number }): number
  accept?(into: TcpHandle): number
  close(): void
}

interface TcpWrap {
  TCP: new (kind: number) => TcpHandle
  constants: { SOCKET: number; UV_TCP_IPV6ONLY?: number }
}

/** The part of Bun's own interface that is used. */
interface Bun {
  listen(options: { hostname: string; port: number; ipv6Only: boolean; socket: object }): {
    port: number
    stop(force: boolean): void
  }
}

type BoundSocketClass = new (options: object) => BoundSocket

const boundSocket = (net as unknown as { BoundSocket?: BoundSocketClass }).BoundSocket
const bun = (globalThis as { Bun?: Bun }).Bun
const tcpWrap = boundSocket === undefined && bun === undefined ? loadTcpWrap() : undefined

/** Whether sockets have handles of libuv's kind, which can be bound first and can move from one socket to another. */
export const hasHandles = boundSocket !== undefined || tcpWrap !== undefined

/** Whether a server knows, when `listen` returns, if it listens. */
export const listensAtOnce = hasHandles || bun !== undefined

/** Whether several sockets can share a port here. */
export const canReusePort = boundSocket !== undefined

/** Whether the host is numeric and of its family, and the port one. */
export function isTcpAddress({ family, host, port }: TcpAddress): boolean {
  return net.isIP(host) === (family === "inet6" ? 6 : 4) && Number.isInteger(port) && port >= 0 && port <= 65535
}

/**
 * Binds a TCP address now: with the newest Node's `net.BoundSocket`, before that with the handle class that it wraps.
 * Bun can only listen, so there the address is tried and then remembered. Where none of these is there (a Node with its
 * permissions on), the address is remembered, errors come from accept(), and port 0 is known once the server listens.
 *
 * @returns The binding, or a negative errno: ADDRINUSE, ADDRNOTAVAIL, ACCES, INVAL …
 */
export function bindTcp(address: TcpAddress, options: BindOptions): Binding | number {
  if (!isTcpAddress(address)) return -E.INVAL
  try {
    if (boundSocket !== undefined) return bindSocket(boundSocket, address, options)
    if (tcpWrap !== undefined) return bindHandle(tcpWrap, address, options)
    if (bun !== undefined) return tryAddress(bun, address, options)
  } catch (error) {
    return -errnoOfError(error)
  }
  return { address, source: undefined, ...listenLater(address, options), close() {} }
}

function listenOn(source: unknown): Pick<Binding, "listen" | "unlisten"> {
  return {
    listen: (server, backlog) => void server.listen(source, backlog),
    unlisten: (server) => void server.close(),
  }
}

function listenLater({ host, port }: TcpAddress, { ipv6Only }: BindOptions): Pick<Binding, "listen" | "unlisten"> {
  return {
    listen(server, backlog) {
      const options: ListenOptions = { host, port, backlog, exclusive: true, ipv6Only }
      server.listen(options)
    },
    unlisten: (server) => void server.close(),
  }
}

/** A connection of a listening handle that gives it only when it is asked, as Deno's; undefined when there is none. */
export function acceptHandle(listening: object): object | undefined {
  if (tcpWrap === undefined || !(listening instanceof tcpWrap.TCP)) return undefined
  const handle = new tcpWrap.TCP(tcpWrap.constants.SOCKET)
  return listening.accept?.(handle) === 0 ? handle : undefined
}

function bindSocket(Bound: BoundSocketClass, address: TcpAddress, options: BindOptions): Binding {
  const { family, host, port } = address
  const source = new Bound({
    host,
    port,
    reusePort: options.reusePort,
    ipv6Only: family === "inet6" && options.ipv6Only,
  })
  const local = source.address()
  const bound: TcpAddress = { family, host: local.address, port: local.port }
  return { address: bound, source, ...listenOn(source), close: () => source.close() }
}

function bindHandle(wrap: TcpWrap, address: TcpAddress, options: BindOptions): Binding | number {
  const { family, host, port } = address
  const source = new wrap.TCP(wrap.constants.SOCKET)
  const flags = options.ipv6Only ? (wrap.constants.UV_TCP_IPV6ONLY ?? 0) : 0
  const local: { address?: string; port?: number } = {}
  let result = family === "inet6" ? source.bind6(host, port, flags) : source.bind(host, port, 0)
  // libuv keeps EADDRINUSE back until somebody asks for the name.
  if (result === 0) result = source.getsockname(local)
  let errno = result === 0 ? E.SUCCESS : errnoOfSystem(result)
  // Deno keeps it back longer, and has no number for an address that is none of this machine's
  if (errno === E.SUCCESS && local.port === 0) errno = E.ADDRINUSE
  else if (errno === E.INVAL) errno = E.ADDRNOTAVAIL
  if (errno !== E.SUCCESS) {
    source.close()
    return -errno
  }
  return {
    address: { family, host: local.address ?? host, port: local.port ?? port },
    source,
    ...listenOn(source),
    close: () => source.close(),
  }
}

function tryAddress(bun: Bun, address: TcpAddress, options: BindOptions): Binding {
  const { family, host, port } = address
  const { ipv6Only } = options
  const trial = bun.listen({ hostname: host, port, ipv6Only: family === "inet6" && ipv6Only, socket: { data() {} } })
  trial.stop(true)
  const bound: TcpAddress = { family, host, port: trial.port }
  return { address: bound, source: undefined, ...listenLater(bound, options), close() {} }
}

function loadTcpWrap(): TcpWrap | undefined {
  try {
    const { binding } = process as unknown as { binding?: (name: string) => TcpWrap }
    const wrap = binding?.("tcp_wrap")
    return typeof wrap?.TCP === "function" ? wrap : undefined
  } catch {
    return undefined
  }
}
