import { DatagramOptions } from "./datagramoptions.ts"
import { DatagramQueue } from "./datagramqueue.ts"
import { Descriptor, ERR, HUP, IN, OUT, RDHUP, type Address, type Received } from "../descriptor.ts"
import { E } from "../errno.ts"
import { SO_ACCEPTCONN, SO_DOMAIN, SO_ERROR, SO_PROTOCOL, SO_TYPE, SOL_SOCKET } from "../options.ts"
import { nameScope, scopeOf, withScope } from "./scope.ts"
import type { OpenUdp, UdpAddress, UdpEvents, UdpPort } from "./udpport.ts"

// What fits in an IP packet with its headers.
const LARGEST = { inet: 65507, inet6: 65527 }

/**
 * A UDP socket. It is bound by `bind`, or to a port that the system chooses by the first call that needs one. Datagrams
 * that come are kept up to the size of the receive buffer, and dropped beyond it.
 */
export class Datagram extends Descriptor implements UdpEvents {
  private readonly family: "inet" | "inet6"
  private readonly open: OpenUdp
  private readonly options = new DatagramOptions()
  private readonly inbox = new DatagramQueue(this.options.receiveBuffer)
  private port: UdpPort | undefined = undefined
  private bound: string
  private peer: UdpAddress | undefined = undefined
  private error = 0
  private closed = false
  private full = false
  private readEnded = false
  private writeEnded = false

  /** @param open - Binds a UDP socket of the host. */
  constructor(family: "inet" | "inet6", open: OpenUdp) {
    super()
    this.family = family
    this.open = open
    this.bound = this.unspecified().host
  }

  override readiness(): number {
    if (this.closed) return 0
    let bits = this.full ? 0 : OUT
    if (this.inbox.size > 0) bits |= IN
    if (this.readEnded) bits |= this.writeEnded ? IN | RDHUP | HUP : IN | RDHUP
    return this.error === 0 ? bits : bits | ERR | IN
  }

  override bind(address: Address): number {
    if (this.closed) return -E.BADF
    if (this.port !== undefined) return -E.INVAL
    if (address.family !== this.family) return -E.AFNOSUPPORT
    const named = nameScope(address)
    this.bound = named.host
    return this.openPort(named, undefined)
  }

  override listen(): number {
    return this.closed ? -E.BADF : -E.NOTSUP
  }

  override accept(): number {
    return this.closed ? -E.BADF : -E.NOTSUP
  }

  override connect(address: Address): number {
    if (this.closed) return -E.BADF
    if (address.family !== this.family) return -E.AFNOSUPPORT
    const named = nameScope(address)
    const result = this.setPeer(named)
    this.peer = result === 0 ? named : undefined
    return result
  }

  override disconnect(): number {
    if (this.closed) return -E.BADF
    if (this.peer === undefined) return 0
    this.peer = undefined
    this.error = 0
    return this.setPeer(undefined)
  }

  override recv(into: Uint8Array): number {
    return this.recvAt(into, 0, into.length)
  }

  // c-ares' way: no view of the memory for each datagram
  override recvAt(memory: Uint8Array, pointer: number, length: number): number {
    const received = this.oldest(false)
    if (typeof received === "number") return received
    const { data } = received
    const count = Math.min(data.length, length)
    memory.set(count === data.length ? data : data.subarray(0, count), pointer)
    return count
  }

  override take(max: number): Uint8Array | number {
    const received = this.recvfrom(max, false)
    if (typeof received === "number") return received === 0 ? new Uint8Array(0) : received
    return received.data.length > max ? received.data.subarray(0, max) : received.data
  }

  override recvfrom(_max: number, peek: boolean): Received | number {
    const received = this.oldest(peek)
    if (typeof received === "number" || received.data.constructor === Uint8Array) return received
    // a Buffer's `slice` is no copy
    const { buffer, byteOffset, length } = received.data
    return { data: new Uint8Array(buffer, byteOffset, length), address: received.address }
  }

  override send(from: Uint8Array): number {
    return this.sendAt(from, 0, from.length)
  }

  override sendAt(memory: Uint8Array, pointer: number, length: number): number {
    if (this.peer === undefined) return this.closed ? -E.BADF : -E.DESTADDRREQ
    return this.transmit(memory, pointer, length, undefined)
  }

  override sendto(from: Uint8Array, address: Address): number {
    if (this.closed) return -E.BADF
    if (address.family !== this.family) return -E.AFNOSUPPORT
    const { peer } = this
    const to = nameScope(address)
    if (peer === undefined) return this.transmit(from, 0, from.length, to)
    return peer.host === to.host && peer.port === to.port ? this.transmit(from, 0, from.length, undefined) : -E.ISCONN
  }

