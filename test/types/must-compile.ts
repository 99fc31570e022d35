// What a user writes compiles, and has these types. test/types.test.ts runs the compiler.
import {
  getHub,
  Greenlet,
  type GreenletExit,
  iwait,
  joinall,
  kill,
  killall,
  type Op,
  run,
  sleep,
  spawn,
  spawnLater,
  spawnRaw,
  Timeout,
  wait,
  type Wait,
  withTimeout,
} from "gevent-wasm"
import { Timer } from "gevent-wasm/core"
import { AsyncResult, Event } from "gevent-wasm/event"
import { Waiter } from "gevent-wasm/hub"
import { BoundedSemaphore, Condition, DummySemaphore, type Held, RLock, Semaphore } from "gevent-wasm/lock"

/** Compiles only when both types are the same. */
function same<A>(): <B>(value: B, ...proof: Same<A, B> extends true ? [] : [never]) => void {
  return () => {}
}
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false

export function* main(): Op<void> extends object ? Generator<Wait<unknown>, void, unknown> : never {
  same<void>()(yield* sleep(1))
  const generator = spawn(
    function* (text: string, times: number) {
      yield* sleep(0)
      return text.repeat(times).length
    },
    "text",
    2,
  )
  same<Greenlet<number>>()(generator)
  same<number>()(yield* generator.get())
  same<number>()(yield* generator.get(true, 5))
  same<number>()(yield* generator.get(true, new Timeout(5)))
  same<void>()(yield* generator.join(1))
  same<number | GreenletExit | undefined>()(generator.value)

  const asynchronous = spawn(async (flag: boolean) => String(flag), true)
  same<Greenlet<string>>()(asynchronous)
  const waiting = spawn(() => sleep(1))
  same<Greenlet<void>>()(waiting)
  same<Greenlet<number>>()(spawn(() => generator.get()))
  same<Greenlet<{ id: number }>>()(spawnLater(1, async (id: number) => ({ id }), 7))
  spawnRaw(function* (text: string) {
    yield* sleep(text.length)
  }, "text")
  spawnRaw(async () => {})

  same<Greenlet<number>[]>()(yield* joinall([generator, generator], 1, { raiseError: true, count: 1 }))
  for (const one of yield* joinall(new Set([asynchronous]))) same<Greenlet<string>>()(one)
  same<(Greenlet<number> | Greenlet<string>)[]>()(yield* wait([generator, asynchronous]))
  same<boolean>()(yield* wait())
  same<boolean>()(yield* wait(null, 5))
  same<number>()(yield* wait(Promise.resolve(5)))
  const next = yield* iwait([generator]).next()
  if (!next.done) same<Greenlet<number>>()(next.value)

  same<number>()(yield* withTimeout(1, () => generator.get()))
  same<number | string>()(yield* withTimeout(1, () => generator.get(), "gave up"))
  same<number | undefined>()(yield* withTimeout(new Timeout(1), () => generator.get(), undefined))
  same<boolean>()(yield* withTimeout(null, async () => true))
  same<number>()(
    yield* withTimeout(1, function* () {
      yield* sleep(0)
      return 1
    }),
  )

  generator.link((ended) => same<Greenlet<number>>()(ended))
  generator.rawlink({ put: (ended) => same<Greenlet<number>>()(ended) })
  same<void>()(yield* generator.kill())
  same<void>()(yield* generator.kill(RangeError, true, 1))
  same<void>()(generator.kill(undefined, false))
  kill(generator, new RangeError())
  yield* killall([generator, waiting], undefined, true, 5)
  killall([generator], undefined, false)

  same<number>()(yield* getHub().wait(new Timer(getHub().loop, 1)))
  same<boolean>()(yield* getHub().join())
  same<string>()(yield* new Waiter<string>().get())
  same<Timeout>()(Timeout.startNew(1, RangeError))
  new Timeout(null, false)
  new Timeout(1, "text")
  const error: Error = new Timeout(1)
  same<Error>()(error)
}

export function* eventsAndLocks(): Generator<Wait<unknown>, void, unknown> {
  const event = new Event()
  same<boolean>()(yield* event.wait(1))
  const result = new AsyncResult<number>()
  same<number>()(yield* result.get(true, new Timeout(1)))
  same<number>()(result.getNowait())
  same<number | undefined>()(yield* result.wait())
  result.set(5)
  new AsyncResult<void>().set()
  result.rawlink((source) => same<AsyncResult<number>>()(source))
  result.rawlink(new AsyncResult<number>())
  spawn(async () => 5).link(result)
  const semaphore = new Semaphore(2)
  same<boolean>()(yield* semaphore.acquire(true, 1))
  same<number>()(yield* semaphore.wait())
  same<number>()(semaphore.release())
  for (const one of yield* wait([event, result, semaphore])) same<Event | AsyncResult<number> | Semaphore>()(one)
  for (const lock of [semaphore, new BoundedSemaphore(), new RLock(), new DummySemaphore(5)]) {
    using held = yield* lock.enter(5)
    same<Held>()(held)
  }
  const condition = new Condition(semaphore)
  using _held = yield* condition.enter()
  same<boolean>()(yield* condition.wait(1))
  same<number>()(yield* condition.waitFor(() => 5))
}

export async function top(): Promise<void> {
  same<void>()(await sleep(1))
  same<number>()(await run(async (a: number) => a, 1))
  same<string>()(
    await run(function* () {
      yield* sleep(0)
      return "text"
    }),
  )
  for await (const one of iwait([spawn(async () => 5)])) same<Greenlet<number>>()(one)
  await using joined = spawn(() => sleep(0))
  same<Greenlet<void>>()(joined)
}

export class Worker extends Greenlet<number> {
  readonly size: number
  constructor(size: number, _label: string) {
    super()
    this.size = size
  }
  protected override *_run(): Generator<Wait<unknown>, number, unknown> {
    yield* sleep(0)
    return this.size
  }
}
same<Worker>()(Worker.spawn(1, "label"))
same<Worker>()(Worker.spawnLater(1, 1, "label"))
