import { spawn } from "node:child_process"
import { once } from "node:events"
import { raceAll } from "./pairs.ts"
import type { Bar, Bench, Result, Work } from "./row.ts"

export const name = "communicate, 64 MB through cat"
export const bars = { "node pipes": { atLeast: 0.8 }, gevent: { atLeast: 1 } } satisfies Record<string, Bar>

const SIZE = 64_000_000
const input = new Uint8Array(SIZE)

function checked(size: number): number {
  if (size !== SIZE) throw new Error(`${size} bytes of ${SIZE} came back`)
  return size / 1e6
}

export const works: Record<string, Work> = {
  ours: async () => {
    const [{ run }, { PIPE, Popen }] = await Promise.all([import("gevent-wasm"), import("gevent-wasm/subprocess")])
    return run(function* () {
      const [output] = yield* new Popen(["cat"], { stdin: PIPE, stdout: PIPE }).communicate(input)
      return checked(output.length)
    })
  },
  "node pipes": async () => {
    const child = spawn("cat", { stdio: ["pipe", "pipe", "inherit"] })
    const chunks: Buffer[] = []
    child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk))
    child.stdin.end(input)
    await once(child, "close")
    return checked(Buffer.concat(chunks).length)
  },
}

export async function* run(bench: Bench): AsyncGenerator<Result> {
  yield* raceAll(bench, "communicate", { name, bars, unit: "MB/s" })
}
