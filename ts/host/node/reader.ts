import { Buffer } from "node:buffer"
import { copyScratch, scratch } from "./scratch.ts"

const SIZE = 65536
// From here on a buffer is given away with the bytes that were read into it; below, they are copied out of it.
const LARGE = SIZE / 2

/**
 * What one connection reads into. Small reads go to the one scratch buffer of all connections and are copied. While reads
 * are large, the connection has a buffer of its own, which becomes the chunk: 64 KiB take 7 to 12 µs to be copied, as long
 * as to be received.
 */
export class Reader {
  private buffer = scratch
  private changed = true

  /** The `buffer` of Node's `onread`: what to read into from now on; undefined for the same as before. */
  readonly next = (): Uint8Array => {
    const { changed } = this
    this.changed = false
    // Node takes a buffer for new and anything else for no change, which its types do not say
    return changed ? this.buffer : (undefined as unknown as Uint8Array)
  }

  /** The bytes that were read, as a chunk that whoever gets it owns. */
  chunk(count: number): Uint8Array {
    const { buffer } = this
    if (count < LARGE) {
      if (buffer === scratch) return copyScratch(count)
      this.change(scratch)
      return buffer.slice(0, count)
    }
    this.change(new Uint8Array(Buffer.allocUnsafeSlow(SIZE).buffer))
    if (buffer === scratch) return scratch.slice(0, count)
    return count === SIZE ? buffer : buffer.subarray(0, count)
  }

  private change(buffer: Uint8Array<ArrayBuffer>): void {
    this.buffer = buffer
    this.changed = true
  }
}
