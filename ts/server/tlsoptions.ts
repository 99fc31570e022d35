const PLAIN = ["spawn", "backlog"]
const CONTEXT = ["sslContext", "certfile", "keyfile", "password", "caCerts", "certReqs", "ciphers"]
const WRAPPING = ["serverSide", "doHandshakeOnConnect", "suppressRaggedEofs", "unwrap", "handshakeTimeout"]
const TLS = [...CONTEXT, ...WRAPPING]

/**
 * Whether the options of a server ask for TLS: one of them that is for TLS alone is given. So nobody who forgets the certificate gets a
 * server without TLS. null and undefined are as if left out.
 *
 * @throws {TypeError} for an option that there is not: it could be a misspelt certificate.
 */
export function asksForTls(options: object): boolean {
  const given = Object.entries(options)
  for (const [name] of given) {
    if (!PLAIN.includes(name) && !TLS.includes(name)) throw new TypeError(`a StreamServer has no option ${name}`)
  }
  return given.some(([name, value]) => TLS.includes(name) && value !== null && value !== undefined)
}
