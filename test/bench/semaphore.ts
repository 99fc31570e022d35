import { run as runGreenlet } from "gevent-wasm"
import { Semaphore } from "gevent-wasm/lock"
import { raceAll } from "./pairs.ts"
import type { Bar, Bench, Result, Work } from "./row.ts"

export const name = "acquire + release of a Semaphore"
export const bars = { Effect: { atLeast: 1 }, gevent: { atLeast: 3 } } satisfies Record<string, Bar>

const TIMES = 10_000

export const works: Record<string, Work> = {
  ours: () =>
    runGreenlet(function* () {
      const semaphore = new Semaphore(1)
      for (let i = 0; i < TIMES; i++) {
        yield* semaphore.acquire()
        semaphore.release()
      }
      return TIMES
    }),
  Effect: async () => {
    const { Effect, Semaphore } = await import("effect")
    const work = Effect.gen(function* () {
      const semaphore = yield* Semaphore.make(1)
      for (let i = 0; i < TIMES; i++) {
        yield* semaphore.take(1)
        yield* semaphore.release(1)
      }
      return TIMES
    })
    return Effect.runPromise(work)
  },
}

export async function* run(bench: Bench): AsyncGenerator<Result> {
  yield* raceAll(bench, "semaphore", { name, bars, unit: "times/s" })
}
