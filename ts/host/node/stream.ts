import { ChunkQueue } from "../chunks.ts"
import { ERR, HUP, IN, OUT, RDHUP, type Address } from "../descriptor.ts"
import { E } from "../errno.ts"
import { SO_ACCEPTCONN, SO_DOMAIN, SO_ERROR, SO_PROTOCOL, SO_TYPE, SOL_SOCKET } from "../options.ts"
import { HIGH_WATER_MARK, type Transport, type Wire, type WireListener, type WireUser } from "../wire.ts"
import type { Binding } from "./binding.ts"
import type { Domain } from "./domain.ts"
import { StreamDescriptor } from "../streamdescriptor.ts"
import { errnoOfError } from "./errors.ts"
import { LINGER } from "./farewell.ts"
import { SocketOptions } from "./sockopts.ts"

// The life of a socket, as numbers since each call looks at it.
const FRESH = 0
const LISTENING = 1
const CONNECTING = 2
const CONNECTED = 3
const FAILED = 4
const CLOSED = 5

// Milliseconds between two looks whether a unix listener has room for a connection.
const RETRY = 10

/**
 * A stream socket of TCP or of the unix domain: fresh, then a listener or a connection, as bind(2), listen(2) and
 * connect(2) make it.
 *
 * A connection reads ahead into its own queue up to the high-water mark, so that a reset or the end of the stream is
 * noticed and data that came before is never lost. Where the host can, it writes straight from the caller's memory while
 * the kernel takes it; only the rest is copied.
 */
export class Stream extends StreamDescriptor implements WireUser {
  private readonly domain: Domain
  private readonly transport: Transport
  private state = FRESH
  private wire: Wire | undefined = undefined
  private listener: WireListener | undefined = undefined
  private binding: Binding | undefined = undefined
  private options: SocketOptions | undefined = undefined
  private bound: Address | undefined = undefined
  private peer: Address | undefined = undefined
  private target: Address | undefined = undefined
  private sender = -1
  private error = 0
  protected override readonly inbox = new ChunkQueue()
  private paused = false
  private readEnded = false
  private writeEnded = false
  // The wire holds bytes: what follows has to queue behind them.
  private buffered = false
  // It takes no more.
  private blocked = false

  constructor(domain: Domain, transport: Transport) {
    super()
    this.domain = domain
    this.transport = transport
  }

  override readiness(): number {
    if (this.state === CONNECTED) {
      let bits = this.inbox.size > 0 ? IN : 0
      if (!this.blocked) bits |= OUT
      if (this.readEnded) bits |= IN | RDHUP
      if (this.writeEnded) bits |= this.readEnded ? OUT | HUP : OUT
      if (this.error !== 0) bits |= ERR | IN | OUT
      return bits
    }
    if (this.state === LISTENING) return this.listener!.ready ? IN : 0
    if (this.state === FRESH) return OUT | HUP
    if (this.state === FAILED) return IN | OUT | HUP | RDHUP | (this.error === 0 ? 0 : ERR)
    return 0
  }

  override bind(address: Address): number {
    this.recover()
    if (this.state === CLOSED) return -E.BADF
    if (this.state !== FRESH || this.bound !== undefined) return -E.INVAL
    return this.bindTo(address)
  }

  override listen(backlog: number): number {
    this.recover()
    if (this.state === CLOSED) return -E.BADF
    if (this.state === LISTENING) return 0
    if (this.state !== FRESH) return -E.INVAL
    if (this.binding === undefined) {
      const result = this.domain.any === undefined ? -E.INVAL : this.bindTo(this.domain.any)
      if (result < 0) return result
    }
    const listener = this.transport.listen(this.domain, this.binding!, backlog, () => this.notify())
    // A server that cannot listen has closed its handle, so the address is gone in either case.
    this.binding = undefined
    if (typeof listener === "number") {
      this.bound = undefined
      return listener
    }
    this.listener = listener
    this.state = LISTENING
    return 0
  }

  override accept(): Stream | number {
    if (this.state !== LISTENING) return this.state === CLOSED ? -E.BADF : -E.INVAL
    const listener = this.listener!
    const stream = listener.ready ? new Stream(this.domain, this.transport) : undefined
    const wire = stream === undefined ? -E.AGAIN : listener.accept(stream)
    if (typeof wire === "number") return wire
    stream!.bound = this.bound
    stream!.options = this.options?.inherit()
    stream!.wire = wire
    stream!.connected()
    return stream!
  }

