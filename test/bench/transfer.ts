import { Contender } from "./contender.ts"
import { exchange } from "./exchange.ts"
import type { Bar, Bench, Result } from "./row.ts"

export const name = "echo, 4 connections x 64 KiB"
export const bars = { "node on('data')": { atLeast: 0.9 } } satisfies Record<string, Bar>

const CONNECTIONS = 4
const SIZE = 65536

export async function* run(bench: Bench): AsyncGenerator<Result> {
  const pair = { name, unit: "MB/s", connections: CONNECTIONS, size: SIZE, factor: SIZE / 1e6 }
  for (const [peerName, bar] of Object.entries(bars)) {
    yield await exchange(bench, { ...pair, peerName, bar }, () => Contender.work(bench, "echo", "node"))
  }
}
