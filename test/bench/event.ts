import { joinall, run as runGreenlet, sleep, spawn, type Wait } from "gevent-wasm"
import { Event } from "gevent-wasm/event"
import { raceAll } from "./pairs.ts"
import type { Bar, Bench, Result, Work } from "./row.ts"

export const name = "Event that 10,000 wait for"
export const bars = {
  Effect: { atLeast: 1 },
  effection: { atLeast: 1 },
  gevent: { atLeast: 8 },
} satisfies Record<string, Bar>

const WAITERS = 10_000

function* waiter(event: Event): Generator<Wait<unknown>, void> {
  yield* event.wait()
}

export const works: Record<string, Work> = {
  ours: () =>
    runGreenlet(function* () {
      const event = new Event()
      const greenlets = []
      for (let i = 0; i < WAITERS; i++) greenlets.push(spawn(waiter, event))
      yield* sleep(0)
      event.set()
      yield* joinall(greenlets)
      return WAITERS
    }),
  Effect: async () => {
    const { Effect, Fiber, Latch } = await import("effect")
    const work = Effect.gen(function* () {
      const latch = yield* Latch.make()
      const fibers = []
      for (let i = 0; i < WAITERS; i++) fibers.push(yield* Effect.forkChild(latch.await))
      yield* Effect.yieldNow
      yield* latch.open
      yield* Fiber.joinAll(fibers)
      return WAITERS
    })
    return Effect.runPromise(work)
  },
  effection: async () => {
    const effection = await import("effection")
    const { run, sleep, spawn } = effection
    return run(function* () {
      const opened = effection.withResolvers<void>()
      const tasks = []
      for (let i = 0; i < WAITERS; i++) tasks.push(yield* spawn(() => opened.operation))
      yield* sleep(0)
      opened.resolve()
      for (const task of tasks) yield* task
      return WAITERS
    })
  },
}

export async function* run(bench: Bench): AsyncGenerator<Result> {
  yield* raceAll(bench, "event", { name, bars, unit: "waiters/s" })
}
