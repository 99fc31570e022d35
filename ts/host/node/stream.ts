import { writeSync } from "node:fs"
import type net from "node:net"
import { ChunkQueue } from "../chunks.ts"
import { Descriptor, ERR, HUP, IN, OUT, RDHUP, type Address } from "../descriptor.ts"
import { E } from "../errno.ts"
import { SO_ACCEPTCONN, SO_DOMAIN, SO_ERROR, SO_PROTOCOL, SO_TYPE, SOL_SOCKET } from "../options.ts"
import type { Binding } from "./binding.ts"
import type { Domain } from "./domain.ts"
import { errnoOfError } from "./errors.ts"
import { farewell, LINGER } from "./farewell.ts"
import { Listener } from "./listener.ts"
import { SocketOptions } from "./sockopts.ts"
import { adoptWire, fdOf, HIGH_WATER_MARK, openWire } from "./wire.ts"

// The life of a socket, as numbers since each call looks at it.
const FRESH = 0
const LISTENING = 1
const CONNECTING = 2
const CONNECTED = 3
const FAILED = 4
const CLOSED = 5

// Milliseconds between two looks whether a unix listener has room for a connection.
const RETRY = 10

// V8 keeps the bytes of an array up to this length beside it, and moves them to memory of their own once native code asks
// for them, which costs more than writing them from here: 1310 ns instead of 960 on Node 20, 1690 instead of 940 on Node 26.
const SMALL = 64
const small = new Uint8Array(new ArrayBuffer(SMALL))

/**
 * A stream socket of TCP or of the unix domain: fresh, then a listener or a connection, as bind(2), listen(2) and
 * connect(2) make it.
 *
 * A connection reads ahead into its own queue up to the high-water mark, so that a reset or the end of the stream is
 * noticed and data that came before is never lost. It writes with write(2) straight from the caller's memory while the
 * kernel takes it; only the rest is copied.
 */
export class Stream extends Descriptor {
  private readonly domain: Domain
  private state = FRESH
  private socket: net.Socket | undefined = undefined
  private listener: Listener | undefined = undefined
  private binding: Binding | undefined = undefined
  private options: SocketOptions | undefined = undefined
  private bound: Address | undefined = undefined
  private peer: Address | undefined = undefined
  private target: Address | undefined = undefined
  private fd = -1
  private error = 0
  private readonly inbox = new ChunkQueue()
  private paused = false
  private readEnded = false
  private writeEnded = false
  // Node's stream holds bytes: what follows has to queue behind them.
  private buffered = false
  // It holds as many as it may.
  private blocked = false

  constructor(domain: Domain) {
    super()
    this.domain = domain
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
    const listener = new Listener(this.domain, this.binding!, () => this.notify())
    const result = listener.listen(backlog)
    // Node closes the handle of a server that cannot listen, so the address is gone in either case.
    this.binding = undefined
    if (result < 0) {
      this.bound = undefined
      return result
    }
    this.listener = listener
    this.state = LISTENING
    return 0
  }

  override accept(): Stream | number {
    if (this.state !== LISTENING) return this.state === CLOSED ? -E.BADF : -E.INVAL
    const shell = this.listener!.accept()
    if (typeof shell === "number") return shell
    const stream = new Stream(this.domain)
    stream.bound = this.bound
    stream.options = this.options?.inherit()
    stream.attach(adoptWire(shell, (chunk) => stream.received(chunk)))
    stream.connected()
    return stream
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
      const socket = openWire(binding?.source, (chunk) => this.received(chunk))
      this.attach(socket)
      socket.once("connect", () => this.connected())
      const nameless = binding !== undefined && binding.source === undefined
      if (nameless) binding.close()
      socket.connect(this.domain.target(address, nameless ? binding.address : undefined))
      socket.unref()
    } catch (error) {
      this.socket?.destroy()
      this.socket = undefined
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

  override send(from: Uint8Array): number {
    if (this.state !== CONNECTED) {
      if (this.state === CLOSED) return -E.BADF
      if (this.state === CONNECTING) return -E.AGAIN
      return this.error === 0 ? -E.PIPE : -this.takeError()
    }
    if (this.error !== 0) return -this.takeError()
    const socket = this.socket!
    if (this.writeEnded || socket.destroyed) return -E.PIPE
    if (this.blocked) return -E.AGAIN
    if (this.buffered) this.buffered = socket.writableLength > 0
    let done = 0
    if (!this.buffered && this.fd >= 0) {
      done = this.write(from)
      if (done < 0 || done === from.length) return done
    }
    const count = Math.min(from.length - done, HIGH_WATER_MARK - socket.writableLength)
    // A copy in any case: Node writes later, when the caller has long used its memory for something else.
    socket.write(from.slice(done, done + count))
    this.buffered = true
    this.blocked = socket.writableLength >= HIGH_WATER_MARK
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
      this.socket!.end()
    }
    this.notify()
    return 0
  }

