import { ChunkQueue } from "../host/chunks.ts"
import { type Descriptor, ERR, HUP, IN, OUT, RDHUP, type Address } from "../host/descriptor.ts"
import { E } from "../host/errno.ts"
import { SO_ACCEPTCONN, SO_DOMAIN, SO_ERROR, SO_PROTOCOL, SO_TYPE, SOL_SOCKET } from "../host/options.ts"
import { OptionShadow } from "../host/optionshadow.ts"
import { StreamDescriptor } from "../host/streamdescriptor.ts"

/** How many bytes may wait in each direction. */
export const PAIR_CAPACITY = 256 * 1024

// There is no room for more until this much is free, so that a writer is not woken for each byte that is read.
const LOW_WATER = PAIR_CAPACITY / 2

const AF_UNIX = 1
const unnamed: Address = { family: "unix", path: "" }

/** One end of a socket pair. What it receives waits in its own queue. */
class PairEnd extends StreamDescriptor {
  peer: PairEnd | undefined = undefined
  protected override readonly inbox = new ChunkQueue()
  private readonly options = new OptionShadow()
  private open = true
  private readEnded = false
  private writeEnded = false
  // the other end found it full
  private full = false
  private error = 0

  override readiness(): number {
    const { peer } = this
    let bits = this.inbox.size > 0 ? IN : 0
    if (this.readEnded) bits |= IN | RDHUP
    if (this.writeEnded || peer === undefined || !peer.full) bits |= OUT
    if (this.readEnded && this.writeEnded) bits |= HUP
    if (this.error !== 0) bits |= ERR | IN | OUT
    return bits
  }

  override bind(_address: Address): number {
    return this.open ? -E.INVAL : -E.BADF
  }

  override listen(_backlog: number): number {
    return this.open ? -E.INVAL : -E.BADF
  }

  override accept(): number {
    return this.open ? -E.INVAL : -E.BADF
  }

  override connect(_address: Address): number {
    return this.open ? -E.ISCONN : -E.BADF
  }

  override recv(into: Uint8Array): number {
    if (this.inbox.size === 0) return into.length === 0 && this.open ? 0 : this.nothing()
    const count = this.inbox.copyTo(into)
    if (this.full) this.drain()
    return count
  }

  override take(max: number): Uint8Array | number {
    if (this.inbox.size === 0) {
      const result = max <= 0 && this.open ? 0 : this.nothing()
      return result < 0 ? result : new Uint8Array(0)
    }
    const chunk = this.inbox.take(max)
    if (this.full) this.drain()
    return chunk
  }

  override send(from: Uint8Array): number {
    if (!this.open) return -E.BADF
    if (this.error !== 0) return -this.takeError()
    const { peer } = this
    if (this.writeEnded || peer === undefined) return -E.PIPE
    return peer.receive(from)
  }

  override shutdown(how: 0 | 1 | 2): number {
    if (!this.open) return -E.BADF
    if (how !== 1) this.readEnded = true
    if (how !== 0) this.writeEnded = true
    // either end knows at once what the other does no more
    if (how !== 1) this.peer?.ended(false, true)
    if (how !== 0) this.peer?.ended(true, false)
    this.notify()
    return 0
  }

  override localAddress(): Address | number {
    return this.open ? unnamed : -E.BADF
  }

  override peerAddress(): Address | number {
    return this.open ? unnamed : -E.BADF
  }

  override setOption(level: number, name: number, value: number): number {
    if (!this.open) return -E.BADF
    return level === SOL_SOCKET ? this.options.set(level, name, value) : -E.NOTSUP
  }

  override getOption(level: number, name: number): number {
    if (!this.open) return -E.BADF
    if (level !== SOL_SOCKET) return -E.NOTSUP
    if (name === SO_ERROR) return this.takeError()
    if (name === SO_TYPE) return 1
    if (name === SO_DOMAIN) return AF_UNIX
    if (name === SO_ACCEPTCONN || name === SO_PROTOCOL) return 0
    return this.options.get(level, name)
  }

  override close(): void {
    if (!this.open) return
    this.open = false
    const { peer } = this
    this.peer = undefined
    // as of a unix socket: what it has not read is lost, and the other end hears of that
    peer?.lost(this.inbox.size > 0)
    this.inbox.clear()
  }

  private receive(from: Uint8Array): number {
    const room = PAIR_CAPACITY - this.inbox.size
    if (this.full || room === 0) {
      this.full = true
      return from.length === 0 ? 0 : -E.AGAIN
    }
    const count = Math.min(from.length, room)
    const empty = this.inbox.size === 0
    this.inbox.push(from.slice(0, count))
    this.full = count === room
    if (empty && count > 0) this.notify()
    return count
  }

  private drain(): void {
    if (this.inbox.size > PAIR_CAPACITY - LOW_WATER) return
    this.full = false
    this.peer?.notify()
  }

  private ended(reading: boolean, writing: boolean): void {
    this.readEnded ||= reading
    this.writeEnded ||= writing
    this.notify()
  }

  private lost(reset: boolean): void {
    this.peer = undefined
    if (reset) this.error = E.CONNRESET
    this.ended(true, true)
  }

  private nothing(): number {
    if (!this.open) return -E.BADF
    if (this.error !== 0) return -this.takeError()
    return this.readEnded ? 0 : -E.AGAIN
  }

  private takeError(): number {
    const { error } = this
    this.error = 0
    return error
  }
}

/**
 * Two connected unix stream sockets within the process, with socketpair(2)'s semantics for non-blocking ends: half-close
 * works both ways, sending to an end that reads no more is -E.PIPE, and data that an end had not read when it was closed is a
 * -E.CONNRESET for the other one.
 *
 * @returns The two ends.
 * @example
 * ```ts
 * const [left, right] = createSocketPair()
 * left.send(Uint8Array.of(1))
 * right.take(64) // Uint8Array [1]
 * ```
 */
export function createSocketPair(): [left: Descriptor, right: Descriptor] {
  const left = new PairEnd()
  const right = new PairEnd()
  left.peer = right
  right.peer = left
  return [left, right]
}
