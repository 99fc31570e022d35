import { run as runGreenlet, type Wait } from "gevent-wasm"
import { Pool } from "gevent-wasm/pool"
import { raceAll } from "./pairs.ts"
import type { Bar, Bench, Result, Work } from "./row.ts"

export const name = "Pool(10).imapUnordered of 10,000"
export const bars = { gevent: { atLeast: 8 } } satisfies Record<string, Bar>

const SIZE = 10
const ITEMS = Array.from({ length: 10_000 }, (_, i) => i)

function* double(number: number): Generator<Wait<unknown>, number> {
  return 2 * number
}

export const works: Record<string, Work> = {
  ours: () =>
    runGreenlet(function* () {
      let count = 0
      for (const next of new Pool(SIZE).imapUnordered(double, ITEMS)) {
        yield* next
        count++
      }
      return count
    }),
}

export async function* run(bench: Bench): AsyncGenerator<Result> {
  yield* raceAll(bench, "imap", { name, bars, unit: "calls/s" })
}
