import { readFileSync } from "node:fs"
import { gzipSync } from "node:zlib"
import { alone } from "./pairs.ts"
import type { Bar, Bench, Result } from "./row.ts"
import { ROOT } from "./tools.ts"

export const name = "hub.wasm, gzip"
export const bars = { "": { atMost: 90_000 } } satisfies Record<string, Bar>

export async function* run(bench: Bench): AsyncGenerator<Result> {
  const { length } = gzipSync(readFileSync(`${ROOT}/dist/hub.wasm`), { level: 9 })
  yield alone(bench, name, "B", length, bars[""])
}
