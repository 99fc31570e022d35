import { connect } from "cloudflare:sockets"
import { waitUntil } from "cloudflare:workers"
import { ChunkQueue } from "../chunks.ts"
import { ERR, HUP, IN, OUT, RDHUP, type Address } from "../descriptor.ts"
import { E } from "../errno.ts"
import type { Home, Inbound } from "../host.ts"
import {
  IPPROTO_TCP,
  LINGER_ON,
  SO_ACCEPTCONN,
  SO_DOMAIN,
  SO_ERROR,
  SO_LINGER,
  SO_PROTOCOL,
  SO_TYPE,
  SOL_SOCKET,
} from "../options.ts"
import { StreamDescriptor } from "../streamdescriptor.ts"
import { currentHome } from "./home.ts"
import { SocketOptions } from "./sockopts.ts"
import type { Connection, SocketInfo } from "./sockets.ts"

// The life of a socket, as numbers since each call looks at it.
const FRESH = 0
const CONNECTING = 1
const CONNECTED = 2
const FAILED = 3
const CLOSED = 4

/** How many bytes wait here in each direction, before reading stops or sending has to wait. */
const HIGH_WATER_MARK = 262144
const LARGEST_WRITE = 65536
/** How many milliseconds a peer has to end a connection with TLS, after this end has. */
const FAREWELL = 2000

/** How many milliseconds a peer has to take what it was sent before a connection from there was closed, unless SO_LINGER says. */
const LINGER = 30_000

/** Takes over the connection of a stream, in the request that it belongs to; undefined when it has failed meanwhile. */
export type Taker = (connection: Connection | undefined, home: Home) => void

/**
 * A TCP connection over a socket of `cloudflare:sockets`. Calls only touch two queues of bytes. What moves them are two async
 * functions that were started in the request that the socket belongs to, since nobody else may use it; so a call may come from
 * another request.
 *
 * A connection that this end has made is read only when somebody wants what comes, since a read that is under way can neither be
 * called off nor does workerd start TLS beside it.
 */
export class Stream extends StreamDescriptor {
  private readonly family: "inet" | "inet6"
  private state = FRESH
  private home: Home | undefined = undefined
  private connection: Connection | undefined = undefined
  private peer: Address | undefined = undefined
  private local: Address | undefined = undefined
  private error = 0
  private readEnded = false
  private writeEnded = false
  protected override readonly inbox = new ChunkQueue()
  private readonly outbox = new ChunkQueue()
  /** What the host has taken and not written yet. */
  private writing = 0
  private transmitted: Promise<void> | undefined = undefined
  private readonly options = new SocketOptions()
  /** Whether it is read to the end, wanted or not. */
  private eager = true
  private wanted = false
  /** Whether a read is under way. */
  private reading = false
  private target: Address | undefined = undefined
  private taker: Taker | undefined = undefined
  /** Whether there is TLS in what comes, of which nobody sees more than its data. */
  private sealed = false
  private giveUp: () => void = ignore
  private moreWanted: () => void = ignore
  private moreRoom: () => void = ignore
  private moreData: () => void = ignore

  constructor(family: "inet" | "inet6") {
    super()
    this.family = family
  }

  /** A connection that workerd has accepted. */
  static async adopt(connection: Connection): Promise<Inbound | number> {
    try {
      const info = await connection.opened
      const stream = new Stream(addressOf(info.remoteAddress)?.family === "inet6" ? "inet6" : "inet")
      stream.state = CONNECTING
      stream.attach(connection)
      // a peer that takes nothing must not keep the handler of the host for ever
      const late = new Promise<void>((resolve) => (stream.giveUp = resolve))
      return { descriptor: stream, over: Promise.race([stream.connected(info), late]) }
    } catch {
      return -E.CONNABORTED
    }
  }

  /** A connection that is there and has TLS. */
  static over(connection: Connection, info: SocketInfo, { family }: Stream, home: Home): Stream {
    const stream = new Stream(family)
    stream.home = home
    stream.sealed = true
    stream.connection = connection
    connection.closed.catch(ignore)
    void stream.connected(info)
    return stream
  }

  override belongsTo(home: Home): boolean {
    return this.home === home
  }

  /** The host that it was to connect to, a name or a number; empty for a connection that came from there. */
  get host(): string {
    return this.target === undefined || this.target.family === "unix" ? "" : this.target.host
  }

  /** Why its connection cannot be given away; empty when it can. */
  get kept(): string {
    if (this.eager) return "starts TLS only on a connection that this end has made"
    if (this.reading) return "does not start TLS while somebody waits for what comes: wrap the socket before"
    if (this.inbox.size > 0) return "has received something that was not read, and cannot give it to TLS"
    return ""
  }

  /** Gives its connection away, when what was sent is written. Then it is there for its addresses and options alone. */
  give(taker: Taker): void {
    const ended = this.state !== CONNECTED || this.readEnded || this.writeEnded
    this.readEnded = this.writeEnded = true
    if (ended) {
      taker(undefined, this.home!)
      return
    }
    this.taker = taker
    this.moreWanted()
    this.moreData()
  }

