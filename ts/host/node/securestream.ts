import { Buffer } from "node:buffer"
import process from "node:process"
import type { Duplex } from "node:stream"
import type tls from "node:tls"
import { ChunkQueue } from "../chunks.ts"
import { ClientHello } from "../clienthello.ts"
import { type Descriptor, ERR, HUP, IN, OUT, RDHUP, type Observer } from "../descriptor.ts"
import { E, errnoOf } from "../errno.ts"
import { LINGER_ON, SO_LINGER, SOL_SOCKET } from "../options.ts"
import {
  Secure,
  type Credentials,
  type PeerCertificate,
  type SecureFailure,
  type SecureOptions,
  type SecureSession,
} from "../secure.ts"
import { certificateOf } from "./certificate.ts"
import { clientFault, openEngine, type Engine } from "./engine.ts"
import { LINGER } from "./farewell.ts"

// The life of a connection, as numbers since each call looks at it.
export const FRESH = 0
export const GREETING = 1
export const SHAKING = 2
export const UP = 3
export const FAILED = 4
export const CLOSED = 5

export const CHUNK = 65536
const FATAL = 2
const ALERT = 21

export const NO_BYTES = new Uint8Array(0)

// Deno has the call, but what it returns are not the bytes that the two ends share.
const hasFinished = process.versions["deno"] === undefined

/**
 * TLS by Node's own implementation: what does not depend on how the sealed bytes get from and to the descriptor below. How they
 * do is for its two kinds, `CarriedStream` and `DirectStream`.
 */
export abstract class SecureStream extends Secure implements Observer {
  protected override readonly inner: Descriptor
  protected readonly options: SecureOptions
  protected readonly inbox = new ChunkQueue()
  protected state = FRESH
  protected engine: Engine | undefined = undefined
  private hello: ClientHello | undefined = undefined
  protected error = 0
  protected readEnded = false
  protected writeEnded = false
  protected writeFailed = false
  /** What to do when all that was sent has been handed down. */
  protected ended: (() => void) | undefined = undefined
  private parting: NodeJS.Timeout | undefined = undefined
  private certificate: PeerCertificate | null | undefined = undefined

  constructor(inner: Descriptor, options: SecureOptions) {
    super()
    this.inner = inner
    this.options = options
  }

  /** Whether `send` takes nothing now. */
  protected abstract readonly full: boolean
  /** Whether all that will ever be sent has been handed down. */
  protected abstract readonly handedDown: boolean
  /** Begins the handshake with what has been received for it. */
  protected abstract begin(credentials: Credentials, received: Uint8Array): void
  /** There is room for more bytes in the inbox. */
  protected abstract taken(): void
  /** Ends what is sent, behind all of it. */
  protected abstract endWriting(): void
  /** Lets go of the engine and of the descriptor below. */
  protected abstract drop(): void
  /** The descriptor below may have something new to say. */
  abstract ready(): void

  override get pending(): number {
    return this.inbox.size
  }

  override readiness(): number {
    if (this.state === UP) {
      let bits = this.inbox.size > 0 ? IN : 0
      if (!this.full) bits |= OUT
      if (this.readEnded) bits |= IN | RDHUP
      if (this.writeEnded) bits |= this.readEnded ? OUT | HUP : OUT
      if (this.error !== 0) bits |= ERR | IN | OUT
      return bits
    }
    if (this.state === FRESH) return OUT | (this.inner.readiness() & IN)
    if (this.state === FAILED) return IN | OUT | HUP | RDHUP | ERR
    return 0
  }

  override handshake(): number {
    if (this.state === FRESH) this.start()
    return this.state === UP ? 0 : this.unavailable()
  }

  override recv(into: Uint8Array): number {
    if (this.state === FRESH) this.start()
    if (this.inbox.size === 0) return into.length === 0 && this.state === UP ? 0 : this.nothing()
    const count = this.inbox.copyTo(into)
    this.taken()
    return count
  }

  override take(max: number): Uint8Array | number {
    if (this.state === FRESH) this.start()
    if (this.inbox.size === 0) {
      const result = max <= 0 && this.state === UP ? 0 : this.nothing()
      return result < 0 ? result : new Uint8Array(0)
    }
    const chunk = this.inbox.take(max)
    this.taken()
    return chunk
  }

