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
import { ContextVar, Context, copyContext, Token } from "gevent-wasm/contextvars"
import { Timer } from "gevent-wasm/core"
import { AsyncResult, Event } from "gevent-wasm/event"
import { FileObject } from "gevent-wasm/fileobject"
import { Waiter } from "gevent-wasm/hub"
import { Group, Pool } from "gevent-wasm/pool"
import { BoundedSemaphore, Condition, DummySemaphore, type Held, RLock, Semaphore } from "gevent-wasm/lock"
import { allLocalDictsForGreenlet, copyLocal, GreenletLocal, local } from "gevent-wasm/local"
import { Channel, JoinableQueue, LifoQueue, PriorityQueue, Queue, SimpleQueue, StopIteration } from "gevent-wasm/queue"
import { select } from "gevent-wasm/select"
import { DefaultSelector, EVENT_READ, type SelectorKey } from "gevent-wasm/selectors"
import type { Socket } from "gevent-wasm/socket"

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

export function* pools(): Generator<Wait<unknown>, void, unknown> {
  const pool = new Pool(2)
  const double = function* (number: number): Generator<Wait<unknown>, number, unknown> {
    yield* sleep(0)
    return 2 * number
  }
  same<Greenlet<number>>()(yield* pool.spawn(double, 1))
  same<Greenlet<number>>()(new Group().spawn(double, 1))
  same<number>()(yield* pool.apply(double, [1]))
  same<string>()(yield* pool.apply(async () => "text"))
  same<number[]>()(yield* pool.map(double, [1, 2]))
  same<string[]>()(yield* pool.map(async (number: number) => String(number), new Queue<number>()))
  for (const next of pool.imap(double, new Set([1]), { maxsize: 1 })) same<number>()(yield* next)
  for (const next of pool.imapUnordered(async (a: number, b: string) => a + b, [1], ["x"])) same<string>()(yield* next)
  same<Greenlet<number[]>>()(pool.mapAsync(double, [1], (results) => same<number[]>()(results)))
  same<boolean>()(yield* pool.join(1, { raiseError: true }))
  same<void>()(yield* pool.kill())
  pool.start(new Greenlet(double, 1), false)
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

export function* belongings(): Generator<Wait<unknown>, void, unknown> {
  const count = new GreenletLocal(() => 5)
  same<GreenletLocal<number>>()(count)
  same<number>()(count.get())
  same<number>()(count.clone().get())
  const maybe = new GreenletLocal<string | undefined>()
  same<string | undefined>()(maybe.get())
  maybe.set("text")

  const request = local<{ user: string; id?: number }>()
  same<string | undefined>()(request.user)
  request.id = 7
  same<unknown>()(local()["anything"])
  class Basket {
    readonly items: string[]
    constructor(first: string, count?: number) {
      this.items = Array<string>(count ?? 1).fill(first)
    }
  }
  const basket = local(Basket, "apple")
  same<Basket>()(basket)
  same<Basket>()(copyLocal(basket))
  for (const [which, value] of allLocalDictsForGreenlet(spawn(() => sleep(0)))) void [which === basket, value]

  const user = new ContextVar<string>("user")
  same<string>()(user.get())
  same<string | null>()(user.get(null))
  same<ContextVar<number>>()(new ContextVar("count", { default: 5 }))
  const token = user.set("Ada")
  same<Token<string>>()(token)
  if (token.oldValue !== Token.MISSING) same<string>()(token.oldValue)
  user.reset(token)

  const context = copyContext()
  same<string | undefined>()(context.get(user))
  same<string | number>()(context.get(user, 5))
  same<number>()(context.run((a: number, b: number) => a + b, 1, 2))
  same<boolean>()(yield* context.run(async (text: string) => text === "", "text"))
  same<void>()(yield* context.run(() => sleep(1)))
  same<number>()(
    yield* context.run(function* (times: number) {
      yield* sleep(0)
      return times
    }, 3),
  )
  for (const [variable, value] of new Context(context)) void [variable.name, value]
  const greenlet = spawn(() => sleep(1))
  same<AbortSignal>()(greenlet.signal)
  same<number>()(yield* wait(Promise.resolve(5), { signal: greenlet.signal, timeout: new Timeout(1) }))
  same<number>()(yield* wait(Promise.resolve(5), { signal: null, timeout: 5 }))
}

export function* files(socket: Socket, mode: string) {
  const binary = new FileObject("path", "r+b", { buffering: 0 })
  same<Uint8Array>()(yield* binary.read(5))
  same<Uint8Array[]>()(yield* binary.readlines())
  same<number>()(yield* binary.write(new DataView(new ArrayBuffer(1))))
  const text: FileObject<"r"> = new FileObject("path")
  same<string>()(yield* text.readline())
  yield* text.each((line) => same<string>()(line))
  yield* new FileObject(3, "w").writelines(["a"])
  same<string | Uint8Array>()(yield* new FileObject(socket, mode).read())
  same<Uint8Array>()(yield* socket.makefile("rb").readline())
  same<string>()(yield* socket.makefile("rw").readline(100))
  same<string>()(yield* socket.makefile().readline())
  const [readable, writable] = yield* select([socket, socket.fileno()], new Set([binary]), [], 5)
  same<(Socket | number)[]>()(readable)
  same<(typeof binary)[]>()(writable)
  using selector = new DefaultSelector<string>()
  same<SelectorKey<string>>()(selector.register(socket, EVENT_READ, "data"))
  for (const [key, events] of yield* selector.select()) void [key.data.length, events & 1]
}
