import { host } from "#host"

/** The arguments by which this host runs a module that is given as text and may call `gc()`. */
export function moduleArguments(program: string): string[] {
  if (host.name === "deno") return ["eval", "--v8-flags=--expose-gc", program]
  if (host.name === "bun") return ["--expose-gc", "-e", program]
  return ["--expose-gc", "--input-type=module", "-e", program]
}

/** Runs the host's garbage collector. */
export async function collectGarbage(): Promise<void> {
  // what the caller has only just let go of may still be held by the current turn
  await new Promise((resolve) => setTimeout(resolve, 1))
  collect ??= await findCollector()
  collect()
}

let collect: (() => void) | undefined

async function findCollector(): Promise<() => void> {
  const { Bun } = globalThis as { Bun?: { gc(force: boolean): void } }
  if (Bun !== undefined) return () => Bun.gc(true)
  const { setFlagsFromString } = await import("node:v8")
  const { runInNewContext } = await import("node:vm")
  setFlagsFromString("--expose-gc")
  return runInNewContext("gc") as () => void
}
