import { Descriptor, type Address } from "./descriptor.ts"
import { E } from "./errno.ts"

/** A text of PEM blocks, their bytes, or one certificate or key in DER. */
export type PemOrDer = string | Uint8Array

/** What both ends of a TLS connection are told before there is one. */
export interface CredentialOptions {
  /** The certificates to show, the own one first, and the keys for them. */
  readonly chains: readonly { readonly certificate: PemOrDer; readonly key: PemOrDer; readonly passphrase?: string }[]
  /** Whom to trust. */
  readonly authorities: readonly PemOrDer[]
  /** Whether to trust those whom the host trusts, too. */
  readonly defaultAuthorities: boolean
  /** Names of cipher suites in OpenSSL's format; empty for the host's choice. */
  readonly ciphers: string
  /** Names of curves, joined by `:`; empty for the host's choice. */
  readonly curves: string
  /** `"TLSv1.2"` and `"TLSv1.3"`, or older; empty for the host's choice. */
  readonly minimumVersion: string
  readonly maximumVersion: string
  /** OpenSSL's SSL_OP_ bits. */
  readonly options: number
}

/** What `Host.credentials` makes; only its host looks inside. */
export type Credentials = object

/** How to secure one connection. */
export interface SecureOptions {
  readonly server: boolean
  readonly credentials: Credentials
  /** A client's: the name to ask for, and to check when `checkName` is set. Empty for none. */
  readonly name: string
  readonly checkName: boolean
  /** Whether the peer's certificate has to be there and to be good. Of a server: whether one is asked for. */
  readonly verify: "none" | "optional" | "required"
  /** Whether `unwrap` and `ragged` have to work, if the host has them. Without them it may have a faster way. */
  readonly unwrap: boolean
  /** Whether `ragged` is asked for. */
  readonly ragged: boolean
  /** Protocols of the application, the best first. */
  readonly protocols: readonly string[]
  /**
   * A server's: called with the name that the client asks for before anything is answered.
   *
   * @returns The credentials for it, or the number of the TLS alert to refuse it with.
   */
  readonly choose?: ((name: string | null) => Credentials | number) | undefined
}

/** Why there is no secure connection, or none any more. */
export interface SecureFailure {
  /** The host's name for it: `ERR_SSL_WRONG_VERSION_NUMBER`, `CERT_HAS_EXPIRED`. */
  readonly code: string
  readonly message: string
  /** Whether the peer's certificate was refused. */
  readonly verification: boolean
  /** The host's error. */
  readonly cause: unknown
}

/** A certificate as hosts take it apart. */
export interface PeerCertificate {
  /** The certificate in DER. */
  readonly raw: Uint8Array
  /** By the short names of OpenSSL (`CN`, `O`). */
  readonly subject: Readonly<Record<string, string | readonly string[]>>
  readonly issuer: Readonly<Record<string, string | readonly string[]>>
  /** `"Nov 25 09:49:10 2026 GMT"`. */
  readonly notBefore: string
  readonly notAfter: string
  /** In upper-case hexadecimal. */
  readonly serialNumber: string
  /** `"DNS:localhost, IP Address:127.0.0.1"`, or empty. */
  readonly alternativeNames: string
  /** URIs by the kind of access: `"OCSP - URI"`, `"CA Issuers - URI"`. */
  readonly access: Readonly<Record<string, readonly string[]>>
}

/** What was agreed upon in a handshake. */
export interface SecureSession {
  /** `"TLSv1.3"`; null when the host does not tell. */
  readonly version: string | null
  /** OpenSSL's name of the cipher suite, and the version that defined it; null when the host does not tell. */
  readonly cipher: { readonly name: string; readonly version: string } | null
  /** The protocol of the application; null when none was agreed upon. */
  readonly protocol: string | null
  /** Whether an earlier session was resumed; null when the host does not tell. */
  readonly resumed: boolean | null
}

/**
 * A TLS connection over another descriptor, which it has to itself. The handshake begins with the first `handshake`, `recv` or
 * `send`, and goes on by itself; its end, good or bad, is readiness to write. A failure of TLS is -E.PROTO, and `failure` says
 * more; others are those of the descriptor below.
 *
 * @example
 * ```ts
 * import { E, type Secure } from "gevent-wasm/host"
 * function isUp(secure: Secure): boolean {
 *   return secure.handshake() !== -E.AGAIN && secure.failure === null
 * }
 * ```
 */
export abstract class Secure extends Descriptor {
  /** Why the last call was -E.PROTO. */
  failure: SecureFailure | null = null

  /** Starts the handshake, and says how it stands: 0 when it is over, -E.AGAIN, or why it failed. */
  abstract handshake(): number

  /** Bytes that `recv` would give now. */
  abstract readonly pending: number

  /** Whether the stream ended without the peer's saying so, as an attacker could end it. Not known without `options.unwrap`. */
  abstract readonly ragged: boolean

  /** What the handshake came to; null before its end. */
  abstract session(): SecureSession | null

  /** The peer's certificate; null when it has shown none, -E.NOTSUP when the host does not tell. */
  abstract peerCertificate(): PeerCertificate | number | null

  /** Bytes that only the two ends of this connection know; or -E.NOTSUP, or -E.NOTCONN before the handshake. */
  abstract channelBinding(type: "tls-unique" | "tls-exporter"): Uint8Array | number

  /**
   * Ends TLS and waits for the peer to do so: -E.AGAIN, or why that failed, or the descriptor below, as it is and let go of.
   * -E.NOTSUP without `options.unwrap`.
   */
  abstract unwrap(): Descriptor | number

  /** What the sealed bytes go over. */
  protected abstract readonly inner: Descriptor

  override localAddress(): Address | number {
    return this.inner.localAddress()
  }

  override peerAddress(): Address | number {
    return this.inner.peerAddress()
  }

  override setOption(level: number, name: number, value: number): number {
    return this.inner.setOption(level, name, value)
  }

  override getOption(level: number, name: number): number {
    return this.inner.getOption(level, name)
  }

  override connect(): number {
    return -E.ISCONN
  }

  override bind(): number {
    return -E.INVAL
  }

  override listen(): number {
    return -E.INVAL
  }

  override accept(): number {
    return -E.INVAL
  }
}
