import {
  getHub,
  Greenlet,
  GreenletExit,
  joinall,
  run,
  sleep,
  spawn,
  spawnLater,
  spawnRaw,
  Timeout,
  withTimeout,
  type Wait,
} from "gevent-wasm"
import { Event } from "gevent-wasm/event"
import { Full, StopIteration } from "gevent-wasm/exceptions"
import { Group, Pool, PoolFull, type IMapUnordered } from "gevent-wasm/pool"
import { Channel, Queue } from "gevent-wasm/queue"
import { StreamServer, type SpawnOption } from "gevent-wasm/server"
import { createConnection, type Socket } from "gevent-wasm/socket"
import { inspect } from "node:util"
import { test } from "uvu"
import * as assert from "uvu/assert"
import { survivors } from "./collect.ts"
import { takeReports } from "./reports.ts"
import { failure, isA, limited, testGenericGet, testGenericWait, type Blocking } from "./timing.ts"

type Steps<T = void> = Generator<Wait<unknown>, T, unknown>

class Custom extends Error {
  override name = "Custom"
}

/** The sizes that gevent's own tests run with. */
const SIZES = [1, 2, 3, 10, null]

/** The two kinds of mappings, as one type. */
const MAPS = ["imap", "imapUnordered"] as "imap"[]

const forever = (): Wait<void> => sleep(1e6, false)
// it outlives every kill
const undead = spawn(async () => {
  for (;;) {
    try {
      await forever()
    } catch {
      continue
    }
  }
})
await sleep(0)

test.before.each(() => void takeReports())

function range(length: number): number[] {
  return Array.from({ length }, (_, i) => i)
}

const squares = (length: number): number[] => range(length).map((x) => x * x)

function* square(x: number, seconds = 0): Steps<number> {
  yield* sleep(seconds)
  return x * x
}

function* identity<T>(x: T): Steps<T> {
  return x
}

async function late(x: number): Promise<number> {
  await sleep(0)
  return x * x
}

/** All results of a mapping. */
function* list<T>(results: IMapUnordered<T>): Steps<T[]> {
  const all: T[] = []
  for (let next = yield* results.next(); !next.done; next = yield* results.next()) all.push(next.value)
  return all
}

/** What a reader sees until the end: values, and the messages of errors. */
function* outcomes(results: IMapUnordered<unknown>): Steps<unknown[]> {
  const all: unknown[] = []
  for (;;) {
    try {
      const next = yield* results.next()
      if (next.done) return all
      all.push(next.value)
    } catch (error) {
      all.push((error as Error).message)
    }
  }
}

/** A call that throws PoolFull when its time has passed, as one that returns "full". */
function fullAsValue(wait: Wait<void>): ReturnType<Blocking["call"]> {
  const value = (error: unknown): string => {
    if (error instanceof PoolFull) return "full"
    throw error
  }
  return {
    *[Symbol.iterator](): Steps<unknown> {
      try {
        return yield* wait
      } catch (error) {
        return value(error)
      }
    },
    then: (resolved, rejected) => wait.then<unknown, string>((result) => result, value).then(resolved, rejected),
  }
}

function fullPool(): Pool {
  const pool = new Pool(1)
  pool.add(undead, false)
  return pool
}

testGenericWait("PL-03: Group.join", test, () => ({ call: (timeout) => new Group([undead]).join(timeout) }), {
  expired: false,
})
testGenericWait("PL-03: Pool.join", test, () => ({ call: (timeout) => fullPool().join(timeout) }), { expired: false })
testGenericWait(
  "PL-03: Pool.join with raiseError",
  test,
  () => {
    const pool = fullPool()
    return { call: (timeout) => pool.join(timeout, { raiseError: true }) }
  },
  { expired: false },
)
testGenericWait("PL-04: Group.kill", test, () => {
  const group = new Group([undead])
  return { call: (timeout) => group.kill(undefined, true, timeout) }
})
testGenericWait("PL-05: Group.killone", test, () => {
  const group = new Group([undead])
  return { call: (timeout) => group.killone(undead, undefined, true, timeout) }
})
testGenericWait(
  "PL-09: waitAvailable",
  test,
  () => {
    const pool = fullPool()
    return { call: (timeout) => pool.waitAvailable(timeout) }
  },
  { expired: 0 },
)
testGenericWait(
  "PL-08: Pool.add",
  test,
  () => {
    const pool = fullPool()
    return { call: (timeout) => fullAsValue(pool.add(new Greenlet(identity, 1), true, timeout)) }
  },
  { expired: "full" },
)
testGenericWait(
  "PL-08: Pool.start",
  test,
  () => {
    const pool = fullPool()
    return { call: (timeout) => fullAsValue(pool.start(new Greenlet(identity, 1), true, timeout)) }
  },
  { expired: "full" },
)
testGenericGet("PL-08: Pool.spawn", test, () => {
  const pool = fullPool()
  return { call: limited(() => pool.spawn(identity, 1)) }
})
for (const [title, call] of [
  ["PL-12: a limit around apply", (pool: Pool) => pool.apply(identity, [1])],
  ["PL-14: a limit around applyCb", (pool: Pool) => pool.applyCb(identity, [1], () => {})],
  ["PL-15: a limit around map", (pool: Pool) => pool.map(identity, [1])],
  ["PL-14: a limit around mapCb", (pool: Pool) => pool.mapCb(identity, [1], () => {})],
] as const) {
  testGenericGet(title, test, () => {
    const pool = fullPool()
    return { call: limited(() => call(pool)) }
  })
}
testGenericGet("PL-12: a limit around apply of what does not end", test, () => {
  const pool = new Pool()
  return { call: limited(() => pool.apply(() => undead.get())) }
})
for (const map of MAPS) {
  for (const [name, call] of [
    ["next", (results: IMapUnordered<unknown>) => results.next()],
    ["each", (results: IMapUnordered<unknown>) => results.each(() => {})],
    [
      "the wait of a loop",
      (results: IMapUnordered<unknown>) => results[Symbol.iterator]().next().value as Wait<unknown>,
    ],
  ] as const) {
    testGenericGet(`PL-17: a limit around ${name} of ${map}`, test, () => {
      const results = fullPool()[map](identity, [1])
      return { call: limited(() => call(results)) }
    })
  }
}

// --- Group ---

test("PL-01: a group has a length, knows its greenlets, and gives them in order", async () => {
  await run(function* () {
    const first = spawn(forever)
    const second = spawn(forever)
    const group = new Group(new Set([first, second]))
    assert.is(group.length, 2)
    assert.ok(group.has(first))
    assert.not(group.has(undead))
    assert.not(group.has(5))
    assert.ok([...group].every((greenlet, i) => greenlet === [first, second][i]))
    assert.is(String(group), "<Group 2 greenlets>")
    assert.is(inspect(new Pool(3)), "<Pool 0 of 3 greenlets>")
    assert.is(inspect(new Pool()), "<Pool 0 of any number of greenlets>")
    yield* group.kill()
    assert.is(group.length, 0)
    assert.is(new Group().length, 0)
    assert.throws(() => new Group([5 as never]), isA(TypeError, "expected a greenlet"))
  })
})

