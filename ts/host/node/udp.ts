import type dgram from "node:dgram"
import { readSync, writeSync } from "node:fs"
import net from "node:net"
import process from "node:process"
import { E } from "../errno.ts"
import { errnoOfError, errnoOfSystem } from "./errors.ts"
import { copyScratch, scratch } from "./scratch.ts"
import { scopeOf, withScope } from "./scope.ts"
import type { UdpAddress, UdpEvents, UdpOptions, UdpPort } from "./udpport.ts"
import { HIGH_WATER_MARK } from "../wire.ts"

// The largest datagram there is, and what one that waits to be sent counts beside its bytes.
const LARGEST = 65536
const OVERHEAD = 256

// From so many datagrams at once on the next ones are read past libuv, which makes an object of each sender's address. To find that there
// is no more costs as much as three of them.
const MANY = 8
// So many are read before others have a turn.
const MOST = 256

/** The part of libuv's handle that is used; Node does not document it, so each use has a fallback. */
interface UdpHandle {
  readonly fd?: number
  onmessage?: (size: number, handle: UdpHandle, data: Buffer, from?: { address: string; port: number }) => void
  connect(host: string, port: number): number
  send(request: SendRequest, list: Uint8Array[], count: number, port: number, host: string, hasCallback: true): number
  send(request: SendRequest, list: Uint8Array[], count: number, hasCallback: true): number
}

interface SendRequest {
  oncomplete: (error: number) => void
}

// The names of the symbol that leads to the handle: Node's, and Deno's, whose handle copies what it is given and sends it later.
const STATES = new Set(["state symbol", "kStateSymbol"])
const isDeno = process.versions["deno"] !== undefined
const SendWrap = loadSendWrap()
let outgoing = new Uint8Array(0)

/**
 * Binds a UDP socket of Node's. Hosts are numeric, so names are looked up at once, which makes bind synchronous.
 *
 * @returns The port, or a negative errno: ADDRINUSE, ADDRNOTAVAIL, ACCES …
 */
export function openUdp(
  address: UdpAddress,
  peer: UdpAddress | undefined,
  options: UdpOptions,
  events: UdpEvents,
): UdpPort | number {
  const { family, host, port } = address
  if (net.isIP(host) !== (family === "inet6" ? 6 : 4)) return -E.INVAL
  let errno = 0
  try {
    const { ipv6Only, reuseAddress, reusePort } = options
    const lookup = (
      name: string,
      _options: unknown,
      found: (error: null, name: string, family: number) => void,
    ): void => found(null, name, family === "inet6" ? 6 : 4)
    const settings = {
      type: family === "inet6" ? "udp6" : "udp4",
      lookup,
      reuseAddr: reuseAddress,
      reusePort,
      ipv6Only,
    }
    const socket = process.getBuiltinModule("node:dgram").createSocket(settings as unknown as dgram.SocketOptions)
    const early = (error: unknown): void => void (errno = errnoOfError(error))
    socket.on("error", early)
    socket.bind({ address: host, port, exclusive: true })
    if (errno === 0) {
      socket.off("error", early)
      socket.unref()
      const opened = new NodeUdp(socket, family, events)
      errno = peer === undefined ? 0 : -opened.connect(peer)
      if (errno === 0) return opened
    }
    socket.close()
    return -errno
  } catch (error) {
    return -errnoOfError(error)
  }
}

/**
 * A UDP socket of Node's. With libuv's handle at hand it sends with write(2) or sendto(2) at once and knows what that said; otherwise
 * what is sent is copied, and errors come later.
 */
class NodeUdp implements UdpPort {
  readonly settings: dgram.Socket
  private readonly socket: dgram.Socket
  private readonly family: UdpAddress["family"]
  private readonly events: UdpEvents
  // The one that sends at once; Deno's does not.
  private readonly handle: UdpHandle | undefined
  // Deno's, which copies what it is given.
  private readonly copying: UdpHandle | undefined
  // By which write(2) sends to the peer; -1 where there is none.
  private readonly fd: number
  private peer: UdpAddress | undefined = undefined
  // Bytes that the host has not sent yet.
  private unsent = 0
  private refused = false
  // How many came since all that had come was taken, and how many before that.
  private burst = 0
  private burstBefore = 0
  private closing = false
  // Deno sends what is sent before the first datagram has gone in reverse order, so that waits here.
  private outbox: [from: Uint8Array, to: UdpAddress | undefined][] | undefined = undefined
  private primed = false
  private readonly done = (error: unknown): void => {
    this.primed = true
    for (const [from, to] of this.outbox?.splice(0) ?? []) this.transmit(from, to)
    this.completed(error)
  }

