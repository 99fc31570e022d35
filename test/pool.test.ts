import {
  getHub,
  Greenlet,
  GreenletExit,
  joinall,
  run,
  sleep,
  spawn,
  spawnRaw,
  type Op,
  type TimeoutArgument,
  type Wait,
} from "gevent-wasm"
import { Group, Pool, PoolFull, type Items } from "gevent-wasm/pool"
import { Channel, Full, Queue, StopIteration } from "gevent-wasm/queue"
import { StreamServer } from "gevent-wasm/server"
import { createConnection, type Socket } from "gevent-wasm/socket"
import { test } from "uvu"
import * as assert from "uvu/assert"
import { takeReports } from "./reports.ts"
import { failure, isA, testGenericWait } from "./timing.ts"

const stop = new Error("stop")
const busyOnes: Greenlet[] = []
const stubbornOnes: Greenlet[] = []

test.before.each(() => void takeReports())
test.after.each(async () => {
  for (const greenlet of busyOnes.splice(0)) await greenlet.kill()
  for (const greenlet of stubbornOnes.splice(0)) await greenlet.kill(stop)
})

/** A case in a greenlet. */
function inGreenlet(title: string, body: () => Generator<Wait<unknown>, unknown, unknown>): void {
  test(title, async () => {
    await run(body)
  })
}

function* square(number: number): Generator<Wait<unknown>, number, unknown> {
  yield* sleep(0)
  return number * number
}

function* failOnTwo(number: number): Generator<Wait<unknown>, number, unknown> {
  yield* sleep(0)
  if (number === 2) throw new RangeError(`no ${number}`)
  return number
}

function* forever(): Generator<Wait<unknown>, void, unknown> {
  yield* sleep(1000, false)
}

/** What a greenlet's operation throws. */
function* thrown(operation: Op<unknown>): Generator<Wait<unknown>, unknown, unknown> {
  try {
    yield* operation
  } catch (error) {
    return error
  }
  throw new Error("expected an error")
}

// --- generic ---

/** What never becomes empty, and ends its greenlet when the test is over. */
function busy(set: Group | Pool): Group | Pool {
  const greenlet = new Greenlet(forever)
  greenlet.start()
  if (set instanceof Pool) set.add(greenlet, false)
  else set.add(greenlet)
  busyOnes.push(greenlet)
  return set
}

for (const [name, make] of Object.entries({ Group: () => new Group(), Pool: () => new Pool(1) })) {
  testGenericWait(
    `PL-03: ${name}.join`,
    test,
    () => {
      const set = busy(make())
      return { call: (timeout: TimeoutArgument) => set.join(timeout) }
    },
    { expired: false },
  )
  testGenericWait(`PL-04: ${name}.kill`, test, () => {
    const set = make()
    const stubborn = new Greenlet(async () => {
      for (;;) {
        try {
          await sleep(1000, false)
        } catch (error) {
          if (error === stop) return
        }
      }
    })
    stubborn.start()
    if (set instanceof Pool) set.add(stubborn, false)
    else set.add(stubborn)
    stubbornOnes.push(stubborn)
    return { before: () => sleep(0), call: (timeout: TimeoutArgument) => set.kill(undefined, true, timeout) }
  })
}

testGenericWait(
  "PL-09: Pool.waitAvailable",
  test,
  () => {
    const pool = busy(new Pool(1))
    return { call: (timeout: TimeoutArgument) => pool.waitAvailable(timeout) }
  },
  { expired: 0 },
)

// --- groups ---

inGreenlet("PL-01: a group has a length, members and an order, and is empty at first", function* () {
  const greenlets = [spawn(forever), spawn(forever)]
  const group = new Group(greenlets)
  assert.is(new Group().length, 0)
  assert.is(group.length, 2)
  assert.ok(group.has(greenlets[0]))
  assert.not(group.has(spawn(square, 1)))
  assert.equal([...group], greenlets)
  assert.is(String(group), "<Group 2 greenlets>")
  yield* group.kill()
  assert.is(group.length, 0)
})

inGreenlet("PL-02: greenlets leave a group when they end; raw ones have to be taken out", function* () {
  const group = new Group()
  const greenlet = group.spawn(square, 3)
  const late = new Greenlet(square, 4)
  group.start(late)
  const raw = spawnRaw(forever)
  group.add(raw)
  group.add(raw)
  assert.is(group.length, 3)
  yield* joinall([greenlet, late])
  yield* sleep(0)
  assert.equal([...group], [raw])
  group.discard(raw)
  group.discard(raw)
  assert.is(group.length, 0)
  raw.scheduleKill(new GreenletExit())
  assert.throws(() => group.add(5 as never), isA(TypeError, "expected a greenlet"))
  assert.throws(() => group.spawn(5 as never), isA(TypeError))
})

