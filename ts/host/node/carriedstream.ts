import { Buffer } from "node:buffer"
import process from "node:process"
import { ChunkQueue } from "../chunks.ts"
import { IN, OUT, type Descriptor } from "../descriptor.ts"
import { E } from "../errno.ts"
import type { Credentials, SecureOptions } from "../secure.ts"
import { TlsRecords } from "../tlsrecords.ts"
import { HIGH_WATER_MARK } from "../wire.ts"
import { RecordStream, type Carrier } from "./recordstream.ts"
import type { OpenPort, SealedPort } from "./sealedport.ts"
import { CHUNK, CLOSED, FRESH, GREETING, NO_BYTES, SecureStream, SHAKING, UP } from "./securestream.ts"

/**
 * TLS over any descriptor. Node gets a stream to read from and write to instead of the connection itself. So the descriptor can
 * be had back after TLS, what was read ahead before TLS is not lost, and it is known whether the peer ended the stream or the
 * network did.
 */
export class CarriedStream extends SecureStream implements Carrier {
  private readonly sealed = new RecordStream(this)
  private readonly records = new TlsRecords()
  private readonly openPort: OpenPort
  private port: SealedPort | undefined = undefined
  // Sealed bytes that came in and that the engine has not had.
  private held: Uint8Array = NO_BYTES
  // Sealed bytes that the descriptor below does not take yet.
  private readonly outgoing = new ChunkQueue()
  private sent: (() => void) | undefined = undefined
  private draining = false
  private hungry = true
  private feeding = false
  // The last record may have ended the stream: the engine says so within a turn.
  private probing = false
  private innerEnded = false
  private cut = false
  private carriedAll = false
  private unwrapping = false

  /** @param openPort - Finds a shorter way to the engine than by its streams, if the host has one. */
  constructor(inner: Descriptor, options: SecureOptions, openPort: OpenPort) {
    super(inner, options)
    this.openPort = openPort
  }

  override get ragged(): boolean {
    return this.cut
  }

  override readiness(): number {
    // who unwraps waits for the end of that alone
    if (this.unwrapping && this.state === UP && this.error === 0) {
      return this.unwrapped ? IN | OUT : this.inbox.size > 0 ? IN : 0
    }
    return super.readiness()
  }

  override send(from: Uint8Array): number {
    const result = this.sendable()
    if (result < 0) return result
    const room = HIGH_WATER_MARK - this.queued
    if (room <= 0) return -E.AGAIN
    const count = from.length < room ? from.length : room
    if (count === 0) return 0
    const bytes = count === from.length ? from : from.subarray(0, count)
    if (this.port?.seal !== undefined) return this.port.seal(bytes) ? count : -E.PIPE
    // a copy in any case: what waits for the one before is sealed later. A view of a few bytes takes as long as a copy on Bun.
    this.engine!.write(Buffer.from(bytes))
    return count
  }

  override unwrap(): Descriptor | number {
    const { state, error, inner, held } = this
    if (state !== UP) return state === FRESH ? -E.NOTCONN : this.handshake()
    if (error !== 0) return -error
    if (this.writeFailed) return -E.PIPE
    this.unwrapping = true
    this.end(ignore)
    if (this.inbox.size > 0) {
      this.fail("ERR_SSL_APPLICATION_DATA_AFTER_CLOSE_NOTIFY", "application data after close notify")
      return -E.PROTO
    }
    if (this.readEnded && this.cut) {
      this.lost()
      return -E.PROTO
    }
    if (!this.unwrapped) return -E.AGAIN
    this.detach()
    if (held.length > 0) inner.unread(held)
    inner.links--
    return inner
  }

  override ready(): void {
    if (this.outgoing.size > 0) {
      this.drain()
      // a part of it may have been enough for who waits to send
      if (this.outgoing.size < HIGH_WATER_MARK) this.notify()
    }
    this.feed()
  }

  // --- the engine's side ---

  pull(): void {
    this.hungry = true
    this.feed()
  }

  carry(bytes: Uint8Array, sent?: () => void): void {
    this.outgoing.push(bytes)
    if (sent !== undefined) this.sent = sent
    this.drain()
  }

  carried(): void {
    // Bun ends what it sends when the peer ends
    this.writeEnded = true
    this.allCarried()
  }

  protected override begin(credentials: Credentials, received: Uint8Array): void {
    const engine = this.open(this.sealed, credentials)
    if (engine === undefined) return
    const port = (this.port = this.openPort(engine, this))
    engine.on("data", (data: Buffer) => this.received(data))
    engine.on("end", () => this.peerEnded())
    engine.on("drain", () => this.notify())
    this.sealed.on("drain", () => this.notify())
    // Deno writes its last record a little later
    engine.on("finish", () => setImmediate(() => this.allCarried()))
    this.held = received
    if (port?.late === false) this.feed()
    else {
      // an engine that begins in the next tick does not bear to fail before
      this.feeding = true
      process.nextTick(() => {
        this.feeding = false
        this.feed()
      })
    }
  }

