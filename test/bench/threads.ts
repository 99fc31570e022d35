import { Program } from "gevent-wasm/program"
import { Contender } from "./contender.ts"
import { footprint } from "./footprint.ts"
import type { Bar, Bench, Result, Work } from "./row.ts"

export const name = "sleeping C thread"
export const bars = { "16 KiB stack": { atMost: 20_480 } } satisfies Record<string, Bar>

const THREADS = 50_000
const STACK = 16_384

export const works: Record<string, Work> = {
  /** Resolves once all of them sleep. */
  ours: async (path) => {
    const program = await Program.load(path)
    return new Promise((resolve, reject) => {
      const stdout = (): void => resolve(THREADS)
      const ended = (): void => reject(new Error("the program ended"))
      program.run([String(THREADS), String(STACK)], { stdout }).rawlink(ended)
    })
  },
}

export async function* run(bench: Bench): AsyncGenerator<Result> {
  const path = bench.tools.program("sleepers")
  for (const [stack, bar] of Object.entries(bars)) {
    yield await footprint(
      bench,
      { name: `${name}, ${stack}`, peerName: "gevent", bar },
      {
        ours: () => Contender.work(bench, "threads", "ours", path),
        peer: () => Contender.python(bench, "sleepers", String(THREADS)),
      },
    )
  }
}
