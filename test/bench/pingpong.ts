import type { Operation } from "effection"
import { joinall, run as runGreenlet, spawn, type Wait } from "gevent-wasm"
import { Queue } from "gevent-wasm/queue"
import { BoundedQueue } from "./boundedqueue.ts"
import { raceAll } from "./pairs.ts"
import type { Bar, Bench, Result, Work } from "./row.ts"

export const name = "ping-pong over two Queue(1)"
export const bars = {
  "async/await": { atLeast: 0.5 },
  Effect: { atLeast: 1 },
  effection: { atLeast: 1 },
  gevent: { atLeast: 10 },
} satisfies Record<string, Bar>

const TRIPS = 5000
const HOPS = 2 * TRIPS

function* ping(there: Queue<number>, back: Queue<number>): Generator<Wait<unknown>, void> {
  for (let i = 0; i < TRIPS; i++) {
    yield* there.put(i)
    yield* back.get()
  }
}

function* pong(there: Queue<number>, back: Queue<number>): Generator<Wait<unknown>, void> {
  for (let i = 0; i < TRIPS; i++) yield* back.put(yield* there.get())
}

async function pingAsync(there: BoundedQueue<number>, back: BoundedQueue<number>): Promise<void> {
  for (let i = 0; i < TRIPS; i++) {
    await there.put(i)
    await back.get()
  }
}

async function pongAsync(there: BoundedQueue<number>, back: BoundedQueue<number>): Promise<void> {
  for (let i = 0; i < TRIPS; i++) await back.put(await there.get())
}

export const works: Record<string, Work> = {
  ours: () =>
    runGreenlet(function* () {
      const there = new Queue<number>(1)
      const back = new Queue<number>(1)
      yield* joinall([spawn(ping, there, back), spawn(pong, there, back)])
      return HOPS
    }),
  "async/await": async () => {
    const there = new BoundedQueue<number>(1)
    const back = new BoundedQueue<number>(1)
    await Promise.all([pingAsync(there, back), pongAsync(there, back)])
    return HOPS
  },
  Effect: async () => {
    const { Effect, Fiber, Queue } = await import("effect")
    const work = Effect.gen(function* () {
      const there = yield* Queue.bounded<number>(1)
      const back = yield* Queue.bounded<number>(1)
      const ping = Effect.gen(function* () {
        for (let i = 0; i < TRIPS; i++) {
          yield* Queue.offer(there, i)
          yield* Queue.take(back)
        }
      })
      const pong = Effect.gen(function* () {
        for (let i = 0; i < TRIPS; i++) yield* Queue.offer(back, yield* Queue.take(there))
      })
      yield* Fiber.joinAll([yield* Effect.forkChild(ping), yield* Effect.forkChild(pong)])
      return HOPS
    })
    return Effect.runPromise(work)
  },
  // its queues have no bound, which makes no difference here
  effection: async () => {
    const { all, createQueue, run } = await import("effection")
    return run(function* () {
      const there = createQueue<number, never>()
      const back = createQueue<number, never>()
      const ping: Operation<void> = {
        *[Symbol.iterator]() {
          for (let i = 0; i < TRIPS; i++) {
            there.add(i)
            yield* back.next()
          }
        },
      }
      const pong: Operation<void> = {
        *[Symbol.iterator]() {
          for (let i = 0; i < TRIPS; i++) back.add((yield* there.next()).value)
        },
      }
      yield* all([ping, pong])
      return HOPS
    })
  },
}

export async function* run(bench: Bench): AsyncGenerator<Result> {
  yield* raceAll(bench, "pingpong", { name, bars, unit: "hops/s" })
}
