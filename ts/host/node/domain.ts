import type net from "node:net"
import type { Address } from "../descriptor.ts"
import type { Wire } from "../wire.ts"
import type { Binding, BindOptions } from "./binding.ts"

/** What TCP and unix sockets do each in their own way: their addresses, and how a connection is cut off. */
export interface Domain {
  /** The number of the address family. */
  readonly number: number
  /** The number of the protocol. */
  readonly protocol: number
  /** The address of a socket that has none yet. */
  readonly unbound: Address
  /** What `listen` binds a socket to that has no address; undefined when it has to have one. */
  readonly any: Address | undefined
  /** The levels of its options, beside SOL_SOCKET. */
  readonly levels: readonly number[]

  /** Whether the next `connect` after one that failed reports that, as Linux does for TCP. */
  readonly remembersFailure: boolean
  /** Whether a connect is EAGAIN while the listener has no room, and is to be tried again. */
  readonly retries: boolean

  /** Takes a local address: the binding, or a negative errno. */
  bind(address: Address, options: BindOptions): Binding | number

  /** Whether one can connect to an address: 0, or a negative errno. */
  check(address: Address): number

  /** What `socket.connect()` takes. */
  target(address: Address, local: Address | undefined): net.SocketConnectOpts

  /** The address of a listener, once it is known. */
  listening(server: net.Server): Address | undefined

  /** This end's address of a connection, once it is known. */
  local(wire: Wire): Address | undefined

  /** The other end's; `target` is what was connected to from here. */
  peer(wire: Wire, target: Address | undefined): Address | undefined

  /** Cuts a connection off; what is unsent is lost. */
  reset(wire: Wire): void
}
