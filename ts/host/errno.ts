/**
 * The errno numbers of WASI preview 1, under their POSIX names without the leading `E`. Inside the library an error is
 * the negative number (`-E.AGAIN`), as in a C system call; what users see is an error with a `code` and the number of
 * their host.
 *
 * WASI has no `EWOULDBLOCK` (it is `AGAIN`) and no `EOPNOTSUPP` (it is `NOTSUP`).
 *
 * @example
 * ```ts
 * import { type Descriptor, E } from "gevent-wasm/host"
 * function isEmpty(descriptor: Descriptor): boolean {
 *   return descriptor.recv(new Uint8Array(1)) === -E.AGAIN
 * }
 * ```
 */
export const E = {
  SUCCESS: 0,
  "2BIG": 1,
  ACCES: 2,
  ADDRINUSE: 3,
  ADDRNOTAVAIL: 4,
  AFNOSUPPORT: 5,
  AGAIN: 6,
  ALREADY: 7,
  BADF: 8,
  BADMSG: 9,
  BUSY: 10,
  CANCELED: 11,
  CHILD: 12,
  CONNABORTED: 13,
  CONNREFUSED: 14,
  CONNRESET: 15,
  DEADLK: 16,
  DESTADDRREQ: 17,
  DOM: 18,
  DQUOT: 19,
  EXIST: 20,
  FAULT: 21,
  FBIG: 22,
  HOSTUNREACH: 23,
  IDRM: 24,
  ILSEQ: 25,
  INPROGRESS: 26,
  INTR: 27,
  INVAL: 28,
  IO: 29,
  ISCONN: 30,
  ISDIR: 31,
  LOOP: 32,
  MFILE: 33,
  MLINK: 34,
  MSGSIZE: 35,
  MULTIHOP: 36,
  NAMETOOLONG: 37,
  NETDOWN: 38,
  NETRESET: 39,
  NETUNREACH: 40,
  NFILE: 41,
  NOBUFS: 42,
  NODEV: 43,
  NOENT: 44,
  NOEXEC: 45,
  NOLCK: 46,
  NOLINK: 47,
  NOMEM: 48,
  NOMSG: 49,
  NOPROTOOPT: 50,
  NOSPC: 51,
  NOSYS: 52,
  NOTCONN: 53,
  NOTDIR: 54,
  NOTEMPTY: 55,
  NOTRECOVERABLE: 56,
  NOTSOCK: 57,
  NOTSUP: 58,
  NOTTY: 59,
  NXIO: 60,
  OVERFLOW: 61,
  OWNERDEAD: 62,
  PERM: 63,
  PIPE: 64,
  PROTO: 65,
  PROTONOSUPPORT: 66,
  PROTOTYPE: 67,
  RANGE: 68,
  ROFS: 69,
  SPIPE: 70,
  SRCH: 71,
  STALE: 72,
  TIMEDOUT: 73,
  TXTBSY: 74,
  XDEV: 75,
  NOTCAPABLE: 76,
} as const

/** The POSIX name of an errno without the leading `E`, as `E` lists them. */
export type ErrnoName = keyof typeof E

