import { createServer, type AddressInfo } from "node:net"
import { bunOf } from "./bun.ts"
import { exchangeAll } from "./exchange.ts"
import type { Bench, HostBars, Result, Work } from "./row.ts"

export const name = "accept + close, 50 at once"
export const bars = {
  node: { "node:net": { atLeast: 0.8 } },
  deno: { "node:net": { atLeast: 0.8 } },
  bun: { "Bun.listen": { atLeast: 0.8 } },
} satisfies HostBars

const CONNECTIONS = 50

/** Servers that close each connection that comes; each gives its port. */
export const works: Record<string, Work> = {
  ours: async () => {
    const { StreamServer } = await import("gevent-wasm/server")
    const server = new StreamServer("127.0.0.1:0", () => {})
    server.start()
    return server.serverPort
  },
  "node:net": () =>
    new Promise((resolve) => {
      const server = createServer((socket) => socket.destroy())
      server.listen(0, "127.0.0.1", () => resolve((server.address() as AddressInfo).port))
    }),
  "Bun.listen": () =>
    bunOf().listen({ hostname: "127.0.0.1", port: 0, socket: { open: (socket) => socket.end(), data() {} } }).port ?? 0,
}

export async function* run(bench: Bench): AsyncGenerator<Result> {
  const kind = { name, unit: "connections/s", connections: CONNECTIONS, size: 0, factor: 1, work: "accept" }
  yield* exchangeAll(bench, kind, bars[bench.runtime.host])
}