inGreenlet(
  "PL-03: join waits until the group is empty at least once, and may throw an error of its greenlets",
  function* () {
    const group = new Group()
    assert.is(yield* group.join(), true)
    group.spawn(function* () {
      yield* sleep(0)
      group.spawn(square, 1)
    })
    assert.is(yield* group.join(5), true)
    const failing = group.spawn(failOnTwo, 2)
    assert.is(yield* group.join(), true)
    assert.is(yield* group.join(null, { raiseError: true }), true) // it has left
    const again = group.spawn(failOnTwo, 2)
    assert.is(yield* thrown(group.join(null, { raiseError: true })), again.exception)
    assert.not(failing.exception === again.exception)
  },
)

inGreenlet("PL-04: kill ends all, those who come meanwhile too, and those who have not run never do", function* () {
  const group = new Group()
  let ran = 0
  const count = function* (): Generator<Wait<unknown>, void, unknown> {
    ran++
    yield* sleep(1000)
  }
  const slow = group.spawn(function* () {
    try {
      yield* sleep(1000)
    } finally {
      yield* sleep(0.01)
      group.spawn(count)
    }
  })
  yield* sleep(0)
  group.spawn(count)
  yield* group.kill()
  assert.is(group.length, 0)
  assert.is(ran, 0)
  assert.ok(slow.value instanceof GreenletExit)
  const error = new RangeError("enough")
  const other = group.spawn(count)
  yield* sleep(0)
  group.kill(error, false)
  assert.not(other.dead)
  yield* other.join()
  assert.is(other.exception, error)
  assert.throws(() => group.kill(42 as never, false), isA(TypeError))
})

inGreenlet("PL-05: killone ends a greenlet of the group and no other", function* () {
  const group = new Group()
  const [one, two, stranger] = [group.spawn(forever), group.spawn(forever), spawn(forever)]
  yield* group.killone(stranger)
  assert.not(stranger.dead)
  yield* group.killone(one)
  assert.ok(one.dead)
  group.killone(two, undefined, false)
  assert.not(one === two)
  yield* two.join()
  yield* stranger.kill()
})

inGreenlet("PL-06: a group is never full", function* () {
  const group = new Group([spawn(forever)])
  assert.not(group.full())
  assert.is(yield* group.waitAvailable(), 1)
  yield* group.kill()
})

// --- pools ---

inGreenlet("PL-07: a pool has a size, no limit, or room for nobody", function* () {
  assert.throws(() => new Pool(-1), isA(RangeError))
  assert.throws(() => new Pool(1.5), isA(RangeError))
  assert.throws(() => new Pool("1" as never), isA(TypeError))
  const unlimited = new Pool()
  for (let i = 0; i < 100; i++) yield* unlimited.spawn(square, i)
  assert.is(unlimited.length, 100)
  assert.not(unlimited.full())
  assert.is(yield* unlimited.join(), true)
  const none = new Pool(0)
  assert.ok(none.full())
  const waiting = spawn(() => none.spawn(square, 1))
  yield* sleep(0.01)
  assert.not(waiting.dead)
  yield* waiting.kill()
  assert.is(none.length, 0)
})

inGreenlet(
  "PL-08: spawn, add and start wait for room; without waiting, or for too long, they throw PoolFull",
  function* () {
    const pool = new Pool(1)
    const first = yield* pool.spawn(forever)
    assert.throws(() => pool.start(new Greenlet(forever), false), isA(PoolFull))
    assert.throws(() => pool.add(first, false), isA(Full))
    const late = new Greenlet(square, 5)
    assert.ok((yield* thrown(pool.start(late, true, 0.01))) instanceof PoolFull)
    assert.not(late.started)
    const order: number[] = []
    const starters = [1, 2].map((number) =>
      spawn(function* () {
        yield* pool.spawn(function* () {
          order.push(number)
          yield* sleep(0)
        })
      }),
    )
    yield* sleep(0)
    const killed = spawn(() => pool.spawn(forever))
    yield* sleep(0)
    yield* killed.kill()
    yield* first.kill()
    yield* joinall(starters)
    yield* pool.join()
    assert.equal(order, [1, 2])
    assert.is(pool.freeCount(), 1)
    pool.start(late, false)
    assert.is(yield* late.get(), 25)
    assert.throws(() => pool.add(5 as never, false), isA(TypeError))
    yield* sleep(0)
    assert.is(yield* pool.waitAvailable(), 1)
  },
)

