import net from "node:net"
import { E } from "../errno.ts"
import { listensAtOnce, type Binding, type TcpAddress } from "./binding.ts"
import { errnoOfError } from "./errors.ts"

/** Connections that may wait for accept(); beyond it new ones are reset, which the client sees as refused. */
export const ACCEPT_QUEUE = 1024

// With a backlog below this the kernel drops connects of a burst before the loop gets to accept them.
const LEAST_BACKLOG = 128

/**
 * The listening half of a TCP socket. Node accepts as soon as it can and cannot be told to stop, so connections wait
 * here, paused: what their clients send stays in the kernel until they are taken.
 *
 * When the process is out of file descriptors, libuv accepts the waiting connections with one it keeps in reserve and
 * closes them; nobody is told, and the listener goes on. An error that does reach the server is reported once.
 */
export class Listener {
  private readonly server: net.Server
  private readonly queue: net.Socket[] = []
  private readonly changed: () => void
  private error = 0

  /** @param changed - Called when accept() has something new to say. */
  constructor(changed: () => void) {
    this.changed = changed
    this.server = net.createServer({ allowHalfOpen: true, pauseOnConnect: true }, (socket) => this.arrived(socket))
    this.server.on("error", (error) => this.failed(error))
  }

  /**
   * Starts to listen on a bound address, which it takes over.
   *
   * @returns 0, or -E.ADDRINUSE when another socket listens there already.
   */
  listen(binding: Binding, backlog: number, ipv6Only: boolean): number {
    const length = Math.max(backlog, LEAST_BACKLOG)
    const { host, port } = binding.address
    try {
      if (binding.source === undefined) this.server.listen({ host, port, backlog: length, exclusive: true, ipv6Only })
      else this.server.listen(binding.source, length)
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
  address(family: TcpAddress["family"]): TcpAddress | undefined {
    const address = this.server.address()
    return typeof address === "object" && address !== null
      ? { family, host: address.address, port: address.port }
      : undefined
  }

  /** Stops listening and resets the connections that nobody took. */
  close(): void {
    this.server.close()
    for (const socket of this.queue) socket.resetAndDestroy()
    this.queue.length = 0
  }

  private arrived(socket: net.Socket): void {
    socket.on("error", ignore)
    if (this.queue.length >= ACCEPT_QUEUE || !this.server.listening) {
      socket.resetAndDestroy()
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
