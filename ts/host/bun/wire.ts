import net from "node:net"
import type { Address } from "../descriptor.ts"
import { E } from "../errno.ts"
import type { Binding } from "../node/binding.ts"
import type { Domain } from "../node/domain.ts"
import { LINGER } from "../node/farewell.ts"
import type { Wire, WireUser } from "../wire.ts"
import type { BunHandlers, BunSocket } from "./sockets.ts"

/** A connection of Bun's own kind. It holds nothing back: what the kernel does not take stays with whoever sends. */
export class BunWire implements Wire {
  readonly writableLength = 0
  destroyed = false
  private user: WireUser | undefined = undefined
  private socket: BunSocket | undefined = undefined
  // The attempt to connect, as long as it is one.
  private attempt: net.Socket | undefined = undefined
  private readEnded = false
  private writeEnded = false
  private broken = false
  // It reads no more. One that waits to be accepted goes on until something comes: two calls of the system less for each.
  private paused = false
  // TLS has it: what is sealed and not sent may keep it open for a while after its end.
  private secured = false
  private parting: NodeJS.Timeout | undefined = undefined
  /** The last error of it. */
  fault: unknown = undefined
  // What happened before there was a user.
  private early: Uint8Array[] | undefined = undefined
  private failure: unknown = undefined

  /** The wire of a connection that a server has accepted. It keeps the first chunk that comes before there is a user. */
  static accepted(socket: BunSocket): BunWire {
    const wire = new BunWire()
    wire.socket = socket
    socket.data = wire
    socket.unref()
    return wire
  }

  /**
   * The wire of a connection that is to be made. Throws what the host throws.
   *
   * `Bun.connect` cannot be called off, and keeps the process alive until the system gives up. So a socket of `node:net`
   * connects, and what it has of Bun's own is taken over then.
   */
  static connect(domain: Domain, address: Address, binding: Binding | undefined, user: WireUser): BunWire {
    const wire = new BunWire()
    wire.user = user
    const attempt = (wire.attempt = new net.Socket({ allowHalfOpen: true }))
    attempt.once("connect", () => wire.takeOver())
    attempt.once("error", (error) => user.failed(error))
    attempt.once("close", () => wire.closed())
    binding?.close()
    attempt.connect(domain.target(address, binding?.address))
    attempt.unref()
    return wire
  }

  /** A wire that hears of sealed bytes, and tells nobody. */
  static unheard(): BunWire {
    const wire = new BunWire()
    wire.user = {
      became: ignore,
      connected: ignore,
      received: () => true,
      ended: ignore,
      drained: ignore,
      failed: ignore,
      closed: ignore,
    }
    return wire
  }

  get localAddress(): string | undefined {
    return this.socket?.localAddress
  }

  get localPort(): number | undefined {
    return this.socket?.localPort
  }

  get remoteAddress(): string | undefined {
    return this.socket?.remoteAddress
  }

  get remotePort(): number | undefined {
    return this.socket?.remotePort
  }

  /** Gives it to a user, who hears of what happened until now with `resume`. */
  give(user: WireUser): void {
    this.user = user
  }

  resume(): void {
    if ((this.early !== undefined || this.readEnded || this.destroyed) && !this.catchUp(this.user!)) return
    if (!this.paused || this.destroyed) return
    this.paused = false
    this.socket!.resume()
  }

  /** Whether `lend` can be used: nothing has come in, and from now on nothing does. */
  hold(): boolean {
    if (this.socket === undefined || this.destroyed || this.early !== undefined || this.readEnded) return false
    if (!this.paused) this.socket.pause()
    return (this.paused = true)
  }

  /** Gives the connection, which is on hold, to a socket of `node:net` for TLS to take it over; it reads again. */
  lend(): net.Socket {
    const socket = this.socket!
    // what it is told by is its listener's for all of them, so it stays
    socket.data = nobody
    const shell = new net.Socket({ handle: socket, allowHalfOpen: true } as object)
    this.paused = false
    socket.resume()
    return shell
  }

  /** Goes on as the connection that TLS has made of the one that was lent. */
  secure(socket: BunSocket): void {
    this.secured = true
    this.socket = socket
    socket.data = this
    socket.reload({ socket: handlers })
    socket.unref()
  }

  /** Gives the kernel what it takes now: the number of bytes, or an errno. */
  send(bytes: Uint8Array): number {
    const count = this.socket!.write(bytes)
    if (count >= 0) return count
    // Bun does not tell which one it was; the system says ECONNRESET once, of a connection that had been whole.
    const first = !this.broken && !this.readEnded
    this.broken = true
    return first ? -E.CONNRESET : -E.PIPE
  }

  end(): void {
    if (this.writeEnded) return
    this.writeEnded = true
    this.socket!.shutdown()
  }

  destroy(): void {
    this.destroyed = true
    if (this.attempt !== undefined) {
      this.attempt.destroy()
      return
    }
    if (this.secured) this.part()
    else this.socket!.close()
  }

  resetAndDestroy(): void {
    this.destroyed = true
    this.socket!.terminate()
  }

  setNoDelay(on: boolean): void {
    this.socket!.setNoDelay(on)
  }

  setKeepAlive(on: boolean, milliseconds: number): void {
    this.socket!.setKeepAlive(on, milliseconds)
  }

  private takeOver(): void {
    const attempt = this.attempt as unknown as { _handle: BunSocket | null }
    const socket = (this.socket = attempt._handle!)
    this.attempt = undefined
    attempt._handle = null
    socket.data = this
    socket.reload({ socket: handlers })
    this.user!.connected()
  }

  /** Tells what happened before; whether the user wants more. */
  private catchUp(user: WireUser): boolean {
    const { early = [], failure } = this
    let more = true
    this.early = this.failure = undefined
    for (const chunk of early) more = user.received(chunk)
    if (this.readEnded) user.ended()
    if (failure !== undefined) user.failed(failure)
    if (this.destroyed) user.closed(this)
    return more
  }

  /** Closes what TLS has: its end is announced, and the process lives until that is sent. */
  private part(): void {
    const socket = this.socket!
    this.parting = setTimeout(() => socket.terminate(), LINGER)
    this.end()
    socket.close()
  }

  private failed(error: unknown): void {
    this.fault = error
    if (this.user === undefined) this.failure = error
    else this.user.failed(error)
  }

  private arrived(chunk: Uint8Array): void {
    if (this.user === undefined) (this.early ??= []).push(chunk)
    else if (this.user.received(chunk)) return
    this.paused = true
    this.socket!.pause()
  }

  private ended(): void {
    this.readEnded = true
    this.user?.ended()
  }

  private closed(): void {
    this.destroyed = true
    clearTimeout(this.parting)
    this.user?.closed(this)
  }

  /** What Bun calls for each connection. */
  static readonly handlers: BunHandlers = {
    binaryType: "uint8array",
    data: (socket, chunk) => (socket.data as BunWire).arrived(chunk),
    end: (socket) => (socket.data as BunWire).ended(),
    drain: (socket) => (socket.data as BunWire).user?.drained(),
    close(socket, error) {
      const wire = socket.data as BunWire
      if (error) wire.failed(error)
      wire.closed()
    },
    error: (socket, error) => (socket.data as BunWire).failed(error),
  }
}

const { handlers } = BunWire

// What belongs to a connection that was lent: nobody hears of that any more.
const nobody = BunWire.unheard()

function ignore(): void {}
