const empty = new Uint8Array(0)
const SMALLEST = 1024
/** From so many chunks on they are joined if they are smaller than a page, each of which costs more than its bytes. */
const MANY = 64
const PAGE = 4096

/**
 * Bytes that were read and not taken yet. A chunk that arrives while there are none is kept as it is, and those that follow are
 * joined to it when somebody looks, so that who takes all of many chunks has them copied once.
 */
export class ByteBuffer {
  private bytes: Uint8Array = empty
  private start = 0
  private end = 0
  private readonly chunks: Uint8Array[] = []
  private chunked = 0

  /** How many there are. */
  get length(): number {
    return this.end - this.start + this.chunked
  }

  /** Appends a chunk, which the buffer owns from now on. */
  push(chunk: Uint8Array): void {
    if (this.start === this.end) {
      this.bytes = chunk
      this.start = 0
      this.end = chunk.length
      return
    }
    const count = this.chunks.push(chunk)
    this.chunked += chunk.length
    if (count >= MANY && this.chunked < count * PAGE) this.join()
  }

  /** Where a byte is, from the place `from` on; -1 when it is not there. */
  indexOf(byte: number, from: number): number {
    this.join()
    const at = this.bytes.indexOf(byte, this.start + from)
    return at < 0 || at >= this.end ? -1 : at - this.start
  }

  /** Takes the first `count` bytes out; the caller owns them. */
  take(count: number): Uint8Array {
    if (this.chunks.length > 0) {
      if (count === this.length) return this.takeChunks()
      this.join()
    }
    const { bytes, start } = this
    if (count === bytes.length) {
      this.clear()
      return bytes
    }
    const part = bytes.slice(start, start + count)
    this.drop(count)
    return part
  }

  /** Takes up to `count` bytes out, to be looked at before the next call: no copy is made. */
  view(count: number): Uint8Array {
    this.join()
    const part = this.bytes.subarray(this.start, Math.min(this.start + count, this.end))
    this.drop(part.length)
    return part
  }

  /** A copy of the first `count` bytes at most, which stay. */
  peek(count: number): Uint8Array {
    this.join()
    return this.bytes.slice(this.start, Math.min(this.start + count, this.end))
  }

  /** Moves as many bytes as fit into `into`, and returns their number. */
  copyTo(into: Uint8Array): number {
    this.join()
    const count = Math.min(this.length, into.length)
    into.set(this.bytes.subarray(this.start, this.start + count))
    this.drop(count)
    return count
  }

  /** Drops everything. */
  clear(): void {
    this.bytes = empty
    this.start = this.end = 0
    this.chunks.length = this.chunked = 0
  }

  private drop(count: number): void {
    this.start += count
    if (this.start === this.end) this.clear()
  }

  private takeChunks(): Uint8Array {
    const all = new Uint8Array(this.length)
    all.set(this.bytes.subarray(this.start, this.end))
    this.appendTo(all, this.end - this.start)
    this.clear()
    return all
  }

  /** Makes one array of the bytes, with room for as many again where they had to move. */
  private join(): void {
    if (this.chunks.length === 0) return
    const { length, chunked } = this
    if (this.end + chunked > this.bytes.length) {
      const bytes = new Uint8Array(Math.max(length, (length - chunked) * 2, SMALLEST))
      bytes.set(this.bytes.subarray(this.start, this.end))
      this.bytes = bytes
      this.start = 0
      this.end = length - chunked
    }
    this.appendTo(this.bytes, this.end)
    this.end += chunked
    this.chunks.length = this.chunked = 0
  }

  private appendTo(bytes: Uint8Array, end: number): void {
    for (const chunk of this.chunks) {
      bytes.set(chunk, end)
      end += chunk.length
    }
  }
}
