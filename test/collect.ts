/** What forces a garbage collection; null when the host cannot be made to. */
const force = await forced()

/**
 * How many of the objects are still in memory after garbage collections; undefined when the host cannot be made to collect. A
 * host may hold one or two by chance, so a test makes many.
 */
export async function survivors(references: readonly WeakRef<object>[]): Promise<number | undefined> {
  if (force === null) return undefined
  for (let i = 0; i < 3; i++) {
    // what was looked at in this turn is held until its end
    await new Promise((resolve) => setTimeout(resolve, 1))
    force()
  }
  return references.filter((reference) => reference.deref() !== undefined).length
}

async function forced(): Promise<(() => void) | null> {
  const { Bun, gc } = globalThis as { Bun?: { gc(now: boolean): void }; gc?: () => void }
  if (Bun !== undefined) return () => Bun.gc(true)
  if (gc !== undefined) return gc
  try {
    const { setFlagsFromString } = await import("node:v8")
    const { runInNewContext } = await import("node:vm")
    setFlagsFromString("--expose-gc")
    return runInNewContext("gc") as () => void
  } catch {
    return null
  }
}