  constructor(socket: dgram.Socket, family: UdpAddress["family"], events: UdpEvents) {
    this.settings = this.socket = socket
    this.family = family
    this.events = events
    socket.on("error", (error) => events.failed(errnoOfError(error)))
    const handle = handleOf(socket)
    this.handle = SendWrap === undefined || isDeno ? undefined : handle
    this.copying = isDeno ? handle : undefined
    // the numbers of Deno's handles are the system's, while its `fs` has its own
    this.fd = this.handle?.fd ?? -1
    if (typeof handle?.onmessage === "function") {
      // past the events of a socket that nobody else knows of
      const onmessage = handle.onmessage.bind(handle)
      handle.onmessage = (size, handle, data, from) => {
        // Deno calls it without a sender when it closes
        if (size < 0 || from === undefined) onmessage(size, handle, data, from)
        else this.came(data, from)
      }
    } else socket.on("message", (data, { address, port }) => this.arrived(data, address, port))
  }

  address(): UdpAddress {
    const { address, port } = this.socket.address()
    return { family: this.family, host: address, port }
  }

  connect(peer: UdpAddress | undefined): number {
    const { handle } = this
    // libuv has to take the peer back first, and the system would take the port with it; Deno does not tell the system
    if (this.peer !== undefined && !isDeno) return -E.ISCONN
    if (peer !== undefined && net.isIP(peer.host) === 0) return -E.INVAL
    const result = handle === undefined ? this.connectSocket(peer) : this.connectHandle(handle, peer)
    this.peer = peer !== undefined && result === 0 ? { ...peer, host: canonical(peer) } : undefined
    return result
  }

  send(from: Uint8Array, start: number, length: number, to: UdpAddress | undefined): number {
    if (this.unsent >= HIGH_WATER_MARK) {
      this.refused = true
      return -E.AGAIN
    }
    if (this.handle !== undefined) return this.sendNow(this.handle, from, start, length, to)
    const bytes = from.subarray(start, start + length)
    return this.sendLater(this.primed && this.copying !== undefined ? bytes : bytes.slice(), to)
  }

  close(): void {
    if (this.unsent > 0) {
      this.closing = true
      this.socket.ref()
    } else this.socket.close()
  }

  private connectHandle(handle: UdpHandle, peer: UdpAddress | undefined): number {
    const result = peer === undefined ? 0 : handle.connect(peer.host, peer.port)
    return result === 0 ? 0 : -errnoOfSystem(result)
  }

  private connectSocket(peer: UdpAddress | undefined): number {
    const { socket } = this
    try {
      if (this.peer !== undefined) socket.disconnect()
      if (peer === undefined) return 0
      socket.connect(peer.port, peer.host)
      socket.remoteAddress()
      return 0
    } catch (error) {
      return -errnoOfError(error)
    }
  }

  private sendNow(
    handle: UdpHandle,
    from: Uint8Array,
    start: number,
    length: number,
    to: UdpAddress | undefined,
  ): number {
    if (to === undefined && this.fd >= 0 && this.unsent === 0) {
      // a third of what libuv's send costs
      try {
        return writeSync(this.fd, from, start, length)
      } catch (error) {
        const errno = errnoOfError(error)
        if (errno !== E.AGAIN) return -errno
      }
    }
    if (outgoing.length === 0) outgoing = new Uint8Array(LARGEST)
    outgoing.set(from.subarray(start, start + length))
    const list = [outgoing.subarray(0, length)]
    const request = new SendWrap!()
    request.oncomplete = (error) => {
      this.unsent -= length + OVERHEAD
      this.completed(error === 0 ? null : { errno: error })
    }
    const result =
      to === undefined ? handle.send(request, list, 1, true) : handle.send(request, list, 1, to.port, to.host, true)
    if (result > 0) return length
    if (result < 0) return -errnoOfSystem(result)
    // the system has no room, and libuv keeps the bytes until it has
    outgoing = new Uint8Array(0)
    this.unsent += length + OVERHEAD
    return length
  }