test("PL-02: greenlets leave a group when they end", async () => {
  await run(function* () {
    const group = new Group()
    const short = group.spawn(square, 3)
    const long = group.spawn(function* (seconds: number) {
      yield* sleep(seconds)
      return "long"
    }, 0.02)
    assert.is(group.length, 2)
    assert.is(yield* short.get(), 9)
    yield* sleep(0)
    assert.is([...group][0], long)
    assert.is(group.length, 1)
    const added = new Greenlet(forever)
    group.add(added)
    group.add(added)
    assert.is(group.length, 2)
    assert.not(added.started)
    group.discard(added)
    group.discard(added)
    group.discard(undead)
    assert.is(added.linkcount(), 0)
    const started = new Greenlet(late, 2)
    group.start(started)
    assert.is(yield* started.get(), 4)
    assert.ok(yield* group.join())
    assert.is(long.value, "long")
    assert.is(group.length, 0)
    for (const call of [() => group.spawn(5 as never), () => group.add(5 as never), () => group.start({} as never)]) {
      assert.throws(call, isA(TypeError))
    }
    assert.is(group.length, 0)
  })
})

test("PL-02: a greenlet that has ended leaves the group that it is added to", async () => {
  await run(function* () {
    const ended = spawn(square, 1)
    yield* ended.join()
    const group = new Group([ended])
    assert.is(group.length, 1)
    assert.ok(yield* group.join(5))
    assert.is(group.length, 0)
    const pool = new Pool(1)
    pool.add(ended, false)
    assert.ok(yield* pool.join(5))
    assert.is(pool.freeCount(), 1)
  })
})

test("PL-02: raw greenlets may be added, and stay until they are discarded", async () => {
  await run(function* () {
    const pool = new Pool(1)
    const raw = spawnRaw(forever)
    yield* pool.add(raw)
    assert.ok(pool.has(raw))
    assert.ok(pool.full())
    yield* pool.kill(undefined, true, 0.01)
    yield* sleep(0)
    assert.ok(raw.dead)
    assert.ok(pool.has(raw))
    assert.not(yield* pool.join(0.001))
    pool.discard(raw)
    assert.ok(yield* pool.join())
    assert.is(pool.freeCount(), 1)
  })
})

test("PL-02: a pool makes greenlets of its class", async () => {
  class Named extends Greenlet<unknown> {}
  await run(function* () {
    const pool = new Pool(2, Named)
    const greenlet = yield* pool.spawn(square, 3)
    assert.instance(greenlet, Named)
    assert.is(yield* greenlet.get(), 9)
    assert.instance(pool.applyAsync(square, [1]), Named)
    assert.equal(yield* pool.map(square, [1, 2, 3]), [1, 4, 9])
    class Failing extends Greenlet<unknown> {
      constructor(body: () => unknown) {
        super(body)
        throw new Custom("no greenlet today")
      }
    }
    const failing = new Pool(1, Failing)
    assert.instance(yield* caught(() => failing.spawn(square, 3)), Custom)
    assert.throws(() => failing.applyAsync(square, [3]), isA(Custom))
    assert.is(yield* failing.waitAvailable(0), 1, "the slot was given back")
  })
})

/** What a call fails with. */
function* caught(call: () => { [Symbol.iterator](): Iterator<Wait<unknown>, unknown, unknown> }): Steps<unknown> {
  try {
    yield* call()
  } catch (error) {
    return error
  }
  throw new Error("expected an error")
}

test("PL-02: a group makes greenlets of the class that a subclass says", async () => {
  class Named extends Greenlet<unknown> {}
  class NamedGroup extends Group {
    override greenletClass = Named
  }
  await run(function* () {
    const group = new NamedGroup()
    assert.instance(group.spawn(square, 3), Named)
    assert.instance(group.applyAsync(square, [1]), Named)
    assert.equal(yield* group.map(square, [1, 2]), [1, 4])
    assert.is(new Group().greenletClass, Greenlet)
    assert.is(new Pool(1, Named).greenletClass, Named)
    for (const wrong of [5, {}, "Greenlet"]) assert.throws(() => new Pool(1, wrong as never), isA(TypeError, "class"))
  })
})

test("PL-03: join waits until a group is empty at least once", async () => {
  await run(function* () {
    assert.ok(yield* new Group().join())
    assert.ok(yield* new Pool().join())
    assert.ok(yield* new Pool(0).join())
    const group = new Group()
    group.spawn(() => sleep(0.01))
    group.spawn(() => sleep(0.02))
    const order: string[] = []
    const joins = ["first", "second"].map((name) =>
      spawn(function* () {
        order.push(`${name} ${yield* group.join()}`)
        if (name === "first") group.spawn(forever)
      }),
    )
    yield* joinall(joins, 5, { raiseError: true })
    assert.equal(order, ["first true", "second true"])
    assert.is(group.length, 1, "it was empty for a moment")
    yield* group.kill()
  })
})

test("PL-03: join with raiseError throws the error of one that was in the group at the call", async () => {
  await run(function* () {
    const group = new Group()
    const error = new Custom("failed")
    const fail = function* (seconds: number): Steps {
      yield* sleep(seconds)
      throw error
    }
    group.spawn(fail, 0.001)
    group.spawn(square, 2, 0.01)
    assert.is(yield* caught(() => group.join(null, { raiseError: true })), error)
    assert.is(group.length, 0)

    group.spawn(fail, 0)
    yield* sleep(0.005)
    group.spawn(square, 2, 0.001)
    assert.ok(yield* group.join(null, { raiseError: true }), "who has ended before is not seen")

    group.spawn(fail, 0)
    assert.ok(yield* group.join())

    group.spawn(fail, 0)
    const last = group.spawn(forever)
    assert.is(yield* caught(() => group.join(0.02, { raiseError: true })), error, "when the time has passed, too")
    group.killone(last, undefined, false)
    assert.ok(yield* group.join(null, { raiseError: true }), "a kill is no failure")
    for (const wrong of [true, null]) {
      assert.throws(() => group.join(null, wrong as never), isA(TypeError, "{ raiseError: true }"))
    }
  })
})

