import { Flow } from "../flow.ts"
import type { AddressArgument } from "../socket/address.ts"
import { createConnection } from "../socket/connection.ts"
import { getdefaulttimeout } from "../socket/deadline.ts"
import { CERT_NONE } from "./constants.ts"
import { SSLContext } from "./context.ts"
import { DERCertToPEMCert } from "./pem.ts"

/** How to ask for a certificate. */
export interface ServerCertificateOptions {
  /** Verifies it with these authorities: a path, PEM text or bytes. Without it any certificate will do. gevent: `ca_certs`. */
  caCerts?: string | URL | Uint8Array | null
  /** Seconds for each step. */
  timeout?: number | null
}

/**
 * Connects to a server and returns its certificate in PEM. gevent: `ssl.get_server_certificate(addr, ssl_version, ca_certs)`.
 *
 * @throws as `createConnection` and `SSLSocket.doHandshake`.
 * @example
 * ```ts
 * import { getServerCertificate } from "gevent-wasm/ssl"
 * console.log(await getServerCertificate(["example.org", 443])) // -----BEGIN CERTIFICATE----- …
 * ```
 */
export function getServerCertificate(address: AddressArgument, options: ServerCertificateOptions = {}): Flow<string> {
  const { caCerts = null, timeout = getdefaulttimeout() } = options
  const context = new SSLContext()
  context.checkHostname = false
  if (caCerts === null) context.verifyMode = CERT_NONE
  else context.loadVerifyLocations(caCerts)
  return new Flow(function* () {
    using socket = yield* createConnection(address, timeout)
    using secure = yield* context.wrapSocket(socket, { serverHostname: address[0] })
    return DERCertToPEMCert(secure.getpeercert(true)!)
  })
}