  override readiness(sought = 0): number {
    if (this.state === CONNECTED) {
      if ((sought & (IN | RDHUP)) !== 0) this.want()
      let bits = this.inbox.size > 0 ? IN : 0
      if (this.outbox.size + this.writing < HIGH_WATER_MARK) bits |= OUT
      if (this.readEnded) bits |= IN | RDHUP
      if (this.writeEnded) bits |= this.readEnded ? OUT | HUP : OUT
      if (this.error !== 0) bits |= ERR | IN | OUT
      return bits
    }
    if (this.state === FRESH) return OUT | HUP
    if (this.state === FAILED) return IN | OUT | HUP | RDHUP | (this.error === 0 ? 0 : ERR)
    return 0
  }

  override bind(_address: Address): number {
    return this.state === CLOSED ? -E.BADF : -E.NOTSUP
  }

  override listen(_backlog: number): number {
    return this.state === CLOSED ? -E.BADF : -E.NOTSUP
  }

  override accept(): number {
    return this.state === CLOSED ? -E.BADF : -E.INVAL
  }

  override connect(address: Address): number {
    if (this.state === CLOSED) return -E.BADF
    if (this.state === CONNECTING) return -E.ALREADY
    if (this.state === CONNECTED) return -E.ISCONN
    if (this.state === FAILED) return this.failureOnce()
    if (address.family === "unix" || address.family !== this.family) return -E.AFNOSUPPORT
    const hostname = address.host.includes(":") ? `[${address.host}]` : address.host
    this.target = address
    this.eager = false
    try {
      // TLS may start later
      const options = { secureTransport: "starttls", allowHalfOpen: true } as const
      this.attach(connect({ hostname, port: address.port }, options) as Connection)
    } catch {
      return -E.INVAL // an address that workerd does not take
    }
    this.state = CONNECTING
    void this.open()
    return -E.INPROGRESS
  }

  override recv(into: Uint8Array): number {
    if (this.inbox.size === 0) return into.length === 0 && this.state === CONNECTED ? 0 : this.nothing()
    const count = this.inbox.copyTo(into)
    this.moreRoom()
    return count
  }

  override take(max: number): Uint8Array | number {
    if (this.inbox.size === 0) {
      const result = max <= 0 && this.state === CONNECTED ? 0 : this.nothing()
      return result < 0 ? result : new Uint8Array(0)
    }
    const chunk = this.inbox.take(max)
    this.moreRoom()
    return chunk
  }

  override send(from: Uint8Array): number {
    if (this.state !== CONNECTED) {
      if (this.state === CLOSED) return -E.BADF
      if (this.state === CONNECTING) return -E.AGAIN
      return this.error === 0 ? -E.PIPE : -this.takeError()
    }
    if (this.error !== 0) return -this.takeError()
    if (this.writeEnded) return -E.PIPE
    const count = Math.min(from.length, HIGH_WATER_MARK - this.outbox.size - this.writing)
    if (count <= 0) return from.length === 0 ? 0 : -E.AGAIN
    this.outbox.push(from.slice(0, count))
    this.moreData()
    return count
  }

  override shutdown(how: 0 | 1 | 2): number {
    if (this.state !== CONNECTED) return this.state === CLOSED ? -E.BADF : -E.NOTCONN
    if (how !== 1) {
      this.readEnded = true
      this.drain()
    }
    if (how !== 0) {
      this.writeEnded = true
      this.moreData()
    }
    this.notify()
    return 0
  }

  override localAddress(): Address | number {
    if (this.state === CLOSED) return -E.BADF
    return this.local ?? { family: this.family, host: this.family === "inet6" ? "::" : "0.0.0.0", port: 0 }
  }

  override peerAddress(): Address | number {
    if (this.state !== CONNECTED) return this.state === CLOSED ? -E.BADF : -E.NOTCONN
    return this.peer ?? this.target ?? -E.NOTCONN
  }

  override setOption(level: number, name: number, value: number): number {
    return this.state === CLOSED ? -E.BADF : this.options.set(level, name, value)
  }

  override getOption(level: number, name: number): number {
    if (this.state === CLOSED) return -E.BADF
    if (level === SOL_SOCKET) {
      if (name === SO_ERROR) return this.takeError()
      if (name === SO_TYPE) return 1
      if (name === SO_ACCEPTCONN) return 0
      if (name === SO_PROTOCOL) return IPPROTO_TCP
      if (name === SO_DOMAIN) return this.family === "inet6" ? 10 : 2
    }
    return this.options.get(level, name)
  }

