import { Buffer } from "node:buffer"
import type { KeyObject } from "node:crypto"
import type tls from "node:tls"
import type { CredentialOptions, PemOrDer } from "../secure.ts"
import { tlsModules } from "./tlsmodules.ts"

const PEM = "-----BEGIN "

/**
 * Makes a context of Node's.
 *
 * @throws OpenSSL's errors, at once: some hosts would look at certificates and keys only in a handshake.
 */
export function createCredentials(options: CredentialOptions): tls.SecureContext {
  const { chains, authorities, ciphers, curves, minimumVersion, maximumVersion } = options
  const { crypto, tls } = tlsModules()
  for (const { certificate, key, passphrase } of chains) checkPair(toPem(certificate, "CERTIFICATE"), key, passphrase)
  const ca = authorities.map((authority) => toPem(authority, "CERTIFICATE"))
  for (const text of ca) for (const block of blocks(text)) new crypto.X509Certificate(block)
  const given: tls.SecureContextOptions = {}
  if (chains.length > 0) {
    given.cert = chains.map(({ certificate }) => toPem(certificate, "CERTIFICATE"))
    // decrypted here: with several keys hosts ask for their passphrases in different ways
    given.key = chains.map(({ key, passphrase }) => readKey(key, passphrase).export({ type: "pkcs8", format: "pem" }))
  }
  if (!options.defaultAuthorities) given.ca = ca
  else if (ca.length > 0) given.ca = [...defaultAuthorities(), ...ca]
  if (ciphers !== "") given.ciphers = ciphers
  if (curves !== "") given.ecdhCurve = curves
  if (minimumVersion !== "") given.minVersion = minimumVersion as tls.SecureVersion
  if (maximumVersion !== "") given.maxVersion = maximumVersion as tls.SecureVersion
  if (options.options !== 0) given.secureOptions = options.options
  return tls.createSecureContext(given)
}

/** The certificates that the host trusts by itself, those that its environment adds included. */
function defaultAuthorities(): readonly string[] {
  const { tls } = tlsModules()
  const { getCACertificates } = tls as { getCACertificates?: (type: "default") => string[] }
  return getCACertificates?.("default") ?? tls.rootCertificates
}

function checkPair(certificate: string, key: PemOrDer, passphrase: string | undefined): void {
  const [first = ""] = blocks(certificate)
  const { X509Certificate } = tlsModules().crypto
  if (new X509Certificate(first).checkPrivateKey(readKey(key, passphrase))) return
  throw Object.assign(new Error("the key is not that of the certificate"), {
    code: "ERR_OSSL_X509_KEY_VALUES_MISMATCH",
  })
}

function readKey(key: PemOrDer, passphrase: string | undefined): KeyObject {
  const { createPrivateKey } = tlsModules().crypto
  const text = typeof key === "string" ? key : Buffer.from(key).toString("latin1")
  const options = passphrase === undefined ? {} : { passphrase }
  if (text.includes(PEM)) {
    // Deno wants the key alone, and the certificate may be in the same file
    const [block = text] = /-----BEGIN ([A-Z ]*PRIVATE KEY)-----[^]*?-----END \1-----/.exec(text) ?? []
    return createPrivateKey({ key: block, format: "pem", ...options })
  }
  return createPrivateKey({ key: Buffer.from(text, "latin1"), format: "der", type: "pkcs8", ...options })
}

function toPem(data: PemOrDer, label: string): string {
  const text = typeof data === "string" ? data : Buffer.from(data).toString("latin1")
  if (text.includes(PEM)) return text
  const base64 = Buffer.from(text, "latin1").toString("base64")
  return `${PEM}${label}-----\n${base64.replace(/.{1,64}/g, "$&\n")}-----END ${label}-----\n`
}

/** The certificates in a text that may hold other things as well, such as the key. */
function blocks(text: string): string[] {
  const found = text.match(
    /-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----[^-]*-----END (?:TRUSTED |X509 )?CERTIFICATE-----/g,
  )
  if (found !== null) return found
  throw Object.assign(new Error("there is no certificate in it"), { code: "ERR_OSSL_PEM_NO_START_LINE" })
}
