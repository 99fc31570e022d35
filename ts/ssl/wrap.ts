import { need } from "../exceptions.ts"
import { Flow } from "../flow.ts"
import { SOCK_STREAM } from "../socket/constants.ts"
import { Socket } from "../socket/socket.ts"
import { PROTOCOL_TLS_CLIENT, PROTOCOL_TLS_SERVER } from "./constants.ts"
import type { SSLContext } from "./context.ts"
import { SSLSocket } from "./sslsocket.ts"

/** How to put TLS over a socket. */
export interface WrapOptions {
  /** Whether this is the server's end. gevent: `server_side`. */
  serverSide?: boolean
  /** A client's: the name to ask for and to check. gevent: `server_hostname`. */
  serverHostname?: string | null
  /** Whether the handshake is made at once, or by `connect`. gevent: `do_handshake_on_connect`. */
  doHandshakeOnConnect?: boolean
  /** Whether a stream that the peer did not end in order ends like any other. gevent: `suppress_ragged_eofs`. */
  suppressRaggedEofs?: boolean
  /**
   * Whether `unwrap()` will do. With false some hosts take a faster way, on which TLS cannot be taken off a connection again.
   * Default true; of a `StreamServer` false, unless `suppressRaggedEofs` is.
   */
  unwrap?: boolean
}

/** Checks the options now, and wraps when it is waited for. */
export function wrap(context: SSLContext, socket: Socket, options: WrapOptions): Flow<SSLSocket> {
  check(context, socket, options)
  return new Flow(function* () {
    const secure = new SSLSocket(socket, context, options)
    if (secure.handshakeDue) yield* secure.shakeOrClose()
    return secure
  })
}

/** @throws {RangeError} when the end of the stream is to be known on the way that does not know it. */
export function checkEnds({ suppressRaggedEofs = true, unwrap = true }: WrapOptions): void {
  if (!suppressRaggedEofs && !unwrap) throw new RangeError("suppressRaggedEofs: false needs unwrap: true")
}

/** @throws {RangeError} when the context is for the other side alone. */
export function checkSide({ protocol }: SSLContext, serverSide: boolean): void {
  if (serverSide && protocol === PROTOCOL_TLS_CLIENT) throw new RangeError("a context for clients cannot serve")
  if (!serverSide && protocol === PROTOCOL_TLS_SERVER) throw new RangeError("a context for servers cannot connect")
}

function check(context: SSLContext, socket: Socket, options: WrapOptions): void {
  const { serverSide = false, serverHostname = null, doHandshakeOnConnect = true } = options
  checkEnds(options)
  need(serverSide ? "tlsServer" : "tlsClient", "wrap")
  if (!(socket instanceof Socket)) throw new TypeError(`expected a socket, not ${String(socket)}`)
  if (socket instanceof SSLSocket) throw new TypeError(`expected a regular socket, not SSLSocket: ${String(socket)}`)
  if (socket.type !== SOCK_STREAM) throw new TypeError("only stream sockets can have TLS")
  if (serverHostname !== null && typeof serverHostname !== "string") {
    throw new TypeError(`serverHostname must be a string, not ${String(serverHostname)}`)
  }
  checkSide(context, serverSide)
  if (serverSide) {
    if (serverHostname !== null) throw new RangeError("serverHostname can only be specified in client mode")
  } else {
    if (serverHostname === "" || serverHostname?.startsWith(".") === true) {
      throw new RangeError("serverHostname cannot be an empty string or start with a leading dot.")
    }
    if (context.checkHostname && serverHostname === null) throw new RangeError("checkHostname requires serverHostname")
  }
  if (doHandshakeOnConnect && socket.gettimeout() === 0) {
    throw new RangeError("doHandshakeOnConnect should not be specified for non-blocking sockets")
  }
}
