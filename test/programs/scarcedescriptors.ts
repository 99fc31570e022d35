// Run with a small limit of descriptors: starts a child with each combination of streams while only a few descriptors are left.
import { run, sleep } from "gevent-wasm"
import { descriptors, processes } from "gevent-wasm/core"
import { FileObject } from "gevent-wasm/fileobject"
import { pipe } from "gevent-wasm/os"
import { DEVNULL, PIPE, Popen, STDOUT, type PopenOptions } from "gevent-wasm/subprocess"
import { closeSync, openSync, readdirSync } from "node:fs"
import { opened } from "../processes.ts"

/** With none left nothing starts, and with so many everything does. */
const MOST_LEFT = 16

function open(): number {
  return readdirSync("/proc/self/fd").length
}

/** What a start comes to while only so many descriptors can be opened: a code, or nothing. */
function startWith(left: number, options: PopenOptions): [code: string, popen: Popen<PopenOptions> | null] {
  const taken: number[] = []
  try {
    for (;;) taken.push(openSync("/dev/null", "r"))
  } catch {
    // that is all of them
  }
  for (const fd of taken.splice(0, left)) closeSync(fd)
  try {
    return ["", new Popen(["true"], options)]
  } catch (error) {
    return [(error as { code?: string }).code ?? String(error), null]
  } finally {
    for (const fd of taken) closeSync(fd)
  }
}

await opened()
await run(function* () {
  const file = new FileObject("/dev/null", "w")
  const [reader, writer] = pipe()
  const outputs = [null, PIPE, DEVNULL, file, writer]
  const counts: Record<string, number> = {}
  const before = [open(), descriptors.size]
  let left = 0
  for (const stdin of [null, PIPE, DEVNULL, reader]) {
    for (const stdout of outputs) {
      for (const stderr of [...outputs, STDOUT]) {
        // 120 combinations, each with another number; 7 goes through all of them
        left = (left + 7) % MOST_LEFT
        const [code, popen] = startWith(left, { stdin, stdout, stderr })
        counts[code] = (counts[code] ?? 0) + 1
        yield* popen?.wait() ?? sleep(0)
        popen?.[Symbol.dispose]()
      }
    }
  }
  const { "": started = 0, EMFILE: failed = 0, ...others } = counts
  console.log(`${started > 0} ${failed > 0} ${started + failed} ${JSON.stringify(others)}`)
  const more = (): number[] => [open() - before[0]!, descriptors.size - before[1]!]
  for (let i = 0; i < 500 && more().some((count) => count > 0); i++) yield* sleep(0.01)
  console.log(
    `${more()
      .map((count) => Math.max(0, count))
      .join(" ")} more open, ${processes.running} running`,
  )
})
