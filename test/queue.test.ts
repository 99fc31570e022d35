import { inspect } from "node:util"
import {
  BlockingSwitchOutError,
  getHub,
  type Greenlet,
  GreenletExit,
  joinall,
  killall,
  run,
  sleep,
  spawn,
  spawnRaw,
  Timeout,
  withTimeout,
  type Wait,
} from "gevent-wasm"
import * as exceptions from "gevent-wasm/exceptions"
import * as module from "gevent-wasm/queue"
import {
  Channel,
  Empty,
  Full,
  JoinableQueue,
  LifoQueue,
  PriorityQueue,
  Queue,
  ShutDown,
  SimpleQueue,
  StopIteration,
  type Item,
} from "gevent-wasm/queue"
import { test } from "uvu"
import * as assert from "uvu/assert"
import { takeReports } from "./reports.ts"
import { failure, isA, limited, testGenericGet, testGenericWait } from "./timing.ts"

type Steps<T = void> = Generator<Wait<unknown>, T, unknown>

class Custom extends Error {}

/** The kinds of queue, with what they give for 1, 2, 3. */
const KINDS = {
  SimpleQueue: { Kind: SimpleQueue, order: [1, 2, 3] },
  Queue: { Kind: Queue, order: [1, 2, 3] },
  LifoQueue: { Kind: LifoQueue, order: [3, 2, 1] },
  PriorityQueue: { Kind: PriorityQueue, order: [1, 2, 3] },
}
const kinds = Object.entries(KINDS)

test.before.each(() => void takeReports())
test.after.each(() => {
  assert.equal(takeReports(), [])
  assert.is(getHub().loop.activecnt, 0)
})

/** How many wait in a queue, as it shows. */
function waiting(queue: SimpleQueue<never> | Channel<never>): number {
  let sum = 0
  for (const [, count] of String(queue).matchAll(/(?:getters|putters)\[(\d+)\]/g)) sum += Number(count)
  return sum
}

/** Lets everybody run who can. */
function settle(): Wait<void> {
  return sleep(0.01)
}

/** Runs a function in a callback of the loop. */
function inHub<T>(fn: () => T): Promise<T> {
  return new Promise((resolve, reject) => {
    getHub().loop.runCallback(() => {
      try {
        resolve(fn())
      } catch (error) {
        reject(error)
      }
    })
  })
}

function drained<T>(queue: SimpleQueue<T>): T[] {
  const items: T[] = []
  while (!queue.empty()) items.push(queue.getNowait())
  return items
}

for (const [name, { Kind }] of kinds) {
  testGenericGet(
    `QU-04 QU-14: ${name}.get`,
    test,
    () => {
      const queue = new Kind<number>()
      return { call: (timeout) => queue.get(true, timeout), waiters: () => waiting(queue as never) }
    },
    { expired: Empty },
  )
  testGenericGet(
    `QU-05 QU-14: ${name}.peek`,
    test,
    () => {
      const queue = new Kind<number>()
      return { call: (timeout) => queue.peek(true, timeout), waiters: () => waiting(queue as never) }
    },
    { expired: Empty },
  )
  testGenericGet(
    `QU-03 QU-14: ${name}.put`,
    test,
    () => {
      const queue = new Kind<number>(1, [1])
      return { call: (timeout) => queue.put(2, true, timeout), waiters: () => waiting(queue as never) }
    },
    { expired: Full },
  )
}
testGenericGet(
  "QU-15: Channel.get",
  test,
  () => {
    const channel = new Channel<number>()
    return { call: (timeout) => channel.get(true, timeout), waiters: () => -channel.balance }
  },
  { expired: Empty },
)
testGenericGet(
  "QU-15: Channel.put",
  test,
  () => {
    const channel = new Channel<number>()
    return { call: (timeout) => channel.put(1, true, timeout), waiters: () => channel.balance }
  },
  { expired: Full },
)
testGenericWait(
  "QU-12: join",
  test,
  () => {
    const queue = new Queue<number>(null, [1])
    return { call: (timeout) => queue.join(timeout) }
  },
  { expired: false },
)

for (const [name, make] of [
  ["SimpleQueue", () => new SimpleQueue<number>()],
  ["Queue", () => new Queue<number>()],
  ["Channel", () => new Channel<number>()],
] as const) {
  for (const [method, call] of [
    ["next", (queue: SimpleQueue<number> | Channel<number>) => queue.next()],
    ["each", (queue: SimpleQueue<number> | Channel<number>) => queue.each(() => {})],
  ] as const) {
    testGenericGet(`QU-09 QU-16: a limit around ${name}.${method}`, test, () => {
      const queue = make()
      return { call: limited(() => call(queue)), waiters: () => waiting(queue as never) }
    })
  }
}

test("QU-01: null, 0 and less mean no limit, and maxsize reads null then", () => {
  for (const [, { Kind }] of kinds) {
    assert.is(new Kind().maxsize, null)
    for (const size of [null, 0, -1, -Infinity, Infinity]) {
      const queue = new Kind<number>(size, [1, 2, 3])
      assert.is(queue.maxsize, null)
      assert.not(queue.full())
      queue.putNowait(4)
      assert.is(queue.qsize(), 4)
    }
  }
})

test("QU-01: there may be more first items than maxsize, and they come from any iterable", () => {
  for (const [, { Kind, order }] of kinds) {
    const queue = new Kind<number>(1, new Set([1, 2, 3]))
    assert.is(queue.maxsize, 1)
    assert.ok(queue.full())
    assert.throws(() => queue.putNowait(4), isA(Full))
    assert.equal(drained(queue), order)
  }
})

test("QU-01: a maxsize that is none is a TypeError", () => {
  for (const [, { Kind }] of kinds) {
    for (const wrong of ["1", {}, NaN, true]) {
      assert.throws(() => new Kind(wrong as number), isA(TypeError, "maxsize must be a number or null"))
      const queue = new Kind(2)
      assert.throws(() => (queue.maxsize = wrong as number), isA(TypeError, "maxsize must be a number or null"))
      assert.is(queue.maxsize, 2)
    }
  }
})

