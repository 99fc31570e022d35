const empty = new Uint8Array(0)

/**
 * Bytes in order, kept as the chunks they came in. The usual case, one chunk at a time, touches no array.
 *
 * @example
 * ```ts
 * const queue = new ChunkQueue()
 * queue.push(Uint8Array.of(1, 2, 3))
 * queue.copyTo(new Uint8Array(2)) // 2
 * queue.take(64) // Uint8Array [3]
 * ```
 */
export class ChunkQueue {
  /** Bytes that are queued. */
  size = 0
  private first: Uint8Array | undefined = undefined
  private offset = 0
  private readonly rest: Uint8Array[] = []
  private next = 0

  /** Appends a chunk, which the queue then owns. An empty one is dropped. */
  push(chunk: Uint8Array): void {
    if (chunk.length === 0) return
    this.size += chunk.length
    if (this.first === undefined) this.first = chunk
    else this.rest.push(chunk)
  }

  /** Puts a chunk back in front, which the queue then owns. */
  unshift(chunk: Uint8Array): void {
    if (chunk.length === 0) return
    const { first, offset, next } = this
    this.size += chunk.length
    if (first !== undefined) this.rest.splice(next, 0, offset === 0 ? first : first.subarray(offset))
    this.first = chunk
    this.offset = 0
  }

  /** Moves as many bytes as fit into `into` and returns their number. */
  copyTo(into: Uint8Array): number {
    const room = into.length
    let done = 0
    let chunk = this.first
    while (chunk !== undefined && done < room) {
      const left = chunk.length - this.offset
      const count = left < room - done ? left : room - done
      into.set(count === chunk.length ? chunk : chunk.subarray(this.offset, this.offset + count), done)
      done += count
      if (count === left) chunk = this.advance()
      else this.offset += count
    }
    this.size -= done
    return done
  }

  /** Copies as many bytes as fit into `into`; they stay. */
  peek(into: Uint8Array): void {
    const { first, offset, rest, next } = this
    if (first === undefined) return
    let done = fill(into, 0, first.subarray(offset))
    for (let i = next; i < rest.length && done < into.length; i++) done = fill(into, done, rest[i]!)
  }

  /** Hands over up to `max` bytes of the oldest chunk, without copying; an empty array when there is none. */
  take(max: number): Uint8Array {
    const chunk = this.first
    if (chunk === undefined || max <= 0) return empty
    const left = chunk.length - this.offset
    if (left <= max) {
      const taken = this.offset === 0 ? chunk : chunk.subarray(this.offset)
      this.size -= left
      this.advance()
      return taken
    }
    // A copy: the caller owns what it gets, and views of one chunk would let two owners share a buffer they may detach.
    const part = chunk.slice(this.offset, this.offset + max)
    this.offset += max
    this.size -= max
    return part
  }

  /** Drops everything. */
  clear(): void {
    this.size = 0
    this.first = undefined
    this.offset = 0
    if (this.rest.length > 0) this.rest.length = 0
    this.next = 0
  }

  private advance(): Uint8Array | undefined {
    this.offset = 0
    const rest = this.rest
    if (this.next < rest.length) {
      this.first = rest[this.next]
      rest[this.next++] = empty
      // A queue that never runs empty would otherwise grow its array for ever.
      if (this.next >= 1024 && this.next * 2 >= rest.length) {
        rest.splice(0, this.next)
        this.next = 0
      }
      return this.first
    }
    if (this.next > 0) {
      rest.length = 0
      this.next = 0
    }
    return (this.first = undefined)
  }
}

// Puts what fits of a chunk at `offset`, and returns the offset after it.
function fill(into: Uint8Array, offset: number, chunk: Uint8Array): number {
  const count = Math.min(chunk.length, into.length - offset)
  into.set(chunk.subarray(0, count), offset)
  return offset + count
}
