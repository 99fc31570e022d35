import type { Address } from "../descriptor.ts"
import { E } from "../errno.ts"
import type { Binding, ListenOptions, Server } from "../node/binding.ts"
import type { Domain } from "../node/domain.ts"
import { ACCEPT_QUEUE, LEAST_BACKLOG } from "../node/listener.ts"
import type { Wire, WireListener, WireUser } from "../wire.ts"
import { bun, type BunServer, type BunSocket } from "./sockets.ts"
import { BunWire } from "./wire.ts"

/** The listening half of a socket on Bun, which accepts as soon as it can and cannot be told to stop. */
export class BunListener implements WireListener, Server {
  private readonly domain: Domain
  private readonly binding: Binding
  private server: BunServer | undefined = undefined
  private readonly queue: BunWire[] = []
  private readonly changed: () => void

  /**
   * Starts to listen on a bound address, which it takes over. Throws what the host throws.
   *
   * @param changed - Called when accept() has something new to say.
   */
  constructor(domain: Domain, binding: Binding, backlog: number, changed: () => void) {
    this.domain = domain
    this.binding = binding
    this.changed = changed
    binding.listen(this, Math.max(backlog, LEAST_BACKLOG))
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

  address(): Address {
    return this.binding.address
  }

  close(): void {
    if (this.server === undefined) return
    this.binding.unlisten({ listen: ignore, close: () => this.server!.stop(false) })
    this.server = undefined
    for (const wire of this.queue) this.domain.reset(wire)
    this.queue.length = 0
  }

  /** Called by the binding. */
  listen({ host, port, path, backlog, ipv6Only }: ListenOptions): void {
    this.server = bun.listen({
      ...(path === undefined ? { hostname: host, port, ipv6Only } : { unix: path }),
      allowHalfOpen: true,
      backlog,
      socket: { ...BunWire.handlers, open: (socket) => this.arrived(socket) },
    })
    this.server.unref()
  }

  private arrived(socket: BunSocket): void {
    const wire = BunWire.accepted(socket)
    if (this.queue.length >= ACCEPT_QUEUE || this.server === undefined) {
      this.domain.reset(wire)
      return
    }
    this.queue.push(wire)
    if (this.queue.length === 1) this.changed()
  }
}

function ignore(): void {}
