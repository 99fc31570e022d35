const empty = new Uint8Array(0)
const SMALLEST = 1024

/** Bytes that were read and not taken yet. A chunk that arrives while there are none is kept as it is. */
export class ByteBuffer {
  private bytes: Uint8Array = empty
  private start = 0
  private end = 0

  /** How many there are. */
  get length(): number {
    return this.end - this.start
  }

  /** Appends a chunk, which the buffer owns from now on. */
  push(chunk: Uint8Array): void {
    if (this.start === this.end) {
      this.bytes = chunk
      this.start = 0
      this.end = chunk.length
      return
    }
    const needed = this.length + chunk.length
    if (this.end + chunk.length > this.bytes.length) this.move(needed)
    this.bytes.set(chunk, this.end)
    this.end += chunk.length
  }

  /** Where a byte is, from the place `from` on; -1 when it is not there. */
  indexOf(byte: number, from: number): number {
    const at = this.bytes.indexOf(byte, this.start + from)
    return at < 0 || at >= this.end ? -1 : at - this.start
  }

  /** Takes the first `count` bytes out; the caller owns them. */
  take(count: number): Uint8Array {
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
    const part = this.bytes.subarray(this.start, Math.min(this.start + count, this.end))
    this.drop(part.length)
    return part
  }

  /** A copy of the first `count` bytes at most, which stay. */
  peek(count: number): Uint8Array {
    return this.bytes.slice(this.start, Math.min(this.start + count, this.end))
  }

  /** Moves as many bytes as fit into `into`, and returns their number. */
  copyTo(into: Uint8Array): number {
    const count = Math.min(this.length, into.length)
    into.set(this.bytes.subarray(this.start, this.start + count))
    this.drop(count)
    return count
  }

  /** Drops everything. */
  clear(): void {
    this.bytes = empty
    this.start = this.end = 0
  }

  private drop(count: number): void {
    this.start += count
    if (this.start === this.end) this.clear()
  }

  private move(needed: number): void {
    const { length } = this
    const bytes = new Uint8Array(Math.max(needed, length * 2, SMALLEST))
    bytes.set(this.bytes.subarray(this.start, this.end))
    this.bytes = bytes
    this.start = 0
    this.end = length
  }
}