test("QU-02: Queue is joinable under both names, and so are its kinds; SimpleQueue is not", () => {
  assert.is(JoinableQueue, Queue)
  for (const queue of [new Queue(), new LifoQueue(), new PriorityQueue()]) {
    assert.instance(queue, Queue)
    assert.instance(queue, SimpleQueue)
  }
  const simple = new SimpleQueue()
  assert.not("join" in simple)
  assert.not("taskDone" in simple)
  assert.not(simple instanceof Queue)
  for (const name of ["Channel", "Empty", "Full", "JoinableQueue", "LifoQueue", "PriorityQueue", "Queue", "ShutDown"])
    assert.type(module[name as keyof typeof module], "function")
})

test("QU-03: put throws Full at once when it is not to block, whatever the timeout", async () => {
  const queue = new Queue<number>(1, [1])
  assert.instance(await failure(queue.put(2, false)), Full)
  assert.instance(await failure(queue.put(2, false, 10)), Full)
  await run(function* () {
    try {
      yield* queue.put(2, false)
      assert.unreachable()
    } catch (error) {
      assert.instance(error, Full)
    }
  })
  assert.throws(() => queue.putNowait(2), isA(Full))
  assert.equal(drained(queue), [1])
})

test("QU-03: blocked putters come in in their order", async () => {
  const log: string[] = []
  const queue = new Queue<number>(1)
  const greenlets = [0, 1, 2, 3].map((i) =>
    spawn(function* () {
      log.push(`putting${i}`)
      yield* queue.put(i)
      log.push(`put${i}`)
    }),
  )
  const taker = spawn(function* () {
    for (let i = 0; i < 4; i++) log.push(`got${yield* queue.get()}`)
  })
  await joinall([...greenlets, taker])
  // as gevent 22.10 has it
  const expected = "putting0 put0 putting1 putting2 putting3 got0 put1 got1 put2 got2 put3 got3"
  assert.is(log.join(" "), expected)
})

test("QU-03: an item whose putter was killed or gave up is not inserted", async () => {
  const queue = new Queue<string>(1, ["first"])
  const own = new Timeout(0.005)
  const putters = [
    spawn(() => queue.put("killed")),
    spawn(async () => {
      await queue.put("killed too")
    }),
    spawn(function* () {
      try {
        yield* queue.put("late", true, 0.005)
      } catch (error) {
        assert.instance(error, Full)
      }
    }),
    spawn(function* () {
      try {
        yield* queue.put("later", true, own)
      } catch (error) {
        assert.is(error, own)
      }
    }),
    spawn(() => withTimeout(0.005, () => queue.put("latest"), undefined)),
    spawn(() => queue.put("last")),
  ]
  await sleep(0.03)
  await killall(putters.slice(0, 2))
  assert.is(waiting(queue as never), 1)
  assert.equal([await queue.get(), await queue.get()], ["first", "last"])
  await joinall(putters, null, { raiseError: true })
  assert.ok(queue.empty())
  assert.is(queue.unfinishedTasks, 2)
})

test("QU-03: a putter whose kill comes before its turn does not put, though there is room", async () => {
  for (const start of [inGenerator, inAsync]) {
    const queue = new Queue<string>(1, ["first"])
    const putters = [start(queue, "killed"), start(queue, "second")]
    await settle()
    putters[0]!.kill(undefined, false)
    assert.is(queue.getNowait(), "first")
    await joinall(putters)
    assert.equal(drained(queue), ["second"])
  }
})

function inGenerator(queue: Queue<string> | Channel<string>, item: string): Greenlet<void> {
  return spawn(function* () {
    yield* queue.put(item)
  })
}

function inAsync(queue: Queue<string> | Channel<string>, item: string): Greenlet<void> {
  return spawn(async () => {
    await queue.put(item)
  })
}

test("QU-03: senders that have died leave their items", async () => {
  const queue = new Queue<string>()
  const sender = spawn(() => queue.put("sent"))
  await sender.join()
  assert.is(await queue.get(), "sent")
})

test("QU-04: get throws Empty at once when it is not to block, whatever the timeout", async () => {
  const queue = new Queue<number>()
  assert.instance(await failure(queue.get(false)), Empty)
  assert.instance(await failure(queue.get(false, 10)), Empty)
  assert.throws(() => queue.getNowait(), isA(Empty))
})

test("QU-04: what is there first, and what comes later, is received", async () => {
  const queue = new Queue<string>()
  const log: string[] = []
  const greenlet = spawn(function* () {
    log.push(yield* queue.get())
    log.push(yield* queue.get())
    return "OK"
  })
  await queue.put("hi")
  await settle()
  assert.equal(log, ["hi"])
  await queue.put("hi2")
  assert.is(await greenlet.get(), "OK")
  assert.equal(log, ["hi", "hi2"])
})

test("QU-04: blocked getters are served in their order", async () => {
  const log: string[] = []
  const queue = new Queue<number>()
  const getters = [0, 1, 2].map((i) =>
    spawn(function* () {
      log.push(`${i} got ${yield* queue.get()}`)
    }),
  )
  await settle()
  const putter = spawn(function* () {
    for (let i = 0; i < 3; i++) {
      yield* queue.put(i)
      log.push(`put ${i}`)
    }
  })
  await joinall([...getters, putter])
  assert.equal(log, ["put 0", "put 1", "put 2", "0 got 0", "1 got 1", "2 got 2"])
})

test("QU-04: generators, async functions and MAIN stand in the same line", async () => {
  const queue = new Queue<number>()
  const log: string[] = []
  const note = (name: string) => (item: number) => void log.push(`${name} ${item}`)
  const first = spawn(function* () {
    note("generator")(yield* queue.get())
  })
  await settle()
  const second = spawn(async () => note("async")(await queue.get()))
  await settle()
  const third = queue.get().then(note("MAIN"))
  const fourth = spawn(() => queue.get())
  await settle()
  for (let i = 1; i <= 4; i++) await queue.put(i)
  await joinall([first, second, fourth])
  await third
  // what awaits goes on in the host's own time
  assert.equal(log.sort(), ["MAIN 3", "async 2", "generator 1"])
  assert.is(fourth.value, 4)
})

const RECEIVERS: Record<string, (queue: Queue<string> | Channel<string>, seen: string[]) => Greenlet<unknown>> = {
  "a generator": (queue, seen) =>
    spawn(function* () {
      seen.push(yield* queue.get())
      yield* sleep(10)
    }),
  "an async function": (queue, seen) =>
    spawn(async () => {
      seen.push(await queue.get())
      await sleep(10)
    }),
  next: (queue, seen) =>
    spawn(function* () {
      const { value } = yield* queue.next()
      seen.push(value!)
      yield* sleep(10)
    }),
}

