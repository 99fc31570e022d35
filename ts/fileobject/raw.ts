import { FileObjectClosed, UnsupportedOperation } from "../exceptions.ts"
import { E } from "../host/errno.ts"
import type { Direction } from "../socket/direction.ts"
import { checked, type Endpoint } from "../socket/endpoint.ts"

/** A call would have to wait: the direction that it waits for is `Raw.blocked`. */
export const BLOCKED = -1

/** The bottom of a file: bytes go straight from and to its descriptor. Python: `io.RawIOBase`. */
export class Raw {
  readonly endpoint: Endpoint
  readonly canRead: boolean
  readonly canWrite: boolean
  /** Whether it has a position that can be moved. */
  readonly seekable: boolean
  /** Nothing but the end of `close` is possible any more. */
  closed = false
  /** What the last call that was BLOCKED waits for. */
  blocked: Direction
  private readonly limits: { readonly timeout: number | null }

  /** @param limits - Whose timeout limits each call: a socket's, for its files. */
  constructor(
    endpoint: Endpoint,
    canRead: boolean,
    canWrite: boolean,
    limits: { readonly timeout: number | null } = endpoint,
  ) {
    this.endpoint = endpoint
    this.canRead = canRead
    this.canWrite = canWrite
    this.limits = limits
    this.blocked = endpoint.input
    this.seekable = endpoint.descriptor.seek(0, 1) >= 0
  }

  /** Seconds that a call may take; null = any time, 0 = calls do not wait. */
  get timeout(): number | null {
    return this.limits.timeout
  }

  /** @throws {FileObjectClosed} once it is closed. */
  checkOpen(): void {
    if (this.closed) throw new FileObjectClosed()
  }

  /** @throws {UnsupportedOperation} unless it was opened for reading. {FileObjectClosed} */
  checkReadable(): void {
    this.checkOpen()
    if (!this.canRead) throw new UnsupportedOperation("the file was not opened for reading")
  }

  /** @throws {UnsupportedOperation} unless it was opened for writing. {FileObjectClosed} */
  checkWritable(): void {
    this.checkOpen()
    if (!this.canWrite) throw new UnsupportedOperation("the file was not opened for writing")
  }

  /** Up to `max` bytes, none at the end; or BLOCKED. */
  take(max: number): Uint8Array | typeof BLOCKED {
    const { endpoint } = this
    for (;;) {
      const result = endpoint.live("read").take(max)
      if (typeof result !== "number") return result
      if (this.failed(result, "read", endpoint.input)) return BLOCKED
    }
  }

  /** Reads into a buffer: how many bytes, or BLOCKED. */
  recv(into: Uint8Array): number {
    const { endpoint } = this
    for (;;) {
      const result = endpoint.live("read").recv(into)
      if (result >= 0) return result
      if (this.failed(result, "read", endpoint.input)) return BLOCKED
    }
  }

  /** Writes some bytes: how many, or BLOCKED. */
  send(from: Uint8Array): number {
    const { endpoint } = this
    for (;;) {
      const result = endpoint.live("write").send(from)
      if (result >= 0) return result
      if (this.failed(result, "write", endpoint.output)) return BLOCKED
    }
  }

  /** Does something that the descriptor accepts and finishes later: 0, or BLOCKED. */
  change(syscall: "flush" | "sync" | "truncate", size = 0): number {
    const { endpoint } = this
    for (;;) {
      const result = endpoint.live(syscall)[syscall](size)
      if (result >= 0) return result
      if (this.failed(result, syscall, endpoint.output)) return BLOCKED
    }
  }

  /** Moves the position, and returns the new one. @throws {SocketError} ESPIPE, EINVAL. */
  seek(offset: number, whence: 0 | 1 | 2): number {
    return checked(this.endpoint.live("seek").seek(offset, whence), "seek")
  }

  /** Whether a call that failed has to wait; false when it is to be tried again at once. @throws {SocketError} */
  private failed(result: number, syscall: string, direction: Direction): boolean {
    if (result === -E.INTR) return false
    if (result !== -E.AGAIN) checked(result, syscall)
    this.blocked = direction
    return true
  }
}
