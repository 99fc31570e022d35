import net from "node:net"
import { IN, OUT } from "../descriptor.ts"
import { E } from "../errno.ts"
import { CLOSED, SecureStream, UP } from "../node/securestream.ts"
import type { Stream } from "../node/stream.ts"
import { SO_DOMAIN, SOL_SOCKET } from "../options.ts"
import type { Credentials, SecureOptions } from "../secure.ts"
import type { BunSocket } from "./sockets.ts"
import { BunWire } from "./wire.ts"

const AF_UNIX = 1

// What Bun's sockets of `node:net` do to take over one that is open already; older ones make TLS by streams.
const upgrades = Symbol.for("::bunUpgradeServerTLS::") in net.Socket.prototype

/**
 * TLS by Bun's own sockets: `node:tls` makes the handshake, then the stream below goes on with the socket that came of it, and gives
 * opened bytes. As with `DirectStream`, who has begun cannot stop.
 */
export class UpgradedStream extends SecureStream {
  declare protected readonly inner: Stream
  private wire: BunWire | undefined = undefined

  /** TLS over this stream; undefined when it has no connection that Bun's TLS could have for itself. */
  static over(inner: Stream, options: SecureOptions): UpgradedStream | undefined {
    const wire = inner.connection
    if (!options.server || !upgrades || !(wire instanceof BunWire) || inner.links !== 1 || inner.pending > 0)
      return undefined
    if (options.choose !== undefined || inner.getOption(SOL_SOCKET, SO_DOMAIN) === AF_UNIX || !wire.hold())
      return undefined
    return new UpgradedStream(inner, options)
  }

  override get ragged(): boolean {
    return false
  }

  override get pending(): number {
    return this.state === UP ? this.inner.pending : 0
  }

  override readiness(): number {
    if (this.state !== UP) return super.readiness()
    const bits = this.inner.readiness()
    return this.error === 0 ? bits : bits | IN | OUT
  }

  override recv(into: Uint8Array): number {
    if (this.state !== UP) return super.recv(into)
    return this.told(this.inner.recv(into))
  }

  override take(max: number): Uint8Array | number {
    if (this.state !== UP) return super.take(max)
    const chunk = this.inner.take(max)
    if (typeof chunk !== "number" && (chunk.length > 0 || this.error === 0)) return chunk
    return this.told(typeof chunk === "number" ? chunk : 0)
  }

  override send(from: Uint8Array): number {
    const result = this.sendable()
    if (result < 0 || from.length === 0) return result
    return this.told(this.inner.send(from))
  }

  override shutdown(how: 0 | 1 | 2): number {
    if (this.state !== UP) return super.shutdown(how)
    if (how !== 0) this.writeEnded = true
    this.inner.shutdown(how)
    return 0
  }

  override unwrap(): number {
    return -E.NOTSUP
  }

  override close(): void {
    if (this.state === UP) this.drop()
    else super.close()
  }

  override ready(): void {
    if (this.state === UP) this.notify()
  }

  protected override begin(credentials: Credentials): void {
    const wire = this.inner.connection
    if (!(wire instanceof BunWire) || wire.destroyed) {
      this.lost()
      return
    }
    this.wire = wire
    this.open(wire.lend(), credentials)?.unref()
  }

  protected override up(): void {
    this.wire!.secure(this.engine!._handle as unknown as BunSocket)
    super.up()
  }

  protected override drop(): void {
    const { engine } = this
    const up = this.state === UP
    this.state = CLOSED
    this.engine = undefined
    this.leave()
    // once it is up, the stream below has what the engine made
    if (!up) engine?.destroy()
    this.inner.unlink()
  }

  /** What the stream below says. An error stays: TLS cannot go on behind one. */
  private told(result: number): number {
    if (result > 0 || result === -E.AGAIN) return result
    if (result === 0) return this.error === 0 ? 0 : -this.error
    if (result === -E.PIPE) {
      this.writeFailed = true
      return result
    }
    const { code = "", message = "" } = (this.wire!.fault ?? {}) as { code?: string; message?: string }
    if (code.startsWith("ERR_")) this.fail(code, message, this.wire!.fault)
    else this.broken(-result)
    return -this.error
  }

  // the stream below does what is asked for here of others

  protected override get full(): boolean {
    return false
  }

  protected override get handedDown(): boolean {
    return true
  }

  protected override taken(): void {
    // it resumes by itself
  }

  protected override endWriting(): void {
    this.inner.shutdown(1)
  }
}