  /** @param copy - It is kept until `transmit` has it, and by that where there is no handle. */
  private sendLater(copy: Uint8Array, to: UdpAddress | undefined): number {
    if (to?.port === 0) return -E.INVAL
    this.unsent += copy.length + OVERHEAD
    if (this.primed) this.transmit(copy, to)
    else if (this.outbox === undefined) {
      this.outbox = []
      this.transmit(copy, to)
    } else this.outbox.push([copy, to])
    return copy.length
  }

  private transmit(from: Uint8Array, to: UdpAddress | undefined): void {
    const { length } = from
    const sent = (error: unknown): void => {
      this.unsent -= length + OVERHEAD
      this.done(error)
    }
    const { copying } = this
    if (copying !== undefined) {
      const request = { oncomplete: (errno: number | null) => sent(errno === null || errno === 0 ? null : { errno }) }
      if (to === undefined) copying.send(request, [from], 1, true)
      else copying.send(request, [from], 1, to.port, to.host, true)
      return
    }
    if (to === undefined) this.socket.send(from, sent)
    else this.socket.send(from, to.port, to.host, sent)
  }

  private completed(error: unknown): void {
    if (this.closing) {
      if (this.unsent === 0) this.socket.close()
      return
    }
    if (error !== null && error !== undefined) this.events.failed(errnoOfError(error))
    if (this.refused && this.unsent < HIGH_WATER_MARK / 2) {
      this.refused = false
      this.events.drained()
    }
  }

  private came(data: Buffer, { address, port }: { address: string; port: number }): void {
    if (this.events.waiting === 0) {
      this.burstBefore = this.burst
      this.burst = 0
    }
    this.burst++
    this.arrived(data, address, port)
    if (this.burst === 2 && this.burstBefore >= MANY && this.peer !== undefined && this.fd >= 0) this.drain(this.peer)
  }

  /** Reads what else has come from the peer. */
  private drain({ host, port }: UdpAddress): void {
    try {
      for (let left = MOST; left > 0 && this.events.waiting > 0; left--) {
        const count = readSync(this.fd, scratch, 0, scratch.length, null)
        this.burst++
        this.events.received(copyScratch(count), host, port)
      }
    } catch (error) {
      const errno = errnoOfError(error)
      if (errno !== E.AGAIN) this.events.failed(errno)
    }
  }

  private arrived(data: Buffer, host: string, port: number): void {
    const { peer } = this
    // Deno does not tell the system of the peer, and what others sent before there was one may still come
    if (
      peer !== undefined &&
      (peer.port !== port || (peer.host !== host && peer.host !== withScope(host, scopeOf(peer.host))))
    )
      return
    // one small datagram should not hold the memory that was there for a large one
    const large = data.buffer.byteLength > 2 * data.length + OVERHEAD
    this.events.received(large ? new Uint8Array(data) : data, host, port)
  }
}

/** The host as the system writes it. */
function canonical({ family, host }: UdpAddress): string {
  if (family === "inet" || host.includes("%")) return host
  return new net.SocketAddress({ address: host, family: "ipv6" }).address
}

function handleOf(socket: dgram.Socket): UdpHandle | undefined {
  const symbol = Object.getOwnPropertySymbols(socket).find(
    ({ description }) => description !== undefined && STATES.has(description),
  )
  const state = symbol && (socket as unknown as Record<symbol, { handle?: UdpHandle } | undefined>)[symbol]
  return typeof state?.handle?.send === "function" ? state.handle : undefined
}

function loadSendWrap(): (new () => SendRequest) | undefined {
  try {
    const { binding } = process as unknown as { binding?: (name: string) => { SendWrap?: new () => SendRequest } }
    return binding?.("udp_wrap").SendWrap
  } catch {
    return undefined
  }
}
