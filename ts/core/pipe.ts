import { Descriptor, ERR, HUP, IN, OUT } from "../host/descriptor.ts"
import { E } from "../host/errno.ts"

/** How many bytes a pipe holds. */
export const PIPE_CAPACITY = 65536
/** Writes of up to this many bytes are taken whole or not at all. */
export const PIPE_BUF = 4096

class Ring {
  size = 0
  // Most pipes carry little: the buffer starts small and doubles up to the capacity.
  private bytes = new Uint8Array(0)
  private start = 0

  write(from: Uint8Array, count: number): void {
    if (this.size + count > this.bytes.length) this.grow(this.size + count)
    const capacity = this.bytes.length
    const end = (this.start + this.size) % capacity
    const first = Math.min(count, capacity - end)
    this.bytes.set(from.subarray(0, first), end)
    this.bytes.set(from.subarray(first, count), 0)
    this.size += count
  }

  read(into: Uint8Array): number {
    const count = Math.min(into.length, this.size)
    const first = Math.min(count, this.bytes.length - this.start)
    into.set(this.bytes.subarray(this.start, this.start + first))
    into.set(this.bytes.subarray(0, count - first), first)
    this.size -= count
    this.start = this.size === 0 ? 0 : (this.start + count) % this.bytes.length
    return count
  }

  clear(): void {
    this.size = this.start = 0
    this.bytes = new Uint8Array(0)
  }

  private grow(need: number): void {
    let capacity = Math.max(this.bytes.length, PIPE_BUF)
    while (capacity < need) capacity *= 2
    const bytes = new Uint8Array(capacity)
    const size = this.read(bytes)
    this.bytes = bytes
    this.start = 0
    this.size = size
  }
}

class ReadEnd extends Descriptor {
  writer: WriteEnd | undefined = undefined
  open = true
  private readonly ring: Ring

  constructor(ring: Ring) {
    super()
    this.ring = ring
  }

  override readiness(): number {
    return (this.ring.size > 0 ? IN : 0) | (this.writer?.open === true ? 0 : HUP)
  }

  override recv(into: Uint8Array): number {
    if (!this.open) return -E.BADF
    if (this.ring.size === 0) return this.writer?.open === true && into.length > 0 ? -E.AGAIN : 0
    const blocked = PIPE_CAPACITY - this.ring.size < PIPE_BUF
    const count = this.ring.read(into)
    if (blocked) this.writer?.changed()
    return count
  }

  override take(max: number): Uint8Array | number {
    const chunk = new Uint8Array(Math.min(max, this.ring.size))
    const count = this.recv(max > 0 && chunk.length === 0 ? probe : chunk)
    return count < 0 ? count : chunk
  }

  override close(): void {
    if (!this.open) return
    this.open = false
    this.ring.clear()
    this.writer?.changed()
  }

  changed(): void {
    this.notify()
  }
}

class WriteEnd extends Descriptor {
  readonly reader: ReadEnd
  open = true
  private readonly ring: Ring

  constructor(ring: Ring, reader: ReadEnd) {
    super()
    this.ring = ring
    this.reader = reader
  }

  override readiness(): number {
    if (!this.reader.open) return OUT | ERR
    return PIPE_CAPACITY - this.ring.size >= PIPE_BUF ? OUT : 0
  }

  override send(from: Uint8Array): number {
    if (!this.open) return -E.BADF
    if (!this.reader.open) return -E.PIPE
    const room = PIPE_CAPACITY - this.ring.size
    if (from.length > room && (room === 0 || from.length <= PIPE_BUF)) return -E.AGAIN
    const count = Math.min(from.length, room)
    const empty = this.ring.size === 0
    this.ring.write(from, count)
    if (empty && count > 0) this.reader.changed()
    return count
  }

  override close(): void {
    if (!this.open) return
    this.open = false
    this.reader.changed()
  }

  changed(): void {
    this.notify()
  }
}

const probe = new Uint8Array(1)

/**
 * A pipe within the process, with pipe(2)'s semantics for non-blocking ends: reading the empty pipe is -E.AGAIN while
 * the writing end is open and 0 after it closed; writing without a reader is -E.PIPE; writes up to `PIPE_BUF` are
 * atomic.
 *
 * @returns The reading end and the writing end.
 * @example
 * ```ts
 * const [reader, writer] = createPipe()
 * writer.send(Uint8Array.of(1))
 * reader.take(64) // Uint8Array [1]
 * ```
 */
export function createPipe(): [reader: Descriptor, writer: Descriptor] {
  const ring = new Ring()
  const reader = new ReadEnd(ring)
  const writer = new WriteEnd(ring, reader)
  reader.writer = writer
  return [reader, writer]
}
