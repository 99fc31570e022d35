import { ByteBuffer } from "./bytebuffer.ts"
import { BLOCKED, type Raw } from "./raw.ts"

const empty = new Uint8Array(0)

/** Bytes of the buffer of a socket's or a pipe's file for what is written. */
export const DEFAULT_BUFFER_SIZE = 8192
/**
 * Bytes that are read at once unless a size is given, and written to what has a position. The host's chunks are that long, and a call of
 * a file costs a round through its thread pool.
 */
const CHUNK_SIZE = 65536
/** What was read at once at least when all is to be read. */
const LARGE = 65536

/**
 * Bytes between a file and its descriptor. No call waits: it says BLOCKED, and goes on where it was when it is called again.
 *
 * What has a position has one for reading and writing: what is to be written goes out before anything is read, and what was read
 * ahead is given back before anything is written. Python: `io.BufferedReader`, `io.BufferedWriter`, `io.BufferedRandom`, and
 * `io.BufferedRWPair` for what has no position.
 */
export class Buffered {
  readonly raw: Raw
  /** Bytes that wait to be written; 0: none. */
  readonly size: number
  private readonly ahead: number
  /** What was read ahead. */
  readonly input = new ByteBuffer()
  private output: Uint8Array = empty
  private first = 0
  private last = 0

  /** @param ahead - Bytes that are read at once. */
  constructor(raw: Raw, size: number, ahead: number) {
    this.raw = raw
    this.size = size
    this.ahead = ahead
  }

  /** Reads once, `wanted` bytes or a buffer full: how many came, 0 at the end, or BLOCKED. */
  fill(wanted = 1): number {
    if (!this.readyToRead()) return BLOCKED
    const chunk = this.raw.take(Math.max(this.ahead, wanted))
    if (chunk === BLOCKED) return BLOCKED
    this.input.push(chunk)
    return chunk.length
  }

  /** Reads until there are `wanted` bytes, or the end: how many there are, or BLOCKED. */
  gather(wanted: number): number {
    const { input } = this
    while (input.length < wanted) {
      const count = this.fill(Math.min(wanted - input.length, Math.max(LARGE, input.length)))
      if (count === BLOCKED) return BLOCKED
      if (count === 0) break
    }
    return Math.min(input.length, wanted)
  }

  /** Reads into a buffer, without a copy of what fills it by itself: how many bytes, 0 at the end, or BLOCKED. */
  readInto(into: Uint8Array): number {
    if (this.input.length > 0 || into.length < this.ahead) {
      if (this.input.length === 0) {
        const count = this.fill()
        if (count <= 0) return count
      }
      return this.input.copyTo(into)
    }
    return this.readyToRead() ? this.raw.recv(into) : BLOCKED
  }

  /** Writes from the place `done` on: the place up to which bytes were taken, which is the end unless it is BLOCKED after it. */
  write(bytes: Uint8Array, done: number): number {
    this.giveBack()
    while (done < bytes.length) {
      const rest = bytes.length - done
      if (rest <= this.size - this.last) {
        if (this.output.length === 0) this.output = new Uint8Array(this.size)
        this.output.set(done === 0 ? bytes : bytes.subarray(done), this.last)
        this.last += rest
        return bytes.length
      }
      if (this.last > 0) {
        if (!this.drain()) return done
        continue
      }
      const count = this.raw.send(done === 0 ? bytes : bytes.subarray(done))
      if (count === BLOCKED) return done
      done += count
    }
    return done
  }

  /** Writes what waits to be written: whether nothing does any more. False is BLOCKED. */
  drain(): boolean {
    while (this.first < this.last) {
      const count = this.raw.send(this.output.subarray(this.first, this.last))
      if (count === BLOCKED) return false
      this.first += count
    }
    this.first = this.last = 0
    return true
  }

  /** Writes what waits to be written and lets the system have it: false is BLOCKED. */
  flush(): boolean {
    return this.drain() && this.raw.change("flush") !== BLOCKED
  }

  /** Bytes that wait to be written. */
  get unwritten(): number {
    return this.last - this.first
  }

  /** Where the next byte is read or written. */
  tell(): number {
    return this.raw.seek(0, 1) - this.input.length + this.unwritten
  }

  /** Drops what waits to be written. */
  forget(): void {
    this.first = this.last = 0
    this.output = empty
  }

  /** Moves the position; nothing waits to be written. */
  seek(offset: number, whence: 0 | 1 | 2): number {
    const position = this.raw.seek(whence === 1 ? offset - this.input.length : offset, whence)
    this.input.clear()
    return position
  }

  /** What was read ahead is not; the position is where the reader is. */
  giveBack(): void {
    if (this.raw.seekable && this.input.length > 0) this.seek(0, 1)
  }

  private readyToRead(): boolean {
    if (!this.raw.seekable || !this.raw.canWrite) return true
    return this.last > 0 ? this.flush() : this.raw.change("flush") !== BLOCKED
  }
}

/** @param buffering - The size of the buffer, as the option of a file has it. */
export function openBuffered(raw: Raw, buffering: number, text: boolean): Buffered {
  if (buffering > 1) return new Buffered(raw, buffering, buffering)
  // text is read ahead in any case, since nobody knows how many bytes a character has
  if (buffering === 0 && !text) return new Buffered(raw, 0, 0)
  return new Buffered(raw, raw.seekable ? CHUNK_SIZE : DEFAULT_BUFFER_SIZE, CHUNK_SIZE)
}
