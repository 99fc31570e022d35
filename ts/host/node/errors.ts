import { constants } from "node:os"
import { E, errnoOf, errorName } from "../errno.ts"

// Codes that Node gives to failures which the system would have reported as an errno.
const own: Readonly<Record<string, number>> = {
  ERR_ACCESS_DENIED: E.ACCES,
  ERR_INVALID_ADDRESS: E.INVAL,
  ERR_INVALID_ARG_TYPE: E.INVAL,
  ERR_INVALID_ARG_VALUE: E.INVAL,
  ERR_INVALID_FD: E.BADF,
  ERR_INVALID_IP_ADDRESS: E.INVAL,
  ERR_OUT_OF_RANGE: E.INVAL,
  ERR_SOCKET_BAD_PORT: E.INVAL,
  ERR_SOCKET_CLOSED: E.PIPE,
  ERR_STREAM_DESTROYED: E.PIPE,
  ERR_STREAM_WRITE_AFTER_END: E.PIPE,
}

const systemNumbers: Readonly<Record<string, number>> = constants.errno
const bySystemNumber = new Map<number, number>()
for (const [code, number] of Object.entries(systemNumbers)) {
  const errno = errnoOf(code)
  if (errno !== undefined) bySystemNumber.set(number, errno)
}

/**
 * The WASI errno of an error that Node threw or emitted.
 *
 * @returns A positive number; E.IO when the error is not one of the system's.
 * @example
 * ```ts
 * errnoOfError(Object.assign(new Error(), { code: "ECONNRESET" })) // E.CONNRESET
 * ```
 */
export function errnoOfError(error: unknown): number {
  if (typeof error !== "object" || error === null) return E.IO
  const { name, code, errno } = error as { name?: unknown; code?: unknown; errno?: unknown }
  // a permission that Deno was not given
  if (name === "NotCapable") return E.ACCES
  if (typeof code === "string") {
    const known = errnoOf(code) ?? own[code]
    if (known !== undefined) return known
  }
  return typeof errno === "number" ? (bySystemNumber.get(Math.abs(errno)) ?? E.IO) : E.IO
}

/**
 * The WASI errno of a number that libuv returned.
 *
 * @param number - Negative, the system's.
 * @returns A positive number.
 */
export function errnoOfSystem(number: number): number {
  return bySystemNumber.get(-number) ?? E.IO
}

/**
 * The number that Node's users see as an error's `errno`.
 *
 * @param errno - A WASI errno, positive or negated.
 * @returns The system's number, negative: -111 for E.CONNREFUSED on Linux.
 */
export function systemErrno(errno: number): number {
  const name = Math.abs(errno) === E.NOTSUP ? "EOPNOTSUPP" : errorName(errno)
  return -(systemNumbers[name] ?? constants.errno.EIO)
}
