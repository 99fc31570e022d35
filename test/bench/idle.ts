import { once } from "node:events"
import { connect, createServer, type AddressInfo, type Socket as NodeSocket } from "node:net"
import type { Wait } from "gevent-wasm"
import type { Socket } from "gevent-wasm/socket"
import { Contender } from "./contender.ts"
import { alone, median } from "./pairs.ts"
import type { Bar, Bench, Result, Work } from "./row.ts"

export const name = "idle connection, above node:net"
export const bars = { "10,000 of one server": { atMost: 12_000 } } satisfies Record<string, Bar>

const CONNECTIONS = 10_000
const AT_ONCE = 100
const ROUNDS = 3

let port = 0
let connections = 0

function* idle(socket: Socket): Generator<Wait<unknown>, void> {
  connections++
  yield* socket.recv(65536)
}

/** Servers that wait for what their clients send; each gives its port, and from the second time on how many they have. */
export const works: Record<string, Work> = {
  ours: async () => {
    if (port > 0) return connections
    const { StreamServer } = await import("gevent-wasm/server")
    const server = new StreamServer("127.0.0.1:0", idle)
    server.start()
    return (port = server.serverPort)
  },
  "node:net": () =>
    port > 0
      ? connections
      : new Promise((resolve) => {
          const server = createServer((socket) => {
            connections++
            socket.on("data", () => {})
            socket.on("error", () => socket.destroy())
          })
          server.listen(0, "127.0.0.1", () => resolve((port = (server.address() as AddressInfo).port)))
        }),
}

export async function* run(bench: Bench): AsyncGenerator<Result> {
  const above: number[] = []
  for (let i = 0; i < ROUNDS; i++) above.push((await memoryOf(bench, "ours")) - (await memoryOf(bench, "node:net")))
  for (const bar of Object.values(bars)) yield alone(bench, name, "B", median(above), bar)
}

/** The bytes that a server holds for each connection. */
async function memoryOf(bench: Bench, work: string): Promise<number> {
  const server = Contender.work(bench, "idle", work)
  const clients: NodeSocket[] = []
  try {
    const port = await server.once()
    const before = await server.memory()
    while (clients.length < CONNECTIONS) {
      const some = Array.from({ length: AT_ONCE }, () => connect(port, "127.0.0.1"))
      clients.push(...some)
      await Promise.all(some.map((client) => once(client, "connect")))
      while ((await server.once()) < clients.length);
    }
    return ((await server.memory()) - before) / CONNECTIONS
  } finally {
    for (const client of clients) client.destroy()
    await server.stop()
  }
}
