import type { Flow } from "../flow.ts"
import type { Socket } from "../socket/socket.ts"
import { PROTOCOL_TLS_SERVER } from "./constants.ts"
import { createDefaultContext, SSLContext } from "./context.ts"
import type { SSLSocket } from "./sslsocket.ts"
import { checkSide, type WrapOptions } from "./wrap.ts"

/** The certificates and choices of a context, for those who need it once. */
export interface ContextOptions {
  /** The context; without it one is made of the other options. gevent: `ssl_context`. */
  context?: SSLContext | null
  /** The own certificate: a path, PEM text or bytes. */
  certfile?: string | URL | Uint8Array | null
  /** Its key; by default it is in `certfile`. */
  keyfile?: string | URL | Uint8Array | null
  /** Decrypts the key. */
  password?: string | null
  /** Whom to trust: a path, PEM text or bytes; by default whom the host trusts. gevent: `ca_certs`. */
  caCerts?: string | URL | Uint8Array | null
  /** CERT_NONE, CERT_OPTIONAL or CERT_REQUIRED; by default a client verifies and a server does not. gevent: `cert_reqs`. */
  certReqs?: number
  /** Cipher suites in OpenSSL's format. */
  ciphers?: string | null
}

/** The context that is given, or one of the other options. @throws as the methods of `SSLContext`. */
export function contextOf(options: ContextOptions, serverSide: boolean): SSLContext {
  const { context = null, certfile = null, keyfile = null, password = null, caCerts = null } = options
  if (context !== null) {
    if (!(context instanceof SSLContext)) throw new TypeError(`context must be an SSLContext, not ${String(context)}`)
    checkSide(context, serverSide)
    return context
  }
  if (keyfile !== null && certfile === null) throw new RangeError("certfile must be specified")
  if (serverSide && certfile === null) throw new RangeError("certfile must be specified for server-side operations")
  const made = serverSide
    ? new SSLContext(PROTOCOL_TLS_SERVER)
    : caCerts === null
      ? createDefaultContext()
      : new SSLContext()
  if (caCerts !== null) made.loadVerifyLocations(caCerts)
  if (certfile !== null) made.loadCertChain(certfile, keyfile, password)
  if (options.ciphers) made.setCiphers(options.ciphers)
  if (options.certReqs !== undefined) {
    if (options.certReqs === 0) made.checkHostname = false
    made.verifyMode = options.certReqs
  }
  return made
}

/**
 * Puts TLS over a socket, with a context that is given or one made of the options. A client verifies the server.
 * gevent: `ssl.wrap_socket(sock, keyfile=None, certfile=None, server_side=False, …)`.
 *
 * @throws as `SSLContext.wrapSocket`, and as the methods of `SSLContext` that the options stand for.
 * @example
 * ```ts
 * import { createConnection } from "gevent-wasm/socket"
 * import { wrapSocket } from "gevent-wasm/ssl"
 * const socket = await createConnection(["example.org", 443])
 * using secure = await wrapSocket(socket, { serverHostname: "example.org" })
 * console.log(secure.cipher()?.[0])
 * ```
 */
export function wrapSocket(socket: Socket, options: WrapOptions & ContextOptions = {}): Flow<SSLSocket> {
  return contextOf(options, options.serverSide ?? false).wrapSocket(socket, options)
}
