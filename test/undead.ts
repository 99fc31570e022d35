import { sleep, spawn, type Greenlet } from "gevent-wasm"

/** A greenlet that outlives every kill, and keeps no program alive. */
export const undead: Greenlet<unknown> = spawn(async () => {
  for (;;) {
    try {
      await sleep(1e6, false)
    } catch {
      continue
    }
  }
})
await sleep(0)
