import { createServer, type AddressInfo } from "node:net"
import type { Wait } from "gevent-wasm"
import type { Socket } from "gevent-wasm/socket"
import { bunOf } from "./bun.ts"
import { exchangeAll } from "./exchange.ts"
import type { Bench, HostBars, Result, Work } from "./row.ts"

export const name = "echo, 50 connections x 64 B"
export const bars = {
  node: { "node:net": { atLeast: 1 }, "gevent StreamServer": { atLeast: 3 } },
  deno: { "node:net": { atLeast: 0.85 } },
  bun: { "Bun.listen": { atLeast: 0.9 } },
} satisfies HostBars

const CONNECTIONS = 50
const SIZE = 64

function* echo(socket: Socket): Generator<Wait<unknown>, void> {
  for (;;) {
    const chunk = yield* socket.recv(65536)
    if (chunk.length === 0) return
    yield* socket.sendall(chunk)
  }
}

/** Echo servers; each gives its port. With a path they are unix sockets. */
export const works: Record<string, Work> = {
  ours: async (path) => {
    const { StreamServer } = await import("gevent-wasm/server")
    const { AF_INET, AF_UNIX, Socket } = await import("gevent-wasm/socket")
    const listener = new Socket(path === undefined ? AF_INET : AF_UNIX)
    listener.bind(path ?? ["127.0.0.1", 0])
    listener.listen()
    const server = new StreamServer(listener, echo)
    server.start()
    return path === undefined ? server.serverPort : 0
  },
  "node:net": (path) =>
    new Promise((resolve) => {
      const server = createServer((socket) => {
        socket.on("data", (chunk) => socket.write(chunk))
        socket.on("error", () => socket.destroy())
      })
      if (path !== undefined) server.listen(path, () => resolve(0))
      else server.listen(0, "127.0.0.1", () => resolve((server.address() as AddressInfo).port))
    }),
  // messages are smaller than what the kernel takes at once, so that a write is never partial
  "Bun.listen": (path) =>
    bunOf().listen({
      ...(path === undefined ? { hostname: "127.0.0.1", port: 0 } : { unix: path }),
      socket: {
        data(socket, chunk) {
          socket.write(chunk)
        },
      },
    }).port ?? 0,
}

export async function* run(bench: Bench): AsyncGenerator<Result> {
  const kind = { name, unit: "requests/s", connections: CONNECTIONS, size: SIZE, factor: 1 }
  yield* exchangeAll(bench, kind, bars[bench.runtime.host])
}
