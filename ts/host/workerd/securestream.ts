import { ERR, HUP, IN, OUT, RDHUP, type Observer, type Received } from "../descriptor.ts"
import { E } from "../errno.ts"
import type { Home } from "../host.ts"
import { Secure, type SecureSession } from "../secure.ts"
import type { Connection } from "./sockets.ts"
import { Stream } from "./stream.ts"

/**
 * TLS by workerd, which makes another connection of the one of the stream below. That is a stream, too, and does all the work once
 * the handshake is made. workerd tells nothing of what was agreed upon, and of a failure only that there was one.
 */
export class SecureStream extends Secure implements Observer {
  protected override readonly inner: Stream
  private opened: Stream | undefined = undefined
  private failed = false
  private shut = false
  private shaking = false
  private begin: () => void = () => undefined
  private readonly begun = new Promise<void>((resolve) => (this.begin = resolve))

  /** @param inner - Its connection can be given away. */
  constructor(inner: Stream) {
    super()
    this.inner = inner
    inner.give((connection, home) => void this.shake(connection, home))
  }

  override belongsTo(home: Home): boolean {
    return this.inner.belongsTo(home)
  }

  override get pending(): number {
    return this.opened?.pending ?? 0
  }

  override get ragged(): boolean {
    return false
  }

  override readiness(sought = 0): number {
    if (this.opened !== undefined) return this.opened.readiness(sought)
    if (this.failed) return IN | OUT | HUP | RDHUP | ERR
    return this.shaking ? 0 : OUT
  }

  override handshake(): number {
    if (this.opened !== undefined) return 0
    return this.unavailable()
  }

  override recv(into: Uint8Array): number {
    return this.opened?.recv(into) ?? this.unavailable()
  }

  override take(max: number): Uint8Array | number {
    return this.opened?.take(max) ?? this.unavailable()
  }

  override recvfrom(max: number, peek: boolean): Received | number {
    return this.opened?.recvfrom(max, peek) ?? this.unavailable()
  }

  override send(from: Uint8Array): number {
    return this.opened?.send(from) ?? this.unavailable()
  }

  override shutdown(how: 0 | 1 | 2): number {
    return this.opened?.shutdown(how) ?? (this.shut ? -E.BADF : -E.NOTCONN)
  }

  override close(): void {
    if (this.shut) return
    this.shut = true
    this.opened?.close()
    this.inner.close()
    this.begin()
  }

  override session(): SecureSession | null {
    return this.opened === undefined ? null : { version: null, cipher: null, protocol: null, resumed: null }
  }

  override peerCertificate(): number | null {
    return this.opened === undefined ? null : -E.NOTSUP
  }

  override channelBinding(): number {
    return this.opened === undefined ? -E.NOTCONN : -E.NOTSUP
  }

  override unwrap(): number {
    return -E.NOTSUP
  }

  override setOption(level: number, name: number, value: number): number {
    return (this.opened ?? this.inner).setOption(level, name, value)
  }

  override getOption(level: number, name: number): number {
    return (this.opened ?? this.inner).getOption(level, name)
  }

  ready(): void {
    this.notify()
  }

  closed(): void {
    // the stream has no number
  }

  /** Runs in the request of the connection. */
  private async shake(connection: Connection | undefined, home: Home): Promise<void> {
    if (connection === undefined) {
      this.fail("UNEXPECTED_EOF_WHILE_READING", "EOF occurred in violation of protocol", undefined)
      return
    }
    await this.begun
    if (this.shut) {
      await connection.close().catch(ignore)
      return
    }
    try {
      const secured = connection.startTls()
      // only one of the two tells of some failures
      const info = await Promise.race([secured.opened, secured.closed.then(() => secured.opened)])
      this.opened = Stream.over(secured, info, this.inner, home)
      this.opened.observers.push(this)
      if (this.shut) this.opened.close()
      else this.notify()
    } catch (error) {
      this.fail("HANDSHAKE_FAILED", `workerd does not say more than: ${(error as Error).message}`, error)
    }
  }

  private fail(reason: string, message: string, cause: unknown): void {
    this.failed = true
    this.failure = { code: `ERR_SSL_${reason}`, message, verification: false, cause }
    this.notify()
  }

  /** What a call says without TLS, which it starts. */
  private unavailable(): number {
    if (this.shut) return -E.BADF
    if (this.failed) return -E.PROTO
    this.shaking = true
    this.begin()
    return -E.AGAIN
  }
}

function ignore(): void {
  // it is of no use any more
}