for (const [name, receive] of Object.entries(RECEIVERS)) {
  test(`QU-04: a getter whose kill comes before its turn takes no item, though there is one (${name})`, async () => {
    const queue = new Queue<string>()
    const seen: string[] = []
    const killed = receive(queue, seen)
    const other = spawn(() => queue.get())
    await settle()
    killed.kill(undefined, false)
    queue.putNowait("item")
    assert.is(await other.get(), "item")
    assert.instance(await killed.get(), GreenletExit)
    assert.equal(seen, [])
    assert.is(waiting(queue as never), 0)
  })

  test(`QU-04: a getter whose kill comes after its turn has seen the item (${name})`, async () => {
    const queue = new Queue<string>()
    const seen: string[] = []
    const killed = receive(queue, seen)
    await settle()
    queue.putNowait("item")
    killed.kill(undefined, false)
    assert.instance(await killed.get(), GreenletExit)
    assert.equal(seen, ["item"])
    assert.ok(queue.empty())
  })
}

test("QU-04: two whose time has passed leave the item to a third", async () => {
  const queue = new Queue<string>()
  const bogus = [0.005, 0.005].map((seconds) =>
    spawn(function* () {
      try {
        yield* queue.get(true, seconds)
        return "taken"
      } catch (error) {
        return (error as Error).name
      }
    }),
  )
  const real = spawn(() => queue.get())
  await joinall(bogus)
  assert.equal(
    bogus.map(({ value }) => value),
    ["Empty", "Empty"],
  )
  await queue.put("sent")
  assert.is(await real.get(), "sent")
})

test("QU-04: many waiters get what is sent, each item once", async () => {
  const queue = new Queue<number>()
  const getters = Array.from({ length: 100 }, (_, i) =>
    spawn(function* () {
      if (i % 3 === 0) {
        try {
          return yield* queue.get(true, 0)
        } catch (error) {
          assert.instance(error, Empty)
          return undefined
        }
      }
      return yield* queue.get()
    }),
  )
  await settle()
  for (let i = 0; i < 66; i++) await queue.put(i)
  await joinall(getters)
  const values = getters.map(({ value }) => value).filter((value) => value !== undefined)
  assert.equal(
    values,
    Array.from({ length: 66 }, (_, i) => i),
  )
})

test("QU-05: peek leaves the item in; peekNowait throws Empty", async () => {
  for (const [, { Kind, order }] of kinds) {
    const queue = new Kind<number>(null, [1, 2, 3])
    for (const item of order) {
      assert.is(await queue.peek(), item)
      assert.is(await queue.peek(false), item)
      assert.is(queue.peekNowait(), item)
      assert.is(queue.getNowait(), item)
    }
    assert.throws(() => queue.peekNowait(), isA(Empty))
    assert.instance(await failure(queue.peek(false)), Empty)
    assert.instance(await failure(queue.peek(false, 10)), Empty)
  }
})

test("QU-05: a put wakes those who peek, in one line with those who get", async () => {
  const queue = new Queue<number>()
  const log: string[] = []
  const greenlets = ["peek1", "get1", "peek2", "get2"].map((name) =>
    spawn(function* () {
      const item = yield* name.startsWith("peek") ? queue.peek() : queue.get()
      log.push(`${name} ${item}`)
    }),
  )
  await settle()
  await queue.put(1)
  log.push("put")
  await settle()
  await queue.put(2)
  await joinall(greenlets)
  assert.equal(log, ["put", "peek1 1", "get1 1", "peek2 2", "get2 2"])
})

test("QU-05: many who peek see the one item", async () => {
  const queue = new Queue<string>()
  const peekers = [1, 2, 3].map(() => spawn(() => queue.peek()))
  await settle()
  await queue.put("seen")
  await joinall(peekers)
  assert.equal(
    peekers.map(({ value }) => value),
    ["seen", "seen", "seen"],
  )
  assert.is(queue.qsize(), 1)
})

test("QU-06: in the hub the nowait calls work when there is room or an item", async () => {
  const queue = new Queue<number>(1)
  await inHub(() => queue.putNowait(1))
  await inHub(() => assert.throws(() => queue.putNowait(2), isA(Full)))
  assert.is(await inHub(() => queue.peekNowait()), 1)
  assert.is(await inHub(() => queue.getNowait()), 1)
  await inHub(() => {
    assert.throws(() => queue.getNowait(), isA(Empty))
    assert.throws(() => queue.peekNowait(), isA(Empty))
  })
})

test("QU-06: getNowait in the hub lets in somebody who waits for room", async () => {
  const queue = new Queue<number>(1, [1])
  const putters = [2, 3].map((item) => spawn(() => queue.put(item)))
  await settle()
  const got = await inHub(() => [queue.getNowait(), queue.peekNowait(), queue.getNowait(), queue.getNowait()])
  assert.equal(got, [1, 2, 2, 3])
  await joinall(putters, null, { raiseError: true })
  assert.ok(queue.empty())
  assert.is(queue.unfinishedTasks, 3)
})

test("QU-06: putNowait in the hub gives items to those who wait for them", async () => {
  const queue = new Queue<number>(1)
  const getters = [0, 1, 2].map(() => spawn(() => queue.get()))
  await settle()
  await inHub(() => {
    for (let i = 1; i <= 4; i++) queue.putNowait(i)
    assert.throws(() => queue.putNowait(5), isA(Full))
  })
  await joinall(getters)
  assert.equal(
    getters.map(({ value }) => value),
    [1, 2, 3],
  )
  assert.equal(drained(queue), [4])
})

test("QU-06: what the hub has handed over is not lost with a kill that comes before the getter's turn", async () => {
  const queue = new Queue<number>(1)
  const seen: unknown[] = []
  const getter = spawn(function* () {
    seen.push(yield* queue.get())
    yield* sleep(10)
    seen.push("not killed")
  })
  await settle()
  await inHub(() => {
    queue.putNowait(1)
    queue.putNowait(2) // hands 1 over
    getter.kill(undefined, false)
  })
  await getter.join()
  assert.equal(seen, [1])
  assert.equal(drained(queue), [2])
})

