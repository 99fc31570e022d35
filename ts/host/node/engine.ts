import { isIP } from "node:net"
import type { Duplex } from "node:stream"
import type tls from "node:tls"
import type { Credentials, SecureFailure, SecureOptions } from "../secure.ts"
import { certificateOf } from "./certificate.ts"
import { tlsModules } from "./tlsmodules.ts"

/** The check of a server's certificate that Node calls; undefined is a pass. */
type NameCheck = NonNullable<tls.ConnectionOptions["checkServerIdentity"]>

/** The part of the handle of Node's TLS that is used, and that Node does not document. */
interface TlsHandle {
  verifyError?(): Error | string | null | undefined
  /** Takes sealed bytes as if they had come in; of a connection's own handle. */
  receive(bytes: Uint8Array): void
}

/** Node's TLS socket, with what its types leave out. */
export type Engine = tls.TLSSocket & { _handle?: TlsHandle | null }

/**
 * Makes Node's socket over a stream. It throws what Node throws.
 *
 * @param up - Called at the end of the handshake. A server has to look at the certificate then: see `clientFault`.
 */
export function openEngine(stream: Duplex, credentials: Credentials, options: SecureOptions, up: () => void): Engine {
  const { server, name, checkName, verify, protocols } = options
  const { tls } = tlsModules()
  const secureContext = credentials as tls.SecureContext
  // a handshake without protocols is another one than with an empty list of them
  const ALPNProtocols = protocols.length > 0 ? { ALPNProtocols: [...protocols] } : {}
  if (server) {
    const checks = { requestCert: verify !== "none", rejectUnauthorized: verify === "required" }
    // Node's types want the socket of a connection; it takes any stream
    const engine: Engine = new tls.TLSSocket(stream, { isServer: true, secureContext, ...checks, ...ALPNProtocols })
    return engine.once("secure", up)
  }
  const check: NameCheck = (_host, certificate) => (checkName ? tls.checkServerIdentity(name, certificate) : undefined)
  const engine: Engine = tls.connect({
    socket: stream,
    secureContext,
    servername: isIP(name) === 0 ? name : "",
    host: name,
    rejectUnauthorized: verify !== "none",
    checkServerIdentity: check,
    ...ALPNProtocols,
  })
  return engine.once("secureConnect", up)
}

/** What is wrong with the certificate of a client, now that the handshake is done; null when nothing is, or nobody asked. */
export function clientFault(
  engine: Engine,
  verify: SecureOptions["verify"],
): Omit<SecureFailure, "verification"> | null {
  if (verify === "none") return null
  const handle = engine._handle
  const error = handle?.verifyError?.() ?? engine.authorizationError
  // a host that cannot say what is wrong with a certificate has to say that it is good
  const good = engine.authorized || (typeof handle?.verifyError === "function" && !error)
  const shown = certificateOf(engine) !== null
  if (shown ? good : verify !== "required") return null
  const code = typeof error === "string" ? error : ((error as { code?: string } | null)?.code ?? "CERT_REJECTED")
  return { code, message: error instanceof Error ? error.message : code, cause: error }
}
