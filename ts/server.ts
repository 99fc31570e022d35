import { BaseServer, type ListenAddress, type ServerOptions } from "./baseserver.ts"
import { NotSupportedError, SocketError } from "./exceptions.ts"
import { errnoOf, errorMessage } from "./host/errno.ts"
import { AF_INET, AF_INET6 } from "./socket/constants.ts"
import type { SocketAddress } from "./socket/address.ts"
import { Socket } from "./socket/socket.ts"

export { serveConnection } from "./serveconnection.ts"
export type { ListenAddress, ServerOptions, ServerPool, SpawnFunction, SpawnOption } from "./baseserver.ts"

/** What handles a connection: a generator, async or plain function. The socket is closed when it has ended. */
export type StreamHandle = StreamHandler["handle"]

interface StreamHandler {
  // a method, so that a handler may say which kind of address it gets
  handle(socket: Socket, address: SocketAddress): unknown
}

/** Options of a StreamServer. */
export interface StreamServerOptions extends ServerOptions {
  /** How many connections may wait in the system to be accepted. Default 256. */
  backlog?: number | null
}

/**
 * A server for TCP or unix sockets: accepts connections and runs a handler for each, with the client's socket and address. The socket is closed as
 * soon as the handler returns or throws; a handler that hands it to greenlets of its own has to join them first. What was sent
 * is still delivered. The error of a handler is reported, and the server goes on.
 *
 * gevent: `gevent.server.StreamServer(listener, handle=None, backlog=None, spawn="default")`.
 *
 * @example
 * ```ts
 * import { run } from "gevent-wasm"
 * import { StreamServer } from "gevent-wasm/server"
 * import { createConnection, type Socket } from "gevent-wasm/socket"
 * await run(function* () {
 *   const server = new StreamServer("127.0.0.1:0", function* (socket: Socket) {
 *     yield* socket.sendall("hello\n")
 *   })
 *   server.start()
 *   using client = yield* createConnection(server.address)
 *   console.log((yield* client.recv(100)).length) // 6
 *   yield* server.stop()
 * })
 * ```
 */
export class StreamServer extends BaseServer<[socket: Socket, address: SocketAddress]> {
  /** How many connections may wait in the system to be accepted. */
  backlog = 256
  private readonly listenAt: SocketAddress | null

  /**
   * @param listener - An address, or a socket that is bound and may listen already. With an address, nothing is bound before
   *   `start`.
   * @param handle - The handler. Needed unless the class has a method of that name.
   * @throws {TypeError} without a handler, for a wrong type, and for a backlog with a socket; {RangeError} for a bad address.
   */
  constructor(listener: ListenAddress | Socket, handle?: StreamHandle | null, options: StreamServerOptions = {}) {
    super(listener, handle, options)
    this.listenAt = this.socket === null ? this.address : null
    const { backlog = null } = options
    if (backlog === null) return
    if (this.socket !== null) throw new TypeError("backlog must be left out when a socket is given")
    this.backlog = backlog
  }

  protected initSocket(): void {
    if (this.socket !== null) {
      this.socket.listen(this.backlog)
      return
    }
    if (this.listenAt === null) throw new TypeError("a server that was given a socket cannot start again")
    this.socket = this.open(this.listenAt)
    this.address = this.socket.getsockname()
  }

  protected doRead(): [Socket, SocketAddress] | null {
    return this.socket!.acceptNow()
  }

  protected doClose(socket: Socket): void {
    socket.close()
  }

  /** A listening socket. A host without IPv6 serves any address with IPv4. */
  private open(address: SocketAddress): Socket {
    try {
      return listenOn(this.family, address, this.backlog)
    } catch (error) {
      if (this.family !== AF_INET6 || address[0] !== "" || !isMissingFamily(error)) throw withAddress(error, address)
    }
    this.family = AF_INET
    try {
      return listenOn(AF_INET, address, this.backlog)
    } catch (error) {
      throw withAddress(error, address)
    }
  }
}

function listenOn(family: number, address: SocketAddress, backlog: number): Socket {
  const socket = new Socket(family)
  try {
    socket.bind(address)
    socket.listen(backlog)
    return socket
  } catch (error) {
    socket.close()
    throw error
  }
}

function isMissingFamily(error: unknown): boolean {
  return error instanceof SocketError && (error.code === "EAFNOSUPPORT" || error.code === "EADDRNOTAVAIL")
}

function withAddress(error: unknown, address: SocketAddress): unknown {
  if (error instanceof NotSupportedError) return error
  const errno = error instanceof SocketError ? errnoOf(error.code) : undefined
  if (errno === undefined) return error
  const [host, port] = typeof address === "string" ? [address, undefined] : address
  const where = `${JSON.stringify(host)}${port === undefined ? "" : ` port ${port}`}`
  return new SocketError(errno, "listen", `${errorMessage(errno)}: ${where}`)
}
