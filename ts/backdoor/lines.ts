import { SocketError } from "../exceptions.ts"
import type { Socket } from "../socket/socket.ts"
import type { BlockingCall } from "../wait.ts"
import { END, INTERRUPT, Telnet } from "./telnet.ts"

const LINE_FEED = 10
const CARRIAGE_RETURN = 13
const CHUNK = 4096

/** A line without its end, `^C`, or the end of all input. */
export type Line = string | typeof Lines.INTERRUPTED | null

/** The lines that a user sends. */
export class Lines {
  /** The user has pressed ^C. */
  static readonly INTERRUPTED: unique symbol = Symbol("^C")
  private readonly socket: Socket
  private readonly longest: number
  private readonly telnet: Telnet
  private readonly decoder = new TextDecoder()
  private bytes: number[] = []
  private ready: Line[] = []

  /**
   * @param longest - Bytes of the longest line.
   * @param reply - Sends what telnet wants to be told.
   */
  constructor(socket: Socket, longest: number, reply: (bytes: Uint8Array) => void) {
    this.socket = socket
    this.longest = longest
    this.telnet = new Telnet((byte) => this.take(byte), reply)
  }

  /**
   * Waits for the next line.
   *
   * @throws {RangeError} for a line that is too long.
   */
  *next(): Generator<BlockingCall<unknown>, Line, unknown> {
    while (this.ready.length === 0) {
      const chunk = yield* this.receive()
      if (chunk.length > 0) this.telnet.push(chunk)
      else {
        if (this.bytes.length > 0) this.ready.push(this.line())
        this.ready.push(null)
      }
      if (this.bytes.length > this.longest) throw new RangeError(`a line has ${this.longest} bytes at most`)
    }
    // nothing follows the end
    return this.ready[0] === null ? null : this.ready.shift()!
  }

  /** A user who is cut off has ended as well. */
  private *receive(): Generator<BlockingCall<unknown>, Uint8Array, unknown> {
    try {
      return yield* this.socket.recv(CHUNK)
    } catch (error) {
      if (error instanceof SocketError) return new Uint8Array()
      throw error
    }
  }

  private take(byte: number): void {
    if (byte === LINE_FEED) this.ready.push(this.line())
    else if (byte === INTERRUPT) {
      this.bytes = []
      this.ready.push(Lines.INTERRUPTED)
    } else if (byte === END) {
      if (this.bytes.length === 0) this.ready.push(null)
    } else if (byte !== 0) this.bytes.push(byte) // telnet's carriage return has a NUL behind it
  }

  private line(): string {
    if (this.bytes.at(-1) === CARRIAGE_RETURN) this.bytes.pop()
    const text = this.decoder.decode(Uint8Array.from(this.bytes))
    this.bytes = []
    return text
  }
}