test("PL-04: kill ends all greenlets, and those never run that have not", async () => {
  await run(function* () {
    for (const group of [new Group(), new Pool(5), new Pool()]) {
      const ran: string[] = []
      const running = [new Greenlet(forever), new Greenlet(async () => await forever())]
      for (const greenlet of running) yield* entered(group, greenlet)
      yield* sleep(0)
      yield* entered(group, new Greenlet(() => void ran.push("never")))
      group.kill(undefined, false)
      assert.is(group.length, 3, "nothing is waited for")
      yield* group.kill()
      assert.is(group.length, 0)
      assert.ok(running.every((greenlet) => greenlet.value instanceof GreenletExit))
      assert.equal(ran, [])
      yield* group.kill()
    }
  })
})

function* entered(group: Group | Pool, greenlet: Greenlet<unknown>): Steps {
  if (group instanceof Pool) yield* group.start(greenlet)
  else group.start(greenlet)
}

test("PL-04: kill ends those too that are added while it waits, with its own error", async () => {
  await run(function* () {
    const group = new Group()
    const error = new Custom("enough")
    const added: Greenlet[] = []
    const slow = group.spawn(function* () {
      try {
        yield* forever()
      } finally {
        yield* sleep(0.005)
        added.push(group.spawn(forever))
        added.push(group.spawn(async () => await forever()))
        yield* sleep(0.005)
      }
    })
    yield* sleep(0)
    yield* group.kill(error)
    assert.is(group.length, 0)
    assert.is(slow.exception, error)
    assert.is(added.length, 2)
    assert.ok(added.every((greenlet) => greenlet.exception === error))

    const later = group.spawn(square, 3)
    assert.is(yield* later.get(), 9, "the kill is over")

    const killing = spawn(() => group.kill())
    const last = group.spawn(() => sleep(0.01))
    yield* killing.join()
    assert.ok(last.dead)
    const stays = new Group([undead])
    yield* stays.kill(undefined, true, 0.001)
    const free = stays.spawn(square, 3)
    assert.is(yield* free.get(), 9, "a kill whose time has passed is over")
  })
})

test("PL-04: a greenlet is killed once", async () => {
  await run(function* () {
    const shots = [0, 0]
    const [first, second] = [0, 1].map((i) =>
      spawn(async () => {
        for (;;) {
          try {
            await forever()
          } catch (error) {
            if (error instanceof Custom) return
            shots[i]!++
          }
        }
      }),
    ) as [Greenlet, Greenlet]
    yield* sleep(0)
    const group = new Group([first, second])
    group.killone(first, undefined, false)
    assert.equal(shots, [0, 0])
    yield* sleep(0.005)
    assert.equal(shots, [1, 0])
    yield* group.killone(first, undefined, true, 0.001)
    group.kill(undefined, false)
    group.kill(undefined, false)
    yield* sleep(0.005)
    assert.equal(shots, [1, 1])
    assert.is(yield* withTimeout(0.01, () => group.kill(), "gave up"), "gave up")
    assert.equal(shots, [1, 1])
    assert.is(group.length, 2)
    first.kill(Custom, false)
    second.kill(Custom, false)
    assert.ok(yield* group.join(5))
  })
})

test("PL-04: kill refuses what cannot be thrown, and kills nobody then", async () => {
  await run(function* () {
    const group = new Group()
    const greenlet = group.spawn(square, 3)
    for (const wrong of [42, "text", {}, Event]) {
      assert.throws(() => group.kill(wrong as never), isA(TypeError))
      assert.throws(() => group.killone(greenlet, wrong as never), isA(TypeError))
    }
    assert.throws(() => group.kill(undefined, true, "1" as never), isA(TypeError))
    assert.is(yield* greenlet.get(), 9)
  })
})

test("PL-05: killone ends a greenlet that is in the group, and no other", async () => {
  await run(function* () {
    const group = new Group()
    const inside = group.spawn(forever)
    const other = group.spawn(forever)
    const outside = spawn(forever)
    yield* sleep(0)
    yield* group.killone(inside)
    assert.ok(inside.dead)
    assert.not(group.has(inside))
    assert.ok(group.has(other))
    yield* group.killone(outside)
    yield* group.killone(inside)
    assert.not(outside.dead)
    assert.not(other.dead)
    outside.kill(undefined, false)
    yield* group.kill()
  })
})

test("PL-06: a group is never full", async () => {
  await run(function* () {
    const greenlet = new Greenlet(square, 2)
    const group = new Group([greenlet])
    assert.not(group.full())
    assert.is(yield* group.waitAvailable(0), 1)
    group.discard(greenlet)
    assert.is(greenlet.linkcount(), 0)
  })
})

// --- Pool ---

test("PL-07: a pool has a size, which is a whole number or null", async () => {
  for (const size of [-1, 1.5, NaN, Infinity]) assert.throws(() => new Pool(size), isA(RangeError))
  for (const size of ["1", {}, true]) assert.throws(() => new Pool(size as never), isA(TypeError))
  await run(function* () {
    assert.is(new Pool().size, null)
    assert.is(new Pool(3).size, 3)
    const none = new Pool(0)
    assert.ok(none.full())
    assert.is(none.freeCount(), 0)
    assert.is(yield* none.waitAvailable(0.01), 0)
    assert.instance(yield* caught(() => none.add(undead, true, 0.001)), PoolFull)
    assert.is(yield* withTimeout(0.001, () => none.map(square, [1]), "never"), "never")
    assert.equal(yield* none.map(square, []), [])
  })
})

test("PL-08: spawn waits while a pool is full, and comes in order", async () => {
  await run(function* () {
    const pool = new Pool(1)
    const order: number[] = []
    const spawners = range(4).map((i) =>
      spawn(function* () {
        yield* pool.spawn(function* () {
          assert.is(pool.length, 1)
          order.push(i)
          yield* sleep(0.001)
        })
      }),
    )
    yield* joinall(spawners, 5, { raiseError: true })
    yield* pool.join()
    assert.equal(order, [0, 1, 2, 3])
  })
  const pool = new Pool(1)
  await pool.spawn(() => sleep(0.005))
  assert.is(pool.length, 1)
  await pool.spawn(() => sleep(0.005))
  assert.is(pool.length, 1, "the second has waited for the first")
  assert.ok(await pool.join())
  assert.throws(() => pool.spawn(5 as never), isA(TypeError))
})

test("PL-08: without blocking or when the time has passed PoolFull is thrown, which is a Full", async () => {
  await run(function* () {
    const pool = new Pool(1)
    const first = spawn(forever)
    const second = new Greenlet(square, 2)
    yield* pool.add(first)
    for (const call of [() => pool.add(second, false), () => pool.start(second, false)]) {
      assert.throws(call, isA(PoolFull))
      assert.throws(call, isA(Full))
    }
    assert.instance(yield* caught(() => pool.add(second, true, 0.005)), PoolFull)
    assert.instance(yield* caught(() => pool.start(second, true, 0.005)), Full)
    assert.not(second.started)
    assert.is(second.linkcount(), 0)
    first.kill(undefined, false)
    yield* pool.start(second, true, 5)
    assert.is(yield* second.get(), 4)
  })
})

