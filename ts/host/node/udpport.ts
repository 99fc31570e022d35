import type { Address } from "../descriptor.ts"

/** An address of UDP; the host is numeric. */
export type UdpAddress = Extract<Address, { host: string }>

/** How to bind a UDP socket. */
export interface UdpOptions {
  ipv6Only: boolean
  reuseAddress: boolean
  reusePort: boolean
}

/** What a port tells of itself. */
export interface UdpEvents {
  /** How many datagrams came that nobody has taken yet. */
  readonly waiting: number
  /** A datagram came; its bytes are the receiver's. */
  received(data: Uint8Array, host: string, port: number): void
  /** An error came: the port of the peer is closed, or what was accepted could not be sent. */
  failed(errno: number): void
  /** There is room again for what was refused with -E.AGAIN. */
  drained(): void
}

/** The host's own socket, with the methods that set an option. They throw what the system says. */
export interface UdpSettings {
  setBroadcast(on: boolean): unknown
  setTTL(hops: number): unknown
  setMulticastTTL(hops: number): unknown
  setMulticastLoopback(on: boolean): unknown
  setMulticastInterface(address: string): unknown
  addMembership(group: string, address?: string): unknown
  dropMembership(group: string, address?: string): unknown
  setRecvBufferSize?(bytes: number): void
  setSendBufferSize?(bytes: number): void
  getRecvBufferSize?(): number
  getSendBufferSize?(): number
}

/** A bound UDP socket of the host. Nothing blocks or throws; a failure is a negative errno. */
export interface UdpPort {
  /** What sets the options. */
  readonly settings: UdpSettings
  /** Where it is bound; with a peer, the address that the system chose for it. */
  address(): UdpAddress
  /** Gives it a peer, or none; -E.ISCONN when only another port can have that. After an error there is none. */
  connect(peer: UdpAddress | undefined): number
  /** Sends `length` bytes as a datagram, to the peer when `to` is undefined, and keeps nothing of `from`. Its length, or -E.AGAIN. */
  send(from: Uint8Array, start: number, length: number, to: UdpAddress | undefined): number
  /** Gives the address back, once what was accepted is sent. */
  close(): void
}

/** Binds a UDP socket now. With a peer, that is the only address that it sends to and receives from. */
export type OpenUdp = (
  address: UdpAddress,
  peer: UdpAddress | undefined,
  options: UdpOptions,
  events: UdpEvents,
) => UdpPort | number
