import type net from "node:net"
import type { Wire, WireUser } from "../wire.ts"
import { adoptHandle, type Handle, type PeerName } from "./wire.ts"

/**
 * A connection that was accepted, as long as it is no more than a handle. At the end of what the host runs now it goes on as a
 * socket, which reads: nothing can arrive before. One that is closed by then never was a socket, which makes accepting and
 * closing it take less than half the time.
 */
export class AcceptedWire implements Wire {
  readonly writableLength = 0
  /** The host's handle; undefined when it is closed or belongs to a socket. */
  handle: Handle | undefined
  private readonly user: WireUser
  private peer: PeerName | undefined = undefined
  private socket: net.Socket | undefined = undefined

  constructor(handle: Handle, user: WireUser) {
    this.handle = handle
    this.user = user
  }

  get destroyed(): boolean {
    return this.handle === undefined
  }

  get localAddress(): string | undefined {
    return this.open().localAddress
  }

  get localPort(): number | undefined {
    return this.open().localPort
  }

  get remoteAddress(): string | undefined {
    return this.peerName.address
  }

  get remotePort(): number | undefined {
    return this.peerName.port
  }

  /** The socket, which the user has from now on; made if there is none. The wire must not be destroyed. */
  open(): net.Socket {
    if (this.socket !== undefined) return this.socket
    const socket = (this.socket = adoptHandle(this.handle!, this.user))
    this.handle = undefined
    socket.unref()
    this.user.became(socket)
    socket.resume()
    return socket
  }

  resume(): void {
    if (idle.push(this) === 1) void now.then(openAll)
  }

  end(): void {
    this.open().end()
  }

  destroy(): void {
    this.handle?.close()
    this.handle = undefined
  }

  resetAndDestroy(): void {
    this.open().resetAndDestroy()
  }

  setNoDelay(on: boolean): void {
    this.open().setNoDelay(on)
  }

  setKeepAlive(on: boolean, milliseconds: number): void {
    this.open().setKeepAlive(on, milliseconds)
  }

  private get peerName(): PeerName {
    if (this.peer === undefined) {
      this.peer = {}
      this.handle?.getpeername?.(this.peer)
    }
    return this.peer
  }
}

// `queueMicrotask` of Node makes an object for each call.
const now = Promise.resolve()
// Those that are yet to become sockets.
let idle: AcceptedWire[] = []

function openAll(): void {
  const wires = idle
  idle = []
  for (const wire of wires) if (!wire.destroyed) wire.open()
}