  override connect(address: Address): number {
    this.recover()
    if (this.state === CLOSED) return -E.BADF
    if (this.state === CONNECTING) return -E.ALREADY
    if (this.state === CONNECTED || this.state === LISTENING) return -E.ISCONN
    if (this.state === FAILED) return this.failureOnce()
    const unfit = this.domain.check(address)
    if (unfit < 0) return unfit
    this.target = address
    return this.startConnect(address)
  }

  private startConnect(address: Address): number {
    const binding = this.binding
    this.binding = undefined
    try {
      this.wire = this.transport.connect(this.domain, address, binding, this)
    } catch (error) {
      return -errnoOfError(error)
    }
    this.state = CONNECTING
    return -E.INPROGRESS
  }

  override recv(into: Uint8Array): number {
    if (this.inbox.size === 0) return into.length === 0 && this.state === CONNECTED ? 0 : this.nothing()
    const count = this.inbox.copyTo(into)
    if (this.paused) this.resume()
    return count
  }

  override take(max: number): Uint8Array | number {
    if (this.inbox.size === 0) {
      const result = max <= 0 && this.state === CONNECTED ? 0 : this.nothing()
      return result < 0 ? result : new Uint8Array(0)
    }
    const chunk = this.inbox.take(max)
    if (this.paused) this.resume()
    return chunk
  }

  override unread(bytes: Uint8Array): number {
    if (this.state !== CONNECTED) return this.state === CLOSED ? -E.BADF : -E.NOTCONN
    this.inbox.unshift(bytes)
    this.notify()
    return 0
  }

  override send(from: Uint8Array): number {
    if (this.state !== CONNECTED) {
      if (this.state === CLOSED) return -E.BADF
      if (this.state === CONNECTING) return -E.AGAIN
      return this.error === 0 ? -E.PIPE : -this.takeError()
    }
    if (this.error !== 0) return -this.takeError()
    const wire = this.wire!
    if (this.writeEnded || wire.destroyed) return -E.PIPE
    if (this.blocked) return -E.AGAIN
    if (this.buffered) this.buffered = wire.writableLength > 0
    const { transport } = this
    let done = 0
    if (!this.buffered && this.sender >= 0) {
      done = transport.send(wire, this.sender, from)
      if (done === from.length) return done
      if (done < 0) {
        if (done === -E.PIPE) this.writeEnded = true
        return done
      }
      if (transport.resumes) {
        this.blocked = true
        return done > 0 ? done : -E.AGAIN
      }
    }
    const count = Math.min(from.length - done, HIGH_WATER_MARK - wire.writableLength)
    transport.write(wire, done === 0 && count === from.length ? from : from.subarray(done, done + count))
    this.buffered = true
    // writing may have made it another one
    this.blocked = this.wire!.writableLength >= HIGH_WATER_MARK
    return done + count
  }

  override shutdown(how: 0 | 1 | 2): number {
    if (this.state === LISTENING && how !== 1) {
      this.listener!.close()
      this.listener = undefined
      this.state = FRESH
      this.bound = undefined
      this.notify()
      return 0
    }
    if (this.state !== CONNECTED) return this.state === CLOSED ? -E.BADF : -E.NOTCONN
    if (how !== 1) this.readEnded = true
    if (how !== 0 && !this.writeEnded) {
      this.writeEnded = true
      this.wire!.end()
    }
    this.notify()
    return 0
  }

  override localAddress(): Address | number {
    if (this.state === CLOSED) return -E.BADF
    if (this.state === LISTENING) return (this.bound = this.listener!.address() ?? this.bound!)
    if (this.state === CONNECTED) this.bound = this.domain.local(this.wire!) ?? this.bound
    return this.bound ?? this.domain.unbound
  }

  override peerAddress(): Address | number {
    if (this.state !== CONNECTED) return this.state === CLOSED ? -E.BADF : -E.NOTCONN
    return (this.peer ??= this.domain.peer(this.wire!, this.target)) ?? -E.NOTCONN
  }

  override setOption(level: number, name: number, value: number): number {
    if (this.state === CLOSED) return -E.BADF
    if (level !== SOL_SOCKET && !this.domain.levels.includes(level)) return this.foreignLevel()
    this.options ??= new SocketOptions()
    return this.options.change(level, name, value, this.state === CONNECTED ? this.wire : undefined)
  }