test("PL-08: what is no greenlet or is in the pool already takes no slot", async () => {
  await run(function* () {
    const pool = new Pool(2)
    assert.instance(yield* caught(() => pool.add(5 as never)), TypeError)
    assert.throws(() => pool.add({} as never, false), isA(TypeError))
    assert.instance(yield* caught(() => pool.start(undefined as never)), TypeError)
    const greenlet = spawn(forever)
    yield* pool.add(greenlet)
    yield* pool.add(greenlet)
    assert.is(yield* pool.waitAvailable(), 1)
    yield* pool.kill()
    assert.is(yield* pool.waitAvailable(), 2)

    const full = fullPool()
    const waiting = spawn(() => full.add(5 as never))
    yield* sleep(0)
    full.discard(undead)
    assert.instance(yield* caught(() => waiting.get()), TypeError)
    assert.is(yield* full.waitAvailable(), 1)
  })
})

test("PL-08: a killed waiter leaves the count of slots alone", async () => {
  await run(function* () {
    const pool = new Pool(1)
    const first = yield* pool.spawn(forever)
    const waiters = [
      spawn(() => pool.spawn(square, 1)),
      spawn(async () => await pool.spawn(square, 2)),
      spawn(() => pool.add(new Greenlet(forever))),
      spawn(() => pool.spawn(square, 3)),
    ]
    yield* sleep(0.001)
    for (const waiter of waiters.slice(0, 3)) yield* waiter.kill()
    first.kill(undefined, false)
    const last = (yield* waiters[3]!.get()) as Greenlet<number>
    assert.is(yield* last.get(), 9)
    assert.ok(yield* pool.join())
    assert.is(yield* pool.waitAvailable(), 1)

    // the kill comes in the turn in which the slot becomes free
    const second = yield* pool.spawn(forever)
    const waiter = spawn(() => pool.spawn(forever))
    yield* sleep(0)
    second.kill(undefined, false)
    waiter.kill(undefined, false)
    yield* waiter.join()
    if (!(waiter.value instanceof GreenletExit)) yield* pool.kill()
    yield* pool.join()
    assert.is(yield* pool.waitAvailable(), 1)
    assert.is(pool.freeCount(), 1)
  })
})

test("PL-09: freeCount and waitAvailable say how many there is room for", async () => {
  await run(function* () {
    const unlimited = new Pool()
    yield* unlimited.spawn(forever)
    assert.is(unlimited.freeCount(), 1)
    assert.not(unlimited.full())
    assert.is(yield* unlimited.waitAvailable(), 1)
    yield* unlimited.kill()

    const pool = new Pool(2)
    assert.is(pool.freeCount(), 2)
    assert.is(yield* pool.waitAvailable(), 2)
    const first = yield* pool.spawn(forever)
    assert.is(pool.freeCount(), 1)
    yield* pool.spawn(forever)
    assert.ok(pool.full())
    const waiting = spawn(() => pool.waitAvailable())
    yield* sleep(0)
    assert.not(waiting.dead)
    first.kill(undefined, false)
    assert.is(yield* waiting.get(), 1)
    yield* pool.kill()
    assert.is(pool.freeCount(), 2)
  })
})

test("PL-10: discard frees a slot, once", async () => {
  await run(function* () {
    const pool = new Pool(1)
    const first = yield* pool.spawn(forever)
    pool.discard(first)
    pool.discard(first)
    assert.is(pool.length, 0)
    assert.is(yield* pool.waitAvailable(), 1)
    yield* first.kill()
    yield* sleep(0)
    assert.is(yield* pool.waitAvailable(), 1)
    assert.is(pool.freeCount(), 1)
    pool.discard(undead)
    assert.is(yield* pool.waitAvailable(), 1)
  })
})

test("PL-10: a failing error reporter does not cost a slot", async () => {
  const hub = getHub()
  let reports = 0
  hub.handleError = () => {
    reports++
    throw new Error("no reports today")
  }
  try {
    await run(function* () {
      const pool = new Pool(1)
      for (let i = 0; i < 3; i++) {
        const failing = yield* pool.spawn(function* (): Steps {
          throw new Custom("Whoa")
        })
        assert.instance(yield* caught(() => failing.get()), Custom)
        yield* sleep(0)
        assert.is(pool.freeCount(), 1)
        assert.is(yield* withTimeout(5, () => pool.apply(square, [3])), 9)
      }
    })
  } finally {
    Reflect.deleteProperty(hub, "handleError")
  }
  assert.ok(reports >= 3)
})

test("PL-11: a slot is free when the links of the greenlet are told, in their order", async () => {
  await run(function* () {
    const pool = new Pool(1)
    const greenlet = new Greenlet(square, 2)
    const counts: [boolean, number][] = []
    const count = (ended: Greenlet<unknown>): void => void counts.push([ended.dead, pool.freeCount()])
    greenlet.rawlink(count)
    yield* pool.start(greenlet)
    greenlet.rawlink(count)
    yield* pool.join()
    yield* sleep(0)
    assert.equal(counts, [
      [true, 0],
      [true, 1],
    ])
  })
})

// --- apply ---

test("PL-12: apply returns the result, or throws the error", async () => {
  await run(function* () {
    for (const group of [new Pool(), new Pool(1), new Group()]) {
      assert.is(
        yield* group.apply(function* () {
          return "value"
        }),
        "value",
      )
      assert.equal(yield* group.apply(async (a: number) => ["foo", a], [1]), ["foo", 1])
      assert.is(yield* group.apply(square, [5]), 25)
      const error = new Custom("failed")
      for (const fail of [
        function* (): Steps {
          throw error
        },
        async (): Promise<void> => {
          throw error
        },
      ] as (() => Steps)[])
        assert.is(yield* caught(() => group.apply(fail)), error)
      assert.throws(() => group.apply(5 as never), isA(TypeError))
      for (const wrong of [5, "text", {}]) {
        assert.throws(() => group.apply(square, wrong as never), isA(TypeError, "array"))
        assert.throws(() => group.applyCb(square, wrong as never), isA(TypeError, "array"))
        assert.throws(() => group.applyAsync(square, wrong as never), isA(TypeError, "array"))
      }
      yield* group.join()
    }
  })
  assert.is(await new Pool(1).apply(square, [5]), 25)
})

