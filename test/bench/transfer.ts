import { exchangeAll } from "./exchange.ts"
import type { Bench, HostBars, Result } from "./row.ts"

export const name = "echo, 4 connections x 64 KiB"
export const bars = {
  node: { "node:net": { atLeast: 0.9 } },
  deno: { "node:net": { atLeast: 0.85 } },
  bun: { "Bun.listen": { atLeast: 0.9 } },
} satisfies HostBars

const CONNECTIONS = 4
const SIZE = 65536

export async function* run(bench: Bench): AsyncGenerator<Result> {
  const kind = { name, unit: "MB/s", connections: CONNECTIONS, size: SIZE, factor: SIZE / 1e6 }
  yield* exchangeAll(bench, kind, bars[bench.runtime.host])
}
