import type { Address } from "./descriptor.ts"
import type { Binding } from "./node/binding.ts"
import type { Domain } from "./node/domain.ts"

/** Bytes that a connection may hold on either side: queued for `recv`, or accepted by `send` and not yet sent. */
export const HIGH_WATER_MARK = 256 * 1024

/** What a wire tells the stream that it belongs to. */
export interface WireUser {
  /** The connection goes on as another wire. */
  became(wire: Wire): void
  /** The connection that was asked for is up. */
  connected(): void
  /** A chunk has arrived, which is the user's now; false stops the reading until `resume()`. */
  received(chunk: Uint8Array): boolean
  /** The peer sends no more. */
  ended(): void
  /** There is room for what is to be sent again. */
  drained(): void
  /** The connection has failed, or it could not be made; `closed` follows. */
  failed(error: unknown): void
  /** There is no connection any more. */
  closed(wire: Wire): void
}

/** A connection as the host has it. Node's `net.Socket` is one. */
export interface Wire {
  /** Whether it is closed or is being closed. */
  readonly destroyed: boolean
  /** How many bytes that were given to the transport's `write` wait to be sent. */
  readonly writableLength: number
  readonly localAddress?: string | undefined
  readonly localPort?: number | undefined
  readonly remoteAddress?: string | undefined
  readonly remotePort?: number | undefined
  /** Goes on reading. */
  resume(): unknown
  /** Ends the sending once all is sent. */
  end(): unknown
  /** Closes it; what is unsent is lost. */
  destroy(): unknown
  /** Resets it. */
  resetAndDestroy(): unknown
  setNoDelay(on: boolean): unknown
  setKeepAlive(on: boolean, milliseconds: number): unknown
}

/** What listens as the host does it: it accepts at once, and what it has accepted waits here until it is taken. */
export interface WireListener {
  /** Whether accept() would return a connection or an error. */
  readonly ready: boolean
  /** The oldest waiting connection with its user, reading; -E.AGAIN, or the errno of an accept that failed, once. */
  accept(user: WireUser): Wire | number
  /** The address in use, once it is known. */
  address(): Address | undefined
  /** Stops listening and resets the connections that nobody took. */
  close(): void
}

/** How a host makes connections: the part of a stream that differs by host. */
export interface Transport {
  /** Begins to connect, from the bound address if there is one, which it takes over. Throws what the host throws. */
  connect(domain: Domain, address: Address, binding: Binding | undefined, user: WireUser): Wire

  /**
   * Listens on a bound address, which it takes over.
   *
   * @param changed - Called when accept() of the listener has something new to say.
   * @returns The listener, or an errno such as -E.ADDRINUSE when another socket listens there already.
   */
  listen(domain: Domain, binding: Binding, backlog: number, changed: () => void): WireListener | number

  /** What `send` needs to know of a connection that is up; negative when there is no such way to write here. */
  sender(wire: Wire): number

  /** Gives the kernel as many bytes as it takes now, none of which is kept: their number, or an errno. */
  send(wire: Wire, sender: number, bytes: Uint8Array): number

  /** Whether `drained` follows when `send` took only some; otherwise the rest is for `write`. */
  readonly resumes: boolean

  /** Copies bytes, which the wire sends when it can. */
  write(wire: Wire, bytes: Uint8Array): void

  /**
   * Closes a connection that nobody holds any more but that has data to send, once that is sent.
   *
   * @param limit - Milliseconds without progress, or in all when `total`, after which the connection is reset.
   */
  farewell(wire: Wire, domain: Domain, limit: number, total: boolean): void
}