test("QU-06: a call in the hub that would have to wait throws BlockingSwitchOutError", async () => {
  const full = new Queue<number>(1, [1])
  const empty = new Queue<number>()
  const channel = new Channel<number>()
  const calls = [
    () => full.put(2),
    () => full.put(2, true, 1),
    () => empty.get(),
    () => empty.peek(),
    () => empty.next(),
    () => full.join(),
    () => channel.get(),
    () => channel.next(),
  ] as (() => Wait<unknown>)[]
  for (const call of calls) {
    const errors: unknown[] = []
    getHub().loop.runCallback(function* (): Steps {
      try {
        yield* call()
      } catch (error) {
        errors.push(error)
      }
    })
    await settle()
    assert.is(errors.length, 1)
    assert.instance(errors[0], BlockingSwitchOutError)
    const promise = await inHub(() => failure(call()))
    assert.instance(promise, BlockingSwitchOutError)
  }
  for (const queue of [full, empty, channel]) assert.is(waiting(queue as never), 0)
  assert.is(full.qsize(), 1)
})

test("QU-06: what need not wait may be called as it blocks", async () => {
  const queue = new Queue<number>(1)
  const seen: unknown[] = []
  getHub().loop.runCallback(function* (): Steps {
    yield* queue.put(1)
    seen.push(yield* queue.peek(), yield* queue.get())
  })
  await settle()
  assert.equal(seen, [1, 1])
})

test("QU-07: a put that finds room does not yield, and getters go on later", async () => {
  const queue = new Queue<number>()
  const log: string[] = []
  const getter = spawn(function* () {
    log.push(`got ${yield* queue.get()}`)
  })
  await settle()
  await run(function* () {
    getHub().loop.runCallback(() => void log.push("callback"))
    for (let i = 0; i < 3; i++) {
      yield* queue.put(i)
      log.push(`put ${i}`)
    }
    yield* sleep(0)
  })
  await getter.join()
  assert.equal(log, ["put 0", "put 1", "put 2", "callback", "got 0"])
})

test("QU-07: a get that finds an item does not yield, and putters go on later", async () => {
  const queue = new Queue<number>(1, [0])
  const log: string[] = []
  const putter = spawn(function* () {
    yield* queue.put(1)
    log.push("put 1")
  })
  await settle()
  await run(function* () {
    log.push(`got ${yield* queue.get()}`)
    try {
      yield* queue.get(false)
    } catch (error) {
      assert.instance(error, Empty)
      log.push("empty")
    }
    yield* sleep(0)
  })
  await putter.join()
  assert.equal(log, ["got 0", "empty", "put 1"])
})

test("QU-07: a producer and a consumer take turns at a queue of one", async () => {
  const queue = new Queue<number>(1)
  const log: string[] = []
  const producer = spawn(function* () {
    for (let i = 0; i < 4; i++) {
      yield* queue.put(i)
      log.push(`p${i}`)
    }
  })
  const consumer = spawn(function* () {
    for (let i = 0; i < 4; i++) log.push(`g${yield* queue.get()}`)
  })
  await joinall([producer, consumer])
  assert.equal(log, ["p0", "g0", "p1", "g1", "p2", "g2", "p3", "g3"])
})

test("QU-07: two who play ping-pong for ever starve neither timers nor others", async () => {
  const there = new Queue<number>(1)
  const back = new Queue<number>(1)
  const single = new Queue<number>(1)
  const channel = new Channel<number>()
  let rounds = 0
  const players: Greenlet<unknown>[] = [
    spawn(function* (): Steps {
      for (;;) {
        yield* there.put(1)
        yield* back.get()
        rounds++
      }
    }),
    spawn(function* (): Steps {
      for (;;) yield* back.put(yield* there.get())
    }),
    spawn(function* (): Steps {
      for (;;) yield* channel.put(1)
    }),
    spawn(function* (): Steps {
      for (;;) yield* channel.get()
    }),
    // one puts and one gets, and neither ever waits for anybody else
    spawn(function* (): Steps {
      for (;;) yield* single.put(1)
    }),
    spawn(function* (): Steps {
      for (;;) yield* single.get()
    }),
  ]
  let others = 0
  const bystander = spawn(function* (): Steps {
    for (; others < 20; others++) yield* sleep(0)
  })
  assert.is(await bystander.join(5), undefined)
  await sleep(0.02)
  assert.is(others, 20)
  assert.ok(rounds > 20)
  await killall(players)
})

test("QU-07: a million items come out in order", async () => {
  const queue = new Queue<number>(1000)
  const producer = spawn(function* () {
    for (let i = 0; i < 1_000_000; i++) yield* queue.put(i)
    yield* queue.put(StopIteration)
  })
  const consumer = spawn(function* () {
    let expected = 0
    for (let next = yield* queue.next(); !next.done; next = yield* queue.next()) {
      if (next.value !== expected++) throw new Error(`${next.value} instead of ${expected - 1}`)
    }
    return expected
  })
  assert.is(await consumer.get(), 1_000_000)
  await producer.join()
  const stored = new SimpleQueue<number>()
  for (let i = 0; i < 1_000_000; i++) stored.putNowait(i)
  assert.is(stored.length, 1_000_000)
  for (let i = 0; i < 1_000_000; i++) if (stored.getNowait() !== i) assert.unreachable(String(i))
})

test("QU-08: qsize, length, empty and full tell how many there are; a queue is always true", () => {
  for (const [, { Kind }] of kinds) {
    const queue = new Kind<number>(2)
    assert.equal([queue.qsize(), queue.length, queue.empty(), queue.full()], [0, 0, true, false])
    assert.ok(queue)
    queue.putNowait(1)
    assert.equal([queue.qsize(), queue.length, queue.empty(), queue.full()], [1, 1, false, false])
    queue.putNowait(2)
    assert.equal([queue.qsize(), queue.length, queue.empty(), queue.full()], [2, 2, false, true])
  }
})

test("QU-08: a copy has the same kind, size and items, and goes its own way", () => {
  for (const [name, { Kind, order }] of kinds) {
    const queue = new Kind<number>(3, [1, 2, 3])
    const copy = queue.copy()
    assert.is(copy.constructor.name, name)
    assert.is(copy.maxsize, 3)
    assert.equal(drained(copy), order)
    assert.is(queue.qsize(), 3)
    assert.is(queue.copy().qsize(), 3)
  }
  const backwards = new PriorityQueue<number>(null, [1, 2, 3], (a, b) => b - a).copy()
  backwards.putNowait(4)
  assert.equal(drained(backwards), [4, 3, 2, 1])
})

