import { spawn } from "node:child_process"
import { once } from "node:events"
import { raceAll } from "./pairs.ts"
import type { Bar, Bench, Result, Work } from "./row.ts"

export const name = "Popen + wait of true"
export const bars = {
  "node spawn": { atLeast: 0.9 },
  // fork(2) copies the page tables, so that a process which has loaded more starts others slower
  "node spawn, ours loaded": { atLeast: 0.9 },
  gevent: { atLeast: 1 },
} satisfies Record<string, Bar>

const PROCESSES = 20

export const works: Record<string, Work> = {
  ours: async () => {
    const [{ run }, { Popen }] = await Promise.all([import("gevent-wasm"), import("gevent-wasm/subprocess")])
    return run(function* () {
      for (let i = 0; i < PROCESSES; i++) yield* new Popen(["true"]).wait()
      return PROCESSES
    })
  },
  "node spawn": spawnAll,
  "node spawn, ours loaded": async () => {
    await Promise.all([import("gevent-wasm"), import("gevent-wasm/subprocess")]).then(([{ run }]) =>
      run(function* () {}),
    )
    return spawnAll()
  },
}

async function spawnAll(): Promise<number> {
  for (let i = 0; i < PROCESSES; i++) await once(spawn("true", { stdio: "inherit" }), "exit")
  return PROCESSES
}

export async function* run(bench: Bench): AsyncGenerator<Result> {
  yield* raceAll(bench, "popen", { name, bars, unit: "processes/s" })
}
