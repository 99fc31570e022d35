/** An error of a name search: what `gaierror` and `herror` have in common. */
abstract class NameError extends Error {
  /** The number that Python has for it; an ARES_ code, positive, for what only c-ares tells apart. */
  readonly errno: number
  /** What Node's dns errors have: `"ENOTFOUND"`, `"ETIMEOUT"` … */
  readonly code: string
  /** The text without the number. */
  readonly strerror: string

  constructor(errno: number, strerror: string, code: string) {
    super(`[Errno ${errno}] ${strerror}`)
    this.errno = errno
    this.strerror = strerror
    this.code = code
  }
}

/**
 * A name has no address, or none can be found out. `errno` is the system's EAI_ number (-2: no such name), or c-ares' own (12:
 * no server has answered in time). gevent: `socket.gaierror`.
 *
 * @example
 * ```ts
 * import { gaierror } from "gevent-wasm/exceptions"
 * import { getaddrinfo } from "gevent-wasm/resolver"
 * try {
 *   await getaddrinfo("127.0.0.1", "no such service")
 * } catch (error) {
 *   console.log((error as gaierror).errno) // -8
 * }
 * ```
 */
export class gaierror extends NameError {
  override name = "gaierror"
}

/** An address has no name, or none can be found out: `errno` is 1 then. gevent: `socket.herror`. */
export class herror extends NameError {
  override name = "herror"
}

/** A name cannot be encoded: a label is empty, longer than 63 bytes, or has characters that none may have. Python: `UnicodeError`. */
export class UnicodeError extends RangeError {
  override name = "UnicodeError"
}

/** A name server's address is none. gevent: `gevent.resolver.cares.InvalidIP`. */
export class InvalidIP extends RangeError {
  override name = "InvalidIP"
}