  protected override engineClosed(): void {
    this.allCarried()
    super.engineClosed()
  }

  // --- bytes in ---

  protected override taken(): void {
    this.feed()
  }

  /** Gives the engine what came in, as long as there is room for what it makes of it. */
  private feed(): void {
    if (this.feeding) return
    this.feeding = true
    while (this.mayFeed()) {
      const chunk = this.held.length > 0 ? this.held : this.inner.take(CHUNK)
      if (typeof chunk === "number") {
        if (chunk !== -E.AGAIN) this.broken(-chunk)
        break
      }
      if (chunk.length === 0) {
        this.lastByte()
        break
      }
      this.held = NO_BYTES
      if (this.state === GREETING) this.greeted(chunk)
      else this.deliver(chunk)
    }
    this.feeding = false
  }

  private mayFeed(): boolean {
    // what comes behind the end of TLS is not TLS
    if (this.innerEnded || this.probing || this.readEnded) return false
    if (this.state === GREETING) return true
    return this.hungry && (this.state === SHAKING || this.state === UP) && this.inbox.size < HIGH_WATER_MARK
  }

  private deliver(chunk: Uint8Array): void {
    const end = this.records.cut(chunk, 0)
    const given = end === chunk.length ? chunk : chunk.subarray(0, end)
    this.held = end === chunk.length ? NO_BYTES : chunk.subarray(end)
    if (this.records.atAlert && this.state === UP) this.probe()
    if (this.port !== undefined) this.port.push(given)
    else this.hungry = this.sealed.push(Buffer.from(given.buffer, given.byteOffset, given.length))
  }

  /** What follows waits until it is known whether the record before it ended the stream. */
  private probe(): void {
    this.probing = true
    setImmediate(() => {
      this.probing = false
      if (!this.readEnded) this.feed()
    })
  }

  /** The descriptor below has ended: whether the peer had ended TLS is known when the engine has seen all. */
  private lastByte(): void {
    this.innerEnded = true
    // what the engine says of what it has got comes first
    setImmediate(() => {
      if (this.state === GREETING || this.state === SHAKING) {
        this.lost()
        return
      }
      if (!this.readEnded) this.cut = true
      this.sealed.push(null)
    })
  }

  // --- bytes out ---

  private drain(): void {
    // the other end of a pair may answer before `send` returns
    if (this.draining) return
    this.draining = true
    const done = this.sendAll()
    this.draining = false
    if (!done) return
    const { sent } = this
    this.sent = undefined
    sent?.()
    if (this.carriedAll) this.allCarried()
  }

  /** Whether the descriptor below took all of it. */
  private sendAll(): boolean {
    const { outgoing, inner } = this
    while (outgoing.size > 0) {
      const bytes = outgoing.take(outgoing.size)
      const count = inner.send(bytes)
      if (count === bytes.length) continue
      if (count === -E.PIPE) {
        outgoing.clear()
        this.refused()
        return false
      }
      if (count < 0 && count !== -E.AGAIN) {
        this.broken(-count)
        return false
      }
      outgoing.unshift(count < 0 ? bytes : bytes.subarray(count))
      if (count < 0) return false
    }
    return true
  }

  /** Bytes that were taken and wait, sealed or not: Bun's engine seals all that it is given at once. */
  private get queued(): number {
    if (this.port?.seal !== undefined) return this.outgoing.size
    return Math.max(this.engine!.writableLength, this.sealed.writableLength)
  }

  protected override get full(): boolean {
    return this.queued >= HIGH_WATER_MARK
  }

  private get unwrapped(): boolean {
    return this.readEnded && (this.cut || this.handedDown)
  }

  protected override get handedDown(): boolean {
    return this.carriedAll && this.outgoing.size === 0
  }

  protected override endWriting(): void {
    this.engine!.end()
  }

  private allCarried(): void {
    this.carriedAll = true
    this.tellEnded()
  }

  // --- ends ---

  protected override lost(): void {
    this.cut = true
    super.lost()
  }

  protected override broken(errno: number): void {
    this.outgoing.clear()
    super.broken(errno)
  }

  protected override drop(): void {
    this.detach()
    this.inner.unlink()
  }

  private detach(): void {
    this.state = CLOSED
    const { engine } = this
    this.engine = this.sent = this.ended = undefined
    this.held = NO_BYTES
    this.outgoing.clear()
    this.leave()
    this.port?.close()
    engine?.destroy()
    this.sealed.finish()
  }
}

function ignore(): void {}
