import {
  SocketError,
  SSLCertVerificationError,
  SSLEOFError,
  SSLError,
  SSLWantReadError,
  SSLWantWriteError,
  SSLZeroReturnError,
} from "../exceptions.ts"
import { E } from "../host/errno.ts"
import type { Secure, SecureFailure } from "../host/secure.ts"

// OpenSSL's X509_V_ERR_ numbers, by the names that hosts give; the first one is 2.
const VERIFY_CODES =
  "UNABLE_TO_GET_ISSUER_CERT UNABLE_TO_GET_CRL UNABLE_TO_DECRYPT_CERT_SIGNATURE UNABLE_TO_DECRYPT_CRL_SIGNATURE UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY CERT_SIGNATURE_FAILURE CRL_SIGNATURE_FAILURE CERT_NOT_YET_VALID CERT_HAS_EXPIRED CRL_NOT_YET_VALID CRL_HAS_EXPIRED ERROR_IN_CERT_NOT_BEFORE_FIELD ERROR_IN_CERT_NOT_AFTER_FIELD ERROR_IN_CRL_LAST_UPDATE_FIELD ERROR_IN_CRL_NEXT_UPDATE_FIELD OUT_OF_MEM DEPTH_ZERO_SELF_SIGNED_CERT SELF_SIGNED_CERT_IN_CHAIN UNABLE_TO_GET_ISSUER_CERT_LOCALLY UNABLE_TO_VERIFY_LEAF_SIGNATURE CERT_CHAIN_TOO_LONG CERT_REVOKED INVALID_CA PATH_LENGTH_EXCEEDED INVALID_PURPOSE CERT_UNTRUSTED CERT_REJECTED".split(
    " ",
  )
const UNSPECIFIED = 1
const HOSTNAME_MISMATCH = 62

const EOF = "UNEXPECTED_EOF_WHILE_READING"

/** The error for a negative result of a secure descriptor. */
export function errorOf(secure: Secure, result: number, syscall: string): Error {
  if (result === -E.PROTO && secure.failure !== null) return fromFailure(secure.failure)
  if (result === -E.PIPE)
    return new SSLZeroReturnError("ZERO_RETURN", "TLS/SSL connection has been closed (EOF)", E.PIPE)
  return new SocketError(result, syscall)
}

/** The error for what a host says about a failure. */
export function fromFailure({ code, message, verification, cause }: SecureFailure): SSLError {
  if (verification) return new SSLCertVerificationError(verifyCode(code), message, cause)
  const reason = code.replace(/^ERR_(?:SSL|OSSL|TLS)_/, "")
  if (reason === "ZERO_RETURN") return new SSLZeroReturnError(reason, message, E.PIPE)
  return reason === EOF ? unexpectedEnd() : new SSLError(reason, message.trim(), E.PROTO, cause)
}

/** The error for a host's error at a context. */
export function fromHostError(error: unknown): SSLError {
  const { code = "ERR_SSL_UNKNOWN", message = String(error) } = error as { code?: string; message?: string }
  return fromFailure({ code, message, verification: false, cause: error })
}

/** The stream ended, and the peer did not say so. */
export function unexpectedEnd(): SSLEOFError {
  return new SSLEOFError(EOF, "EOF occurred in violation of protocol")
}

/** A call may not wait for the peer to send. */
export function wantRead(): SSLWantReadError {
  return new SSLWantReadError("WANT_READ", "The operation did not complete (read)", E.AGAIN)
}

/** A call may not wait until it can send. */
export function wantWrite(): SSLWantWriteError {
  return new SSLWantWriteError("WANT_WRITE", "The operation did not complete (write)", E.AGAIN)
}

function verifyCode(code: string): number {
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID") return HOSTNAME_MISMATCH
  const index = VERIFY_CODES.indexOf(code)
  return index < 0 ? UNSPECIFIED : index + 2
}
