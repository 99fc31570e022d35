import net from "node:net"
import type { Address } from "../descriptor.ts"
import { E } from "../errno.ts"
import type { Wire, WireListener, WireUser } from "../wire.ts"
import { acceptHandle, listensAtOnce, type Binding } from "./binding.ts"
import type { Domain } from "./domain.ts"
import { errnoOfError, errnoOfSystem } from "./errors.ts"
import { promptly } from "./immediate.ts"
import { handleOf, isSocket, type Handle } from "./wire.ts"

/** Connections that may wait for accept(); beyond it new ones are reset, which the client sees as refused. */
export const ACCEPT_QUEUE = 1024

/** With a backlog below this the kernel drops connects of a burst before the loop gets to accept them. */
export const LEAST_BACKLOG = 128

/**
 * The listening half of a stream socket. Node accepts as soon as it can and cannot be told to stop, so connections wait
 * here, paused: what their clients send stays in the kernel until they are taken.
 *
 * When the process is out of file descriptors, libuv accepts the waiting connections with one it keeps in reserve and
 * closes them; nobody is told, and the listener goes on. An error that does reach the server is reported once.
 */
export class Listener implements WireListener {
  private readonly server: net.Server
  private readonly queue: (net.Socket | Handle)[] = []
  private readonly domain: Domain
  private readonly binding: Binding
  private readonly changed: () => void
  private readonly adopt: (connection: net.Socket | Handle, user: WireUser) => Wire
  private error = 0

  /**
   * @param binding - Where to listen; it is taken over.
   * @param changed - Called when accept() has something new to say.
   * @param adopt - Makes the wire of a connection that is taken.
   */
  constructor(
    domain: Domain,
    binding: Binding,
    changed: () => void,
    adopt: (connection: net.Socket | Handle, user: WireUser) => Wire,
  ) {
    this.domain = domain
    this.binding = binding
    this.changed = changed
    this.adopt = adopt
    this.server = net.createServer({ allowHalfOpen: true, pauseOnConnect: true }, (socket) => this.arrived(socket))
    this.server.on("error", (error) => this.failed(error))
  }

  /**
   * Starts to listen.
   *
   * @returns 0, or -E.ADDRINUSE when another socket listens there already.
   */
  listen(backlog: number): number {
    try {
      this.binding.listen(this.server, Math.max(backlog, LEAST_BACKLOG))
      // The reason follows in an event; on a bound socket listen(2) has only this one.
      if (listensAtOnce && !this.server.listening) return -E.ADDRINUSE
    } catch (error) {
      return -errnoOfError(error)
    }
    this.server.unref()
    this.takeHandles()
    return 0
  }

  get ready(): boolean {
    return this.queue.length > 0 || this.error !== 0
  }

  accept(user: WireUser): Wire | number {
    const waiting = this.queue.shift()
    if (waiting !== undefined) {
      if (isSocket(waiting)) waiting.off("error", ignore)
      return this.adopt(waiting, user)
    }
    const error = this.error
    this.error = 0
    return error === 0 ? -E.AGAIN : -error
  }

  address(): Address | undefined {
    return this.domain.listening(this.server)
  }

  close(): void {
    this.binding.unlisten(this.server)
    for (const waiting of this.queue) this.reset(waiting)
    this.queue.length = 0
  }

  // The server would make a socket for each connection, which is of no use: it cannot read into a given buffer.
  private takeHandles(): void {
    const listening = handleOf(this.server)
    const makeSocket = listening?.onconnection
    if (makeSocket === undefined) return
    listening!.onconnection = (status, handle) => {
      if (status !== 0) {
        this.error = errnoOfSystem(status)
        this.changed()
        return
      }
      const taken = handle ?? (acceptHandle(listening!) as Handle | undefined)
      if (taken === undefined) makeSocket.call(listening, status, handle)
      else promptly(() => this.arrived(taken))
    }
  }

  private arrived(connection: net.Socket | Handle): void {
    if (isSocket(connection)) connection.on("error", ignore)
    if (this.queue.length >= ACCEPT_QUEUE || !this.server.listening) {
      this.reset(connection)
      return
    }
    this.queue.push(connection)
    if (this.queue.length === 1) this.changed()
  }

  private reset(connection: net.Socket | Handle): void {
    this.domain.reset(
      isSocket(connection) ? connection : new net.Socket({ handle: connection, manualStart: true } as object),
    )
  }

  private failed(error: Error): void {
    this.error = errnoOfError(error)
    this.changed()
  }
}

function ignore(): void {}