inGreenlet("PL-09: freeCount, full and waitAvailable say how much room there is", function* () {
  const pool = new Pool(2)
  assert.is(pool.freeCount(), 2)
  assert.is(yield* pool.waitAvailable(), 2)
  const greenlets = [yield* pool.spawn(forever), yield* pool.spawn(forever)]
  assert.is(pool.freeCount(), 0)
  assert.ok(pool.full())
  const waiting = spawn(() => pool.waitAvailable())
  yield* sleep(0)
  yield* greenlets[0]!.kill()
  assert.is(yield* waiting.get(), 1)
  assert.is(new Pool().freeCount(), 1)
  yield* pool.kill()
})

inGreenlet("PL-10: discard frees a slot once, and a reporter that fails keeps none", function* () {
  const pool = new Pool(1)
  const greenlet = yield* pool.spawn(forever)
  pool.discard(greenlet)
  pool.discard(greenlet)
  assert.is(yield* pool.waitAvailable(), 1)
  yield* greenlet.kill()
  yield* sleep(0)
  assert.is(yield* pool.waitAvailable(), 1)
  const hub = getHub()
  hub.handleError = () => {
    throw new Error("a reporter that fails")
  }
  const failing = yield* pool.spawn(failOnTwo, 2)
  yield* failing.join()
  Reflect.deleteProperty(hub, "handleError")
  assert.is(yield* pool.waitAvailable(1), 1)
  assert.is(pool.length, 0)
})

inGreenlet("PL-11: a slot is free again one turn after the end", function* () {
  const pool = new Pool(1)
  const greenlet = yield* pool.spawn(square, 2)
  yield* greenlet.get()
  yield* sleep(0)
  assert.is(pool.freeCount(), 1)
})

class Marked extends Greenlet<unknown> {}

inGreenlet("PL-02: spawn makes greenlets of the pool's class", function* () {
  const pool = new Pool(1, Marked)
  assert.instance(yield* pool.spawn(square, 2), Marked)
  yield* pool.join()
})

// --- calls ---