test("QU-08: setting maxsize lets in those who wait, as far as there is room", async () => {
  const queue = new Queue<number>(1, [0])
  const putters = [1, 2, 3].map((item) => spawn(() => queue.put(item)))
  await settle()
  queue.maxsize = 3
  assert.is(queue.maxsize, 3)
  await settle()
  assert.equal(
    putters.map(({ dead }) => dead),
    [true, true, false],
  )
  queue.maxsize = null
  assert.is(queue.maxsize, null)
  await joinall(putters)
  queue.maxsize = 1
  assert.ok(queue.full())
  assert.equal(drained(queue), [0, 1, 2, 3])
})

test("QU-08: String and the console show what is in and who waits", async () => {
  assert.is(String(new SimpleQueue()), "<SimpleQueue>")
  assert.is(String(new Queue<unknown>(5, [1, "a"])), '<Queue maxsize=5 queue=[1, "a"] tasks=2>')
  assert.is(inspect(new LifoQueue(null, [1])), "<LifoQueue queue=[1] tasks=1>")
  assert.is(
    String(new SimpleQueue(null, new Array(13).fill(0))),
    "<SimpleQueue queue=[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, … 3 more]>",
  )
  const queue = new SimpleQueue<number>(1)
  const getters = [1, 2].map(() => spawn(() => queue.get()))
  await settle()
  assert.is(String(queue), "<SimpleQueue maxsize=1 getters[2]>")
  await killall(getters)
  queue.putNowait(1)
  const putter = spawn(() => queue.put(2))
  await settle()
  assert.is(String(queue), "<SimpleQueue maxsize=1 queue=[1] putters[1]>")
  await putter.kill()
  const channel = new Channel<number>()
  assert.is(inspect(channel), "<Channel>")
  const sender = spawn(() => channel.put(1))
  await settle()
  assert.is(String(channel), "<Channel putters[1]>")
  await sender.kill()
})

test("QU-09: the class StopIteration ends an iteration, an instance is an item", async () => {
  const instance = new StopIteration()
  const make = (): Queue<number | StopIteration> =>
    new Queue<number | StopIteration>(null, [1, instance, StopIteration, 2])
  const seen: unknown[] = []
  const awaited = make()
  for await (const item of awaited) seen.push(item)
  assert.equal(seen.splice(0), [1, instance])
  assert.equal(drained(awaited), [2])

  const visited = make()
  await visited.each((item) => seen.push(item))
  assert.equal(seen.splice(0), [1, instance])

  const stepped = make()
  await run(function* () {
    for (let next = yield* stepped.next(); !next.done; next = yield* stepped.next()) seen.push(next.value)
  })
  assert.equal(seen.splice(0), [1, instance])
  assert.equal(await stepped.next(), { done: false, value: 2 })

  // get and peek give it as it is
  const got = new Queue<number>(null, [StopIteration])
  assert.is(await got.peek(), StopIteration)
  assert.is(await got.get(), StopIteration)
})

test("QU-09: an iteration waits for what comes, in greenlets of every kind", async () => {
  const queue = new Queue<string>(1)
  const producer = spawn(function* () {
    for (const item of ["a", "b", "c"]) {
      yield* sleep(0.001)
      yield* queue.put(item)
    }
    yield* queue.put(StopIteration)
    yield* queue.put(StopIteration)
  })
  const seen: string[] = []
  const consumers = [
    spawn(async () => {
      for await (const item of queue) seen.push(item)
    }),
    spawn(() => queue.each((item) => seen.push(item))),
  ]
  await joinall([producer, ...consumers], null, { raiseError: true })
  assert.equal(seen.sort(), ["a", "b", "c"])
})

test("QU-09: a loop that is left early leaves the rest in", async () => {
  const queue = new Queue<number>(null, [1, 2, 3])
  for await (const item of queue) if (item === 1) break
  assert.equal(drained(queue), [2, 3])
})

test("QU-09: each waits for what the function returns, ends when that is StopIteration, and passes its errors on", async () => {
  const queue = new Queue<number>(null, [1, 2, 3, 4, 5])
  const seen: number[] = []
  await queue.each(function* (item) {
    yield* sleep(0.001)
    seen.push(item)
    return item === 2 ? StopIteration : undefined
  })
  assert.equal(seen, [1, 2])
  const error = await failure(
    queue.each(async (item) => {
      await sleep(0.001)
      throw new Custom(String(item))
    }),
  )
  assert.instance(error, Custom)
  assert.equal(drained(queue), [4, 5])
  assert.throws(() => queue.each(5 as never), isA(TypeError, "each takes a function"))
  assert.throws(() => new Channel().each(null as never), isA(TypeError, "each takes a function"))
})

test("QU-10: the least comes first, also among the first items", async () => {
  const items = Array.from({ length: 500 }, () => Math.floor(Math.random() * 100))
  const sorted = [...items].sort((a, b) => a - b)
  assert.equal(drained(new PriorityQueue(null, items)), sorted)
  const queue = new PriorityQueue<number>()
  for (const item of items) await queue.put(item)
  assert.is(queue.peekNowait(), sorted[0])
  assert.equal(drained(queue), sorted)
})

test("QU-10: texts, bigints, dates and arrays have their natural order", () => {
  const sorted = [
    ["a", "b", "ba"],
    [-1, 2n, 3.5, 10n],
    [new Date(1), new Date(2)],
    [
      [1, "a"],
      [1, "b"],
      [2, "a"],
    ],
    [[], [1], [1, 0], [1, [2, 3]], [1, [2, 4], 0]].slice(0, 3),
    [
      [[1, 2], "x"],
      [[1, 3], "a"],
    ],
  ]
  for (const items of sorted) assert.equal(drained(new PriorityQueue<unknown>(null, [...items].reverse())), items)
})

test("QU-10: a function may compare, and StopIteration comes behind all items", async () => {
  const queue = new PriorityQueue<{ at: number }>(null, [StopIteration, { at: 2 }, { at: 1 }], (a, b) => a.at - b.at)
  queue.putNowait(StopIteration)
  queue.putNowait({ at: 3 })
  const seen: number[] = []
  for await (const { at } of queue) seen.push(at)
  assert.equal(seen, [1, 2, 3])
  assert.throws(() => new PriorityQueue(null, [], 5 as never), isA(TypeError, "compare must be a function"))
})

