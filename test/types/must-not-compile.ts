// Each of these mistakes is an error of the compiler. test/types.test.ts runs it.
import {
  Greenlet,
  joinall,
  kill,
  run,
  sleep,
  spawn,
  spawnLater,
  spawnRaw,
  Timeout,
  wait,
  withTimeout,
  type Wait,
} from "gevent-wasm"
import { AsyncResult, Event } from "gevent-wasm/event"
import { FileObject } from "gevent-wasm/fileobject"
import { Condition, DummySemaphore, RLock, Semaphore } from "gevent-wasm/lock"
import { Context, ContextVar } from "gevent-wasm/contextvars"
import { GreenletLocal, local } from "gevent-wasm/local"
import { Pool } from "gevent-wasm/pool"
import { Channel, PriorityQueue, Queue, SimpleQueue } from "gevent-wasm/queue"

const worker = spawn(async () => 5)

// a promise that is yielded in a generator's body
// @ts-expect-error
spawn(function* () {
  yield Promise.resolve(5)
})
// @ts-expect-error
run(function* () {
  yield* sleep(0)
  yield fetch("http://localhost")
})
// @ts-expect-error
withTimeout(1, function* () {
  yield Promise.resolve(5)
})

// a value that is yielded
// @ts-expect-error
spawn(function* () {
  yield 5
})

// a promise behind yield*
export function* delegates(): Generator<Wait<unknown>, void, unknown> {
  // @ts-expect-error
  yield* Promise.resolve(5)
}

// what is no function, or returns nothing to wait for
// @ts-expect-error
spawn(5)
// @ts-expect-error
spawn("text")
// @ts-expect-error
spawn(Promise.resolve(5))
// @ts-expect-error
spawn(sleep(1))
// @ts-expect-error
spawn(() => 5)
// @ts-expect-error
spawn(() => {})
// @ts-expect-error
spawnLater(1, () => 5)
// @ts-expect-error
spawnRaw(() => 5)
// @ts-expect-error
run(() => 5)
// @ts-expect-error
withTimeout(1, () => 5)

// wrong arguments
// @ts-expect-error
spawn((seconds: number) => sleep(seconds), "1")
// @ts-expect-error
spawn((seconds: number) => sleep(seconds))
// @ts-expect-error
spawn(async (seconds: number) => seconds, 1, 2)
// @ts-expect-error
spawnLater((seconds: number) => sleep(seconds), 1)
// @ts-expect-error
sleep("1")
// @ts-expect-error
new Timeout("1")
// @ts-expect-error
new Timeout(1, 42)
// @ts-expect-error
worker.kill(42)
// @ts-expect-error
kill(5)
// @ts-expect-error
joinall([5])
// @ts-expect-error
wait(5)
// @ts-expect-error
new Greenlet(5)
// @ts-expect-error
worker.link(5)

// @ts-expect-error
new Event().rawlink(5)
// @ts-expect-error
new Event().wait("1")
// @ts-expect-error
new AsyncResult<number>().set("text")
// @ts-expect-error
new AsyncResult<number>().set()
// @ts-expect-error
new Semaphore("1")
// @ts-expect-error
new RLock().acquire(1)
// @ts-expect-error
new Condition(new DummySemaphore())
// @ts-expect-error
spawn(async () => "text").link(new AsyncResult<number>())
// @ts-expect-error
wait(Promise.resolve(), 5)
// @ts-expect-error
wait(Promise.resolve(), { signal: new AbortController() })
// @ts-expect-error
new GreenletLocal<number>()
// @ts-expect-error
new GreenletLocal(() => 5).set("5")
// @ts-expect-error
local(5)
// @ts-expect-error
local(Map<string, number>, 5)
// @ts-expect-error
local<{ id: number }>().id = "7"
// @ts-expect-error
new ContextVar<number>("count").set("5")
// @ts-expect-error
new ContextVar<number>("count").reset(new ContextVar<string>("text").set("x"))
// @ts-expect-error
new Context().run((seconds: number) => sleep(seconds))
// wrong items, sizes and links of a queue
const queue = new Queue<number>()
// @ts-expect-error
queue.put("1")
// @ts-expect-error
queue.putNowait("1")
// @ts-expect-error
queue.get(5)
// @ts-expect-error
queue.get(true, "5")
// @ts-expect-error
new Queue("5")
// @ts-expect-error
new Queue<number>(null, ["1"])
// @ts-expect-error
new PriorityQueue<number>(null, [], "compare")
// @ts-expect-error
new SimpleQueue<number>().join()
// @ts-expect-error
new Channel<number>(5)
// @ts-expect-error
queue.each(5)
// @ts-expect-error
worker.link(queue)

const pool = new Pool(1)
// a plain function, as for spawn
// @ts-expect-error
pool.map((number: number) => number + 1, [1])
// @ts-expect-error
pool.imap(async (number: number) => number, ["1"])
// @ts-expect-error
pool.imap(async (number: number) => number, [1], { size: 1 })
// @ts-expect-error
pool.spawn((seconds: number) => sleep(seconds), "1")
// @ts-expect-error
new Pool("1")

export function* results(): Generator<Wait<unknown>, void, unknown> {
  // @ts-expect-error
  const text: string = yield* worker.get()
  // @ts-expect-error
  const [first]: string[] = yield* joinall([worker])
  // @ts-expect-error
  const limited: number = yield* withTimeout(1, () => worker.get(), "gave up")
  // @ts-expect-error
  const waited: boolean = yield* wait([worker])
  // @ts-expect-error
  const forgotten: number = worker.get()
  // @ts-expect-error
  const number: number = yield* new AsyncResult<number>().wait()
  // @ts-expect-error
  using lock = new Semaphore()
  // @ts-expect-error
  const acquired: boolean = new Semaphore().acquire()
  void [number, lock, acquired]
  // @ts-expect-error
  const item: string = yield* queue.get()
  // @ts-expect-error
  const unwaited: number = queue.get()
  void [item, unwaited]
  void [text, first, limited, waited, forgotten]
}

export function* files() {
  const text = new FileObject("path", "r+")
  // @ts-expect-error
  yield* text.write(new Uint8Array(1))
  // @ts-expect-error
  const bytes: Uint8Array = yield* text.read()
  // @ts-expect-error
  const line: string = text.readline()
  // @ts-expect-error
  yield* new FileObject("path", "wb").write("text")
  void [bytes, line]
}
