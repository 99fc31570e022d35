import { Buffer } from "node:buffer"
import { isIP } from "node:net"
import process from "node:process"
import tls from "node:tls"
import { ChunkQueue } from "../chunks.ts"
import { ClientHello } from "../clienthello.ts"
import { type Descriptor, ERR, HUP, IN, OUT, RDHUP, type Address, type Observer } from "../descriptor.ts"
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
import { TlsRecords } from "../tlsrecords.ts"
import { certificateOf } from "./certificate.ts"
import { LINGER } from "./farewell.ts"
import { Shortcut } from "./shortcut.ts"
import { RecordStream, type Carrier } from "./recordstream.ts"
import { HIGH_WATER_MARK } from "../wire.ts"

// The life of a connection, as numbers since each call looks at it.
const FRESH = 0
const GREETING = 1
const SHAKING = 2
const UP = 3
const FAILED = 4
const CLOSED = 5

const CHUNK = 65536
const FATAL = 2
const ALERT = 21
const NO_BYTES = new Uint8Array(0)

// Deno has the call, but what it returns are not the bytes that the two ends share.
const hasFinished = process.versions["deno"] === undefined

/** The check of a server's certificate that Node calls; undefined is a pass. */
type NameCheck = NonNullable<tls.ConnectionOptions["checkServerIdentity"]>

/** Node's TLS socket, with the one method that its types leave out. */
type Engine = tls.TLSSocket & { _handle?: { verifyError?(): Error | string | null | undefined } | null }

/**
 * TLS by Node's own implementation, over any descriptor. Node gets a stream to read from and write to instead of the
 * connection itself. So the descriptor can be had back after TLS, what was read ahead before TLS is not lost, and it is known
 * whether the peer ended the stream or the network did.
 */
export class SecureStream extends Secure implements Observer, Carrier {
  private readonly inner: Descriptor
  private readonly options: SecureOptions
  private readonly sealed = new RecordStream(this)
  private readonly records = new TlsRecords()
  private readonly inbox = new ChunkQueue()
  private state = FRESH
  private engine: Engine | undefined = undefined
  private shortcut: Shortcut | undefined = undefined
  private hello: ClientHello | undefined = undefined
  private error = 0
  // Sealed bytes that came in and that the engine has not had.
  private held: Uint8Array = NO_BYTES
  // Sealed bytes that the descriptor below does not take yet.
  private outgoing: Uint8Array = NO_BYTES
  private sent: (() => void) | undefined = undefined
  private hungry = true
  private feeding = false
  // The last record may have ended the stream: the engine says so within a turn.
  private probing = false
  private innerEnded = false
  private readEnded = false
  private cut = false
  private writeEnded = false
  private writeFailed = false
  private carriedAll = false
  private unwrapping = false
  private ended: (() => void) | undefined = undefined
  private parting: NodeJS.Timeout | undefined = undefined
  private certificate: PeerCertificate | null | undefined = undefined

  constructor(inner: Descriptor, options: SecureOptions) {
    super()
    this.inner = inner
    this.options = options
  }

  override get pending(): number {
    return this.inbox.size
  }

  override get ragged(): boolean {
    return this.cut
  }

