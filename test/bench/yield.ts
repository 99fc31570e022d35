import { Program } from "gevent-wasm/program"
import { Contender } from "./contender.ts"
import { race } from "./pairs.ts"
import type { Bar, Bench, Result, Work } from "./row.ts"

export const name = "C threads yielding"
export const bars = { "depth 1": { atLeast: 25 }, "depth 20": { atLeast: 6 } } satisfies Record<string, Bar>

const THREADS = 100
const YIELDS = 10_000

let program: Program | undefined

export const works: Record<string, Work> = {
  ours: async (path, depth) => {
    program ??= await Program.load(path)
    const status = await program.run([String(THREADS), depth, String(YIELDS)]).get()
    if (status !== 0) throw new Error(`the program ended with ${status}`)
    return THREADS * YIELDS
  },
}

export async function* run(bench: Bench): AsyncGenerator<Result> {
  const path = bench.tools.program("yield")
  for (const [at, bar] of Object.entries(bars)) {
    const depth = at.replace("depth ", "")
    yield await race(
      bench,
      { name: `${name}, ${at}`, unit: "yields/s", peerName: "gevent sleep(0)", bar },
      {
        ours: () => Contender.work(bench, "yield", "ours", path, depth),
        peer: () => Contender.python(bench, "sleep", String(THREADS), depth),
      },
    )
  }
}
