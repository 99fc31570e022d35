import { Buffer } from "node:buffer"
import type { Socket } from "node:net"
import { E, errnoOf } from "../errno.ts"
import type { Credentials, SecureOptions } from "../secure.ts"
import { HIGH_WATER_MARK } from "../wire.ts"
import { AcceptedWire } from "./acceptedwire.ts"
import { CHUNK, CLOSED, GREETING, SecureStream, SHAKING, UP } from "./securestream.ts"
import type { Stream } from "./stream.ts"
import { nativeSocket } from "./wire.ts"

// V8 keeps the bytes of an array up to this length beside it, and moves them once native code asks for them.
const SMALL = 64
const small = new Uint8Array(new ArrayBuffer(SMALL))

/**
 * TLS over a connection of Node's own: no sealed byte comes to JavaScript. But who has begun cannot stop: the connection is not to
 * be had back, and it is not known whether the peer ended the stream or the network did.
 */
export class DirectStream extends SecureStream {
  private readonly socket: Socket
  private paused = false
  // Bytes that the engine seals and sends now.
  private sealing = 0
  // Those that wait behind them.
  private waiting: Uint8Array[] = []
  private waitingSize = 0
  private finished = false
  private readonly sent = (error?: Error | null): void => this.written(error)

  private constructor(inner: Stream, socket: Socket, options: SecureOptions) {
    super(inner, options)
    this.socket = socket
  }

  /** TLS over this stream; undefined when it has no connection that Node's TLS could have for itself. */
  static over(inner: Stream, options: SecureOptions): DirectStream | undefined {
    if (inner.links !== 1) return undefined
    const wire = inner.connection
    const socket = nativeSocket(wire instanceof AcceptedWire && !wire.destroyed ? wire.open() : wire)
    return socket === undefined ? undefined : new DirectStream(inner, socket, options)
  }

  override get ragged(): boolean {
    return false
  }

  override unwrap(): number {
    return -E.NOTSUP
  }

  override send(from: Uint8Array): number {
    const result = this.sendable()
    if (result < 0) return result
    const room = HIGH_WATER_MARK - this.sealing - this.waitingSize
    if (room <= 0) return -E.AGAIN
    const count = from.length < room ? from.length : room
    if (count === 0) return 0
    const bytes = count === from.length ? from : from.subarray(0, count)
    if (this.sealing === 0) this.seal(bytes)
    else {
      this.waiting.push(bytes.slice())
      this.waitingSize += count
    }
    return count
  }

  override ready(): void {
    while (this.state === GREETING) {
      const chunk = this.inner.take(CHUNK)
      if (chunk === -E.AGAIN) return
      if (typeof chunk === "number") this.broken(-chunk)
      else if (chunk.length === 0) this.lost()
      else this.greeted(chunk)
    }
  }

  protected override begin(credentials: Credentials, received: Uint8Array): void {
    const { inner, socket } = this
    const ahead = [received]
    for (;;) {
      const chunk = inner.take(CHUNK)
      if (typeof chunk === "number" && chunk !== -E.AGAIN) {
        this.broken(-chunk)
        return
      }
      if (typeof chunk === "number" || chunk.length === 0) break
      ahead.push(chunk)
    }
    // the engine begins to read again, and is told of an end that was there already
    socket.pause()
    const engine = this.open(socket, credentials)
    if (engine === undefined) return
    // what comes is taken where Node puts it into the socket's stream; null is the end
    engine.push = (chunk: Buffer | null): boolean => this.arrived(chunk)
    engine.on("finish", () => {
      this.finished = true
      this.tellEnded()
    })
    for (const chunk of ahead) if (chunk.length > 0) engine._handle!.receive(chunk)
  }

  private arrived(chunk: Buffer | null): boolean {
    if (chunk === null) {
      if (this.state === SHAKING) this.lost()
      else if (this.state === UP) this.peerEnded()
      return false
    }
    this.received(chunk)
    return !(this.paused = this.inbox.size >= HIGH_WATER_MARK)
  }

  protected override taken(): void {
    if (!this.paused || this.inbox.size >= HIGH_WATER_MARK / 2) return
    this.paused = false
    this.engine?._read(0)
  }

  // --- bytes out ---

  protected override get full(): boolean {
    return this.sealing + this.waitingSize >= HIGH_WATER_MARK
  }

  /** Seals bytes, which are the caller's again when that returns: Node has sealed or copied them by then. */
  private seal(bytes: Uint8Array): void {
    const count = (this.sealing = bytes.length)
    if (count <= SMALL) {
      small.set(bytes)
      bytes = count === SMALL ? small : small.subarray(0, count)
    }
    // past the stream's queue: one write at a time is what it would make of them
    this.engine!._write(bytes, "buffer" as BufferEncoding, this.sent)
  }

  private written(error: Error | null | undefined): void {
    const { full, waiting } = this
    this.sealing = 0
    if (this.engine === undefined) return
    if (error) {
      this.waiting = []
      this.waitingSize = 0
      this.writeError(error)
      return
    }
    if (waiting.length > 0) {
      this.waiting = []
      this.waitingSize = 0
      this.seal(waiting.length === 1 ? waiting[0]! : Buffer.concat(waiting))
    } else if (this.writeEnded) this.engine.end()
    if (full) this.notify()
  }

  private writeError(error: Error): void {
    const errno = errnoOf((error as { code?: string }).code ?? "")
    if (this.state === CLOSED) this.broken(errno ?? E.PROTO)
    else if (errno === E.PIPE) this.refused()
    else this.engineFailed(error)
  }

  protected override get handedDown(): boolean {
    return this.finished
  }

  protected override endWriting(): void {
    if (this.sealing === 0) this.engine!.end()
  }

  // --- ends ---

  protected override halfClosed(): void {
    // the engine ends the connection with the stream
  }

  protected override engineClosed(): void {
    this.finished = true
    this.tellEnded()
    super.engineClosed()
  }

  protected override drop(): void {
    const { engine } = this
    this.state = CLOSED
    this.engine = this.ended = undefined
    this.leave()
    // before the engine goes, which would close the connection in its own way
    this.inner.unlink()
    engine?.destroy()
  }
}
