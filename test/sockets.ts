import { descriptors } from "gevent-wasm/core"
import { AF_INET, createConnection, Socket, type SocketAddress } from "gevent-wasm/socket"
import { spawn, type Op, type Wait } from "gevent-wasm"
import { readdirSync, readFileSync, readlinkSync } from "node:fs"
import net, { type AddressInfo } from "node:net"
import * as assert from "uvu/assert"

/** A socket that listens on a free port of the loopback. */
export function listening(family: number = AF_INET): Socket {
  const socket = new Socket(family)
  socket.bind([family === AF_INET ? "127.0.0.1" : "::1", 0])
  socket.listen()
  return socket
}

/** Two sockets that are connected with each other. */
export function* connectedPair(): Generator<Wait<unknown>, [client: Socket, server: Socket], unknown> {
  using listener = listening()
  const connecting = spawn(() => createConnection(listener.getsockname()))
  const [server] = yield* listener.accept()
  return [yield* connecting.get(), server]
}

/** A server of the host's own. */
export function peer(serve: (socket: net.Socket) => void): Promise<{ address: SocketAddress; close(): Promise<void> }> {
  return new Promise((resolve) => {
    const sockets = new Set<net.Socket>()
    const server = net.createServer({ allowHalfOpen: true }, (socket) => {
      sockets.add(socket)
      socket.on("error", () => {})
      socket.on("close", () => sockets.delete(socket))
      serve(socket)
    })
    server.listen(0, "127.0.0.1", () => {
      const address: SocketAddress = ["127.0.0.1", (server.address() as AddressInfo).port]
      const close = (): Promise<void> =>
        new Promise((closed) => {
          server.close(() => closed())
          for (const socket of sockets) socket.destroy()
        })
      resolve({ address, close })
    })
  })
}

/** Everything up to the end of the stream. */
export function* readAll(socket: Socket): Generator<Wait<unknown>, Uint8Array, unknown> {
  const chunks: Uint8Array[] = []
  for (;;) {
    const chunk = yield* socket.recv(65536)
    if (chunk.length === 0) return Buffer.concat(chunks)
    chunks.push(chunk)
  }
}

/** The text of bytes. */
export function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes)
}

/** The error that an operation fails with. */
export function* failure(op: Op<unknown>): Generator<Wait<unknown>, Error & { code?: string }, unknown> {
  try {
    yield* op
  } catch (error) {
    return error as Error
  }
  throw new assert.Assertion({ message: "it did not fail", details: "", generated: false, operator: "throws" } as never)
}

/** Internet sockets that are open in the system, and descriptors in the fd table. */
export interface OpenDescriptors {
  readonly system: number
  readonly table: number
}

/** How many descriptors this process has. Files and unix sockets may be the host's own, which it opens at any time. */
export function openDescriptors(): OpenDescriptors {
  const unix = readFileSync("/proc/net/unix", "utf8")
  const links = readdirSync("/proc/self/fd").map((file) => {
    try {
      return readlinkSync(`/proc/self/fd/${file}`)
    } catch {
      return "" // it was the listing's own
    }
  })
  const sockets = links.flatMap((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1] ?? [])
  return { system: sockets.filter((inode) => !unix.includes(` ${inode}`)).length, table: descriptors.size }
}

/** Waits, in the host's time, until no more descriptors are open than before. */
export async function settled(before: OpenDescriptors, seconds = 5): Promise<void> {
  const end = performance.now() + seconds * 1000
  for (;;) {
    const { system, table } = openDescriptors()
    if (system <= before.system && table <= before.table) return
    if (performance.now() > end) assert.equal({ system, table }, before)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}
