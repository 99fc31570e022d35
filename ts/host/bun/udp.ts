import net from "node:net"
import { E } from "../errno.ts"
import { errnoOfError } from "../node/errors.ts"
import type { UdpAddress, UdpEvents, UdpOptions, UdpPort, UdpSettings } from "../node/udpport.ts"

/** The part of Bun's own interface that is used. */
interface BunUdpSocket extends UdpSettings {
  readonly address: { address: string; port: number }
  send(data: Uint8Array): boolean
  send(data: Uint8Array, port: number, host: string): boolean
  unref(): void
  close(): void
}

interface BunUdpOptions {
  hostname: string
  port: number
  flags: number
  connect?: { hostname: string; port: number }
  socket: {
    data(socket: BunUdpSocket, data: Uint8Array, port: number, host: string): void
    drain(): void
    error(error: Error): void
  }
  binaryType: "uint8array"
}

declare const Bun: {
  udpSocket(options: BunUdpOptions): Promise<BunUdpSocket>
  peek<T>(promise: Promise<T>): T | Promise<T>
}

// The bits of uSockets' flags.
const REUSE_PORT = 4
const IPV6_ONLY = 8
const REUSE_ADDRESS = 16

/**
 * Binds a UDP socket of Bun's. What it gives is a promise, but one that is fulfilled already.
 *
 * @returns The port, or a negative errno: ADDRINUSE, ADDRNOTAVAIL, ACCES …
 */
export function openUdp(
  address: UdpAddress,
  peer: UdpAddress | undefined,
  { ipv6Only, reuseAddress, reusePort }: UdpOptions,
  events: UdpEvents,
): UdpPort | number {
  const { family, host, port } = address
  if (net.isIP(host) !== (family === "inet6" ? 6 : 4)) return -E.INVAL
  try {
    const socket = Bun.peek(
      Bun.udpSocket({
        hostname: host,
        port,
        flags: (ipv6Only ? IPV6_ONLY : 0) | (reuseAddress ? REUSE_ADDRESS : 0) | (reusePort ? REUSE_PORT : 0),
        ...(peer && { connect: { hostname: peer.host, port: peer.port } }),
        socket: {
          data: (_socket, data, port, host) => events.received(data, host, port),
          drain: () => events.drained(),
          error(error) {
            // Bun asks the system for more than others do: without a peer nobody is told that a port was closed
            if (peer !== undefined) events.failed(errnoOfError(error))
          },
        },
        binaryType: "uint8array",
      }),
    )
    if (socket instanceof Promise) {
      socket.then((late) => late.close()).catch(() => {})
      return -E.NOTSUP
    }
    socket.unref()
    return new BunUdp(socket, family, peer !== undefined)
  } catch (error) {
    return -errnoOfError(error)
  }
}

/** A UDP socket of Bun's. */
class BunUdp implements UdpPort {
  readonly settings: BunUdpSocket
  private readonly family: UdpAddress["family"]
  private readonly connected: boolean

  constructor(socket: BunUdpSocket, family: UdpAddress["family"], connected: boolean) {
    this.settings = socket
    this.family = family
    this.connected = connected
  }

  address(): UdpAddress {
    const { address, port } = this.settings.address
    return { family: this.family, host: address, port }
  }

  connect(peer: UdpAddress | undefined): number {
    return peer === undefined && !this.connected ? 0 : -E.ISCONN
  }

  send(from: Uint8Array, start: number, length: number, to: UdpAddress | undefined): number {
    const data = from.subarray(start, start + length)
    try {
      return this.transmit(data, to)
    } catch (error) {
      const errno = errnoOfError(error)
      if (this.connected || errno !== E.CONNREFUSED) return -errno
    }
    // that was about an earlier datagram
    try {
      return this.transmit(data, to)
    } catch (error) {
      return -errnoOfError(error)
    }
  }

  close(): void {
    this.settings.close()
  }

  private transmit(from: Uint8Array, to: UdpAddress | undefined): number {
    const socket = this.settings
    const sent = to === undefined ? socket.send(from) : socket.send(from, to.port, to.host)
    return sent ? from.length : -E.AGAIN
  }
}
