import { sleep, spawn, type Wait } from "gevent-wasm"
import { Contender } from "./contender.ts"
import { footprint } from "./footprint.ts"
import type { Bar, Bench, Result, Work } from "./row.ts"

export const name = "sleeping greenlet"
export const bars = { "spawn(() => sleep())": { atMost: 1024 }, generator: { atMost: 1024 } } satisfies Record<
  string,
  Bar
>

const GREENLETS = 100_000

function* sleeper(): Generator<Wait<unknown>, void> {
  yield* sleep(3600)
}

export const works: Record<string, Work> = {
  "spawn(() => sleep())": () => sleeping(() => spawn(() => sleep(3600))),
  generator: () => sleeping(() => spawn(sleeper)),
}

/** Makes them, and waits until each has run and sleeps. */
async function sleeping(start: () => unknown): Promise<number> {
  for (let i = 0; i < GREENLETS; i++) start()
  await sleep(0.1)
  return GREENLETS
}

export async function* run(bench: Bench): AsyncGenerator<Result> {
  for (const [work, bar] of Object.entries(bars)) {
    yield await footprint(
      bench,
      { name: `${name}, ${work}`, peerName: "gevent", bar },
      {
        ours: () => Contender.work(bench, "sleepers", work),
        peer: () => Contender.python(bench, "sleepers", String(GREENLETS)),
      },
    )
  }
}
