let collect: (() => void) | undefined

/** Runs the host's garbage collector. */
export async function collectGarbage(): Promise<void> {
  // what the caller has only just let go of may still be held by the current turn
  await new Promise((resolve) => setTimeout(resolve, 1))
  collect ??= await findCollector()
  collect()
}

/** How many of the objects are still in memory after garbage collections. A host may hold one or two by chance: make many. */
export async function survivors(references: readonly WeakRef<object>[]): Promise<number> {
  for (let i = 0; i < 3; i++) await collectGarbage()
  return references.filter((reference) => reference.deref() !== undefined).length
}

async function findCollector(): Promise<() => void> {
  const { Bun } = globalThis as { Bun?: { gc(force: boolean): void } }
  if (Bun !== undefined) return () => Bun.gc(true)
  const { setFlagsFromString } = await import("node:v8")
  const { runInNewContext } = await import("node:vm")
  setFlagsFromString("--expose-gc")
  return runInNewContext("gc") as () => void
}