test("PL-12: apply in one of the pool's own greenlets calls the function directly", async () => {
  const pool = new Pool(1)
  const generator = function* (x: number): Steps<number> {
    return (yield* pool.apply(square, [x])) + pool.length
  }
  const asynchronous = async (x: number): Promise<number> => {
    await sleep(0)
    return (await pool.apply(late, [x])) + pool.length
  }
  assert.is(await withTimeout(5, () => pool.apply(generator, [3])), 10)
  assert.is(await withTimeout(5, () => pool.apply(asynchronous, [3])), 10)
  assert.is(await withTimeout(5, () => pool.apply(asynchronous, [2])), 5)
  const error = new Custom("inside")
  const failing = async (): Promise<number> => {
    return await pool.apply(async () => {
      throw error
    })
  }
  assert.is(await failure(pool.apply(failing)), error)
  const done = new Event()
  pool.applyAsync(async () => done.set())
  assert.ok(await done.wait(5))
  assert.ok(await pool.join(5))
})

test("PL-13: applyAsync returns a greenlet at once, also when the pool is full", async () => {
  await run(function* () {
    const pool = new Pool(2)
    const ran: number[] = []
    const append = async (x: number): Promise<number> => ran.push(x)
    const first = yield* pool.spawn(append, 1)
    assert.is(pool.freeCount(), 1)
    yield* first.get()
    yield* sleep(0)
    assert.is(pool.freeCount(), 2)
    const greenlets = [2, 3, 4, 5].map((x) => pool.applyAsync(append, [x]))
    assert.is(pool.freeCount(), 0)
    assert.equal(ran, [1])
    yield* joinall(greenlets, 5, { raiseError: true })
    assert.equal(ran, [1, 2, 3, 4, 5])
    assert.equal(
      greenlets.map((greenlet) => greenlet.value),
      [2, 3, 4, 5],
    )
    assert.throws(() => pool.applyAsync(5 as never), isA(TypeError))
    assert.throws(() => pool.applyAsync(square, [1], 5 as never), isA(TypeError, "callback"))
    assert.ok(yield* pool.join(5))
  })
})

test("PL-13: the callback of applyAsync gets the result of a success, in a greenlet of its own", async () => {
  await run(function* () {
    for (const pool of [new Pool(1), new Group(), new Pool()]) {
      const results: unknown[] = []
      const callback = function* (result: number): Steps {
        yield* sleep(0)
        results.push(result)
      }
      const fail = async (): Promise<number> => {
        throw new Custom("failed")
      }
      const greenlets = [
        pool.applyAsync(square, [7, 0.001], callback),
        pool.applyAsync(fail, [], callback),
        pool.applyAsync(square, [8], callback), // these two wait for room
        pool.applyAsync(fail, [], callback),
      ]
      assert.is(yield* greenlets[0]!.get(), 49)
      yield* joinall(greenlets)
      assert.is(greenlets[2]!.value, 64)
      assert.instance(greenlets[1]!.exception, Custom)
      assert.instance(greenlets[3]!.exception, Custom)
      yield* sleep(0.01)
      assert.equal((results as number[]).sort(), [49, 64])
    }
  })
})

test("PL-13: get of an applyAsync may time out", async () => {
  for (const size of SIZES) {
    await run(function* () {
      const pool = new Pool(size)
      const result = pool.applyAsync(square, [6, 0.05])
      assert.instance(yield* caught(() => result.get(true, 0.001)), Timeout)
      assert.ok(yield* pool.join(5))
      assert.is(result.value, 36)
    })
  }
})

test("PL-14: applyCb, mapCb and mapAsync call back with the result", async () => {
  await run(function* () {
    const pool = new Pool(2)
    const results: unknown[] = []
    assert.is(yield* pool.applyCb(square, [3], (result) => results.push(result)), 9)
    assert.is(yield* pool.applyCb(square, [3]), 9)
    yield* sleep(0)
    assert.equal(results.splice(0), [9])
    const callback = function* (all: number[]): Steps {
      yield* sleep(0.001)
      results.push(all)
    }
    assert.equal(yield* pool.mapCb(square, [1, 2, 3], callback), [1, 4, 9])
    assert.equal(results.splice(0), [[1, 4, 9]], "the callback has ended")
    const greenlet = pool.mapAsync(square, range(5), callback)
    assert.instance(greenlet, Greenlet)
    assert.equal(yield* greenlet.get(), squares(5))
    assert.equal(results.splice(0), [squares(5)])
    const fail = async (): Promise<void> => {
      throw new Custom("failed")
    }
    assert.instance(yield* caught(() => pool.applyCb(fail, [], () => results.push("called"))), Custom)
    assert.instance(yield* caught(() => pool.mapCb(fail, [1], () => results.push("called"))), Custom)
    yield* sleep(0)
    assert.equal(results, [])
    assert.throws(() => pool.mapCb(square, [], 5 as never), isA(TypeError, "callback"))
    assert.throws(() => pool.mapAsync(square, 5 as never), isA(TypeError, "iterable"))
  })
})

test("PL-14: a mapAsync ends when the pool is killed", async () => {
  for (const size of SIZES) {
    await run(function* () {
      const pool = new Pool(size)
      const result = pool.mapAsync(() => sleep(0.01), new Array<number>((size ?? 10) * 2).fill(0))
      yield* sleep(0.005)
      yield* withTimeout(5, () => pool.kill())
      yield* result.join(5)
      assert.ok(result.dead)
    })
  }
})

test("PL-15: map gives the results in the order of the items", async () => {
  for (const size of SIZES) {
    await run(function* () {
      const pool = new Pool(size)
      assert.equal(yield* pool.map(square, range(10)), squares(10))
      assert.equal(yield* pool.map(late, new Set(range(100))), squares(100))
      assert.equal(yield* pool.map((seconds: number) => sleep(seconds), [0.005, 0]), [undefined, undefined])
      assert.equal(yield* pool.map(square, []), [])
      let most = 0
      yield* pool.map(function* () {
        most = Math.max(most, pool.length)
        yield* sleep(0)
      }, range(20))
      assert.is(most, size ?? 20)
      assert.ok(yield* pool.join(5))
    })
  }
  assert.equal(await new Group().map(square, range(3)), squares(3))
})

test("PL-15: map throws the error of the first item that has failed, and the others go on", async () => {
  await run(function* () {
    const pool = new Pool(2)
    const ended: number[] = []
    const fail = function* (seconds: number): Steps {
      yield* sleep(seconds)
      ended.push(seconds)
      throw new Custom(`failed after ${seconds}`)
    }
    const error = yield* caught(() => pool.map(fail, [0.02, 0.001, 0.002]))
    assert.is((error as Error).message, "failed after 0.02")
    yield* pool.join()
    assert.is(ended.length, 3)
  })
})

test("PL-15: a killed map takes no more items, and closes the iterable", async () => {
  await run(function* () {
    const pool = new Pool(1)
    const log: string[] = []
    const items = function* (): Generator<number> {
      try {
        for (let i = 0; ; i++) yield i
      } finally {
        log.push("closed")
      }
    }
    const mapping = pool.mapAsync(() => forever(), items())
    yield* sleep(0.001)
    yield* mapping.kill()
    assert.equal(log, ["closed"])
    yield* pool.kill()
  })
})