test("QU-10: what cannot be compared is a TypeError of its put, and stays out", async () => {
  for (const [one, other] of [
    [1, "1"],
    [{}, {}],
    [1, undefined],
    [[1], 1],
    [
      [1, {}],
      [1, {}],
    ],
  ]) {
    const queue = new PriorityQueue<unknown>(null, [one])
    assert.throws(() => queue.putNowait(other), isA(TypeError, "cannot compare"), inspect([one, other]))
    assert.instance(await failure(queue.put(other)), TypeError)
    assert.equal(drained(queue), [one])
    assert.is(queue.unfinishedTasks, 1)
    assert.throws(() => new PriorityQueue(null, [one, other]), isA(TypeError, "cannot compare"))
  }
})

test("QU-10: a putter whose item cannot be compared when its turn comes gets the error, and the next one his turn", async () => {
  const queue = new PriorityQueue<unknown>(2, [1, 2])
  const wrong = spawn(function* () {
    try {
      yield* queue.put("text")
    } catch (error) {
      return error
    }
    return undefined
  })
  const right = spawn(() => queue.put(3))
  await settle()
  assert.is(await queue.get(), 1)
  await joinall([wrong, right], null, { raiseError: true })
  assert.instance(wrong.value, TypeError)
  assert.equal(drained(queue), [2, 3])
})

test("QU-11: the newest comes first, and a full one blocks", async () => {
  const queue = new LifoQueue<number>(2, [1])
  await queue.put(2)
  const putter = spawn(() => queue.put(3))
  await settle()
  assert.not(putter.dead)
  assert.is(await queue.get(), 2)
  await putter.join()
  assert.equal(drained(queue), [3, 1])
})

test("QU-12: join waits until taskDone was called for each item", async () => {
  for (const Kind of [Queue, LifoQueue, PriorityQueue]) {
    const queue = new Kind<number>()
    assert.is(await queue.join(), true)
    for (let i = 0; i < 5; i++) await queue.put(i)
    assert.is(queue.unfinishedTasks, 5)
    let sum = 0
    const workers = [1, 2].map(() =>
      spawn(() =>
        queue.each(function* (item) {
          yield* sleep(0.001)
          sum += item
          queue.taskDone()
        }),
      ),
    )
    assert.is(await queue.join(10), true)
    assert.is(sum, 10)
    assert.is(queue.unfinishedTasks, 0)
    await killall(workers)
  }
})

test("QU-12: taskDone that comes too often is a RangeError", () => {
  const queue = new Queue<number>(null, [1])
  queue.taskDone()
  assert.throws(() => queue.taskDone(), isA(RangeError, "taskDone() called too many times"))
  assert.is(queue.unfinishedTasks, 0)
})

test("QU-12: first items count as unfinished unless a number is given, and a copy keeps the count", async () => {
  for (const Kind of [Queue, LifoQueue]) {
    const queue = new Kind<number>(null, [1, 2])
    assert.is(queue.unfinishedTasks, 2)
    assert.is(await queue.join(0), false)
    queue.getNowait()
    const copy = queue.copy()
    assert.is(copy.unfinishedTasks, 2)
    assert.is(copy.qsize(), 1)
    copy.taskDone()
    assert.is(queue.unfinishedTasks, 2)
    const none = new Kind<number>(null, [1, 2], 0)
    assert.is(await none.join(), true)
    assert.is(none.copy().unfinishedTasks, 0)
  }
  assert.is(new PriorityQueue<number>(null, [1, 2]).copy().unfinishedTasks, 2)
  assert.is(new PriorityQueue<number>(null, [1, 2], undefined, 7).unfinishedTasks, 7)
})

test("QU-12: a number of unfinished tasks that is none is refused", () => {
  for (const Kind of [Queue, LifoQueue]) {
    for (const wrong of ["1", {}, true]) assert.throws(() => new Kind(null, [], wrong as never), isA(TypeError))
    for (const wrong of [-1, 0.5, NaN]) assert.throws(() => new Kind(null, [], wrong), isA(RangeError))
  }
  assert.throws(() => new PriorityQueue(null, [], undefined, -1), isA(RangeError))
})

test("QU-12: several wait for the end, and it can be waited for again", async () => {
  const queue = new Queue<number>()
  for (let round = 0; round < 3; round++) {
    queue.putNowait(round)
    const joiners = [1, 2, 3].map(() => spawn(() => queue.join()))
    await settle()
    assert.ok(joiners.every(({ dead }) => !dead))
    queue.getNowait()
    queue.taskDone()
    await joinall(joiners)
    assert.ok(joiners.every(({ value }) => value === true))
  }
})

test("QU-13: after a shutdown nothing comes in, and get throws ShutDown once it is empty", async () => {
  for (const [, { Kind, order }] of kinds) {
    const queue = new Kind<number>(3, [1, 2, 3])
    assert.not(queue.isShutdown)
    queue.shutdown()
    assert.ok(queue.isShutdown)
    assert.throws(() => queue.putNowait(4), isA(ShutDown))
    assert.instance(await failure(queue.put(4)), ShutDown)
    assert.instance(await failure(queue.put(4, false)), ShutDown)
    assert.is(await queue.peek(), order[0])
    assert.equal([await queue.get(), queue.getNowait(), await queue.get(false)], order)
    for (const call of [() => queue.get(), () => queue.peek(), () => queue.get(false)])
      assert.instance(await failure(call()), ShutDown)
    assert.throws(() => queue.getNowait(), isA(ShutDown))
    assert.throws(() => queue.peekNowait(), isA(ShutDown))
  }
})

test("QU-13: shutdown wakes all who wait to get or to put", async () => {
  for (const immediate of [false, true]) {
    const empty = new Queue<number>()
    const full = new Queue<number>(1, [1])
    const waits = [() => empty.get(), () => empty.peek(), () => full.put(2), () => full.put(3, true, 10)]
    const greenlets = waits.flatMap((call) => [
      spawn(function* (): Steps<unknown> {
        try {
          return yield* call() as Wait<unknown>
        } catch (error) {
          return error
        }
      }),
      spawn(async () => await failure(call())),
    ])
    await settle()
    empty.shutdown(immediate)
    full.shutdown(immediate)
    await joinall(greenlets)
    for (const { value } of greenlets) assert.instance(value, ShutDown)
    for (const queue of [empty, full]) assert.is(waiting(queue as never), 0)
    assert.equal(drained(full), immediate ? [] : [1])
  }
})

