import type { Received } from "../descriptor.ts"

// What the system counts for a datagram beside its bytes, roughly.
const OVERHEAD = 256

/**
 * Datagrams in order, as they came. As in the system, those that come when the buffer is full are dropped.
 *
 * @example
 * ```ts
 * const queue = new DatagramQueue(212992)
 * queue.push({ data: Uint8Array.of(1), address: { family: "inet", host: "127.0.0.1", port: 53 } })
 * queue.shift()?.data // Uint8Array [1]
 * ```
 */
export class DatagramQueue {
  /** Bytes that it holds, each datagram counted with what it costs beside them: beyond this it takes no more. */
  limit: number
  private used = 0
  private entries: Received[] = []
  private next = 0

  constructor(limit: number) {
    this.limit = limit
  }

  /** How many datagrams wait. */
  get size(): number {
    return this.entries.length - this.next
  }

  /** Appends a datagram; false when it is dropped. */
  push(received: Received): boolean {
    if (this.used >= this.limit) return false
    this.used += received.data.length + OVERHEAD
    this.entries.push(received)
    return true
  }

  /** The oldest datagram, which stays. */
  peek(): Received | undefined {
    return this.entries[this.next]
  }

  /** Takes the oldest datagram. */
  shift(): Received | undefined {
    const { entries } = this
    const received = entries[this.next]
    if (received === undefined) return undefined
    this.used -= received.data.length + OVERHEAD
    if (++this.next === entries.length) {
      entries.length = this.next = 0
    } else if (this.next >= 512) {
      // one that never runs empty would otherwise grow for ever
      this.entries = entries.slice(this.next)
      this.next = 0
    }
    return received
  }

  /** Drops everything. */
  clear(): void {
    this.entries = []
    this.used = this.next = 0
  }
}
