import { run as runGreenlet, Timeout } from "gevent-wasm"
import { Contender } from "./contender.ts"
import { race } from "./pairs.ts"
import type { Bar, Bench, Result, Work } from "./row.ts"

export const name = "start + cancel of a Timeout"
export const bars = { "setTimeout + clearTimeout": { atLeast: 2 }, gevent: { atLeast: 3 } } satisfies Record<
  string,
  Bar
>

const TIMEOUTS = 10_000
const SECONDS = 5

export const works: Record<string, Work> = {
  ours: () =>
    runGreenlet(function* () {
      for (let i = 0; i < TIMEOUTS; i++) Timeout.startNew(SECONDS).cancel()
      return TIMEOUTS
    }),
  node: () => {
    for (let i = 0; i < TIMEOUTS; i++) clearTimeout(setTimeout(expired, SECONDS * 1000))
    return TIMEOUTS
  },
}

function expired(): void {
  throw new Error("a timer that was cancelled fired")
}

export async function* run(bench: Bench): AsyncGenerator<Result> {
  const peers = {
    "setTimeout + clearTimeout": () => Contender.work(bench, "timeout", "node"),
    gevent: () => Contender.python(bench, "timeout"),
  }
  const ours = (): Contender => Contender.work(bench, "timeout", "ours")
  for (const [peerName, peer] of Object.entries(peers)) {
    const bar = bars[peerName as keyof typeof bars]
    yield await race(bench, { name, unit: "timeouts/s", peerName, bar }, { ours, peer })
  }
}