  override getOption(level: number, name: number): number {
    if (this.state === CLOSED) return -E.BADF
    if (level === SOL_SOCKET) {
      if (name === SO_ERROR) return this.takeError()
      if (name === SO_TYPE) return 1
      if (name === SO_ACCEPTCONN) return Number(this.state === LISTENING)
      if (name === SO_PROTOCOL) return this.domain.protocol
      if (name === SO_DOMAIN) return this.domain.number
    } else if (!this.domain.levels.includes(level)) return this.foreignLevel()
    return (this.options ??= new SocketOptions()).get(level, name)
  }

  override close(): void {
    const state = this.state
    if (state === CLOSED) return
    this.state = CLOSED
    this.inbox.clear()
    this.listener?.close()
    this.binding?.close()
    const wire = this.wire
    if (wire === undefined || wire.destroyed) return
    const options = this.options
    if (state !== CONNECTED) wire.destroy()
    else if (options?.abortive === true) this.domain.reset(wire)
    else if (wire.writableLength === 0) wire.destroy()
    else {
      const seconds = options?.lingerSeconds
      this.transport.farewell(wire, this.domain, (seconds ?? 0) * 1000 || LINGER, seconds !== undefined)
    }
  }

  private foreignLevel(): number {
    return this.domain.levels.length === 0 ? -E.NOTSUP : -E.NOPROTOOPT
  }

  private bindTo(address: Address): number {
    const { ipv6Only = false, reusePort = false } = this.options ?? {}
    const binding = this.domain.bind(address, { ipv6Only, reusePort })
    if (typeof binding === "number") return binding
    this.binding = binding
    this.bound = binding.address
    return 0
  }

  /** Called by the wire, and for one that was accepted. */
  connected(): void {
    if (this.state === CLOSED) return
    const wire = this.wire!
    this.state = CONNECTED
    this.sender = this.transport.sender(wire)
    this.options?.apply(wire)
    wire.resume()
    this.notify()
  }

  /** Called by the wire. */
  became(wire: Wire): void {
    this.wire = wire
  }

  /** Called by the wire. */
  received(chunk: Uint8Array): boolean {
    if (this.state === CLOSED) return true
    const inbox = this.inbox
    inbox.push(chunk)
    // With data queued before, whoever watches for it knows already.
    if (inbox.size === chunk.length) this.notify()
    if (inbox.size < HIGH_WATER_MARK) return true
    this.paused = true
    return false
  }

  /** Called by the wire. */
  ended(): void {
    this.readEnded = true
    this.notify()
  }

  /** Called by the wire. */
  drained(): void {
    if (!this.blocked) return
    this.blocked = false
    this.notify()
  }

  /** Called by the wire. */
  failed(error: unknown): void {
    if (this.state === CLOSED) return
    this.error = errnoOfError(error)
    if (this.state === CONNECTING) {
      this.wire = undefined
      if (this.error === E.AGAIN && this.domain.retries) {
        this.error = 0
        setTimeout(() => this.retry(), RETRY)
        return
      }
      this.state = FAILED
    }
    this.gone()
  }

  /** Called by the wire. */
  closed(wire: Wire): void {
    // That of a failed attempt may come when the next one is under way.
    if (this.wire === wire) this.gone()
  }

  private resume(): void {
    if (this.inbox.size >= HIGH_WATER_MARK / 2) return
    this.paused = false
    this.wire!.resume()
  }

  private gone(): void {
    this.readEnded = this.writeEnded = true
    this.notify()
  }

  // What recv says when the queue is empty.
  private nothing(): number {
    if (this.state === CLOSED) return -E.BADF
    if (this.error !== 0) return -this.takeError()
    if (this.readEnded) return 0
    return this.state === CONNECTED || this.state === CONNECTING ? -E.AGAIN : -E.NOTCONN
  }

  private takeError(): number {
    const error = this.error
    this.error = 0
    return error
  }

  // A unix socket that connects to a full queue waits for room, which the system does for blocking calls only.
  private retry(): void {
    if (this.state !== CONNECTING) return
    const result = this.startConnect(this.target!)
    if (result === -E.INPROGRESS) return
    this.error = -result
    this.state = FAILED
    this.gone()
  }

  private recover(): void {
    if (this.state === FAILED && !this.domain.remembersFailure) this.failureOnce()
  }

  // As on Linux the first connect() after a failed one reports that, if nobody asked before, and the next one connects.
  private failureOnce(): number {
    const error = this.takeError()
    this.state = FRESH
    this.readEnded = this.writeEnded = false
    if (this.bound !== undefined) this.bindTo(this.bound)
    return error === 0 ? -E.CONNABORTED : -error
  }
}
