import { descriptors } from "../core/descriptors.ts"
import { READ, WRITE } from "../core/flags.ts"
import { SocketError } from "../exceptions.ts"
import type { Descriptor } from "../host/descriptor.ts"
import { E } from "../host/errno.ts"
import { Direction } from "./direction.ts"

/** A socket's descriptor, and who waits for it. */
export class Endpoint {
  /** Its number in the fd table; -1 once it is closed or detached. */
  fd: number
  /** Seconds that a call may take; null = any time, 0 = calls do not wait. */
  timeout: number | null
  /** What the number stands for. */
  descriptor: Descriptor
  readonly input: Direction
  readonly output: Direction
  /** The files of a socket that are not closed; null before the first one. */
  files: Set<Disposable> | null = null

  constructor(fd: number, descriptor: Descriptor, timeout: number | null) {
    this.fd = fd
    this.descriptor = descriptor
    this.timeout = timeout
    this.input = new Direction(fd, READ, true)
    this.output = new Direction(fd, WRITE, false)
  }

  /** The descriptor. @throws {SocketError} EBADF once it is closed. */
  live(syscall: string): Descriptor {
    if (this.fd < 0) throw new SocketError(E.BADF, syscall)
    return this.descriptor
  }

  /** Puts another descriptor behind the number. Who waits is told that the socket was closed. */
  exchange(descriptor: Descriptor): void {
    this.input.close()
    this.output.close()
    descriptors.exchange(this.fd, descriptor)
    this.descriptor = descriptor
  }

  /** Gives the number back without closing it. Who waits is told that it was closed. */
  release(): number {
    const fd = this.fd
    this.fd = -1
    this.input.close()
    this.output.close()
    return fd
  }

  /** Closes it. A second call does nothing. */
  close(): void {
    if (this.fd < 0) return
    const fd = this.release()
    // somebody else may have closed the number, and another descriptor have it now
    if (descriptors.get(fd) === this.descriptor) descriptors.close(fd)
  }
}

/** The error for a negative result of a call; a result that is none is returned. */
export function checked(result: number, syscall: string): number {
  if (result < 0) throw new SocketError(result, syscall)
  return result
}