for (const size of [1, 2, 3, 10, null]) {
  const pool = new Pool(size)
  inGreenlet(
    `PL-12: apply returns or throws, and runs at once in the pool's own greenlets (size ${size})`,
    function* () {
      assert.is(yield* pool.apply(square, [4]), 16)
      assert.is(yield* pool.apply(async () => "text"), "text")
      assert.instance(yield* thrown(pool.apply(failOnTwo, [2])), RangeError)
      const nested = pool.apply(function* () {
        return yield* pool.apply(() => pool.apply(square, [3]))
      })
      assert.is(yield* nested, 9)
      assert.is(yield* pool.apply(async () => await pool.apply(square, [5])), 25)
      assert.throws(() => pool.apply(5 as never), isA(TypeError))
      yield* pool.join()
    },
  )

  inGreenlet(`PL-13: applyAsync returns at once, and calls back with a result only (size ${size})`, function* () {
    const results: unknown[] = []
    const callback = (result: unknown): void => void results.push(result)
    const greenlets = [1, 2, 3].map((number) => pool.applyAsync(failOnTwo, [number], callback))
    yield* joinall(greenlets)
    yield* sleep(0.01)
    assert.equal(results.sort(), [1, 3])
    assert.is(yield* greenlets[2]!.get(), 3)
    assert.instance(yield* thrown(greenlets[1]!.get()), RangeError)
    assert.throws(() => pool.applyAsync(square, [1], 5 as never), isA(TypeError))
    yield* pool.join()
  })

  inGreenlet(`PL-14: applyCb, mapCb and mapAsync call back (size ${size})`, function* () {
    const results: unknown[] = []
    const callback = (result: unknown): void => void results.push(result)
    assert.is(yield* pool.applyCb(square, [3], callback), 9)
    yield* sleep(0)
    assert.equal(yield* pool.mapCb(square, [1, 2], callback), [1, 4])
    const mapping = pool.mapAsync(square, [3, 4], callback)
    assert.equal(yield* mapping.get(), [9, 16])
    assert.equal(results, [9, [1, 4], [9, 16]])
    yield* pool.join()
  })

  inGreenlet(`PL-15: map returns the results in order, or throws the first error (size ${size})`, function* () {
    const backwards = function* (number: number): Generator<Wait<unknown>, number, unknown> {
      yield* sleep(0.002 * (4 - number))
      return 2 * number
    }
    assert.equal(yield* pool.map(backwards, [1, 2, 3]), [2, 4, 6])
    assert.equal(yield* pool.map(square, []), [])
    assert.equal(yield* pool.map(square, new Set([5])), [25])
    const error = (yield* thrown(pool.map(failOnTwo, [1, 2, 3]))) as Error
    assert.instance(error, RangeError)
    assert.match(error.stack!, "failOnTwo")
    yield* pool.join()
  })

  inGreenlet(`PL-16: imap takes several iterables, of which the shortest ends it (size ${size})`, function* () {
    const add = async (a: number, b: number): Promise<number> => a + b
    const sums: number[] = []
    for (const next of pool.imap(add, [1, 2, 3], [10, 20])) sums.push(yield* next)
    assert.equal(sums, [11, 22])
    const three = async (a: number, b: string, c: boolean): Promise<string> => `${a}${b}${c}`
    const texts: string[] = []
    for (const next of pool.imap(three, [1], ["x"], [true])) texts.push(yield* next)
    assert.equal(texts, ["1xtrue"])
    assert.equal([...pool.imap(async () => 5)], [])
    assert.throws(() => pool.imap(square, [1], { size: 1 } as never), isA(TypeError, "size"))
    assert.throws(() => pool.imap(square, 5 as never), isA(TypeError, "iterable"))
    assert.throws(() => pool.imap(5 as never, [1]), isA(TypeError))
    yield* pool.join()
  })

  inGreenlet(`PL-19: imapUnordered gives results as they come (size ${size})`, function* () {
    const results: number[] = []
    for (const next of pool.imapUnordered(square, [1, 2, 3])) results.push(yield* next)
    assert.equal(results.sort(), [1, 4, 9])
    const limited: number[] = []
    for (const next of pool.imapUnordered(square, [1, 2, 3], { maxsize: 1 })) limited.push(yield* next)
    assert.equal(limited.sort(), [1, 4, 9])
    yield* pool.join()
  })

  inGreenlet(`PL-20: an error comes at its item, and the iteration goes on behind it (size ${size})`, function* () {
    const results: unknown[] = []
    const mapped = pool.imap(failOnTwo, [1, 2, 3])
    for (const next of mapped) {
      try {
        results.push(yield* next)
      } catch (error) {
        results.push((error as Error).message)
      }
    }
    assert.equal(results, [1, "no 2", 3])
    const unordered: unknown[] = []
    for (const next of pool.imapUnordered(failOnTwo, [1, 2, 3])) {
      unordered.push(
        yield* (function* () {
          try {
            return yield* next
          } catch {
            return 0
          }
        })(),
      )
    }
    assert.equal(unordered.sort(), [0, 1, 3])
    yield* pool.join()
  })

  inGreenlet(`PL-21: an error of the input comes behind the results, and then the end (size ${size})`, function* () {
    const broken = function* (): Generator<number> {
      yield 1
      yield 2
      throw new EvalError("input")
    }
    const mapped = pool.imap(square, broken())
    assert.equal(yield* mapped.next(), { done: false, value: 1 })
    assert.equal(yield* mapped.next(), { done: false, value: 4 })
    assert.instance(yield* thrown(mapped.next()), EvalError)
    assert.equal(yield* mapped.next(), { done: true, value: undefined })
    assert.instance(yield* thrown(pool.map(square, broken())), EvalError)
    const counted: unknown[] = []
    const error = yield* thrown(
      (function* () {
        for (const next of pool.imapUnordered(square, broken())) counted.push(yield* next)
      })(),
    )
    assert.instance(error, EvalError)
    assert.is(counted.length, 2)
    yield* pool.join()
  })

  inGreenlet(
    `PL-22: items may come from queues, channels, async generators and other imaps (size ${size})`,
    function* () {
      const queue = new Queue<number>(null, [1, 2, StopIteration])
      const channel = new Channel<number>()
      const sender = spawn(function* () {
        yield* channel.put(1)
        yield* sleep(0.002)
        yield* channel.put(2)
        yield* channel.put(StopIteration)
      })
      const sleepy = async function* (): AsyncGenerator<number> {
        yield 1
        await sleep(0.002)
        yield 2
        await sleep(0.002) // at its end
      }
      const inputs: Items<number>[] = [queue, channel, sleepy(), new Pool().imap(async (x: number) => x, [1, 2])]
      for (const input of inputs) {
        const results: number[] = []
        yield* pool.imap(square, input).each((value) => void results.push(value))
        assert.equal(results, [1, 4])
      }
      yield* sender.get()
      assert.equal(yield* pool.map(square, new Queue<number>(null, [3, StopIteration])), [9])
      const asynchronous = pool.imap(square, sleepy())
      assert.throws(() => asynchronous[Symbol.iterator](), isA(TypeError, "for await"))
      yield* asynchronous.each(() => StopIteration)
      yield* pool.join()
    },
  )
}

