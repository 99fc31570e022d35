import { run as runGreenlet } from "gevent-wasm"
import { Queue } from "gevent-wasm/queue"
import { raceAll } from "./pairs.ts"
import type { Bar, Bench, Result, Work } from "./row.ts"

export const name = "put + get of a Queue"
export const bars = { Effect: { atLeast: 1 }, gevent: { atLeast: 3 } } satisfies Record<string, Bar>

const ITEMS = 10_000

export const works: Record<string, Work> = {
  ours: () =>
    runGreenlet(function* () {
      const queue = new Queue<number>()
      for (let i = 0; i < ITEMS; i++) {
        yield* queue.put(i)
        yield* queue.get()
      }
      return ITEMS
    }),
  Effect: async () => {
    const { Effect, Queue } = await import("effect")
    const work = Effect.gen(function* () {
      const queue = yield* Queue.unbounded<number>()
      for (let i = 0; i < ITEMS; i++) {
        yield* Queue.offer(queue, i)
        yield* Queue.take(queue)
      }
      return ITEMS
    })
    return Effect.runPromise(work)
  },
}

export async function* run(bench: Bench): AsyncGenerator<Result> {
  // a queue.py beside it would be imported in place of Python's own
  yield* raceAll(bench, "queue", { name, bars, unit: "items/s", script: "queues" })
}
