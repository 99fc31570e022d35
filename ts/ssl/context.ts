import { host } from "#host"
import { need, NotSupportedError, SocketError } from "../exceptions.ts"
import type { Flow } from "../flow.ts"
import { errorMessage } from "../host/errno.ts"
import type { Credentials, PemOrDer } from "../host/secure.ts"
import type { Socket } from "../socket/socket.ts"
import {
  CERT_NONE,
  CERT_OPTIONAL,
  CERT_REQUIRED,
  PROTOCOL_TLS,
  PROTOCOL_TLS_CLIENT,
  PROTOCOL_TLS_SERVER,
  Purpose,
  TLSVersion,
} from "./constants.ts"
import { fromHostError } from "./failure.ts"
import type { SSLSocket } from "./sslsocket.ts"
import { wrap, type WrapOptions } from "./wrap.ts"

/**
 * Called with the name that a client asks for, before anything is answered. It may set the socket's `context` to one with
 * other certificates.
 *
 * @param name - null when the client asks for none.
 * @returns Nothing to go on, or the number of a TLS alert to refuse the client with.
 */
export type SniCallback = (
  socket: SSLSocket,
  name: string | null,
  context: SSLContext,
) => number | null | undefined | void

/** Where to load certificates of authorities from. */
export interface VerifyLocations {
  /** The path of a file with certificates in PEM. */
  cafile?: string | URL | null
  /** Certificates: PEM text or bytes, or one in DER. */
  cadata?: string | Uint8Array | null
}

interface Chain {
  readonly certificate: PemOrDer
  readonly key: PemOrDer
  readonly passphrase?: string
}

const NAMES = new Map<number, string>([
  [TLSVersion.TLSv1, "TLSv1"],
  [TLSVersion.TLSv1_1, "TLSv1.1"],
  [TLSVersion.TLSv1_2, "TLSv1.2"],
  [TLSVersion.TLSv1_3, "TLSv1.3"],
])

/**
 * What TLS connections have in common: certificates, whom to trust, versions and ciphers. A client's context verifies the
 * server by default. gevent: `ssl.SSLContext`.
 *
 * @example
 * ```ts
 * import { createConnection } from "gevent-wasm/socket"
 * import { PROTOCOL_TLS_CLIENT, SSLContext } from "gevent-wasm/ssl"
 * const context = new SSLContext(PROTOCOL_TLS_CLIENT)
 * context.loadDefaultCerts()
 * const socket = await createConnection(["example.org", 443])
 * using secure = await context.wrapSocket(socket, { serverHostname: "example.org" })
 * console.log(secure.version()) // TLSv1.3
 * ```
 */
export class SSLContext {
  /** PROTOCOL_TLS, PROTOCOL_TLS_CLIENT or PROTOCOL_TLS_SERVER. */
  readonly protocol: number
  private readonly chains: Chain[] = []
  private readonly authorities: PemOrDer[] = []
  private defaultAuthorities = false
  private ciphers = ""
  private curves = ""
  private applicationProtocols: readonly string[] = []
  private oldest: number = TLSVersion.MINIMUM_SUPPORTED
  private newest: number = TLSVersion.MAXIMUM_SUPPORTED
  private bits = 0
  private mode: number
  private checksName: boolean
  private onServerName: SniCallback | null = null
  private made: Credentials | null = null

  /**
   * @param protocol - Which side it is for. PROTOCOL_TLS_CLIENT verifies, and trusts nobody yet: see `createDefaultContext`.
   * @throws {RangeError} for another number.
   */
  constructor(protocol: number = PROTOCOL_TLS_CLIENT) {
    if (protocol !== PROTOCOL_TLS && protocol !== PROTOCOL_TLS_CLIENT && protocol !== PROTOCOL_TLS_SERVER) {
      throw new RangeError(`invalid protocol: ${String(protocol)}`)
    }
    this.protocol = protocol
    this.checksName = protocol === PROTOCOL_TLS_CLIENT
    this.mode = this.checksName ? CERT_REQUIRED : CERT_NONE
  }

  /**
   * Loads a certificate, with the authorities between it and the root, and its key. A second one of another kind of key is
   * shown to clients that cannot use the first. gevent: `load_cert_chain(certfile, keyfile=None, password=None)`.
   *
   * @param certfile - The path of a file in PEM, or its contents as text or bytes.
   * @param keyfile - The same with the key; by default it is in `certfile`.
   * @param password - Decrypts the key.
   * @throws {SSLError} when they are no certificate and key, or not of each other. {SocketError} ENOENT, EACCES … for a file.
   */
  loadCertChain(
    certfile: string | URL | Uint8Array,
    keyfile: string | URL | Uint8Array | null = null,
    password: string | null = null,
  ): void {
    const certificate = contents(certfile, "certfile")
    const key = keyfile === null ? certificate : contents(keyfile, "keyfile")
    const chain = { certificate, key, ...(password === null ? {} : { passphrase: password }) }
    this.change(() => {
      this.chains.push(chain)
      return () => void this.chains.pop()
    })
  }