test("QU-13: a getter for whom there is an item still gets it", async () => {
  const queue = new Queue<number>()
  const getters = [1, 2].map(() =>
    spawn(function* () {
      try {
        return yield* queue.get()
      } catch (error) {
        return (error as Error).name
      }
    }),
  )
  await settle()
  queue.putNowait(5)
  queue.shutdown()
  await joinall(getters)
  assert.equal(
    getters.map(({ value }) => value),
    [5, "ShutDown"],
  )
})

test("QU-13: an immediate shutdown drops the items and counts them as done", async () => {
  const queue = new Queue<number>(null, [1, 2, 3])
  queue.getNowait()
  const joiner = spawn(() => queue.join())
  await settle()
  queue.shutdown(true)
  assert.ok(queue.empty())
  assert.is(queue.unfinishedTasks, 1)
  queue.taskDone()
  assert.is(await joiner.get(), true)
  const twice = new Queue<number>(null, [1])
  twice.shutdown()
  twice.shutdown(true)
  assert.is(await twice.join(), true)
})

test("QU-13: an iteration ends when the queue is shut down and empty", async () => {
  const queue = new Queue<number>(null, [1, 2])
  const seen: number[] = []
  const consumers = [
    spawn(async () => {
      for await (const item of queue) seen.push(item)
    }),
    spawn(() => queue.each((item) => seen.push(item))),
  ]
  await settle()
  queue.putNowait(3)
  queue.shutdown()
  await joinall(consumers, null, { raiseError: true })
  assert.equal(seen.sort(), [1, 2, 3])
  for await (const item of queue) assert.unreachable(String(item))
  assert.equal(await queue.next(), { done: true, value: undefined })
})

test("QU-14: seconds that are negative or no number are refused before anything happens", async () => {
  const queue = new Queue<number>(1)
  for (const make of [() => queue.put(1, true, -1), () => queue.get(true, -1), () => queue.peek(true, -0.1)])
    assert.throws(make, isA(RangeError, "must not be negative"))
  assert.throws(() => queue.put(1, true, "5" as never), isA(TypeError))
  assert.ok(queue.empty())
})

test("QU-15: a channel is empty and full, and holds nothing", () => {
  const channel = new Channel()
  assert.equal(
    [channel.qsize(), channel.length, channel.empty(), channel.full(), channel.balance],
    [0, 0, true, true, 0],
  )
  assert.throws(() => channel.putNowait(1), isA(Full))
  assert.throws(() => channel.getNowait(), isA(Empty))
})

test("QU-15: put waits for the get", async () => {
  const channel = new Channel<string>()
  const log: string[] = []
  const sender = spawn(function* () {
    log.push("sending")
    yield* channel.put("hello")
    log.push("sent hello")
    yield* channel.put("world")
    log.push("sent world")
  })
  await settle()
  assert.equal(log, ["sending"])
  assert.is(channel.balance, 1)
  const receiver = spawn(function* () {
    log.push(yield* channel.get())
    log.push(yield* channel.get())
  })
  await joinall([sender, receiver])
  assert.equal(log, ["sending", "hello", "sent hello", "world", "sent world"])
  assert.is(channel.balance, 0)
})

test("QU-15: both sides are served in their order, and balance tells them apart", async () => {
  const channel = new Channel<number>()
  const senders = [1, 2, 3].map((item) => spawn(() => channel.put(item)))
  await settle()
  assert.is(channel.balance, 3)
  const receivers = [1, 2, 3, 4].map(() => spawn(() => channel.get()))
  await settle()
  assert.is(channel.balance, -1)
  await channel.put(4)
  await joinall([...senders, ...receivers], null, { raiseError: true })
  assert.equal(
    receivers.map(({ value }) => value),
    [1, 2, 3, 4],
  )
})

test("QU-15: whoever does not wait any more neither hands over nor takes", async () => {
  for (const start of [inGenerator, inAsync]) {
    const channel = new Channel<string>()
    const senders = [start(channel, "killed"), start(channel, "sent")]
    await settle()
    senders[0]!.kill(undefined, false)
    assert.is(await channel.get(), "sent")
    await joinall(senders)
  }
  for (const receive of Object.values(RECEIVERS)) {
    const channel = new Channel<string>()
    const seen: string[] = []
    const killed = receive(channel, seen)
    const other = spawn(() => channel.get())
    await settle()
    killed.kill(undefined, false)
    await channel.put("item")
    assert.is(await other.get(), "item")
    await killed.join()
    assert.equal(seen, [])
    assert.is(channel.balance, 0)
  }
  const channel = new Channel<string>()
  assert.instance(await failure(channel.put("late", true, 0.001)), Full)
  assert.instance(await failure(channel.put("late", false)), Full)
  assert.instance(await failure(channel.get(false)), Empty)
  const sender = spawn(() => channel.put("in time"))
  assert.is(await channel.get(), "in time")
  await sender.join()
})

test("QU-16: iterating over a channel ends with StopIteration", async () => {
  const channel = new Channel<string>()
  const sender = spawn(function* () {
    for (const item of ["hello", "world"]) yield* channel.put(item)
    yield* channel.put(StopIteration)
    yield* channel.put("again")
    yield* channel.put(StopIteration)
  })
  const seen: string[] = []
  for await (const item of channel) seen.push(item)
  await channel.each((item) => seen.push(item))
  assert.equal(seen, ["hello", "world", "again"])
  await sender.join()
})

test("QU-16: in the hub put gives to those who wait, else it throws Full; get takes from those who wait", async () => {
  const channel = new Channel<number>()
  await inHub(() => {
    assert.throws(() => channel.putNowait(1), isA(Full))
    assert.throws(() => channel.getNowait(), isA(Empty))
  })
  assert.instance(await inHub(() => failure(channel.put(1))), Full)
  const receiver = spawn(() => channel.get())
  await settle()
  await inHub(() => channel.putNowait(1))
  assert.is(await receiver.get(), 1)

  const second = spawn(() => channel.get())
  await settle()
  await inHub(() => channel.put(2).then())
  assert.is(await second.get(), 2)

  const senders = [3, 4].map((item) => spawn(() => channel.put(item)))
  await settle()
  assert.is(await inHub(() => channel.getNowait()), 3)
  assert.is(await (await inHub(() => ({ item: channel.get().then() }))).item, 4)
  await joinall(senders)
})