  /** Whether `send` may send: 0, or what it says instead. */
  protected sendable(): number {
    if (this.state === FRESH) this.start()
    if (this.state !== UP) return this.unavailable()
    if (this.error !== 0) return -this.error
    if (this.writeFailed) return -E.PIPE
    if (this.writeEnded || this.engine!.destroyed) {
      const message = "TLS/SSL connection has been closed (EOF)"
      this.failure = { code: "ERR_SSL_ZERO_RETURN", message, verification: false, cause: undefined }
      return -E.PROTO
    }
    return 0
  }

  override shutdown(how: 0 | 1 | 2): number {
    if (this.state !== UP) return this.state === CLOSED ? -E.BADF : -E.NOTCONN
    if (how !== 1) this.readEnded = true
    if (how !== 0) this.end(() => this.halfClosed())
    this.notify()
    return 0
  }

  override close(): void {
    const { state, inner } = this
    if (state === CLOSED) return
    const graceful =
      state === UP && this.error === 0 && !this.writeFailed && inner.getOption(SOL_SOCKET, SO_LINGER) !== LINGER_ON
    this.inbox.clear()
    this.state = CLOSED
    if (!graceful) {
      this.drop()
      return
    }
    // what was sent is sealed and handed down first, and the end of the stream behind it; the process lives for it
    this.parting = setTimeout(() => this.part(), LINGER)
    this.end(() => this.part())
    this.taken()
  }

  override session(): SecureSession | null {
    const { engine } = this
    if (this.state !== UP || engine === undefined) return null
    const cipher = engine.getCipher() as tls.CipherNameAndProtocol | undefined
    return {
      version: engine.getProtocol(),
      cipher: cipher === undefined ? null : { name: cipher.name, version: cipher.version },
      protocol: engine.alpnProtocol || null,
      resumed: engine.isSessionReused(),
    }
  }

  override peerCertificate(): PeerCertificate | null {
    if (this.state !== UP) return null
    return (this.certificate ??= certificateOf(this.engine!))
  }

  override channelBinding(type: "tls-unique" | "tls-exporter"): Uint8Array | number {
    if (this.state !== UP) return -E.NOTCONN
    const engine = this.engine!
    let bytes: Uint8Array | undefined
    if (type === "tls-exporter") {
      bytes = engine.exportKeyingMaterial?.(32, "EXPORTER-Channel-Binding", Buffer.alloc(0))
    } else if (hasFinished) {
      // that of whoever finished first: the client, unless a session is resumed
      const own = this.options.server === engine.isSessionReused()
      bytes = own ? engine.getFinished?.() : engine.getPeerFinished?.()
    }
    return bytes === undefined ? -E.NOTSUP : Uint8Array.from(bytes)
  }

  closed(): void {
    // one of the descriptor's numbers went; it is held here, too
  }

  private start(): void {
    this.inner.observers.push(this)
    if (this.options.server && this.options.choose !== undefined) {
      this.state = GREETING
      this.hello = new ClientHello()
      this.ready()
    } else {
      this.state = SHAKING
      this.begin(this.options.credentials, NO_BYTES)
    }
  }

  /** Takes a part of what a client begins with. */
  protected greeted(chunk: Uint8Array): void {
    const hello = this.hello!
    if (!hello.add(chunk)) return
    this.hello = undefined
    let chosen: Credentials | number
    try {
      chosen = this.options.choose!(hello.serverName)
    } catch (error) {
      chosen = 80
      this.fail("ERR_SSL_CALLBACK_FAILED", String(error), error)
    }
    if (typeof chosen === "number") {
      this.inner.send(Uint8Array.of(ALERT, 3, 1, 0, 2, FATAL, chosen))
      if (this.failure === null) this.fail("ERR_SSL_CALLBACK_FAILED", `the name was refused with alert ${chosen}`)
      return
    }
    this.state = SHAKING
    this.begin(chosen, hello.received)
  }

