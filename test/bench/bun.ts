/** The part of Bun's sockets that the peers use. */
interface BunSockets {
  listen(options: {
    hostname?: string
    port?: number
    unix?: string
    socket: {
      open?(socket: BunSocket): void
      data(socket: BunSocket, chunk: Uint8Array): void
    }
  }): { readonly port?: number }
}

interface BunSocket {
  write(chunk: Uint8Array): number
  end(): void
}

/** Bun's own interface. @throws {TypeError} on another host. */
export function bunOf(): BunSockets {
  const { Bun } = globalThis as { Bun?: BunSockets }
  if (Bun === undefined) throw new TypeError("a peer for Bun runs elsewhere")
  return Bun
}
