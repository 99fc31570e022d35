import { host } from "#host"
import { errorMessage, errorName } from "../host/errno.ts"

/**
 * A failed system call. `code` is its POSIX name and `errno` the number that the host's own errors have. gevent: `OSError`.
 *
 * @example
 * ```ts
 * import { SocketError } from "gevent-wasm/exceptions"
 * import { createConnection } from "gevent-wasm/socket"
 * try {
 *   await createConnection(["127.0.0.1", 1])
 * } catch (error) {
 *   console.log((error as SocketError).code) // ECONNREFUSED
 * }
 * ```
 */
export class SocketError extends Error {
  override name = "SocketError"
  /** `"ECONNREFUSED"`. */
  readonly code: string
  /** As the host's errors have it: -111 on Node. */
  readonly errno: number
  /** The call that failed, when it is known. */
  readonly syscall: string | undefined

  /**
   * @param errno - A WASI errno, positive or negated.
   * @param syscall - The call that failed.
   * @param message - Instead of the system's message.
   */
  constructor(errno: number, syscall?: string, message?: string) {
    const code = errorName(errno)
    super(`${syscall === undefined ? "" : `${syscall} `}${code}: ${message ?? errorMessage(errno)}`)
    this.code = code
    this.errno = host.systemErrno(Math.abs(errno))
    this.syscall = syscall
  }
}

/** A socket's timeout has passed. gevent: `socket.timeout`. */
export class SocketTimeout extends SocketError {
  override name = "SocketTimeout"
}
