import { createServer, type AddressInfo } from "node:net"
import type { Wait } from "gevent-wasm"
import type { Socket } from "gevent-wasm/socket"
import { Contender } from "./contender.ts"
import { exchange } from "./exchange.ts"
import type { Bar, Bench, Result, Work } from "./row.ts"

export const name = "echo, 50 connections x 64 B"
export const bars = { "node on('data')": { atLeast: 1 }, "gevent StreamServer": { atLeast: 3 } } satisfies Record<
  string,
  Bar
>

const CONNECTIONS = 50
const SIZE = 64

function* echo(socket: Socket): Generator<Wait<unknown>, void> {
  for (;;) {
    const chunk = yield* socket.recv(65536)
    if (chunk.length === 0) return
    yield* socket.sendall(chunk)
  }
}

/** Echo servers; each gives its port. */
export const works: Record<string, Work> = {
  ours: async () => {
    const { StreamServer } = await import("gevent-wasm/server")
    const server = new StreamServer("127.0.0.1:0", echo)
    server.start()
    return server.serverPort
  },
  node: () =>
    new Promise((resolve) => {
      const server = createServer((socket) => {
        socket.on("data", (chunk) => socket.write(chunk))
        socket.on("error", () => socket.destroy())
      })
      server.listen(0, "127.0.0.1", () => resolve((server.address() as AddressInfo).port))
    }),
}

export async function* run(bench: Bench): AsyncGenerator<Result> {
  const pair = { name, unit: "requests/s", connections: CONNECTIONS, size: SIZE, factor: 1 }
  const peers = {
    "node on('data')": () => Contender.work(bench, "echo", "node"),
    "gevent StreamServer": () => Contender.python(bench, "echo"),
  }
  for (const [peerName, peer] of Object.entries(peers)) {
    yield await exchange(bench, { ...pair, peerName, bar: bars[peerName as keyof typeof bars] }, peer)
  }
}