// --- imap ---

test("PL-16: imap gives the results in the order of the items", async () => {
  for (const size of SIZES) {
    await run(function* () {
      const pool = new Pool(size)
      assert.equal(yield* list(pool.imap(square, range(10))), squares(10))
      const results = pool.imap(late, range(1000))
      for (let i = 0; i < 1000; i++) assert.equal(yield* results.next(), { done: false, value: i * i })
      for (let i = 0; i < 3; i++) assert.equal(yield* results.next(), { done: true, value: undefined })
      const random = pool.imap((x: number) => square(x, Math.random() * 0.01), range(10))
      assert.equal(yield* list(random), squares(10))
      assert.equal(yield* list(pool.imap(square, [])), [])
      assert.equal(yield* list(pool.imap(identity, "text")), ["t", "e", "x", "t"])
    })
  }
})

test("PL-16: several iterables go side by side, and the shortest ends them", async () => {
  await run(function* () {
    const pool = new Pool(2)
    const log: string[] = []
    const items = function* (name: string, length: number): Generator<string> {
      try {
        for (let i = 0; i < length; i++) {
          log.push(name + i)
          yield name + i
        }
      } finally {
        log.push(`${name} closed`)
      }
    }
    const join = function* (...texts: string[]): Steps<string> {
      return texts.join("")
    }
    assert.equal(yield* list(pool.imap(join, items("a", 3), items("b", 2))), ["a0b0", "a1b1"])
    assert.equal(log, ["a0", "b0", "a1", "b1", "a2", "b closed", "a closed"])
    assert.equal(yield* list(pool.imap(join, ["a", "b"], ["c", "d", "e"], ["f", "g"], { maxsize: 1 })), ["acf", "bdg"])
    assert.equal(yield* list(pool.imap(join)), [])
    assert.equal(yield* list(pool.imapUnordered(join)), [])
    const queue = new Queue<string>(null, ["x", "y", StopIteration])
    assert.equal(yield* list(pool.imap(join, ["a", "b", "c"], queue)), ["ax", "by"])
  })
})

test("PL-16: an unknown option, and what is no iterable, is a TypeError", () => {
  const pool = new Pool(1)
  for (const call of [pool.imap.bind(pool), pool.imapUnordered.bind(pool)]) {
    const loose = call as (...args: unknown[]) => unknown
    assert.throws(() => loose(square, [], { maxSize: 1 }), isA(TypeError, "unknown option maxSize"))
    assert.throws(() => loose(square, [], { maxsize: "1" }), isA(TypeError, "maxsize must be a number"))
    assert.throws(() => loose(square, [], { maxsize: NaN }), isA(TypeError, "maxsize must be a number"))
    for (const wrong of [-1, 1.5]) {
      assert.throws(() => loose(square, [], { maxsize: wrong }), isA(RangeError, "whole number"))
    }
    assert.throws(() => loose(square, 5), isA(TypeError, "iterable"))
    assert.throws(() => loose(square, [], null), isA(TypeError, "iterable"))
    assert.throws(() => loose(5, []), isA(TypeError))
  }
  assert.is(pool.length, 0)
})

test("PL-17: an imap is a started greenlet that takes its items without a reader", async () => {
  for (const size of SIZES) {
    await run(function* () {
      const pool = new Pool(size)
      for (const map of MAPS) {
        let pulled = 0
        const items = function* (): Generator<number> {
          for (; pulled < 10;) yield pulled++
        }
        let ran = 0
        const results = pool[map](function* (x: unknown) {
          ran++
          return x
        }, items())
        assert.instance(results, Greenlet)
        assert.is(pulled, 0)
        yield* results.join(5)
        yield* pool.join(5)
        assert.equal([pulled, ran, pool.length], [10, 10, 0])
        assert.equal(yield* list(results), range(10))
      }
    })
  }
})

test("PL-18: maxsize bounds how many results are there that nobody has read", async () => {
  for (const size of SIZES) {
    await run(function* () {
      const pool = new Pool(size)
      for (const unordered of [false, true]) {
        for (const maxsize of [1, 2, 3, null, 0]) {
          let pulled = 0
          let ran = 0
          const items = function* (): Generator<number> {
            for (; pulled < 10;) yield pulled++
          }
          const count = function* (x: number): Steps<number> {
            ran++
            return x
          }
          const results = unordered
            ? pool.imapUnordered(count, items(), { maxsize })
            : pool.imap(count, items(), { maxsize })
          const counts: number[][] = []
          for (let i = 0; i < 4; i++) {
            if (i > 0) yield* results.next()
            yield* sleep(0.002)
            counts.push([pulled, ran])
          }
          // what gevent counts, too
          const expected = maxsize ? range(4).map((i) => [maxsize + 1 + i, maxsize + i]) : range(4).map(() => [10, 10])
          assert.equal(counts, expected, `${size} ${unordered} ${maxsize}`)
          assert.equal(yield* list(results), range(10).slice(3))
        }
      }
    })
  }
})

test("PL-18: with maxsize a slow reader gets all, and no more are there than it allows", async () => {
  for (const size of SIZES) {
    await run(function* () {
      const pool = new Pool(size)
      for (const map of MAPS) {
        let ran = 0
        const count = async (i: unknown, _j: unknown): Promise<number> => {
          ran++
          return i as number
        }
        const results = pool[map](count, range(20), range(20), { maxsize: 1 })
        const read: number[] = []
        for (const next of results) {
          read.push(yield* next)
          assert.ok(ran <= read.length + 1, `${ran} have run, ${read.length} were read`)
          yield* sleep(0.0005)
        }
        assert.equal(
          read.sort((a, b) => a - b),
          range(20),
        )
      }
    })
  }
})

test("PL-19: imapUnordered gives the results as they come", async () => {
  for (const size of SIZES) {
    await run(function* () {
      const pool = new Pool(size)
      const slow = function* (x: number): Steps<string> {
        yield* sleep(x / 100)
        return String(x)
      }
      const expected = size === 1 ? ["10", "1", "4"] : ["1", "4", "10"]
      assert.equal(yield* list(pool.imapUnordered(slow, [10, 1, 4])), expected)
      for (let i = 0; i < 2; i++) {
        const results = yield* list(pool.imapUnordered(late, range(1000)))
        assert.equal(
          results.sort((a, b) => a - b),
          squares(1000),
        )
      }
      assert.equal(yield* list(pool.imapUnordered(square, [])), [])
    })
  }
})

