import { run } from "gevent-wasm"
import { descriptors, processes } from "gevent-wasm/core"
import { waitpid, WNOHANG } from "gevent-wasm/os"
import { PIPE, Popen } from "gevent-wasm/subprocess"
import { readdirSync, readFileSync } from "node:fs"
import process from "node:process"
import * as assert from "uvu/assert"

/** Descriptors of this process in the system and in the fd table, and children that have ended and that nobody has reaped. */
export interface Held {
  readonly system: number
  readonly table: number
  readonly zombies: number
}

/** What this process holds. The listing's own descriptor is counted each time. */
export function held(): Held {
  return { system: readdirSync("/proc/self/fd").length, table: descriptors.size, zombies: zombies() }
}

/** Has the host open what it opens for good: with the first children, and with the first signal, which Deno else does at some time. */
export function opened(): Promise<void> {
  const ignore = (): void => undefined
  process.on("SIGWINCH", ignore)
  process.off("SIGWINCH", ignore)
  return run(function* () {
    const streams = { stdin: PIPE, stdout: PIPE, stderr: PIPE }
    for (let i = 0; i < 3; i++) yield* new Popen(["true"], streams).communicate()
  })
}

/** Waits, in the host's time, until no more is held than before. */
export async function released(before: Held, seconds = 5, spare = 0): Promise<void> {
  const end = performance.now() + seconds * 1000
  for (;;) {
    const now = held()
    if (now.system <= before.system + spare && now.table <= before.table && now.zombies === 0) return
    if (performance.now() > end) assert.equal(now, { ...before, zombies: 0 })
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

/** Forgets the ends of children that nobody has asked for. */
export async function forgetEnded(): Promise<void> {
  while (processes.size > processes.running) await waitpid(-1, WNOHANG)
}

/** The text of bytes. */
export function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes)
}

/** The bytes of a text. */
export function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

function zombies(): number {
  let count = 0
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue
    try {
      // the name, in parentheses, may have any characters
      const [state, parent] = readFileSync(`/proc/${name}/stat`, "utf8")
        .replace(/^.*\) /s, "")
        .split(" ")
      if (state === "Z" && parent === String(process.pid)) count++
    } catch {
      // it has gone
    }
  }
  return count
}
