import { BaseServer, type ListenAddress, type ServerOptions } from "./baseserver.ts"
import { closeClient } from "./baseserver/closeclient.ts"
import { openAt } from "./baseserver/open.ts"
import { isAsyncFunction } from "./body.ts"
import { Flow } from "./flow.ts"
import { resultOf } from "./iteration.ts"
import { asksForTls } from "./server/tlsoptions.ts"
import type { SocketAddress } from "./socket/address.ts"
import { checkSize } from "./socket/bytes.ts"
import { SOCK_STREAM } from "./socket/constants.ts"
import { checkTimeout, getdefaulttimeout } from "./socket/deadline.ts"
import type { Socket } from "./socket/socket.ts"
import type { SSLContext } from "./ssl/context.ts"
import type { SSLSocket } from "./ssl/sslsocket.ts"
import { checkEnds, type WrapOptions } from "./ssl/wrap.ts"
import { contextOf, type ContextOptions } from "./ssl/wrapsocket.ts"
import type { BlockingCall } from "./wait.ts"

export { serveConnection } from "./serveconnection.ts"
export { DatagramServer, type DatagramHandle } from "./server/datagramserver.ts"
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

/** Options of a StreamServer with TLS: a context, or the certificate that one is made of. */
export interface SecureServerOptions
  extends StreamServerOptions, Omit<ContextOptions, "context">, Omit<WrapOptions, "serverHostname"> {
  /** The context of all connections. gevent: `ssl_context`. */
  sslContext?: SSLContext | null
  /** Seconds that a client may take for the handshake; null = any time. Default 60. */
  handshakeTimeout?: number | null
}

/** What handles a connection with TLS. */
export type SecureHandle = (socket: SSLSocket, address: SocketAddress) => unknown

const HANDSHAKE_TIMEOUT = 60

/**
 * A server for TCP or unix sockets: accepts connections and runs a handler for each, with the client's socket and address. The socket is closed as
 * soon as the handler returns or throws, and so are its files, which have 5 seconds for what they hold; a handler that hands it
 * to greenlets of its own has to join them first. What was sent is still delivered. The error of a handler is reported, and the
 * server goes on.
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
  /** Seconds that a client may take for the handshake; null = any time. */
  handshakeTimeout: number | null = HANDSHAKE_TIMEOUT
  private readonly context: SSLContext | null
  private readonly wrapOptions: WrapOptions

  /**
   * @param listener - An address, or a socket that is bound and may listen already. With an address, nothing is bound before
   *   `start`.
   * @param handle - The handler. Needed unless the class has a method of that name.
   * @param options - With one that is for TLS the handler gets an `SSLSocket` whose handshake was made, in the greenlet of the
   *   handler. `sslContext` or `certfile` has to be among them.
   * @throws {TypeError} without a handler, for a wrong type, an option that there is not, and a backlog with a socket.
   * @throws {RangeError} for a bad address, and for options for TLS without a certificate.
   * @throws as the methods of `SSLContext` for certificates.
   */
  constructor(listener: ListenAddress | Socket, handle: SecureHandle | null | undefined, options: SecureServerOptions)
  constructor(listener: ListenAddress | Socket, handle?: StreamHandle | null, options?: StreamServerOptions)
  constructor(
    listener: ListenAddress | Socket,
    handle?: SecureHandle | StreamHandle | null,
    options: SecureServerOptions = {},
  ) {
    super(listener, handle as StreamHandle | null | undefined, options)
    const { backlog = null, serverSide = true, doHandshakeOnConnect = true, suppressRaggedEofs = true } = options
    const { unwrap = !suppressRaggedEofs } = options
    this.context = asksForTls(options)
      ? contextOf({ ...options, context: options.sslContext ?? null }, serverSide)
      : null
    this.wrapOptions = { serverSide, doHandshakeOnConnect, suppressRaggedEofs, unwrap }
    checkEnds(this.wrapOptions)
    if (options.handshakeTimeout !== undefined) {
      checkTimeout(options.handshakeTimeout)
      if (options.handshakeTimeout === 0) throw new RangeError("handshakeTimeout must be positive, or null")
      this.handshakeTimeout = options.handshakeTimeout
    }
    if (backlog === null) return
    checkSize(backlog)
    if (this.socket !== null) throw new TypeError("backlog must be left out when a socket is given")
    this.backlog = backlog
  }

  /** Whether connections have TLS. gevent: `ssl_enabled`. */
  get sslEnabled(): boolean {
    return this.context !== null
  }

  /** With TLS each connection is wrapped where its handler runs, so that a slow client keeps nobody else waiting. */
  protected override get handler(): (socket: Socket, address: SocketAddress) => unknown {
    const handle = super.handler
    if (this.context === null) return handle
    if (!isAsyncFunction(handle)) return (socket, address) => this.secured(handle, socket, address)
    return async (socket, address) => {
      const secure = await this.handshake(socket)
      try {
        return await handle(secure, address)
      } finally {
        closeClient(secure)
      }
    }
  }

  protected initSocket(): void {
    if (this.socket !== null) {
      this.socket.listen(this.backlog)
      return
    }
    if (this.listenAt === null) throw new TypeError("a server that was given a socket cannot start again")
    this.socket = openAt(this.family, this.listenAt, SOCK_STREAM, (socket, address) => {
      socket.bind(address)
      socket.listen(this.backlog)
    })
    this.family = this.socket.family
    this.address = this.socket.getsockname()
  }

  protected doRead(): [Socket, SocketAddress] | null {
    return this.socket!.acceptNow()
  }

  protected doClose(socket: Socket): void {
    closeClient(socket)
  }

  private *secured(
    handle: StreamHandle,
    socket: Socket,
    address: SocketAddress,
  ): Generator<BlockingCall<unknown>, unknown, unknown> {
    const secure = yield* this.handshake(socket)
    try {
      return yield* resultOf(handle(secure, address))
    } finally {
      closeClient(secure)
    }
  }

  private handshake(socket: Socket): Flow<SSLSocket> {
    const { context, wrapOptions, handshakeTimeout } = this
    return new Flow(function* () {
      socket.settimeout(handshakeTimeout)
      const secure = yield* context!.wrapSocket(socket, wrapOptions)
      secure.settimeout(getdefaulttimeout())
      return secure
    })
  }
}