  override localAddress(): Address | number {
    if (this.state === CLOSED) return -E.BADF
    if (this.state === LISTENING) return (this.bound = this.listener!.address() ?? this.bound!)
    if (this.state === CONNECTED) this.bound = this.domain.local(this.socket!) ?? this.bound
    return this.bound ?? this.domain.unbound
  }

  override peerAddress(): Address | number {
    if (this.state !== CONNECTED) return this.state === CLOSED ? -E.BADF : -E.NOTCONN
    return (this.peer ??= this.domain.peer(this.socket!, this.target)) ?? -E.NOTCONN
  }

  override setOption(level: number, name: number, value: number): number {
    if (this.state === CLOSED) return -E.BADF
    if (level !== SOL_SOCKET && !this.domain.levels.includes(level)) return this.foreignLevel()
    this.options ??= new SocketOptions()
    return this.options.change(level, name, value, this.state === CONNECTED ? this.socket : undefined)
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
    const socket = this.socket
    if (socket === undefined || socket.destroyed) return
    const options = this.options
    if (state !== CONNECTED) socket.destroy()
    else if (options?.abortive === true) this.domain.reset(socket)
    else if (socket.writableLength === 0) socket.destroy()
    else {
      const seconds = options?.lingerSeconds
      farewell(socket, this.domain, (seconds ?? 0) * 1000 || LINGER, seconds !== undefined)
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

  private attach(socket: net.Socket): void {
    this.socket = socket
    socket.on("error", (error) => this.failed(error))
    socket.on("end", () => this.ended())
    socket.on("close", () => {
      // That of a failed attempt may come when the next one is under way.
      if (this.socket === socket) this.gone()
    })
    socket.on("drain", () => this.drained())
  }

  private connected(): void {
    if (this.state === CLOSED) return
    const socket = this.socket!
    this.state = CONNECTED
    this.fd = fdOf(socket)
    socket.unref()
    this.options?.apply(socket)
    socket.resume()
    this.notify()
  }

  private received(chunk: Uint8Array): boolean {
    if (this.state === CLOSED) return true
    const inbox = this.inbox
    inbox.push(chunk)
    // With data queued before, whoever watches for it knows already.
    if (inbox.size === chunk.length) this.notify()
    if (inbox.size < HIGH_WATER_MARK) return true
    this.paused = true
    return false
  }

  private resume(): void {
    if (this.inbox.size >= HIGH_WATER_MARK / 2) return
    this.paused = false
    this.socket!.resume()
  }

  private ended(): void {
    this.readEnded = true
    this.notify()
  }

  private drained(): void {
    this.blocked = false
    this.notify()
  }

  private failed(error: unknown): void {
    if (this.state === CLOSED) return
    this.error = errnoOfError(error)
    if (this.state === CONNECTING) {
      this.socket = undefined
      if (this.error === E.AGAIN && this.domain.retries) {
        this.error = 0
        setTimeout(() => this.retry(), RETRY)
        return
      }
      this.state = FAILED
    }
    this.gone()
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

  // write(2) while nothing waits in front: the number of bytes that the kernel took, maybe 0. It is worth it at any size:
  // echoing 64 bytes on 50 connections took 83 to 108 thousand rounds per CPU second, and 75 to 94 with a copy given to
  // socket.write (Node 20; 85 to 109 against 75 to 100 on Node 26). In chunks of 64 KiB both moved
  // about as much on Node 20, and write(2) a third more on Node 26.
  private write(from: Uint8Array): number {
    const count = from.length
    let bytes = from
    if (count <= SMALL) {
      small.set(from)
      bytes = small
    }
    try {
      return writeSync(this.fd, bytes, 0, count)
    } catch (error) {
      const errno = errnoOfError(error)
      if (errno === E.AGAIN) return 0
      if (errno === E.PIPE) this.writeEnded = true
      return -errno
    }
  }
}
