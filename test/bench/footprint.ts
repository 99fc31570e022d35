import type { Contender } from "./contender.ts"
import { compare } from "./pairs.ts"
import type { Bar, Bench, Result } from "./row.ts"

/** Compares what two kinds of processes hold in memory for each of the things that their work makes, in fresh processes. */
export async function footprint(
  bench: Bench,
  pair: { name: string; peerName: string; bar: Bar },
  start: { ours: () => Contender; peer: () => Contender },
): Promise<Result> {
  const { ours, peer } = start
  return compare(bench, {
    ...pair,
    unit: "B",
    rounds: 3,
    warmUp: 0,
    ours: () => resident(ours()),
    peer: () => resident(peer()),
  })
}

async function resident(contender: Contender): Promise<number> {
  try {
    const before = await contender.memory()
    const count = await contender.once()
    const after = await contender.memory()
    return (after - before) / count
  } finally {
    await contender.stop()
  }
}