test("PL-20: an error is thrown at its item, and reading goes on behind it", async () => {
  for (const size of SIZES) {
    await run(function* () {
      const pool = new Pool(size)
      const errors = new Map<number, Error>()
      const odd = function* failsAtOdd(x: number): Steps<number> {
        yield* sleep(0)
        if (x % 2 === 0) return x
        const error = new Custom(`${x} is odd`)
        errors.set(x, error)
        throw error
      }
      const expected = [0, "1 is odd", 2, "3 is odd", 4]
      assert.equal(yield* outcomes(pool.imap(odd, range(5))), expected)
      assert.equal((yield* outcomes(pool.imapUnordered(odd, range(5)))).map(String).sort(), expected.map(String).sort())
      const results = pool.imap(odd, [1])
      const error = yield* caught(() => results.next())
      assert.is(error, errors.get(1), "the very error")
      assert.match((error as Error).stack!, "failsAtOdd")
      assert.equal(yield* results.next(), { done: true, value: undefined })
      const values: unknown[] = []
      for (const next of pool.imap(odd, range(5))) {
        try {
          values.push(yield* next)
        } catch (error) {
          values.push((error as Error).message)
        }
      }
      assert.equal(values, expected)
    })
  }
})

test("PL-21: an error of the input comes behind the results, and then the end", async () => {
  for (const size of SIZES) {
    await run(function* () {
      const pool = new Pool(size)
      const error = new Custom("no more items")
      const plain = function* (): Generator<number> {
        yield 1
        yield 2
        throw error
      }
      const asynchronous = async function* (): AsyncGenerator<number> {
        yield 1
        await sleep(0)
        yield 2
        throw error
      }
      for (const items of [plain, asynchronous]) {
        for (const results of [pool.imap(square, items()), pool.imapUnordered(square, items())]) {
          assert.equal(yield* outcomes(results), [1, 4, "no more items"])
          assert.equal(yield* results.next(), { done: true, value: undefined })
          assert.is(results.exception, error)
        }
        assert.is(yield* caught(() => pool.map(square, items())), error)
      }
      const values: unknown[] = []
      for (const next of pool.imap(square, plain())) {
        try {
          values.push(yield* next)
        } catch (error) {
          values.push((error as Error).message)
        }
      }
      assert.equal(values, [1, 4, "no more items"])
    })
  }
})

test("PL-21: when one of several iterables fails, the others are closed", async () => {
  await run(function* () {
    const log: string[] = []
    const other = function* (): Generator<number> {
      try {
        for (;;) yield 1
      } finally {
        log.push("closed")
      }
    }
    const failing = function* (): Generator<number> {
      throw new Custom("failed")
    }
    const results = new Pool(1).imap(async (a: number, b: number) => a + b, other(), failing())
    assert.equal(yield* outcomes(results), ["failed"])
    assert.equal(log, ["closed"])
  })
})

test("PL-22: queues, channels, async iterables and other mappings are inputs", async () => {
  for (const size of SIZES) {
    await run(function* () {
      const pool = new Pool(size)
      const finalSleep = async function* (): AsyncGenerator<number> {
        for (let i = 0; i < 3; i++) yield i
        await sleep(0.01)
      }
      for (const map of MAPS) {
        const queue = new Queue<number>()
        yield* queue.put(123)
        spawnLater(0.005, () => queue.put(StopIteration))
        assert.equal(yield* list(pool[map](identity, queue)), [123])

        const channel = new Channel<number>()
        spawn(function* () {
          for (const item of [1, 2, StopIteration]) yield* channel.put(item)
        })
        assert.equal(yield* list(pool[map](identity, channel)), [1, 2])

        assert.equal(yield* list(pool[map](square, finalSleep())), [0, 1, 4])

        const inner = new Pool(2).imap(square, range(4))
        assert.equal(yield* list(pool[map](square, inner)), [0, 1, 16, 81])
      }
      assert.equal(yield* pool.map(square, finalSleep()), [0, 1, 4])
      assert.equal(yield* pool.map(square, new Pool(1).imap(square, range(3))), [0, 1, 16])
      assert.equal(yield* pool.map(square, new Queue<number>(null, [1, 2, StopIteration])), [1, 4])
    })
  }
})

test("PL-23: an imap whose results are not read in order holds them until their turn", async () => {
  await run(function* () {
    const pool = new Pool(3)
    const results = pool.imap(
      function* (seconds: number) {
        yield* sleep(seconds)
        return seconds
      },
      [0.02, 0.001, 0.01],
    )
    assert.equal(yield* list(results), [0.02, 0.001, 0.01])
    const squares = pool.imap(square, [1, 2, 3])
    const readers: Greenlet<IteratorResult<number, undefined>>[] = [0, 1, 2].map(() => spawn(() => squares.next()))
    yield* joinall(readers, 5, { raiseError: true })
    assert.equal(
      readers.map((reader) => (reader.value as IteratorResult<number, undefined>).value),
      [1, 4, 9],
    )
  })
})

test("PL-23: a mapping lets go of items and of results that were read", async () => {
  for (const map of MAPS) {
    const references: WeakRef<object>[] = []
    const items = function* (): Generator<object> {
      for (let i = 0; i < 30; i++) {
        const item = {}
        references.push(new WeakRef(item))
        yield item
      }
    }
    const results = new Pool(3)[map](async (_item: unknown) => {
      const result = {}
      references.push(new WeakRef(result))
      return result
    }, items())
    for (let i = 0; i < 20; i++) await results.next()
    await results.join()
    const alive = await survivors(references)
    // the ten that nobody has read
    assert.ok(alive >= 10 && alive <= 16, `${alive} of ${references.length} are left`)
    assert.is((await run(() => list(results))).length, 10)
  }
})

test("PL-17: results are read with a loop over waits, for await, each and next", async () => {
  const pool = new Pool(2)
  await run(function* () {
    const waited: number[] = []
    for (const next of pool.imapUnordered(square, range(4))) waited.push(yield* next)
    assert.equal(waited, squares(4))
    const visited: number[] = []
    yield* pool.imap(square, range(4)).each(function* (result) {
      yield* sleep(0)
      visited.push(result)
    })
    assert.equal(visited, squares(4))
    yield* pool.imap(square, range(4)).each((result) => (result > 3 ? StopIteration : visited.push(result)))
    assert.equal(visited, [...squares(4), 0, 1])
    const later = pool.imap(square, new Queue<number>(null, [2, StopIteration]))
    assert.throws(() => [...later], isA(TypeError, "for await"))
    assert.equal(yield* list(later), [4])
  })
  const awaited: number[] = []
  for await (const result of pool.imap(late, range(4))) awaited.push(result)
  assert.equal(awaited, squares(4))
  await run(async () => {
    for await (const result of pool.imap(late, range(4))) awaited.push(result)
  })
  assert.equal(awaited, [...squares(4), ...squares(4)])
  assert.equal(await pool.imap(late, [3]).next(), { done: false, value: 9 })
})

