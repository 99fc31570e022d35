/** The part of Bun's own sockets that is used. */
export interface BunSockets {
  listen(options: BunListenOptions): BunServer
}

/** How to listen. */
export interface BunListenOptions {
  hostname?: string | undefined
  port?: number | undefined
  unix?: string | undefined
  ipv6Only?: boolean | undefined
  allowHalfOpen: boolean
  backlog: number
  socket: BunHandlers
}

/** What listens. */
export interface BunServer {
  stop(closeConnections: boolean): void
  unref(): void
}

/** What Bun calls; `data` of a socket says whose it is. */
export interface BunHandlers {
  readonly binaryType: "uint8array"
  open?(socket: BunSocket): void
  data(socket: BunSocket, chunk: Uint8Array): void
  end(socket: BunSocket): void
  drain(socket: BunSocket): void
  close(socket: BunSocket, error?: unknown): void
  error(socket: BunSocket, error: unknown): void
}

/** A connection. */
export interface BunSocket {
  data: unknown
  readonly localAddress?: string
  readonly localPort?: number
  readonly remoteAddress?: string
  readonly remotePort?: number
  /** How many bytes the kernel took; -1 when the connection is gone. */
  write(bytes: Uint8Array): number
  /** Ends the sending, and the reading as well unless `halfClose`. */
  shutdown(halfClose?: boolean): void
  /** Closes it: what the kernel took is still delivered. */
  close(): void
  /** Resets it. */
  terminate(): void
  pause(): void
  resume(): void
  ref(): void
  unref(): void
  setNoDelay(on: boolean): boolean
  setKeepAlive(on: boolean, milliseconds: number): boolean
  reload(options: { socket: BunHandlers }): void
}

/** Bun's own interface. */
export const bun: BunSockets = (globalThis as unknown as { Bun: BunSockets }).Bun
