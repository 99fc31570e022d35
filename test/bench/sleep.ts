import { joinall, run as runGreenlet, sleep, spawn, type Wait } from "gevent-wasm"
import { Contender } from "./contender.ts"
import { race } from "./pairs.ts"
import type { Bar, Bench, Result, Work } from "./row.ts"

export const name = "sleep(0), 100 greenlets x 1,000"
export const bars = { gevent: { atLeast: 8 } } satisfies Record<string, Bar>

const GREENLETS = 100
const SLEEPS = 1000

function* sleeper(): Generator<Wait<unknown>, void> {
  for (let i = 0; i < SLEEPS; i++) yield* sleep(0)
}

export const works: Record<string, Work> = {
  ours: () =>
    runGreenlet(function* () {
      const greenlets = []
      for (let i = 0; i < GREENLETS; i++) greenlets.push(spawn(sleeper))
      yield* joinall(greenlets)
      return GREENLETS * SLEEPS
    }),
}

export async function* run(bench: Bench): AsyncGenerator<Result> {
  yield await race(
    bench,
    { name, unit: "sleeps/s", peerName: "gevent", bar: bars.gevent },
    { ours: () => Contender.work(bench, "sleep", "ours"), peer: () => Contender.python(bench, "sleep", "100", "1") },
  )
}
