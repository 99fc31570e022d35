import { E } from "./errno.ts"
import type { Home } from "./host.ts"

/** Epoll bit: data, a connection or the end of the stream can be taken. */
export const IN = 1
/** Epoll bit: bytes would be accepted. */
export const OUT = 4
/** Epoll bit: an error is pending. Always reported. */
export const ERR = 8
/** Epoll bit: both directions are shut. Always reported. */
export const HUP = 16
/** Epoll bit: the peer sends no more. */
export const RDHUP = 0x2000

/** Where a socket is: numeric host and port, or the path of a unix socket (an abstract one starts with NUL). */
export type Address = { family: "inet" | "inet6"; host: string; port: number } | { family: "unix"; path: string }

/** What `recvfrom` took. */
export interface Received {
  /** A datagram as it came, or bytes of a stream. */
  data: Uint8Array
  /** Who sent it; undefined for a stream. */
  address: Address | undefined
}

/** Something that waits for a descriptor; an epoll interest is one. */
export interface Observer {
  /** The descriptor's readiness may have risen. */
  ready(): void
  /** The number `fd`, under which it may be observed, is about to be closed. */
  closed(fd: number): void
}

/**
 * An open file of this process as an fd table holds it: a socket, a listener, a pipe's end. No method blocks or throws;
 * a failure is a negative errno (`-E.AGAIN`). What a kind of descriptor cannot do answers as POSIX does: ENOTSOCK for
 * socket calls, EBADF for reading and writing.
 *
 * @example
 * ```ts
 * import { host } from "#host"
 * const stream = host.stream("inet")
 * if (typeof stream !== "number") stream.connect({ family: "inet", host: "127.0.0.1", port: 80 }) // -E.INPROGRESS
 * ```
 */
export abstract class Descriptor {
  /** Who is told when readiness rises. */
  readonly observers: Observer[] = []
  /** How many hold it, numbers of fd tables above all; the last one to go closes it. */
  links = 0

  /**
   * Epoll bits that hold now, ERR and HUP included.
   *
   * @param sought - Those that the caller looks or waits for. A descriptor may leave what nobody seeks where it is.
   */
  abstract readiness(sought?: number): number

  /** Lets go of it gracefully: what `send` accepted is still delivered. A second call does nothing. */
  abstract close(): void

  /** Whether it ends with this home. */
  belongsTo(_home: Home): boolean {
    return false
  }

  /** Gives a socket its local address. Port 0 lets the host choose one. */
  bind(_address: Address): number {
    return -E.NOTSOCK
  }

  /** Makes a socket accept connections; `backlog` is a wish. */
  listen(_backlog: number): number {
    return -E.NOTSOCK
  }

  /** Takes the next connection, or -E.AGAIN. */
  accept(): Descriptor | number {
    return -E.NOTSOCK
  }

  /** Starts to connect: -E.INPROGRESS, then OUT, and SO_ERROR tells the outcome. */
  connect(_address: Address): number {
    return -E.NOTSOCK
  }

  /** Reads into `into`: the number of bytes, 0 at the end, -E.AGAIN when nothing is there. Errors come after the data. */
  recv(_into: Uint8Array): number {
    return -E.BADF
  }

  /** Like `recv`, into `length` bytes of a memory. */
  recvAt(memory: Uint8Array, pointer: number, length: number): number {
    return this.recv(memory.subarray(pointer, pointer + length))
  }

  /** Like `recv`, with a chunk of up to `max` bytes that the caller owns; an empty one is the end of the stream. */
  take(max: number): Uint8Array | number {
    const chunk = new Uint8Array(max)
    const count = this.recv(chunk)
    return count < 0 ? count : chunk.subarray(0, count)
  }

  /** Puts bytes back in front of what `recv` gives; they are the descriptor's then. */
  unread(_bytes: Uint8Array): number {
    return -E.NOTSOCK
  }

  /** Accepts some or all of `from`, which it does not keep: the number of bytes, or -E.AGAIN. */
  send(_from: Uint8Array): number {
    return -E.BADF
  }

  /** Like `send`, from `length` bytes of a memory. */
  sendAt(memory: Uint8Array, pointer: number, length: number): number {
    return this.send(memory.subarray(pointer, pointer + length))
  }

  /**
   * Takes the oldest datagram whole, which the caller then cuts to its size; or up to `max` bytes of a stream. 0 is the end.
   *
   * @param peek - Whether it stays, to be received again.
   */
  recvfrom(_max: number, _peek: boolean): Received | number {
    return -E.NOTSOCK
  }

  /** Sends a datagram to an address: its length, or -E.AGAIN. A stream is connected, and ignores the address. */
  sendto(_from: Uint8Array, _address: Address): number {
    return -E.NOTSOCK
  }

  /** Takes the address of `connect` back: datagrams come from anybody again. */
  disconnect(): number {
    return -E.NOTSOCK
  }

  /** Ends receiving (0), sending (1) or both (2). */
  shutdown(_how: 0 | 1 | 2): number {
    return -E.NOTSOCK
  }

  /** This end's address. */
  localAddress(): Address | number {
    return -E.NOTSOCK
  }

  /** The other end's address. */
  peerAddress(): Address | number {
    return -E.NOTSOCK
  }

  /** Sets a socket option; levels and names are those of `options.ts`. */
  setOption(_level: number, _name: number, _value: number): number {
    return -E.NOTSOCK
  }

  /** Sets a socket option whose value is a C struct; one that is a number has its first four bytes as that. */
  setOptionBytes(level: number, name: number, value: Uint8Array): number {
    if (value.length < 4) return -E.INVAL
    const { buffer, byteOffset } = value
    return this.setOption(level, name, new DataView(buffer, byteOffset).getInt32(0, true))
  }

  /** Reads a socket option; reading SO_ERROR takes the pending error, as a positive errno. */
  getOption(_level: number, _name: number): number {
    return -E.NOTSOCK
  }

  /** One holder less; the last one to go closes it. */
  unlink(): void {
    if (--this.links === 0) this.close()
  }

  /**
   * Moves the position of a file from its start (0), the position (1) or its end (2): the new one, in bytes from the start, or
   * -E.SPIPE for what has none.
   */
  seek(_offset: number, _whence: 0 | 1 | 2): number {
    return -E.SPIPE
  }

  /** Gives a file another size. Accepted as `send` accepts bytes: 0, and `flush` tells the outcome; or -E.AGAIN. */
  truncate(_size: number): number {
    return -E.INVAL
  }

  /** Has a file written to its device. Accepted as `truncate`. */
  sync(): number {
    return -E.INVAL
  }

  /** Whether the system has taken all that was accepted: 0, -E.AGAIN when not yet, or what went wrong. */
  flush(): number {
    return 0
  }

  /** Whether it is a terminal. */
  get terminal(): boolean {
    return false
  }

  /**
   * A child is to have it as it is, and both go on from where the other one was: the host's number of the open file, or -1 where that
   * cannot be. Then bytes are carried to the child and from it.
   */
  inherit(): number {
    return -1
  }

  /** Tells the observers that readiness may have risen. */
  protected notify(): void {
    const observers = this.observers
    for (let i = 0; i < observers.length; i++) observers[i]!.ready()
  }
}
