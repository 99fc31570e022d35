import { connect, createServer, type AddressInfo } from "node:net"
import { createInterface } from "node:readline"
import { raceAll } from "./pairs.ts"
import type { Bar, Bench, Result, Work } from "./row.ts"

export const name = "readline over a socket, 64 B a line"
export const bars = { "node readline": { atLeast: 1 }, "raw recv": { atLeast: 0.5 } } satisfies Record<string, Bar>

const LINES = 100_000
const data = Buffer.from(`${"x".repeat(63)}\n`.repeat(LINES))
let port: Promise<number> | null = null

/** A server in the same process that sends all lines to whoever comes. */
function source(): Promise<number> {
  return (port ??= new Promise((resolve) => {
    const server = createServer((socket) => socket.end(data))
    server.listen(0, "127.0.0.1", () => resolve((server.address() as AddressInfo).port))
    server.unref()
  }))
}

export const works: Record<string, Work> = {
  ours: async () => {
    const { run } = await import("gevent-wasm")
    const { createConnection } = await import("gevent-wasm/socket")
    const at = await source()
    return await run(function* () {
      using socket = yield* createConnection(["127.0.0.1", at])
      using file = socket.makefile("r")
      let count = 0
      for (let line = yield* file.readline(); line !== ""; line = yield* file.readline()) count++
      return count
    })
  },
  "raw recv": async () => {
    const { run } = await import("gevent-wasm")
    const { createConnection } = await import("gevent-wasm/socket")
    const at = await source()
    return await run(function* () {
      using socket = yield* createConnection(["127.0.0.1", at])
      let count = 0
      for (let chunk = yield* socket.recv(8192); chunk.length > 0; chunk = yield* socket.recv(8192)) {
        count += chunk.length
      }
      return count / (data.length / LINES)
    })
  },
  "node readline": async () => {
    const socket = connect(await source(), "127.0.0.1")
    let count = 0
    await new Promise<void>((resolve) => {
      const lines = createInterface({ input: socket, crlfDelay: Infinity })
      lines.on("line", () => count++)
      lines.on("close", resolve)
    })
    return count
  },
}

export async function* run(bench: Bench): AsyncGenerator<Result> {
  yield* raceAll(bench, "readline", { name, bars, unit: "lines/s" })
}