  override shutdown(how: 0 | 1 | 2): number {
    if (this.closed) return -E.BADF
    if (this.peer === undefined) return -E.NOTCONN
    if (how !== 1) this.readEnded = true
    if (how !== 0) this.writeEnded = true
    this.notify()
    return 0
  }

  override localAddress(): Address | number {
    if (this.closed) return -E.BADF
    return this.port === undefined ? this.unspecified() : this.withScope(this.port.address())
  }

  override peerAddress(): Address | number {
    return this.peer ?? (this.closed ? -E.BADF : -E.NOTCONN)
  }

  override setOption(level: number, name: number, value: number): number {
    if (this.closed) return -E.BADF
    const result = this.options.set(level, name, value, this.port?.settings)
    this.inbox.limit = this.options.receiveBuffer
    return result
  }

  override setOptionBytes(level: number, name: number, value: Uint8Array): number {
    if (this.closed) return -E.BADF
    return this.options.setBytes(level, name, value, this.port?.settings) ?? super.setOptionBytes(level, name, value)
  }

  override getOption(level: number, name: number): number {
    if (this.closed) return -E.BADF
    if (level === SOL_SOCKET) {
      if (name === SO_ERROR) return this.takeError()
      if (name === SO_TYPE) return 2
      if (name === SO_ACCEPTCONN) return 0
      if (name === SO_PROTOCOL) return 17
      if (name === SO_DOMAIN) return this.family === "inet6" ? 10 : 2
    }
    return this.options.get(level, name)
  }

  override close(): void {
    if (this.closed) return
    this.closed = true
    this.peer = undefined
    this.inbox.clear()
    this.port?.close()
  }

  get waiting(): number {
    return this.inbox.size
  }

  received(data: Uint8Array, host: string, port: number): void {
    if (this.closed || this.readEnded) return
    const { inbox } = this
    const address = this.withScope({ family: this.family, host, port })
    // with datagrams queued before, whoever watches for them knows already
    if (inbox.push({ data, address }) && inbox.size === 1) this.notify()
  }

  failed(errno: number): void {
    if (this.closed) return
    this.error = errno
    this.notify()
  }

  drained(): void {
    if (this.closed) return
    this.full = false
    this.notify()
  }

  private transmit(from: Uint8Array, start: number, length: number, to: UdpAddress | undefined): number {
    if (this.error !== 0) return -this.takeError()
    if (this.writeEnded) return -E.PIPE
    if (length > LARGEST[this.family]) return -E.MSGSIZE
    if (to?.host === "255.255.255.255" && !this.options.broadcast) return -E.ACCES
    if (this.full) return -E.AGAIN
    const result = this.bindAnywhere() || this.port!.send(from, start, length, to)
    if (result === -E.AGAIN) this.full = true
    return result
  }

  private openPort(address: UdpAddress, peer: UdpAddress | undefined): number {
    const port = this.open(address, peer, this.options, this)
    if (typeof port === "number") return port
    const failure = this.options.apply(port.settings)
    if (failure < 0) {
      port.close()
      return failure
    }
    this.port = port
    return 0
  }

  private setPeer(peer: UdpAddress | undefined): number {
    const { port } = this
    if (port === undefined) return this.openPort(this.unspecified(), peer)
    const result = port.connect(peer)
    if (result !== -E.ISCONN) return result
    const address = { family: this.family, host: this.bound, port: port.address().port }
    port.close()
    this.port = undefined
    this.full = false
    const failure = this.openPort(address, peer)
    if (failure < 0) this.openPort(address, undefined)
    return failure
  }

  private bindAnywhere(): number {
    return this.port === undefined ? this.bind(this.unspecified()) : 0
  }

  private oldest(peek: boolean): Received | number {
    if (this.closed) return -E.BADF
    if (this.error !== 0) return -this.takeError()
    const received = peek ? this.inbox.peek() : this.inbox.shift()
    if (received !== undefined) return received
    return this.readEnded ? 0 : -E.AGAIN
  }

  // not every host says what the scope of an address is, but that of this end is known
  private withScope(address: UdpAddress): UdpAddress {
    if (this.family === "inet") return address
    const scope = scopeOf(this.bound) || scopeOf(this.peer?.host ?? "")
    return scope === "" ? address : { ...address, host: withScope(address.host, scope) }
  }

  private unspecified(): UdpAddress {
    return { family: this.family, host: this.family === "inet6" ? "::" : "0.0.0.0", port: 0 }
  }

  private takeError(): number {
    const { error } = this
    this.error = 0
    return error
  }
}
