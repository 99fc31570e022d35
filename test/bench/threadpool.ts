import { join } from "node:path"
import { run as runGreenlet } from "gevent-wasm"
import { ThreadPool } from "gevent-wasm/threadpool"
import double from "./double.ts"
import { raceAll } from "./pairs.ts"
import { BUNDLES } from "./tools.ts"
import type { Bar, Bench, Result, Work } from "./row.ts"

export const name = "apply in a thread"
export const bars = { piscina: { atLeast: 0.8 }, gevent: { atLeast: 5 } } satisfies Record<string, Bar>

const TIMES = 500
const pool = new ThreadPool(1)
let piscina: Promise<{ run(task: unknown): Promise<unknown> }> | undefined

async function startPiscina(): Promise<{ run(task: unknown): Promise<unknown> }> {
  const { Piscina } = await import("piscina")
  return new Piscina({ filename: join(BUNDLES, "double.mjs"), minThreads: 1, maxThreads: 1 })
}

export const works: Record<string, Work> = {
  ours: () =>
    runGreenlet(function* () {
      for (let i = 0; i < TIMES; i++) yield* pool.apply(double, [i])
      return TIMES
    }),
  piscina: async () => {
    const peer = await (piscina ??= startPiscina())
    for (let i = 0; i < TIMES; i++) await peer.run(i)
    return TIMES
  },
}

export async function* run(bench: Bench): AsyncGenerator<Result> {
  yield* raceAll(bench, "threadpool", { name, bars, unit: "calls/s" })
}