  /**
   * Trusts authorities. gevent: `load_verify_locations(cafile=None, capath=None, cadata=None)`.
   *
   * @param cafile - The path of a file in PEM, or its contents as text or bytes; or an object with `cafile` and `cadata`.
   * @throws {SSLError} for what is no certificate. {TypeError} when there is nothing to load. {SocketError} ENOENT,
   *   EACCES … for a file.
   */
  loadVerifyLocations(cafile: string | URL | Uint8Array | VerifyLocations): void {
    const locations = isSource(cafile) ? { cafile } : cafile
    if (typeof locations !== "object" || locations === null)
      throw new TypeError(`no certificates: ${String(locations)}`)
    const found: PemOrDer[] = []
    if (locations.cafile) found.push(contents(locations.cafile, "cafile"))
    if ("cadata" in locations && locations.cadata) found.push(locations.cadata)
    if (found.length === 0) throw new TypeError("cafile and cadata cannot both be left out")
    this.change(() => {
      this.authorities.push(...found)
      return () => this.authorities.splice(-found.length)
    })
  }

  /** Trusts whom the host trusts. gevent: `load_default_certs(purpose=Purpose.SERVER_AUTH)`. */
  loadDefaultCerts(): void {
    this.defaultAuthorities = true
    this.made = null
  }

  /**
   * Sets the cipher suites, in OpenSSL's format. gevent: `set_ciphers(ciphers)`.
   *
   * @throws {SSLError} when none can be used.
   */
  setCiphers(ciphers: string): void {
    const before = this.ciphers
    if (typeof ciphers !== "string") throw new TypeError(`ciphers must be a string, not ${String(ciphers)}`)
    this.change(() => {
      this.ciphers = ciphers
      return () => (this.ciphers = before)
    })
  }

  /** Sets the curves of the key exchange, joined by `:`. gevent: `set_ecdh_curve(curve_name)`. @throws {SSLError} */
  setEcdhCurve(curve: string): void {
    const before = this.curves
    if (typeof curve !== "string") throw new TypeError(`a curve must be a string, not ${String(curve)}`)
    this.change(() => {
      this.curves = curve
      return () => (this.curves = before)
    })
  }

  /**
   * Sets what can be spoken over the connection, the best first. gevent: `set_alpn_protocols(alpn_protocols)`.
   *
   * @throws {TypeError} unless they are strings, {RangeError} unless each has 1 to 255 bytes.
   */
  setAlpnProtocols(protocols: readonly string[]): void {
    for (const protocol of protocols) {
      if (typeof protocol !== "string") throw new TypeError(`a protocol must be a string, not ${String(protocol)}`)
      const { length } = new TextEncoder().encode(protocol)
      if (length === 0 || length > 255) throw new RangeError(`a protocol has 1 to 255 bytes, not ${length}`)
    }
    this.applicationProtocols = [...protocols]
  }

  /** What `setAlpnProtocols` set. */
  get alpnProtocols(): readonly string[] {
    return this.applicationProtocols
  }

  /**
   * Whether a client compares the name in the server's certificate with `serverHostname`. To set it turns verification on.
   * gevent: `check_hostname`.
   */
  get checkHostname(): boolean {
    return this.checksName
  }

  set checkHostname(value: boolean) {
    this.checksName = Boolean(value)
    if (this.checksName && this.mode === CERT_NONE) this.mode = CERT_REQUIRED
  }

  /**
   * CERT_NONE, CERT_OPTIONAL or CERT_REQUIRED. gevent: `verify_mode`.
   *
   * @throws {RangeError} for another number, and for CERT_NONE while `checkHostname` is on.
   */
  get verifyMode(): number {
    return this.mode
  }

  set verifyMode(value: number) {
    if (value !== CERT_NONE && value !== CERT_OPTIONAL && value !== CERT_REQUIRED) {
      throw new RangeError(`invalid value for verifyMode: ${String(value)}`)
    }
    if (value === CERT_NONE && this.checksName) {
      throw new RangeError("Cannot set verifyMode to CERT_NONE when checkHostname is enabled.")
    }
    this.mode = value
  }

  /** The oldest version of TLS, of `TLSVersion`. gevent: `minimum_version`. @throws {RangeError} for another number. */
  get minimumVersion(): number {
    return this.oldest
  }

  set minimumVersion(value: number) {
    this.oldest = checkVersion(value)
    this.made = null
  }

  /** The newest version of TLS, of `TLSVersion`. gevent: `maximum_version`. @throws {RangeError} for another number. */
  get maximumVersion(): number {
    return this.newest
  }

  set maximumVersion(value: number) {
    this.newest = checkVersion(value)
    this.made = null
  }

  /** OP_ bits. gevent: `options`. @throws {TypeError} unless it is a whole number. */
  get options(): number {
    return this.bits
  }