test("PL-17: a loop whose waits are not waited for is an error, and not endless", async () => {
  const pool = new Pool(2)
  const error = isA(TypeError, "has not been waited for")
  for (const map of MAPS) {
    const log: string[] = []
    const items = function* (): Generator<number> {
      try {
        for (let i = 0; i < 3; i++) yield i
      } finally {
        log.push("closed")
      }
    }
    assert.throws(() => [...pool[map](square, items())], error)
    assert.throws(() => {
      for (const next of pool[map](square, items())) next.then(undefined, () => {})
    }, error)
    await run(function* () {
      const skipping = function* (): Steps {
        let count = 0
        for (const next of pool[map](square, items())) if (count++ !== 1) yield* next
      }
      assert.ok(error(yield* caught(skipping)))
      const timed: unknown[] = []
      for (const next of pool[map]((x: number) => square(x, x === 0 ? 0.02 : 0), items())) {
        timed.push(yield* withTimeout(0.005, () => next, "late"))
      }
      assert.ok(timed.includes("late"))
      assert.is(timed.filter((value) => value !== "late").length, 3)
    })
    await sleep(0.01)
    assert.is(log.length, 4)
  }
  assert.ok(await pool.join(5))
})

test("PL-17: leaving a loop early takes no more items and closes the input", async () => {
  const log: string[] = []
  const items = function* (name: string): Generator<number> {
    try {
      for (let i = 0; ; i++) yield i
    } finally {
      log.push(name)
    }
  }
  const laterItems = async function* (name: string): AsyncGenerator<number> {
    yield* items(name)
  }
  const pool = new Pool(1)
  const options = { maxsize: 1 }
  await run(function* () {
    for (const next of pool.imap(square, items("loop"), options)) if ((yield* next) === 4) break
    for (const next of pool.imap(square, items("thrown"), options)) {
      try {
        yield* next
        throw new Custom("left")
      } catch {
        break
      }
    }
  })
  for await (const result of pool.imapUnordered(square, items("for await"), options)) if (result === 4) break
  for await (const result of pool.imap(square, laterItems("async"), options)) if (result === 4) break
  const inner = new Pool(1).imap(square, items("inner"), options)
  for await (const result of pool.imap(square, inner, options)) if (result === 1) break
  await sleep(0.01)
  assert.equal(log, ["loop", "thrown", "for await", "async", "inner"])
  assert.ok(inner.dead)
  assert.ok(await pool.join(5))
  assert.equal(takeReports(), [])
})

test("PL-17: an input that fails when it is closed is reported, and nothing hangs", async () => {
  await run(function* () {
    const items = function* (): Generator<number> {
      try {
        for (;;) yield 1
      } finally {
        // a source may do what it likes

        throw new Custom("cannot be closed")
      }
    }
    const pool = new Pool(1)
    const results = pool.imap(square, items(), { maxsize: 1 })
    yield* results.next()
    yield* results.kill()
    assert.ok(results.dead)
    yield* outcomes(results)
    assert.match(takeReports().join(""), "cannot be closed")
    assert.is(yield* pool.apply(square, [3]), 9)
  })
})

test("PL-17: a killed imap gives what has begun, then the kill, then the end", async () => {
  await run(function* () {
    const pool = new Pool(1)
    const results = pool.imap(
      square,
      (function* () {
        for (let i = 1; ; i++) yield i
      })(),
      { maxsize: 2 },
    )
    yield* sleep(0.005)
    yield* results.kill()
    assert.ok(results.successful())
    assert.equal((yield* outcomes(results)).length, 3)
    assert.equal(yield* results.next(), { done: true, value: undefined })
    const waiting = pool.imap(() => forever(), [1, 2])
    const reader = spawn(() => waiting.next())
    yield* sleep(0)
    waiting.kill(undefined, false)
    yield* pool.kill()
    yield* reader.join(5)
    assert.ok(reader.dead)
    const early = pool.imap(square, [1])
    early.kill(undefined, false)
    assert.instance(yield* caught(() => early.next()), GreenletExit)
    assert.equal(yield* early.next(), { done: true, value: undefined })
  })
})

test("PL-17: a killed reader leaves nothing, and the next one gets the item", async () => {
  await run(function* () {
    const pool = new Pool(2)
    for (const map of MAPS) {
      const queue = new Queue<number>()
      const results = pool[map](square, queue, { maxsize: 1 })
      const readers = [
        spawn(() => results.next()),
        spawn(async () => await results.next()),
        spawn(() => results.next()),
      ]
      yield* sleep(0.001)
      yield* readers[0]!.kill()
      yield* readers[1]!.kill()
      assert.is(yield* withTimeout(0.001, () => results.next(), "nothing"), "nothing")
      yield* queue.put(3)
      assert.equal(yield* readers[2]!.get(), { done: false, value: 9 })
      for (const item of [4, 5, StopIteration]) yield* queue.put(item)
      assert.equal(yield* list(results), [16, 25])
    }
  })
})

// --- servers ---

test("PL-24: a Pool, a Group or a number runs the handlers of a server", async () => {
  await run(function* () {
    const spawns: Record<string, SpawnOption> = { pool: new Pool(2), group: new Group(), unlimited: new Pool(), two: 2 }
    for (const [name, option] of Object.entries(spawns)) {
      let most = 0
      let running = 0
      const handler = function* (socket: Socket): Steps {
        most = Math.max(most, ++running)
        yield* sleep(0.01)
        yield* socket.sendall("hello")
        running--
      }
      const server = new StreamServer("127.0.0.1:0", handler, { spawn: option })
      server.start()
      const clients = range(5).map(() =>
        spawn(function* () {
          using client = yield* createConnection(server.address)
          return (yield* client.recv(100)).length
        }),
      )
      yield* joinall(clients, 5, { raiseError: true })
      assert.ok(clients.every((client) => client.value === 5))
      assert.ok(name === "group" || name === "unlimited" || most <= 2, `${most} at once in ${name}`)
      yield* server.stop(1)
      assert.is((server.pool as Pool | Group).length, 0)
    }
  })
})

test("PL-24: stopping a server kills the handlers of its pool", async () => {
  await run(function* () {
    for (const pool of [new Pool(1), new Group()]) {
      const ended: string[] = []
      const handler = function* (): Steps {
        try {
          yield* forever()
        } finally {
          ended.push("killed")
        }
      }
      const server = new StreamServer("127.0.0.1:0", handler, { spawn: pool })
      server.start()
      using client = yield* createConnection(server.address)
      while (pool.length === 0) yield* sleep(0.001)
      yield* sleep(0)
      assert.is(server.full(), pool instanceof Pool)
      yield* server.stop(0.001)
      assert.equal(ended, ["killed"])
      assert.is(pool.length, 0)
      assert.is((yield* client.recv(1)).length, 0)
    }
  })
})

test.run()