test("QU-16: nowait calls of greenlets serve peers who wait as well", async () => {
  const channel = new Channel<number>()
  const receiver = spawn(() => channel.get())
  await settle()
  channel.putNowait(1)
  assert.is(await receiver.get(), 1)
  const sender = spawn(() => channel.put(2))
  await settle()
  assert.is(channel.getNowait(), 2)
  await sender.join()
})

test("QU-17: Full, Empty and ShutDown are classes of errors with their names, the same everywhere", () => {
  for (const name of ["Empty", "Full", "ShutDown", "StopIteration"] as const) {
    assert.is(module[name], exceptions[name])
    const error = new module[name]()
    assert.instance(error, Error)
    assert.is(error.name, name)
  }
})

/** Keeps its items in a Map, and notes which hooks were called. */
class Distinct<T> extends Queue<T> {
  declare private store_: Map<T, number>
  declare calls: string[]

  protected override _init(maxsize: number | null, items: Iterable<Item<T>>): void {
    this.calls = [`_init ${maxsize}`]
    this.store_ = new Map()
    for (const item of items) this.store_.set(item as T, 1)
  }

  protected override _qsize(): number {
    return this.store_.size
  }

  protected override _put(item: Item<T>): void {
    this.calls.push("_put")
    this.store_.set(item as T, 1)
  }

  protected override _get(): T {
    this.calls.push("_get")
    const item = this._first()
    this.store_.delete(item)
    return item
  }

  protected override _peek(): T {
    this.calls.push("_peek")
    return this._first()
  }

  private _first(): T {
    return this.store_.keys().next().value as T
  }
}

test("QU-18: a subclass keeps its items as it likes", async () => {
  const queue = new Distinct<string>(2, ["a"])
  queue.putNowait("a")
  await queue.put("b")
  const putter = spawn(() => queue.put("c"))
  await settle()
  assert.ok(queue.full())
  assert.is(await queue.peek(), "a")
  assert.is(await queue.get(), "a")
  await putter.join()
  assert.equal(queue.calls, ["_init 2", "_put", "_put", "_peek", "_get", "_put"])
  assert.equal(drained(queue), ["b", "c"])
  assert.is(String(queue), "<Distinct maxsize=2 tasks=4>")
  assert.throws(() => queue.copy(), isA(TypeError, "contents"))
})

/** Its hooks throw for the item `bad`. */
class Picky extends Queue<string> {
  protected override _put(item: Item<string>): void {
    if (item === "bad") throw new Custom("put")
    super._put(item)
  }

  protected override _get(): Item<string> {
    const item = super._get()
    if (item === "poison") throw new Custom("get")
    return item
  }
}

function outcomeOf(call: () => Wait<unknown>): Greenlet<unknown> {
  return spawn(function* (): Steps<unknown> {
    try {
      return (yield* call()) ?? "done"
    } catch (error) {
      return `${(error as Error).constructor.name} ${(error as Error).message}`
    }
  })
}

test("QU-18: a hook that throws reaches its caller", async () => {
  const queue = new Picky()
  assert.throws(() => queue.putNowait("bad"), isA(Custom))
  assert.instance(await failure(queue.put("bad")), Custom)
  assert.is(queue.unfinishedTasks, 0)
  queue.putNowait("poison")
  assert.throws(() => queue.getNowait(), isA(Custom))
})

test("QU-18: a hook that throws in the turn of those who wait reaches the one and loses nobody", async () => {
  const queue = new Picky(1, ["first"])
  const putters = ["bad", "good", "bad", "better"].map((item) => outcomeOf(() => queue.put(item)))
  await settle()
  const got = [await queue.get(), await queue.get(), await queue.get()]
  await joinall(putters)
  assert.equal(got, ["first", "good", "better"])
  assert.equal(
    putters.map(({ value }) => value),
    ["Custom put", "done", "Custom put", "done"],
  )

  const getters = [1, 2, 3].map(() => outcomeOf(() => queue.get()))
  await settle()
  const feeder = spawn(function* () {
    for (const item of ["a", "poison", "b"]) yield* queue.put(item)
  })
  await joinall([...getters, feeder])
  assert.equal(
    getters.map(({ value }) => value),
    ["a", "Custom get", "b"],
  )
})

test("QU-18: a hook that throws for a peer of the hub reaches that peer and loses nobody", async () => {
  const queue = new Picky(1)
  const getters = [1, 2].map(() => outcomeOf(() => queue.get()))
  await settle()
  await inHub(() => {
    queue.putNowait("poison")
    queue.putNowait("a")
    queue.putNowait("b")
  })
  await joinall(getters)
  assert.equal(
    getters.map(({ value }) => value),
    ["Custom get", "a"],
  )
  const putters = ["bad", "good"].map((item) => outcomeOf(() => queue.put(item)))
  await settle()
  assert.equal(await inHub(() => [queue.getNowait(), queue.getNowait()]), ["b", "good"])
  await joinall(putters)
  assert.equal(
    putters.map(({ value }) => value),
    ["Custom put", "done"],
  )
})

test("QU-18: a shutdown whose hook throws still wakes all who wait", async () => {
  const queue = new Picky(1, ["poison"])
  const putter = outcomeOf(() => queue.put("a"))
  await settle()
  assert.throws(() => queue.shutdown(true), isA(Custom))
  await putter.join()
  assert.is(putter.value, "ShutDown ")
})

test("GR-29: a greenlet that has ended is put into the queue or channel that it is linked to", async () => {
  for (const link of ["link", "rawlink"] as const) {
    const queue = new Queue<Greenlet<number>>()
    const greenlet = spawn(async () => 5)
    greenlet[link](queue)
    assert.is(await queue.get(), greenlet)
    const channel = new Channel<Greenlet<number>>()
    const receiver = spawn(() => channel.get())
    await settle()
    greenlet[link](channel)
    assert.is(await receiver.get(), greenlet)
  }
})

test("a raw greenlet may wait in a queue, and a body may put and get by the way", async () => {
  const queue = new SimpleQueue<number>(1)
  spawnRaw(function* () {
    for (let i = 0; i < 3; i++) yield* queue.put(i)
  })
  assert.equal([await queue.get(), await queue.get(), await queue.get()], [0, 1, 2])
})

test.run()