  set options(value: number) {
    if (!Number.isInteger(value)) throw new TypeError(`options must be a whole number, not ${String(value)}`)
    this.bits = value
    this.made = null
  }

  /** Chooses by the name that a client asks for; null for none. gevent: `sni_callback`. @throws {TypeError} */
  get sniCallback(): SniCallback | null {
    return this.onServerName
  }

  set sniCallback(value: SniCallback | null) {
    if (value !== null && typeof value !== "function") throw new TypeError(`not a callable object: ${String(value)}`)
    this.onServerName = value
  }

  /**
   * Puts TLS over a socket, which is detached: what is returned takes its number over. A connected socket makes the handshake
   * at once, and is closed when that fails or is interrupted; one that listens wraps what it accepts.
   * gevent: `wrap_socket(sock, server_side=False, do_handshake_on_connect=True, …)`.
   *
   * @throws {SSLCertVerificationError} when the peer is not to be trusted, {SSLError} for another failure, {SocketTimeout}.
   * @throws {RangeError} at the call, for options that do not go together; {TypeError} for a wrong type.
   */
  wrapSocket(socket: Socket, options: WrapOptions = {}): Flow<SSLSocket> {
    return wrap(this, socket, options)
  }

  /** What the host makes of it; for the other parts of this library. @throws {SSLError} {NotSupportedError} */
  get credentials(): Credentials {
    return (this.made ??= this.make())
  }

  private make(): Credentials {
    need(this.protocol === PROTOCOL_TLS_SERVER ? "tlsServer" : "tlsClient", "SSLContext")
    let made: Credentials | string | number
    try {
      made = host.credentials({
        chains: this.chains,
        authorities: this.authorities,
        defaultAuthorities: this.defaultAuthorities,
        ciphers: this.ciphers,
        curves: this.curves,
        minimumVersion: NAMES.get(this.oldest) ?? "",
        maximumVersion: NAMES.get(this.newest) ?? "",
        options: this.bits,
      })
    } catch (error) {
      throw fromHostError(error)
    }
    if (typeof made === "string") throw new NotSupportedError("tlsClient", "SSLContext", made)
    if (typeof made === "number") throw new SocketError(made, "SSLContext")
    return made
  }

  /** Changes something, and takes it back when the host does not like it. */
  private change(apply: () => () => void): void {
    const takeBack = apply()
    try {
      this.made = this.make()
    } catch (error) {
      takeBack()
      throw error
    }
  }
}

/**
 * A context with verification on and safe choices. gevent: `ssl.create_default_context(purpose=Purpose.SERVER_AUTH, cafile=None,
 * capath=None, cadata=None)`.
 *
 * @param purpose - `Purpose.SERVER_AUTH` for clients; `Purpose.CLIENT_AUTH` for servers, which need `loadCertChain` then.
 * @param locations - Whom to trust instead of whom the host trusts.
 * @throws as `loadVerifyLocations`. {RangeError} for another purpose.
 * @example
 * ```ts
 * import { createDefaultContext } from "gevent-wasm/ssl"
 * const context = createDefaultContext()
 * console.log(context.checkHostname) // true
 * ```
 */
export function createDefaultContext(
  purpose: (typeof Purpose)[keyof typeof Purpose] = Purpose.SERVER_AUTH,
  locations: VerifyLocations = {},
): SSLContext {
  if (purpose !== Purpose.SERVER_AUTH && purpose !== Purpose.CLIENT_AUTH) {
    throw new RangeError(`invalid purpose: ${String(purpose)}`)
  }
  const client = purpose === Purpose.SERVER_AUTH
  const context = new SSLContext(client ? PROTOCOL_TLS_CLIENT : PROTOCOL_TLS_SERVER)
  context.minimumVersion = TLSVersion.TLSv1_2
  if (locations.cafile || locations.cadata) context.loadVerifyLocations(locations)
  else if (client) context.loadDefaultCerts()
  return context
}

function isSource(value: unknown): value is string | URL | Uint8Array {
  return typeof value === "string" || value instanceof Uint8Array || value instanceof URL
}

/** The contents that are given, or those of the file that is named. */
function contents(source: string | URL | Uint8Array, name: string): PemOrDer {
  if (!isSource(source)) throw new TypeError(`${name} must be a path, a text or bytes, not ${String(source)}`)
  if (source instanceof Uint8Array || (typeof source === "string" && source.includes("-----BEGIN "))) return source
  need("files", "open")
  try {
    return host.readFile(source)
  } catch (error) {
    const errno = host.errno(error)
    throw new SocketError(errno, "open", `${errorMessage(errno)}: ${name} ${String(source)}`)
  }
}

function checkVersion(value: number): number {
  if ((Object.values(TLSVersion) as number[]).includes(value)) return value
  throw new RangeError(`there is no TLSVersion ${String(value)}`)
}
