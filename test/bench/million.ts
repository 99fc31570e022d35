import { run as runGreenlet } from "gevent-wasm"
import { Queue } from "gevent-wasm/queue"
import { Contender } from "./contender.ts"
import { race } from "./pairs.ts"
import type { Bar, Bench, Result, Work } from "./row.ts"

export const name = "1,000,000 items put, then got"
// an item takes at most 1.5 times as long
export const bars = { "ours, 1,000 items": { atLeast: 0.67 } } satisfies Record<string, Bar>

const MANY = 1_000_000
const FEW = 1000

export const works: Record<string, Work> = {
  ours: (size) =>
    runGreenlet(function* () {
      const count = Number(size)
      for (let done = 0; done < MANY; done += count) {
        const queue = new Queue<number>()
        for (let i = 0; i < count; i++) yield* queue.put(i)
        for (let i = 0; i < count; i++) yield* queue.get()
      }
      return MANY
    }),
}

export async function* run(bench: Bench): AsyncGenerator<Result> {
  for (const [peerName, bar] of Object.entries(bars)) {
    yield await race(
      bench,
      { name, unit: "items/s", peerName, bar },
      {
        ours: () => Contender.work(bench, "million", "ours", String(MANY)),
        peer: () => Contender.work(bench, "million", "ours", String(FEW)),
      },
    )
  }
}
