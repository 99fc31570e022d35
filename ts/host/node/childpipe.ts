import type net from "node:net"
import type { Readable, Writable } from "node:stream"
import { ChunkQueue } from "../chunks.ts"
import { Descriptor, ERR, HUP, IN, OUT } from "../descriptor.ts"
import { E } from "../errno.ts"
import { HIGH_WATER_MARK, type WireUser } from "../wire.ts"
import { writeCopy } from "./copies.ts"
import { transport } from "./transport.ts"
import { adoptPipe, fdOf, handleOf, takeHandle, type Handle } from "./wire.ts"

/**
 * This end of a pipe whose other end is a descriptor of a child. It reads ahead up to the high-water mark, and takes writes
 * while the pipe, or the host's queue before it, has room.
 */
export class ChildPipe extends Descriptor implements WireUser {
  private readonly source: Readable | null
  private readonly sink: Writable | null
  // The system's number, where the host shows it: bytes go there straight from the caller's memory.
  private readonly fd: number
  private readonly inbox = new ChunkQueue()
  private shut = false
  private finished = false
  private paused = false
  private readEnded = false
  private writeEnded = false
  // The host's stream holds bytes: what follows has to queue behind them.
  private buffered = false
  // It holds as many as it may.
  private blocked = false

  /**
   * @param pipe - The host's stream of it, or its handle.
   * @param reads - Whether it is read.
   * @param writes - Whether it is written.
   */
  constructor(pipe: Readable | Writable | Handle, reads: boolean, writes: boolean) {
    super()
    const handle = movable(pipe)
    const stream = handle === undefined ? (pipe as net.Socket) : adoptPipe(handle, this)
    this.source = reads ? stream : null
    this.sink = writes ? stream : null
    this.fd = fdOf(handle)
    if (handle !== undefined) {
      stream.unref()
      if (reads) stream.resume()
      return
    }
    this.source?.on("data", (chunk: Buffer) => this.arrived(chunk))
    this.source?.on("end", () => this.ended())
    this.sink?.on("drain", () => this.drained())
    stream.on("error", () => this.failed())
    stream.on("close", () => this.closed())
    ;(stream as Partial<net.Socket>).unref?.()
  }

  override readiness(): number {
    let bits = 0
    if (this.source !== null) {
      if (this.inbox.size > 0) bits |= IN
      if (this.readEnded) bits |= this.sink === null ? HUP : IN
    }
    if (this.sink !== null) {
      if (!this.blocked || this.writeEnded) bits |= OUT
      if (this.writeEnded) bits |= ERR
    }
    return bits
  }

  override recv(into: Uint8Array): number {
    if (this.source === null) return -E.BADF
    if (this.inbox.size === 0) return this.nothing(into.length)
    const count = this.inbox.copyTo(into)
    if (this.paused) this.resume()
    return count
  }

  override take(max: number): Uint8Array | number {
    if (this.source === null) return -E.BADF
    if (this.inbox.size === 0) {
      const result = this.nothing(max)
      return result < 0 ? result : new Uint8Array(0)
    }
    const chunk = this.inbox.take(max)
    if (this.paused) this.resume()
    return chunk
  }

  override send(from: Uint8Array): number {
    const { sink } = this
    if (sink === null || this.shut) return -E.BADF
    if (this.writeEnded || this.finished || sink.destroyed) return -E.PIPE
    if (this.blocked) return -E.AGAIN
    if (this.buffered) this.buffered = sink.writableLength > 0
    let done = 0
    if (!this.buffered && this.fd >= 0) {
      done = transport.send(sink as net.Socket, this.fd, from)
      if (done === from.length) return done
      if (done < 0) {
        this.writeEnded = true
        return -E.PIPE
      }
    }
    const count = Math.min(from.length - done, HIGH_WATER_MARK)
    this.blocked = !writeCopy(sink, from.subarray(done, done + count))
    this.buffered = true
    return done + count
  }

  /** Ends what the child reads; what it writes goes on. */
  override shutdown(how: 0 | 1 | 2): number {
    const { sink } = this
    if (sink === null || this.shut) return -E.BADF
    if (how === 0 || this.finished) return 0
    this.finished = true
    sink.end()
    return 0
  }

  override close(): void {
    if (this.shut) return
    this.shut = true
    this.inbox.clear()
    const { source, sink } = this
    if (sink !== null && !sink.destroyed && !sink.writableFinished && (sink.writableLength > 0 || this.fd < 0)) {
      // what was taken is still delivered
      ;(sink as Partial<net.Socket>).ref?.()
      source?.resume()
      sink.once("finish", () => sink.destroy())
      sink.end()
    } else {
      source?.destroy()
      sink?.destroy()
    }
  }

  private arrived(chunk: Buffer): void {
    const { buffer, byteOffset, length } = chunk
    // hosts read into large buffers: a few bytes must not hold all of one
    const owned = length * 2 < buffer.byteLength ? Uint8Array.from(chunk) : new Uint8Array(buffer, byteOffset, length)
    if (!this.received(owned)) this.source!.pause()
  }

  /** Called by the wire. */
  received(chunk: Uint8Array): boolean {
    if (this.shut) return true
    const { inbox } = this
    inbox.push(chunk)
    if (inbox.size === chunk.length) this.notify()
    if (inbox.size < HIGH_WATER_MARK) return true
    this.paused = true
    return false
  }

  private resume(): void {
    if (this.inbox.size >= HIGH_WATER_MARK / 2) return
    this.paused = false
    this.source!.resume()
  }

  /** Called by the wire. */
  ended(): void {
    this.readEnded = true
    this.notify()
  }

  /** Called by the wire. */
  drained(): void {
    this.blocked = false
    this.notify()
  }

  /** Called by the wire, whatever happens to it: the end of the stream to who reads, EPIPE to who writes. */
  failed(): void {
    this.closed()
  }

  /** Called by the wire. */
  closed(): void {
    this.readEnded = this.writeEnded = true
    this.notify()
  }

  /** Never called: a pipe is one from the start. */
  connected(): void {}

  /** Never called: it stays what it is. */
  became(): void {}

  // What is read when the queue is empty.
  private nothing(wanted: number): number {
    if (this.shut) return -E.BADF
    return wanted === 0 || this.readEnded ? 0 : -E.AGAIN
  }
}

/** The handle of a pipe that is nobody's now; undefined where it is none that another stream could have, as Deno's. */
function movable(pipe: Readable | Writable | Handle): Handle | undefined {
  if (!("on" in pipe)) return pipe
  return handleOf(pipe)?.constructor.name === "Pipe" ? takeHandle(pipe as net.Socket) : undefined
}
