import { exchangeAll } from "./exchange.ts"
import type { Bench, HostBars, Result } from "./row.ts"

export const name = "echo, 50 unix sockets x 64 B"
export const bars = {
  node: { "node:net": { atLeast: 1 } },
  deno: { "node:net": { atLeast: 0.85 } },
  bun: { "Bun.listen": { atLeast: 0.9 } },
} satisfies HostBars

const CONNECTIONS = 50
const SIZE = 64

export async function* run(bench: Bench): AsyncGenerator<Result> {
  const kind = { name, unit: "requests/s", connections: CONNECTIONS, size: SIZE, factor: 1, family: "unix" as const }
  yield* exchangeAll(bench, kind, bars[bench.runtime.host])
}