inGreenlet("PL-17: an imap is a greenlet that takes items without waiting for a reader", function* () {
  const pool = new Pool(2)
  const pulled: number[] = []
  const input = function* (): Generator<number> {
    for (let i = 0; i < 5; i++) {
      pulled.push(i)
      yield i
    }
  }
  const mapped = pool.imapUnordered(square, input())
  assert.instance(mapped, Greenlet)
  assert.ok(mapped.started)
  assert.equal(pulled, [])
  yield* mapped.join()
  assert.equal(pulled, [0, 1, 2, 3, 4])
  yield* pool.join()
  let sum = 0
  for (const next of mapped) sum += yield* next
  assert.is(sum, 30)
})

inGreenlet("PL-18: maxsize limits the results that nobody has read", function* () {
  const pool = new Pool(10)
  for (const method of ["imap", "imapUnordered"] as const) {
    let pulled = 0
    let ran = 0
    const input = function* (): Generator<number> {
      for (let i = 0; i < 5; i++) {
        pulled++
        yield i
      }
    }
    const count = function* (number: number): Generator<Wait<unknown>, number, unknown> {
      ran++
      return number
    }
    const mapped = pool[method](count, input(), { maxsize: 1 })
    for (let turn = 0; turn < 10; turn++) yield* sleep(0)
    assert.equal([ran, pulled], [1, 2])
    const results: number[] = []
    for (const next of mapped) results.push(yield* next)
    assert.equal(results, [0, 1, 2, 3, 4])
    assert.throws(() => pool[method](count, [1], { maxsize: "1" as never }), isA(TypeError, "maxsize"))
  }
})

inGreenlet("PL-23: an imap keeps only what is out of order", function* () {
  const pool = new Pool(10)
  const order = [3, 1, 2]
  const slow = function* (number: number): Generator<Wait<unknown>, number, unknown> {
    yield* sleep(0.003 * number)
    return number
  }
  const results: number[] = []
  for (const next of pool.imap(slow, order)) results.push(yield* next)
  assert.equal(results, order)
})

inGreenlet("PL-19: a killed reader takes nothing, and who leaves a loop early stops the input", function* () {
  const pool = new Pool(1)
  const gate = new Channel<number>()
  const mapped = pool.imap(() => gate.get(), [1, 2, 3, 4, 5])
  const reader = spawn(() => mapped.next())
  yield* sleep(0)
  yield* sleep(0)
  yield* reader.kill()
  yield* gate.put(7)
  assert.equal(yield* mapped.next(), { done: false, value: 7 })
  for (const next of mapped) {
    const sender = spawn(() => gate.put(8))
    assert.is(yield* next, 8)
    yield* sender.join()
    break
  }
  yield* mapped.join()
  assert.ok(mapped.value instanceof GreenletExit)
  yield* pool.kill()
  const killed = pool.imap(square, [1, 2, 3])
  yield* killed.kill()
  assert.instance(yield* thrown(killed.next()), GreenletExit)
  assert.equal(yield* killed.next(), { done: true, value: undefined })
})

test("PL-19: for await reads an imap, in MAIN and in async functions", async () => {
  const results: number[] = []
  for await (const result of new Pool(2).imap(square, [1, 2, 3])) results.push(result)
  assert.equal(results, [1, 4, 9])
  const greenlet = spawn(async () => {
    for await (const result of new Pool(2).imapUnordered(square, [1, 2, 3])) if (result === 1) return "left"
    return "not left"
  })
  assert.is(await greenlet.get(), "left")
  assert.instance(await failure(new Pool(1).map(failOnTwo, [1, 2])), RangeError)
})

test("PL-24: a pool, a group or a number runs the handlers of a server", async () => {
  for (const option of [new Pool(1), new Group(), 1]) {
    await run(function* () {
      const server = new StreamServer(
        "127.0.0.1:0",
        function* (socket: Socket) {
          yield* socket.sendall(yield* socket.recv(10))
        },
        { spawn: option },
      )
      server.start()
      const ask = function* (text: string): Generator<Wait<unknown>, string, unknown> {
        using socket = yield* createConnection(["127.0.0.1", server.serverPort])
        yield* socket.sendall(text)
        return new TextDecoder().decode(yield* socket.recv(10))
      }
      const answers = yield* new Pool(3).map(ask, ["a", "b", "c"])
      assert.equal(answers, ["a", "b", "c"])
      yield* server.stop()
      if (option instanceof Pool) assert.is(yield* option.waitAvailable(1), 1)
    })
  }
})

test.run()