  override readiness(): number {
    if (this.state === UP) {
      // who unwraps waits for the end of that alone
      if (this.unwrapping && this.error === 0) return this.unwrapped ? IN | OUT : this.inbox.size > 0 ? IN : 0
      let bits = this.inbox.size > 0 ? IN : 0
      if (!this.full()) bits |= OUT
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
    this.feed()
    return count
  }

  override take(max: number): Uint8Array | number {
    if (this.state === FRESH) this.start()
    if (this.inbox.size === 0) {
      const result = max <= 0 && this.state === UP ? 0 : this.nothing()
      return result < 0 ? result : new Uint8Array(0)
    }
    const chunk = this.inbox.take(max)
    this.feed()
    return chunk
  }

  override send(from: Uint8Array): number {
    if (this.state === FRESH) this.start()
    if (this.state !== UP) return this.unavailable()
    if (this.error !== 0) return -this.error
    const engine = this.engine!
    if (this.writeFailed) return -E.PIPE
    if (this.writeEnded || engine.destroyed) {
      const message = "TLS/SSL connection has been closed (EOF)"
      this.failure = { code: "ERR_SSL_ZERO_RETURN", message, verification: false, cause: undefined }
      return -E.PROTO
    }
    const room = HIGH_WATER_MARK - engine.writableLength
    if (room <= 0) return -E.AGAIN
    const count = Math.min(from.length, room)
    // a copy in any case: what waits for the one before is sealed later
    if (count > 0) engine.write(Buffer.from(from.subarray(0, count)))
    return count
  }

  override shutdown(how: 0 | 1 | 2): number {
    if (this.state !== UP) return this.state === CLOSED ? -E.BADF : -E.NOTCONN
    if (how !== 1) this.readEnded = true
    if (how !== 0) this.end(() => this.inner.shutdown(1))
    this.notify()
    return 0
  }

  override unwrap(): number {
    if (this.state !== UP) return this.state === FRESH ? -E.NOTCONN : this.unavailable()
    if (this.error !== 0) return -this.error
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
    return this.unwrapped ? 0 : -E.AGAIN
  }

  override release(): Descriptor {
    const { inner, held } = this
    this.detach()
    if (held.length > 0) inner.unread(held)
    inner.links--
    return inner
  }

  override close(): void {
    const { state, inner } = this
    if (state === CLOSED) return
    const graceful =
      state === UP && this.error === 0 && !this.writeFailed && inner.getOption(SOL_SOCKET, SO_LINGER) !== LINGER_ON
    this.inbox.clear()
    if (!graceful) {
      this.detach()
      inner.unlink()
      return
    }
    this.state = CLOSED
    // what was sent is sealed and handed down first, and the end of the stream behind it; the process lives for it
    this.parting = setTimeout(() => this.part(), LINGER)
    this.end(() => this.part())
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

  override localAddress(): Address | number {
    return this.inner.localAddress()
  }

  override peerAddress(): Address | number {
    return this.inner.peerAddress()
  }

  override setOption(level: number, name: number, value: number): number {
    return this.inner.setOption(level, name, value)
  }

  override getOption(level: number, name: number): number {
    return this.inner.getOption(level, name)
  }

  override connect(): number {
    return -E.ISCONN
  }

  override bind(): number {
    return -E.INVAL
  }

  override listen(): number {
    return -E.INVAL
  }

  override accept(): number {
    return -E.INVAL
  }

  // --- the descriptor below ---

  ready(): void {
    if (this.outgoing.length > 0) this.drain()
    this.feed()
  }

  closed(): void {
    // one of its numbers went; it is held here, too
  }

  // --- the engine's side ---

  pull(): void {
    this.hungry = true
    this.feed()
  }

  carry(bytes: Uint8Array, sent: () => void): void {
    this.outgoing = bytes
    this.sent = sent
    this.drain()
  }

  carried(): void {
    // Bun ends what it sends when the peer ends
    this.writeEnded = true
    this.allCarried()
  }

  private start(): void {
    this.inner.observers.push(this)
    if (this.options.server && this.options.choose !== undefined) {
      this.state = GREETING
      this.hello = new ClientHello()
    } else {
      this.state = SHAKING
      this.open(this.options.credentials)
    }
    this.feed()
  }

  private open(credentials: Credentials): void {
    const { server, name, checkName, verify, protocols } = this.options
    const secureContext = credentials as tls.SecureContext
    const required = verify === "required"
    // a handshake without protocols is another one than with an empty list of them
    const ALPNProtocols = protocols.length > 0 ? { ALPNProtocols: [...protocols] } : {}
    try {
      let engine: Engine
      if (server) {
        const requestCert = verify !== "none"
        const options = { isServer: true, secureContext, requestCert, rejectUnauthorized: required, ...ALPNProtocols }
        // Node's types want the socket of a connection; it takes any stream
        engine = new tls.TLSSocket(this.sealed, options)
        engine.once("secure", () => this.clientKnown(engine))
      } else {
        const check: NameCheck = (_host, certificate) =>
          checkName ? tls.checkServerIdentity(name, certificate) : undefined
        engine = tls.connect({
          socket: this.sealed,
          secureContext,
          servername: isIP(name) === 0 ? name : "",
          host: name,
          rejectUnauthorized: verify !== "none",
          checkServerIdentity: check,
          ...ALPNProtocols,
        })
        engine.once("secureConnect", () => this.up())
      }
      this.engine = engine
      this.shortcut = Shortcut.to(engine, this)
      engine.on("error", (error) => this.engineFailed(error))
      engine.on("data", (data: Buffer) => this.received(data))
      engine.on("end", () => this.peerEnded())
      engine.on("drain", () => this.notify())
      // Deno writes its last record a little later
      engine.on("finish", () => setImmediate(() => this.allCarried()))
      engine.on("close", () => this.engineClosed())
    } catch (error) {
      this.engineFailed(error)
    }
  }

  private clientKnown(engine: Engine): void {
    const { verify } = this.options
    if (verify !== "none") {
      const handle = engine._handle
      const error = handle?.verifyError?.() ?? engine.authorizationError
      // a host that cannot say what is wrong with a certificate has to say that it is good
      const good = engine.authorized || (typeof handle?.verifyError === "function" && !error)
      const shown = certificateOf(engine) !== null
      if (shown ? !good : verify === "required") {
        const code = typeof error === "string" ? error : ((error as { code?: string } | null)?.code ?? "CERT_REJECTED")
        this.fail(code, error instanceof Error ? error.message : code, error)
        return
      }
    }
    this.up()
  }

  private up(): void {
    if (this.state !== SHAKING) return
    this.state = UP
    this.notify()
  }

  received({ buffer, byteOffset, length }: Buffer): void {
    if (this.state === CLOSED) return
    const { inbox } = this
    const bytes = new Uint8Array(buffer, byteOffset, length)
    // newer Nodes open one record behind another in a larger piece of memory
    inbox.push(length < buffer.byteLength ? bytes.slice() : bytes)
    if (inbox.size === length) this.notify()
  }

  private peerEnded(): void {
    this.readEnded = true
    this.notify()
  }

  private engineFailed(error: unknown): void {
    if (this.state === CLOSED || this.state === FAILED || this.error !== 0) return
    const { code = "ERR_TLS", message = String(error) } = error as { code?: string; message?: string }
    const errno = errnoOf(code)
    if (errno !== undefined && errno !== E.PROTO) this.broken(errno)
    else this.fail(code, message, error)
  }

  private engineClosed(): void {
    this.allCarried()
    if (this.state === SHAKING) this.lost()
    else if (this.state === UP && !this.readEnded) this.peerEnded()
  }

  // --- bytes in ---

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
    if (this.shortcut !== undefined) this.shortcut.push(given)
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
    if (this.state !== UP) {
      this.lost()
      return
    }
    setImmediate(() => {
      if (!this.readEnded) this.cut = true
      this.sealed.push(null)
    })
  }

  private greeted(chunk: Uint8Array): void {
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
    this.open(chosen)
    this.held = hello.received
  }

  // --- bytes out ---

  private drain(): void {
    while (this.outgoing.length > 0) {
      const count = this.inner.send(this.outgoing)
      if (count === -E.AGAIN) return
      if (count === -E.PIPE) {
        // what the peer sent before it went is still to be had, and its end or reset comes behind that
        this.writeFailed = this.writeEnded = true
        this.outgoing = NO_BYTES
        this.notify()
        return
      }
      if (count < 0) {
        this.broken(-count)
        return
      }
      this.outgoing = count === this.outgoing.length ? NO_BYTES : this.outgoing.subarray(count)
    }
    const { sent } = this
    this.sent = undefined
    sent?.()
    if (this.carriedAll) this.allCarried()
  }

  private get unwrapped(): boolean {
    return this.readEnded && (this.cut || (this.carriedAll && this.outgoing.length === 0))
  }

  private full(): boolean {
    return this.engine!.writableLength >= HIGH_WATER_MARK
  }

  /** Ends what is sent; `then` is called when all of it was handed down. */
  private end(then: () => void): void {
    if (this.writeEnded) {
      if (this.carriedAll && this.outgoing.length === 0) then()
      else this.ended = then
      return
    }
    this.writeEnded = true
    this.ended = then
    this.engine!.end()
  }

  private allCarried(): void {
    this.carriedAll = true
    if (this.outgoing.length > 0) return
    const { ended } = this
    this.ended = undefined
    ended?.()
    if (this.state === UP) this.notify()
  }

  // --- ends ---

  /** The stream ended before the handshake did. */
  private lost(): void {
    this.cut = true
    this.fail("ERR_SSL_UNEXPECTED_EOF_WHILE_READING", "EOF occurred in violation of protocol")
  }

  private fail(code: string, message: string, cause: unknown = undefined): void {
    const verification = code === "ERR_TLS_CERT_ALTNAME_INVALID" || (!code.startsWith("ERR_") && code !== "EPROTO")
    this.failure = { code, message, verification, cause } satisfies SecureFailure
    this.broken(E.PROTO)
  }

  /** Nothing more can be sent; what was received can still be had. */
  private broken(errno: number): void {
    if (this.state === CLOSED) {
      this.part()
      return
    }
    this.error = errno
    this.readEnded = this.writeEnded = true
    this.outgoing = NO_BYTES
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
    this.detach()
    this.inner.unlink()
  }

  private detach(): void {
    this.state = CLOSED
    const { engine, inner } = this
    this.engine = this.sent = this.ended = undefined
    this.held = this.outgoing = NO_BYTES
    const at = inner.observers.indexOf(this)
    if (at >= 0) inner.observers.splice(at, 1)
    this.shortcut?.close()
    engine?.destroy()
    this.sealed.finish()
  }
}

function ignore(): void {}
