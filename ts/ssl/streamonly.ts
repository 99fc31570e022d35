import { SocketError } from "../exceptions.ts"
import { E } from "../host/errno.ts"
import { Socket } from "../socket/socket.ts"

/**
 * A socket without the calls that cannot go through TLS, which has no datagrams, no control messages and one end on each side.
 * What Python answers with a ValueError is a RangeError, and what it has not is ENOTSUP.
 */
export abstract class StreamOnlySocket extends Socket {
  /** TLS has no senders. @throws {RangeError} always. {SocketError} EBADF when it is closed. */
  override recvfrom(): never {
    return this.notAllowed("recvfrom")
  }

  /** TLS has no senders. @throws {RangeError} always. {SocketError} EBADF when it is closed. */
  override recvfromInto(): never {
    return this.notAllowed("recvfromInto")
  }

  /** TLS has no receivers. @throws {RangeError} always. {SocketError} EBADF when it is closed. */
  override sendto(): never {
    return this.notAllowed("sendto")
  }

  /** TLS has no messages. @throws {SocketError} always, ENOTSUP. */
  override recvmsg(): never {
    return this.notSupported("recvmsg", "TLS has no messages")
  }

  /** TLS has no messages. @throws {SocketError} always, ENOTSUP. */
  override recvmsgInto(): never {
    return this.notSupported("recvmsgInto", "TLS has no messages")
  }

  /** TLS has no messages. @throws {SocketError} always, ENOTSUP. */
  override sendmsg(): never {
    return this.notSupported("sendmsg", "TLS has no messages")
  }

  /** Two sockets cannot share a TLS connection. @throws {SocketError} always, ENOTSUP. */
  override dup(): never {
    return this.notSupported("dup", "two sockets cannot share a TLS connection")
  }

  private notAllowed(syscall: string): never {
    this.endpoint.live(syscall)
    throw new RangeError(`${syscall} is not allowed on an SSLSocket: it has one peer`)
  }

  private notSupported(syscall: string, reason: string): never {
    this.endpoint.live(syscall)
    throw new SocketError(E.NOTSUP, syscall, reason)
  }
}

/** Throws unless they are 0: TLS cannot pass them on. @throws {RangeError} {TypeError} for what is no number. */
export function checkNoFlags(flags: number, syscall: string): void {
  if (flags === 0) return
  if (typeof flags !== "number") throw new TypeError(`flags must be a whole number, not ${String(flags)}`)
  throw new RangeError(`flags of ${syscall} must be 0 on an SSLSocket, not ${flags}`)
}
