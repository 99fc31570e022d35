import { E } from "../errno.ts"
import { ACCEPT_QUEUE, LEAST_BACKLOG } from "../node/listener.ts"
import type { Binding, TcpAddress, Wire, WireListener, WireUser } from "../wire.ts"
import { bun, type BunServer, type BunSocket } from "./sockets.ts"
import { BunWire } from "./wire.ts"

/** The listening half of a socket on Bun, which accepts as soon as it can and cannot be told to stop. */
export class BunListener implements WireListener {
  private readonly server: BunServer
  private readonly queue: BunWire[] = []
  private readonly changed: () => void
  private closing = false

  /**
   * Starts to listen. Throws what the host throws.
   *
   * @param changed - Called when accept() has something new to say.
   */
  constructor({ address }: Binding, backlog: number, ipv6Only: boolean, changed: () => void) {
    this.changed = changed
    this.server = bun.listen({
      hostname: address.host,
      port: address.port,
      ipv6Only,
      reusePort: false,
      allowHalfOpen: true,
      backlog: Math.max(backlog, LEAST_BACKLOG),
      socket: { ...BunWire.handlers, open: (socket) => this.arrived(socket) },
    })
    this.server.unref()
  }

  get ready(): boolean {
    return this.queue.length > 0
  }

  accept(user: WireUser): Wire | number {
    const wire = this.queue.shift()
    if (wire === undefined) return -E.AGAIN
    wire.give(user)
    return wire
  }

  address(family: TcpAddress["family"]): TcpAddress {
    return { family, host: this.server.hostname, port: this.server.port }
  }

  close(): void {
    this.closing = true
    this.server.stop(false)
    for (const wire of this.queue) wire.resetAndDestroy()
    this.queue.length = 0
  }

  private arrived(socket: BunSocket): void {
    if (this.queue.length >= ACCEPT_QUEUE || this.closing) {
      socket.terminate()
      return
    }
    this.queue.push(BunWire.accepted(socket))
    if (this.queue.length === 1) this.changed()
  }
}