const messages: Readonly<Record<ErrnoName, string>> = {
  SUCCESS: "Success",
  "2BIG": "Argument list too long",
  ACCES: "Permission denied",
  ADDRINUSE: "Address already in use",
  ADDRNOTAVAIL: "Cannot assign requested address",
  AFNOSUPPORT: "Address family not supported by protocol",
  AGAIN: "Resource temporarily unavailable",
  ALREADY: "Operation already in progress",
  BADF: "Bad file descriptor",
  BADMSG: "Bad message",
  BUSY: "Device or resource busy",
  CANCELED: "Operation canceled",
  CHILD: "No child processes",
  CONNABORTED: "Software caused connection abort",
  CONNREFUSED: "Connection refused",
  CONNRESET: "Connection reset by peer",
  DEADLK: "Resource deadlock avoided",
  DESTADDRREQ: "Destination address required",
  DOM: "Numerical argument out of domain",
  DQUOT: "Disk quota exceeded",
  EXIST: "File exists",
  FAULT: "Bad address",
  FBIG: "File too large",
  HOSTUNREACH: "No route to host",
  IDRM: "Identifier removed",
  ILSEQ: "Invalid or incomplete multibyte or wide character",
  INPROGRESS: "Operation now in progress",
  INTR: "Interrupted system call",
  INVAL: "Invalid argument",
  IO: "Input/output error",
  ISCONN: "Transport endpoint is already connected",
  ISDIR: "Is a directory",
  LOOP: "Too many levels of symbolic links",
  MFILE: "Too many open files",
  MLINK: "Too many links",
  MSGSIZE: "Message too long",
  MULTIHOP: "Multihop attempted",
  NAMETOOLONG: "File name too long",
  NETDOWN: "Network is down",
  NETRESET: "Network dropped connection on reset",
  NETUNREACH: "Network is unreachable",
  NFILE: "Too many open files in system",
  NOBUFS: "No buffer space available",
  NODEV: "No such device",
  NOENT: "No such file or directory",
  NOEXEC: "Exec format error",
  NOLCK: "No locks available",
  NOLINK: "Link has been severed",
  NOMEM: "Cannot allocate memory",
  NOMSG: "No message of desired type",
  NOPROTOOPT: "Protocol not available",
  NOSPC: "No space left on device",
  NOSYS: "Function not implemented",
  NOTCONN: "Transport endpoint is not connected",
  NOTDIR: "Not a directory",
  NOTEMPTY: "Directory not empty",
  NOTRECOVERABLE: "State not recoverable",
  NOTSOCK: "Socket operation on non-socket",
  NOTSUP: "Operation not supported",
  NOTTY: "Inappropriate ioctl for device",
  NXIO: "No such device or address",
  OVERFLOW: "Value too large for defined data type",
  OWNERDEAD: "Owner died",
  PERM: "Operation not permitted",
  PIPE: "Broken pipe",
  PROTO: "Protocol error",
  PROTONOSUPPORT: "Protocol not supported",
  PROTOTYPE: "Protocol wrong type for socket",
  RANGE: "Numerical result out of range",
  ROFS: "Read-only file system",
  SPIPE: "Illegal seek",
  SRCH: "No such process",
  STALE: "Stale file handle",
  TIMEDOUT: "Connection timed out",
  TXTBSY: "Text file busy",
  XDEV: "Invalid cross-device link",
  NOTCAPABLE: "Capabilities insufficient",
}

const names: readonly ErrnoName[] = Object.keys(E)
  .filter((name): name is ErrnoName => name in E)
  .sort((a, b) => E[a] - E[b])

/**
 * The `code` of an errno as errors carry it.
 *
 * @param number - A WASI errno, positive or negated as the library returns it.
 * @returns `"ECONNREFUSED"`, or `"EIO"` for a number that WASI does not have.
 * @example
 * ```ts
 * import { E, errorName } from "gevent-wasm/host"
 * errorName(-E.CONNREFUSED) // "ECONNREFUSED"
 * ```
 */
export function errorName(number: number): string {
  return `E${names[Math.abs(number)] ?? "IO"}`
}

/**
 * What strerror(3) says for an errno.
 *
 * @param number - A WASI errno, positive or negated.
 * @returns `"Connection refused"`, or `"Unknown error 99"` for a number that WASI does not have.
 * @example
 * ```ts
 * import { E, errorMessage } from "gevent-wasm/host"
 * errorMessage(E.PIPE) // "Broken pipe"
 * ```
 */
export function errorMessage(number: number): string {
  const name = names[Math.abs(number)]
  return name === undefined ? `Unknown error ${Math.abs(number)}` : messages[name]
}

/**
 * The WASI errno of an error code.
 *
 * @param code - A code with its leading `E`, as host errors carry it. `EWOULDBLOCK` and `EOPNOTSUPP` are understood.
 * @returns The positive number, or undefined for a code that is no errno (`"ENOTFOUND"`, `"ERR_INVALID_ARG"`).
 * @example
 * ```ts
 * import { errnoOf } from "gevent-wasm/host"
 * errnoOf("ECONNRESET") // 15
 * ```
 */
export function errnoOf(code: string): number | undefined {
  if (code === "EWOULDBLOCK") return E.AGAIN
  if (code === "EOPNOTSUPP") return E.NOTSUP
  const name = code.slice(1)
  return code.startsWith("E") && Object.hasOwn(E, name) ? E[name as ErrnoName] : undefined
}
