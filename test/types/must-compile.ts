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
import { Waiter } from "gevent-wasm/hub"
import { Channel, JoinableQueue, LifoQueue, PriorityQueue, Queue, SimpleQueue, StopIteration } from "gevent-wasm/queue"

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

export function* queues(): Generator<Wait<unknown>, void, unknown> {
  const queue = new Queue<number>(5, [1, 2, StopIteration])
  same<void>()(yield* queue.put(1))
  same<void>()(yield* queue.put(StopIteration, true, new Timeout(1)))
  same<void>()(queue.putNowait(1))
  same<number>()(yield* queue.get())
  same<number>()(yield* queue.get(true, 5))
  same<number>()(yield* queue.peek(false))
  same<number>()(queue.getNowait())
  same<boolean>()(yield* queue.join(1))
  same<number | null>()(queue.maxsize)
  same<Queue<number>>()(queue.copy())
  queue.maxsize = null
  const next = yield* queue.next()
  if (!next.done) same<number>()(next.value)
  yield* queue.each(function* (item) {
    same<number>()(item)
    yield* sleep(0)
  })
  same<string>()(yield* new LifoQueue<string>().get())
  same<[number, string]>()(new PriorityQueue<[number, string]>().getNowait())
  new PriorityQueue<{ at: number }>(null, [], (a, b) => a.at - b.at)
  const joinable: JoinableQueue<number> = new JoinableQueue<number>()
  const simple: SimpleQueue<number> = joinable
  same<string>()(yield* new SimpleQueue<string>().get())
  const channel = new Channel<Greenlet<number>>()
  same<Greenlet<number>>()(yield* channel.get(true, 1))
  const worker = spawn(async () => simple.qsize())
  worker.link(channel)
  worker.rawlink(new Queue<Greenlet<number>>())
  same<Greenlet<void>>()(spawn(() => queue.put(1)))
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
  for await (const item of new Queue<string>()) same<string>()(item)
  for await (const item of new Channel<string>()) same<string>()(item)
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
