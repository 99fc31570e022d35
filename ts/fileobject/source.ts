import { host } from "#host"
import { descriptors } from "../core/descriptors.ts"
import { need, SocketError } from "../exceptions.ts"
import { E } from "../host/errno.ts"
import { checked, Endpoint } from "../socket/endpoint.ts"
import type { Opening } from "./opening.ts"

/** What has a number in the fd table: a socket, a file. */
export interface HasFileno {
  /** Its number. */
  fileno(): number
}

/** What a FileObject can be made of: a number of the fd table, what has one, or the path of a file. */
export type FileSource = number | HasFileno | string | URL

/** Whether something has a number in the fd table. */
export function hasFileno(value: unknown): value is HasFileno {
  return typeof value === "object" && value !== null && typeof (value as Partial<HasFileno>).fileno === "function"
}

/**
 * The number of an object in the fd table.
 *
 * @throws {TypeError} when it has none.
 */
export function filenoOf(value: number | HasFileno): number {
  if (!hasFileno(value) && typeof value !== "number") {
    throw new TypeError(`argument must be a number, or have a fileno() method: ${String(value)}`)
  }
  const fd: unknown = typeof value === "number" ? value : value.fileno()
  if (!Number.isInteger(fd)) throw new TypeError(`a file's number must be a whole number, not ${String(fd)}`)
  return fd as number
}

/**
 * The descriptor of a source.
 *
 * @param blocking - Whether calls on a file may block the thread.
 * @throws {TypeError} for what is no source. {SocketError} EBADF, ENOENT, EACCES, EISDIR, ENOSYS …
 */
export function openSource(source: FileSource, { fileMode }: Opening, blocking: boolean): Endpoint {
  let fd: number
  if (typeof source === "string" || source instanceof URL) {
    if (String(source).includes("\0")) throw new TypeError("a path must not have a NUL")
    need("files", "open")
    const opened = host.open(source, fileMode, blocking)
    if (typeof opened === "number") throw new SocketError(opened, "open", undefined)
    fd = descriptors.install(opened)
    if (fd < 0) opened.close()
    checked(fd, "open")
  } else {
    if (typeof source !== "number" && !hasFileno(source)) throw new TypeError(`invalid file: ${String(source)}`)
    fd = filenoOf(source)
  }
  const descriptor = descriptors.get(fd)
  if (descriptor === undefined) throw new SocketError(E.BADF, "fileno")
  return new Endpoint(fd, descriptor, null)
}

/** What a file is called that is made of a source. */
export function nameOf(source: FileSource): string | number {
  if (typeof source === "string" || source instanceof URL) return String(source)
  return typeof source === "number" || hasFileno(source) ? filenoOf(source) : String(source)
}