  override close(): void {
    if (this.state === CLOSED) return
    const linger = this.options.get(SOL_SOCKET, SO_LINGER)
    const abortive = linger === LINGER_ON || this.state !== CONNECTED
    this.state = CLOSED
    this.readEnded = this.writeEnded = true
    this.inbox.clear()
    if (this.outbox.size + this.writing > 0) {
      setTimeout(this.giveUp, (linger & LINGER_ON) === 0 ? LINGER : (linger & ~LINGER_ON) * 1000)
    }
    if (abortive) this.outbox.clear()
    // the request may end before all is sent
    else if ((this.sealed || this.outbox.size + this.writing > 0) && this.home === currentHome())
      waitUntil(this.transmitted!)
    this.drain()
    this.moreRoom()
    this.moreData()
  }

  private attach(connection: Connection): void {
    this.home = currentHome()
    this.connection = connection
    connection.closed.catch(ignore)
  }

  private async open(): Promise<void> {
    try {
      const info = await this.connection!.opened
      if (this.state === CONNECTING) void this.connected(info)
      else void this.connection!.close().catch(ignore)
    } catch {
      // workerd says no more than that it did not work
      this.failed(E.CONNREFUSED)
    }
  }

  private connected(info: SocketInfo): Promise<void> {
    this.state = CONNECTED
    this.peer = addressOf(info.remoteAddress)
    this.local = addressOf(info.localAddress)
    const received = this.receive(this.connection!)
    this.transmitted = this.transmit(this.connection!, received)
    this.notify()
    return this.transmitted
  }

  private async receive({ readable }: Connection): Promise<void> {
    const reader = readable.getReader()
    try {
      for (;;) {
        while (!this.eager) {
          if (this.taker !== undefined) {
            reader.releaseLock()
            return
          }
          if (this.wanted) break
          await new Promise<void>((resolve) => (this.moreWanted = resolve))
        }
        this.reading = true
        const { done, value } = await reader.read()
        this.reading = this.wanted = false
        if (done) break
        if (value === undefined || this.readEnded) continue
        this.inbox.push(value)
        if (this.inbox.size === value.length) this.notify()
        while (this.inbox.size >= HIGH_WATER_MARK) await new Promise<void>((resolve) => (this.moreRoom = resolve))
      }
      this.readEnded = true
      this.notify()
    } catch {
      this.failed(E.CONNRESET)
    }
  }

  private async transmit(connection: Connection, received: Promise<void>): Promise<void> {
    const writer = connection.writable.getWriter()
    try {
      for (;;) {
        const chunk = this.outbox.take(LARGEST_WRITE)
        if (chunk.length > 0) {
          this.writing = chunk.length
          await writer.write(chunk)
          const blocked = this.outbox.size + this.writing >= HIGH_WATER_MARK
          this.writing = 0
          if (blocked) this.notify()
        } else if (this.taker !== undefined) {
          writer.releaseLock()
          await received
          this.taker(connection, this.home!)
          return
        } else if (this.writeEnded) break
        else await new Promise<void>((resolve) => (this.moreData = resolve))
      }
      await writer.close()
      // What is closed with something unread, such as a session ticket, is reset by the system, and what was sent is lost.
      if (this.sealed) await Promise.race([received, new Promise((resolve) => setTimeout(resolve, FAREWELL))])
    } catch {
      this.taker?.(undefined, this.home!)
      this.failed(E.CONNRESET)
    }
    while (this.state === CONNECTED) await new Promise<void>((resolve) => (this.moreData = resolve))
    await connection.close().catch(ignore)
  }

  private failed(error: number): void {
    if (this.state === CLOSED) return
    // the other half tells of the same
    if (!(this.readEnded && this.writeEnded)) this.error = error
    if (this.state === CONNECTING) this.state = FAILED
    this.readEnded = this.writeEnded = true
    this.moreData()
    this.notify()
  }

  // Somebody would take what comes.
  private want(): void {
    if (this.wanted || this.inbox.size > 0) return
    this.wanted = true
    this.moreWanted()
  }

  // Nobody will take what comes: it must not keep the peer from reading what is still to be sent.
  private drain(): void {
    this.eager = true
    this.moreWanted()
  }

  // What recv says when the queue is empty.
  private nothing(): number {
    if (this.state === CLOSED) return -E.BADF
    this.want()
    if (this.error !== 0) return -this.takeError()
    if (this.readEnded) return 0
    return this.state === CONNECTED || this.state === CONNECTING ? -E.AGAIN : -E.NOTCONN
  }

  private takeError(): number {
    const error = this.error
    this.error = 0
    return error
  }

  // As on Linux the first connect() after a failed one reports that, if nobody asked before, and the next one connects.
  private failureOnce(): number {
    const error = this.takeError()
    this.state = FRESH
    this.readEnded = this.writeEnded = false
    return error === 0 ? -E.CONNABORTED : -error
  }
}

/** `"127.0.0.1:80"` or `"[::1]:80"`. */
function addressOf(text: string | undefined): Address | undefined {
  const [, host = "", port = ""] = /^\[?([^\]]*)\]?:(\d+)$/.exec(text ?? "") ?? []
  if (host === "") return undefined
  return { family: host.includes(":") ? "inet6" : "inet", host, port: Number(port) }
}

function ignore(): void {
  // whoever waits will see
}
