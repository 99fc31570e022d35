import { E } from "../host/errno.ts"
import { SocketError } from "./socket.ts"

/**
 * A failure of TLS. `code` is `"EPROTO"` unless a subclass says otherwise. gevent: `ssl.SSLError`.
 *
 * @example
 * ```ts
 * import { SSLError } from "gevent-wasm/exceptions"
 * import { createConnection } from "gevent-wasm/socket"
 * import { wrapSocket } from "gevent-wasm/ssl"
 * try {
 *   await wrapSocket(await createConnection(["127.0.0.1", 80]), { serverHostname: "localhost" })
 * } catch (error) {
 *   if (error instanceof SSLError) console.log(error.reason) // WRONG_VERSION_NUMBER
 * }
 * ```
 */
export class SSLError extends SocketError {
  override name = "SSLError"
  /** `"SSL"`, the part of the TLS library that failed. */
  readonly library = "SSL"
  /** What went wrong, as the host's library names it: `"WRONG_VERSION_NUMBER"`. */
  readonly reason: string

  /**
   * @param reason - The library's name for what went wrong.
   * @param message - The same for humans.
   * @param cause - The host's error.
   */
  constructor(reason: string, message: string, errno: number = E.PROTO, cause?: unknown) {
    super(errno, undefined, `[SSL: ${reason}] ${message}`)
    this.reason = reason
    if (cause !== undefined) this.cause = cause
  }
}

/** The peer has ended TLS in good order, and nothing more can be sent. gevent: `ssl.SSLZeroReturnError`. */
export class SSLZeroReturnError extends SSLError {
  override name = "SSLZeroReturnError"
}

/** A call that does not wait has to wait for the peer to send; `code` is `"EAGAIN"`. gevent: `ssl.SSLWantReadError`. */
export class SSLWantReadError extends SSLError {
  override name = "SSLWantReadError"
}

/** A call that does not wait has to wait until it can send; `code` is `"EAGAIN"`. gevent: `ssl.SSLWantWriteError`. */
export class SSLWantWriteError extends SSLError {
  override name = "SSLWantWriteError"
}

/** The connection ended without the peer's ending TLS, as an attacker could end it. gevent: `ssl.SSLEOFError`. */
export class SSLEOFError extends SSLError {
  override name = "SSLEOFError"
}

/** The peer's certificate is not to be trusted, or is another's. gevent: `ssl.SSLCertVerificationError`. */
export class SSLCertVerificationError extends SSLError {
  override name = "SSLCertVerificationError"
  /** OpenSSL's number for the reason: 10 for an expired certificate, 18 for one that signed itself, 62 for another name. */
  readonly verifyCode: number
  /** What is wrong with the certificate. */
  readonly verifyMessage: string

  constructor(verifyCode: number, verifyMessage: string, cause?: unknown) {
    super("CERTIFICATE_VERIFY_FAILED", `certificate verify failed: ${verifyMessage}`, E.PROTO, cause)
    this.verifyCode = verifyCode
    this.verifyMessage = verifyMessage
  }
}
