import { descriptors } from "../core/descriptors.ts"
import { READ, WRITE } from "../core/flags.ts"
import { Io } from "../core/io.ts"
import { createPipe } from "../core/pipe.ts"
import { SocketError } from "../exceptions.ts"
import { Flow } from "../flow.ts"
import type { Descriptor } from "../host/descriptor.ts"
import { E } from "../host/errno.ts"
import { getHub } from "../hub.ts"
import { bytesOf, checkSize, type Data } from "../socket/bytes.ts"
import type { BlockingCall } from "../wait.ts"

export type { Data } from "../socket/bytes.ts"

/**
 * Reads from a descriptor: a pipe, a socket. Only the greenlet waits.
 *
 * gevent: `gevent.os.nb_read(fd, n)`.
 *
 * @param fd - Its number in the fd table, such as `pipe()` or `socket.fileno()` gives.
 * @param size - How many bytes at most.
 * @returns Some bytes; none at the end.
 * @throws {SocketError} EBADF when it is not open, or is closed meanwhile; what read(2) says.
 * @throws {TypeError} {RangeError} for what is no number of bytes.
 * @example
 * ```ts
 * import { run, spawn } from "gevent-wasm"
 * import { close, nbRead, nbWrite, pipe } from "gevent-wasm/os"
 * await run(function* () {
 *   const [reader, writer] = pipe()
 *   spawn(() => nbWrite(writer, "hello"))
 *   console.log((yield* nbRead(reader, 100)).length) // 5
 *   close(writer)
 *   close(reader)
 * })
 * ```
 */
export function nbRead(fd: number, size: number): Flow<Uint8Array> {
  checkFd(fd)
  checkSize(size)
  return new Flow(() => again(fd, READ, "read", (descriptor) => descriptor.take(size)))
}

/**
 * Writes some or all bytes to a descriptor. Only the greenlet waits.
 *
 * gevent: `gevent.os.nb_write(fd, buf)`.
 *
 * @returns How many bytes were taken.
 * @throws {SocketError} EBADF when it is not open, or is closed meanwhile; EPIPE when nobody reads; what write(2) says.
 * @throws {TypeError} for what cannot be written.
 */
export function nbWrite(fd: number, data: Data): Flow<number> {
  checkFd(fd)
  const bytes = bytesOf(data)
  return new Flow(() => again(fd, WRITE, "write", (descriptor) => descriptor.send(bytes)))
}

/**
 * The same as `nbRead`: no descriptor blocks, so no thread is needed. gevent: `gevent.os.tp_read(fd, n)`.
 *
 * @throws as `nbRead`.
 */
export function tpRead(fd: number, size: number): Flow<Uint8Array> {
  return nbRead(fd, size)
}

/**
 * The same as `nbWrite`: no descriptor blocks, so no thread is needed. gevent: `gevent.os.tp_write(fd, buf)`.
 *
 * @throws as `nbWrite`.
 */
export function tpWrite(fd: number, data: Data): Flow<number> {
  return nbWrite(fd, data)
}

/**
 * Would make a descriptor non-blocking; all are. gevent: `gevent.os.make_nonblocking(fd)`.
 *
 * @returns Whether it was changed: false.
 * @throws {SocketError} EBADF when it is not open.
 */
export function makeNonblocking(fd: number): boolean {
  live(fd, "fcntl")
  return false
}

/**
 * Closes a descriptor. Who waits for it in another greenlet gets EBADF. gevent: `gevent.os.close(fd)`.
 *
 * @throws {SocketError} EBADF when it is not open.
 */
export function close(fd: number): void {
  checkFd(fd)
  const result = descriptors.close(fd)
  if (result < 0) throw new SocketError(result, "close")
}

/**
 * A pipe within this process, of 64 KiB as pipe(2) has it. Python: `os.pipe()`.
 *
 * @returns The numbers of its ends.
 * @throws {SocketError} EMFILE when the fd table is full.
 * @example
 * ```ts
 * import { close, pipe } from "gevent-wasm/os"
 * const [reader, writer] = pipe()
 * close(reader)
 * close(writer)
 * ```
 */
export function pipe(): [reader: number, writer: number] {
  const [reading, writing] = createPipe()
  const reader = descriptors.install(reading)
  if (reader < 0) throw new SocketError(reader, "pipe")
  const writer = descriptors.install(writing)
  if (writer >= 0) return [reader, writer]
  descriptors.close(reader)
  throw new SocketError(writer, "pipe")
}

function* again<T>(
  fd: number,
  events: number,
  syscall: string,
  attempt: (descriptor: Descriptor) => T | number,
): Generator<BlockingCall<unknown>, T, unknown> {
  for (;;) {
    const result = attempt(live(fd, syscall))
    if (typeof result !== "number" || result >= 0) return result as T
    if (result !== -E.AGAIN) throw new SocketError(result, syscall)
    const hub = getHub()
    yield* hub.wait(new Io(hub.loop, fd, events))
  }
}

function live(fd: number, syscall: string): Descriptor {
  checkFd(fd)
  const descriptor = descriptors.get(fd)
  if (descriptor === undefined) throw new SocketError(E.BADF, syscall)
  return descriptor
}

function checkFd(fd: number): void {
  if (!Number.isInteger(fd)) throw new TypeError(`a descriptor must be a whole number, not ${String(fd)}`)
}
