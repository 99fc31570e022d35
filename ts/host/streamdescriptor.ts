import type { ChunkQueue } from "./chunks.ts"
import { Descriptor, type Address, type Received } from "./descriptor.ts"
import { E } from "./errno.ts"

/** A stream socket whose bytes wait in a queue: what calls for datagrams do with it. */
export abstract class StreamDescriptor extends Descriptor {
  /** What was received, and nobody has taken yet. */
  protected abstract readonly inbox: ChunkQueue

  /** Bytes that `recv` would give now. */
  get pending(): number {
    return this.inbox.size
  }

  override recvfrom(max: number, peek: boolean): Received | number {
    if (peek && max > 0 && this.inbox.size > 0) {
      const data = new Uint8Array(Math.min(max, this.inbox.size))
      this.inbox.peek(data)
      return { data, address: undefined }
    }
    // with nothing there, peeking takes nothing either
    const data = this.take(max)
    if (typeof data === "number") return data
    return data.length === 0 ? 0 : { data, address: undefined }
  }

  override sendto(from: Uint8Array, _address: Address): number {
    return this.send(from)
  }

  override disconnect(): number {
    return -E.NOTSUP
  }
}
