import net from "node:net"
import type { Address } from "../descriptor.ts"
import { E } from "../errno.ts"
import { listensAtOnce, type Binding } from "./binding.ts"
import type { Domain } from "./domain.ts"
import { errnoOfError } from "./errors.ts"

/** Connections that may wait for accept(); beyond it new ones are reset, which the client sees as refused. */
export const ACCEPT_QUEUE = 1024

// With a backlog below this the kernel drops connects of a burst before the loop gets to accept them.
const LEAST_BACKLOG = 128

/**
 * The listening half of a stream socket. Node accepts as soon as it can and cannot be told to stop, so connections wait
 * here, paused: what their clients send stays in the kernel until they are taken.
 *
 * When the process is out of file descriptors, libuv accepts the waiting connections with one it keeps in reserve and
 * closes them; nobody is told, and the listener goes on. An error that does reach the server is reported once.
 */
export class Listener {
  private readonly server: net.Server
  private readonly queue: net.Socket[] = []
  private readonly domain: Domain
  private readonly binding: Binding
  private readonly changed: () => void
  private error = 0

  /**
   * @param binding - Where to listen; it is taken over.
   * @param changed - Called when accept() has something new to say.
   */
  constructor(domain: Domain, binding: Binding, changed: () => void) {
    this.domain = domain
    this.binding = binding
    this.changed = changed
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
    return 0
  }

  /** Whether accept() would return a connection or an error. */
  get ready(): boolean {
    return this.queue.length > 0 || this.error !== 0
  }

  /** The oldest waiting connection, paused; -E.AGAIN, or the errno of an accept that failed, once. */
  accept(): net.Socket | number {
    const socket = this.queue.shift()
    if (socket !== undefined) {
      socket.off("error", ignore)
      return socket
    }
    const error = this.error
    this.error = 0
    return error === 0 ? -E.AGAIN : -error
  }

  /** The address in use, once it is known. */
  address(): Address | undefined {
    return this.domain.listening(this.server)
  }

  /** Stops listening and resets the connections that nobody took. */
  close(): void {
    this.binding.unlisten(this.server)
    for (const socket of this.queue) this.domain.reset(socket)
    this.queue.length = 0
  }

  private arrived(socket: net.Socket): void {
    socket.on("error", ignore)
    if (this.queue.length >= ACCEPT_QUEUE || !this.server.listening) {
      this.domain.reset(socket)
      return
    }
    this.queue.push(socket)
    if (this.queue.length === 1) this.changed()
  }

  private failed(error: Error): void {
    this.error = errnoOfError(error)
    this.changed()
  }
}

function ignore(): void {}
