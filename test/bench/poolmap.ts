import { run as runGreenlet, type Wait } from "gevent-wasm"
import { Pool } from "gevent-wasm/pool"
import { raceAll } from "./pairs.ts"
import type { Bar, Bench, Result, Work } from "./row.ts"

export const name = "Pool(10).map of 10,000"
export const bars = {
  "Effect.gen": { atLeast: 1 },
  "Effect.sync": { atLeast: 1 },
  gevent: { atLeast: 8 },
} satisfies Record<string, Bar>

const SIZE = 10
const ITEMS = Array.from({ length: 10_000 }, (_, i) => i)

function* double(number: number): Generator<Wait<unknown>, number> {
  return 2 * number
}

export const works: Record<string, Work> = {
  ours: () =>
    runGreenlet(function* () {
      return (yield* new Pool(SIZE).map(double, ITEMS)).length
    }),
  "Effect.gen": async () => {
    const { Effect } = await import("effect")
    const call = (number: number) =>
      Effect.gen(function* () {
        return 2 * number
      })
    return (await Effect.runPromise(Effect.forEach(ITEMS, call, { concurrency: SIZE }))).length
  },
  "Effect.sync": async () => {
    const { Effect } = await import("effect")
    const call = (number: number) => Effect.sync(() => 2 * number)
    return (await Effect.runPromise(Effect.forEach(ITEMS, call, { concurrency: SIZE }))).length
  },
}

export async function* run(bench: Bench): AsyncGenerator<Result> {
  yield* raceAll(bench, "poolmap", { name, bars, unit: "calls/s" })
}