  /** Makes Node's socket over a stream; undefined when that fails. */
  protected open(stream: Duplex, credentials: Credentials): Engine | undefined {
    try {
      const engine = openEngine(stream, credentials, this.options, () => this.shaken(engine))
      engine.on("error", (error) => this.engineFailed(error))
      engine.on("close", () => this.engineClosed())
      return (this.engine = engine)
    } catch (error) {
      this.engineFailed(error)
      return undefined
    }
  }

  private shaken(engine: Engine): void {
    const fault = this.options.server ? clientFault(engine, this.options.verify) : null
    if (fault !== null) this.fail(fault.code, fault.message, fault.cause)
    else this.up()
  }

  /** The handshake is done. */
  protected up(): void {
    if (this.state !== SHAKING) return
    this.state = UP
    this.notify()
  }

  /** Takes opened bytes. */
  received({ buffer, byteOffset, length }: Buffer): void {
    if (this.state === CLOSED) return
    const { inbox } = this
    const bytes = new Uint8Array(buffer, byteOffset, length)
    // newer Nodes open one record behind another in a larger piece of memory
    inbox.push(length < buffer.byteLength ? bytes.slice() : bytes)
    if (inbox.size === length) this.notify()
  }

  protected peerEnded(): void {
    this.readEnded = true
    this.notify()
  }

  protected engineFailed(error: unknown): void {
    if (this.state === CLOSED || this.state === FAILED || this.error !== 0) return
    const { code = "ERR_TLS", message = String(error) } = error as { code?: string; message?: string }
    const errno = errnoOf(code)
    if (errno !== undefined && errno !== E.PROTO) this.broken(errno)
    else this.fail(code, message, error)
  }

  protected engineClosed(): void {
    if (this.state === SHAKING) this.lost()
    else if (this.state === UP && !this.readEnded) this.peerEnded()
  }

  // --- ends ---

  /** Ends what is sent; `then` is called when all of it was handed down. */
  protected end(then: () => void): void {
    this.ended = then
    if (this.writeEnded) {
      this.tellEnded()
      return
    }
    this.writeEnded = true
    this.endWriting()
  }

  /** What is sent may have ended. */
  protected tellEnded(): void {
    if (!this.handedDown) return
    const { ended } = this
    this.ended = undefined
    ended?.()
    if (this.state === UP) this.notify()
  }

  /** What was sent has ended: the descriptor below ends, too. */
  protected halfClosed(): void {
    this.inner.shutdown(1)
  }

  /** The peer takes no more. What it sent before it went is still to be had, and its end or reset comes behind that. */
  protected refused(): void {
    this.writeFailed = this.writeEnded = true
    this.notify()
  }

  /** The stream ended before the handshake did. */
  protected lost(): void {
    this.fail("ERR_SSL_UNEXPECTED_EOF_WHILE_READING", "EOF occurred in violation of protocol")
  }

  protected fail(code: string, message: string, cause: unknown = undefined): void {
    const verification = code === "ERR_TLS_CERT_ALTNAME_INVALID" || (!code.startsWith("ERR_") && code !== "EPROTO")
    this.failure = { code, message, verification, cause } satisfies SecureFailure
    this.broken(E.PROTO)
  }

  /** Nothing more can be sent; what was received can still be had. */
  protected broken(errno: number): void {
    if (this.state === CLOSED) {
      this.part()
      return
    }
    this.error = errno
    this.readEnded = this.writeEnded = true
    if (this.state !== UP) this.state = FAILED
    this.notify()
  }

  private unavailable(): number {
    if (this.state === CLOSED) return -E.BADF
    return this.state === FAILED ? -this.error : -E.AGAIN
  }

  private nothing(): number {
    if (this.state !== UP) return this.unavailable()
    if (this.error !== 0) return -this.error
    return this.readEnded ? 0 : -E.AGAIN
  }

  /** Closes, when that was put off. */
  private part(): void {
    if (this.parting === undefined) return
    clearTimeout(this.parting)
    this.parting = undefined
    this.drop()
  }

  /** Hears no more of the descriptor below. */
  protected leave(): void {
    const { observers } = this.inner
    const at = observers.indexOf(this)
    if (at >= 0) observers.splice(at, 1)
  }
}
