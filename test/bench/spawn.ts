import { joinall, run as runGreenlet, spawn, type Wait } from "gevent-wasm"
import { Contender } from "./contender.ts"
import { race } from "./pairs.ts"
import type { Bar, Bench, Result, Work } from "./row.ts"

export const name = "spawn + joinall of 10,000"
export const bars = { gevent: { atLeast: 6 } } satisfies Record<string, Bar>

const GREENLETS = 10_000

function* nothing(): Generator<Wait<unknown>, void> {}

export const works: Record<string, Work> = {
  ours: () =>
    runGreenlet(function* () {
      const greenlets = []
      for (let i = 0; i < GREENLETS; i++) greenlets.push(spawn(nothing))
      yield* joinall(greenlets)
      return GREENLETS
    }),
}

export async function* run(bench: Bench): AsyncGenerator<Result> {
  yield await race(
    bench,
    { name, unit: "greenlets/s", peerName: "gevent", bar: bars.gevent },
    { ours: () => Contender.work(bench, "spawn", "ours"), peer: () => Contender.python(bench, "spawn") },
  )
}
