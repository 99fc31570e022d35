import { spawn as spawnProcess } from "node:child_process"
import { inspect } from "node:util"
import {
  BlockingSwitchOutError,
  getHub,
  type Greenlet,
  iwait,
  joinall,
  killall,
  run,
  sleep,
  spawn,
  Timeout,
  wait,
  type Wait,
} from "gevent-wasm"
import { BoundedSemaphore, Condition, DummySemaphore, Held, RLock, Semaphore } from "gevent-wasm/lock"
import { test } from "uvu"
import * as assert from "uvu/assert"
import { moduleArguments } from "./hostprocess.ts"
import { takeReports } from "./reports.ts"
import { failure, isA, testGenericGet, testGenericWait, type Blocking } from "./timing.ts"

type Steps<T = void> = Generator<Wait<unknown>, T, unknown>

test.before.each(() => void takeReports())
test.after.each(() => assert.equal(takeReports(), []))

/** An RLock that another greenlet holds by the time of the call. */
function heldByAnother(call: (lock: RLock, timeout: Parameters<Blocking["call"]>[0]) => Wait<unknown>): Blocking {
  const lock = new RLock()
  spawn(function* () {
    yield* lock.acquire()
    yield* sleep(1e6, false)
  })
  return {
    before: () => sleep(0),
    call: (timeout) => call(lock, timeout),
    waiters: () => lock.linkcount(),
  }
}

for (const [name, make] of [
  ["Semaphore", () => new Semaphore(0)],
  [
    "BoundedSemaphore",
    () => {
      const semaphore = new BoundedSemaphore(1)
      semaphore.acquireNowait()
      return semaphore
    },
  ],
] as const) {
  const blocking = (call: (semaphore: Semaphore, timeout: Parameters<Blocking["call"]>[0]) => Wait<unknown>) => () => {
    const semaphore = make()
    return {
      call: (timeout) => call(semaphore, timeout),
      waiters: () => semaphore.linkcount(),
    } satisfies Blocking
  }
  testGenericWait(
    `LK-02 TO-11: ${name}.acquire`,
    test,
    blocking((semaphore, timeout) => semaphore.acquire(true, timeout)),
    { expired: false },
  )
  testGenericWait(
    `LK-04 TO-11: ${name}.wait`,
    test,
    blocking((semaphore, timeout) => semaphore.wait(timeout)),
    { expired: 0 },
  )
  testGenericGet(
    `LK-05 TO-11: ${name}.enter`,
    test,
    blocking((semaphore, timeout) => semaphore.enter(timeout)),
  )
}
testGenericWait(
  "LK-09 TO-11: RLock.acquire",
  test,
  () => heldByAnother((lock, timeout) => lock.acquire(true, timeout)),
  { expired: false },
)
testGenericWait(
  "LK-10 TO-11: Condition.acquire",
  test,
  () => heldByAnother((lock, timeout) => new Condition(lock).acquire(true, timeout)),
  { expired: false },
)
testGenericGet("LK-10 TO-11: Condition.enter", test, () =>
  heldByAnother((lock, timeout) => new Condition(lock).enter(timeout)),
)
testGenericGet("LK-09 TO-11: RLock.enter", test, () => heldByAnother((lock, timeout) => lock.enter(timeout)))
for (const [name, make] of [
  ["an RLock", () => new RLock()],
  ["a Semaphore", () => new Semaphore()],
] as const) {
  const holding = (call: (condition: Condition, timeout: Parameters<Blocking["call"]>[0]) => unknown) => () => {
    const condition = new Condition(make())
    return {
      before: () => condition.acquire(),
      call: (timeout) => call(condition, timeout),
      after: () => condition.release(), // throws when the wait has not acquired it again
      waiters: () => condition.linkcount(),
    } as Blocking
  }
  testGenericWait(
    `LK-10 TO-11: Condition.wait with ${name}`,
    test,
    holding((condition, timeout) => condition.wait(timeout)),
    { expired: false },
  )
  testGenericWait(
    `LK-10 TO-11: Condition.waitFor with ${name}`,
    test,
    holding((condition, timeout) => condition.waitFor(() => "", timeout)),
    { expired: "" },
  )
}

test("LK-01: the value is a whole number of at least 0, 1 by default", () => {
  assert.is(new Semaphore().counter, 1)
  assert.is(new Semaphore(0).counter, 0)
  assert.is(new Semaphore(5).counter, 5)
  for (const type of [Semaphore, BoundedSemaphore]) {
    for (const wrong of [-1, 1.5, NaN, Infinity]) assert.throws(() => new type(wrong), isA(RangeError, "at least 0"))
    for (const wrong of ["1", null, {}, true]) assert.throws(() => new type(wrong as never), isA(TypeError))
  }
})

test("LK-01: locks made at the top of a module, and acquired without waiting, make no hub", async () => {
  const program = `
    import { BoundedSemaphore, Condition, RLock, Semaphore } from "gevent-wasm/lock"
    import { AsyncResult, Event } from "gevent-wasm/event"
    for (const lock of [new Semaphore(), new BoundedSemaphore(), new RLock(), new Condition()]) {
      if (lock.acquireNowait) lock.acquireNowait()
      else await lock.acquire()
      lock.release()
    }
    new Event().set()
    new AsyncResult().set(1)
    const before = process.listenerCount("beforeExit")
    const { getHub } = await import("gevent-wasm")
    getHub()
    console.log(before, process.listenerCount("beforeExit"))`
  assert.is(await runNode(program), "0 1\n")
})

test("LK-02: acquire says whether it was acquired", async () => {
  const semaphore = new Semaphore(2)
  assert.is(await semaphore.acquire(), true)
  assert.is(await semaphore.acquire(false), true)
  assert.is(await semaphore.acquire(false), false)
  assert.is(semaphore.acquireNowait(), false)
  assert.is(await semaphore.acquire(true, 0), false)
  assert.is(await semaphore.acquire(true, 0.001), false)
  semaphore.release()
  assert.is(await semaphore.acquire(true, 0), true)
  semaphore.release()
  assert.is(semaphore.acquireNowait(), true)
  assert.is(semaphore.counter, 0)
})

test("LK-03: release returns the counter, and may be called more often than acquire", async () => {
  const semaphore = new Semaphore(0)
  assert.is(semaphore.release(), 1)
  assert.is(semaphore.release(), 2)
  assert.is(semaphore.counter, 2)
  await semaphore.acquire()
  await semaphore.acquire()
  assert.ok(semaphore.locked())
})

test("LK-03: release wakes as many as there is room for", async () => {
  const semaphore = new Semaphore(0)
  const seen: number[] = []
  const all = Array.from({ length: 5 }, (_, i) =>
    spawn(function* () {
      yield* semaphore.acquire()
      seen.push(i)
    }),
  )
  await sleep(0)
  semaphore.release()
  semaphore.release()
  await sleep(0.002)
  assert.equal(seen, [0, 1])
  assert.is(semaphore.counter, 0)
  for (let i = 0; i < 3; i++) semaphore.release()
  await joinall(all)
  assert.equal(seen, [0, 1, 2, 3, 4])
  assert.equal([semaphore.counter, semaphore.linkcount()], [0, 0])
})

test("LK-04: wait returns the counter and takes nothing; it may be 0 when another was faster", async () => {
  const semaphore = new Semaphore(2)
  assert.is(await semaphore.wait(), 2)
  assert.is(semaphore.counter, 2)
  await semaphore.acquire()
  await semaphore.acquire()
  assert.is(await semaphore.wait(0.001), 0)
  await run(function* () {
    const both = [spawn(() => semaphore.wait()), spawn(() => semaphore.wait())]
    yield* sleep(0)
    semaphore.release()
    yield* joinall(both)
    assert.equal(
      both.map((one) => one.value),
      [1, 1],
    )
    assert.ok(semaphore.acquireNowait())
    const seen: string[] = []
    const mixed = [
      spawn(function* () {
        yield* semaphore.wait()
        seen.push("waited")
      }),
      spawn(function* () {
        yield* semaphore.acquire()
        seen.push("acquired")
      }),
      spawn(function* () {
        yield* semaphore.wait(0.005)
        seen.push("too late")
      }),
    ]
    yield* sleep(0)
    semaphore.release()
    yield* joinall(mixed)
    assert.equal(seen, ["waited", "acquired", "too late"])
    assert.is(semaphore.counter, 0)
  })
})

test("LK-05: locked, counter, ready", async () => {
  const semaphore = new Semaphore(1)
  assert.equal([semaphore.locked(), semaphore.ready(), semaphore.counter], [false, true, 1])
  await semaphore.acquire()
  assert.equal([semaphore.locked(), semaphore.ready(), semaphore.counter], [true, false, 0])
})

test("LK-05: a using block holds it to its end, whatever ends that", async () => {
  const semaphore = new Semaphore(1)
  const lock = new RLock()
  await run(function* () {
    for (const one of [semaphore, lock]) {
      {
        using held = yield* one.enter()
        assert.instance(held, Held)
        assert.ok(one.locked())
      }
      assert.not(one.locked())
      const failing = function* (): Steps {
        using _held = yield* one.enter()
        throw new RangeError("inside")
      }
      let thrown: unknown
      try {
        yield* failing()
      } catch (error) {
        thrown = error
      }
      assert.instance(thrown, RangeError)
      assert.not(one.locked())
      const holder = spawn(function* () {
        using _held = yield* one.enter()
        yield* sleep(10)
      })
      yield* sleep(0)
      assert.ok(one.locked())
      yield* holder.kill()
      assert.not(one.locked())
      {
        using held = yield* one.enter()
        held.release()
        assert.not(one.locked())
      } // not released twice
      assert.not(one.locked())
    }
    assert.is(semaphore.counter, 1)
  })
  {
    using _held = await semaphore.enter()
    assert.ok(semaphore.locked())
  }
  assert.is(semaphore.counter, 1)
})

test("LK-05: a link is called once it can be acquired, also when it can already", async () => {
  const semaphore = new Semaphore(1)
  const seen: Semaphore[] = []
  const link = (source: Semaphore): void => void seen.push(source)
  semaphore.rawlink(link)
  assert.is(seen.length, 0)
  await sleep(0)
  assert.equal([seen.length, semaphore.linkcount(), semaphore.counter], [1, 0, 1])
  await semaphore.acquire()
  semaphore.rawlink(link)
  semaphore.rawlink(link)
  semaphore.unlink(link)
  semaphore.unlink(() => {})
  await sleep(0)
  assert.is(seen.length, 1)
  semaphore.release()
  await sleep(0)
  assert.equal([seen.length, semaphore.linkcount()], [2, 0])
  assert.equal(await wait([semaphore]), [semaphore])
  for await (const one of iwait([semaphore])) assert.is(one, semaphore)
  assert.is(semaphore.counter, 1)
})

test("LK-06: a BoundedSemaphore cannot be released too often", async () => {
  const semaphore = new BoundedSemaphore(2)
  assert.throws(() => semaphore.release(), isA(RangeError, "Semaphore released too many times"))
  assert.is(semaphore.counter, 2)
  await semaphore.acquire()
  assert.is(semaphore.release(), 2)
  assert.throws(() => semaphore.release(), isA(RangeError))
  assert.throws(() => new BoundedSemaphore(0).release(), isA(RangeError))
})

test("LK-07: who waits is served in order", async () => {
  for (const lock of [new Semaphore(1), new BoundedSemaphore(1), new RLock()]) {
    const seen: number[] = []
    const all = Array.from({ length: 10 }, (_, i) =>
      i % 2 === 0
        ? spawn(function* () {
            using _held = yield* lock.enter()
            seen.push(i)
            yield* sleep(0)
          })
        : spawn(async () => {
            await lock.acquire()
            seen.push(i)
            await sleep(0)
            lock.release()
          }),
    )
    await joinall(all)
    assert.is(seen.length, 10)
    // an async function comes to its first wait later than a generator; each kind keeps its own order
    for (const kind of [0, 1]) {
      assert.equal(
        seen.filter((i) => i % 2 === kind),
        [0, 2, 4, 6, 8].map((i) => i + kind),
      )
    }
    assert.equal([lock.locked(), lock.linkcount()], [false, 0])
  }
})

test("LK-07: who releases and acquires again without waiting has it before the queue", async () => {
  await run(function* () {
    const semaphore = new Semaphore(1)
    const seen: string[] = []
    yield* semaphore.acquire()
    const waiter = spawn(function* () {
      yield* semaphore.acquire()
      seen.push("waiter")
    })
    yield* sleep(0)
    for (let i = 0; i < 3; i++) {
      semaphore.release()
      yield* semaphore.acquire()
      seen.push("runner")
    }
    yield* sleep(0)
    assert.equal(seen, ["runner", "runner", "runner"])
    assert.is(semaphore.linkcount(), 1)
    semaphore.release()
    yield* waiter.join()
    assert.equal(seen.slice(3), ["waiter"])
  })
})

test("LK-07: nobody starves when all wait in between", async () => {
  const semaphore = new Semaphore(1)
  const turns = [0, 0, 0]
  const all = turns.map((_, i) =>
    spawn(function* () {
      for (;;) {
        yield* semaphore.acquire()
        turns[i]!++
        yield* sleep(0)
        semaphore.release()
        yield* sleep(0)
      }
    }),
  )
  while (Math.max(...turns) < 50) await sleep(0)
  await killall(all)
  assert.ok(Math.min(...turns) >= 45, String(turns))
  assert.is(semaphore.linkcount(), 0)
})

test("LK-08: a DummySemaphore never makes anybody wait", async () => {
  for (const value of [undefined, null, -1, 0, "text"]) {
    const dummy = new DummySemaphore(value)
    assert.equal([dummy.locked(), dummy.ready(), dummy.acquireNowait()], [false, true, true])
    for (let i = 0; i < 3; i++) assert.is(await dummy.acquire(), true)
    assert.is(await dummy.acquire(false, 0), true)
    assert.is(dummy.release(), undefined)
    assert.is(await dummy.wait(), undefined)
    using held = await dummy.enter()
    held.release()
    assert.is(String(dummy), "<DummySemaphore>")
  }
})

test("LK-08: a DummySemaphore can be waited for and linked to like a semaphore that is never locked", async () => {
  const dummy = new DummySemaphore()
  const seen: unknown[] = []
  const link = (source: unknown): void => void seen.push(source)
  dummy.rawlink(link)
  dummy.rawlink(link)
  dummy.unlink(link)
  assert.is(seen.length, 0)
  await sleep(0)
  assert.equal([seen.length, seen[0] === dummy, dummy.linkcount()], [1, true, 0])
  assert.equal(await wait([dummy], 1), [dummy])
  assert.throws(() => dummy.rawlink(5 as never), isA(TypeError))
})

/** Runs a function in each kind of owner: a generator greenlet, an async greenlet, MAIN. */
const OWNERS: Record<string, (lock: RLock) => Promise<unknown>> = {
  "a generator": (lock) =>
    run(function* () {
      for (let i = 0; i < 3; i++) assert.is(yield* lock.acquire(), true)
      yield* sleep(0)
      yield* checkOwner(lock)
    }),
  "an async function": (lock) =>
    run(async () => {
      for (let i = 0; i < 3; i++) assert.is(await lock.acquire(), true)
      await sleep(0)
      await run(() => checkStranger(lock))
      releaseThree(lock)
    }),
  MAIN: async (lock) => {
    for (let i = 0; i < 3; i++) assert.is(await lock.acquire(), true)
    await sleep(0)
    await run(() => checkStranger(lock))
    releaseThree(lock)
  },
}

function* checkOwner(lock: RLock): Steps {
  yield* spawn(() => checkStranger(lock)).get()
  releaseThree(lock)
}

function* checkStranger(lock: RLock): Steps {
  assert.ok(lock.locked())
  assert.not(lock.isOwned())
  assert.not(lock.acquireNowait())
  assert.is(yield* lock.acquire(false), false)
  assert.is(yield* lock.acquire(true, 0.001), false)
  assert.throws(() => lock.release(), isA(Error, "cannot release un-acquired lock"))
}

function releaseThree(lock: RLock): void {
  assert.ok(lock.isOwned())
  assert.ok(lock.acquireNowait())
  lock.release()
  lock.release()
  lock.release()
  assert.ok(lock.locked() && lock.isOwned())
  lock.release()
  assert.not(lock.locked())
  assert.not(lock.isOwned())
  assert.throws(() => lock.release(), isA(Error, "cannot release un-acquired lock"))
}

for (const [name, attempt] of Object.entries(OWNERS)) {
  test(`LK-09: an RLock can be acquired again by its owner alone (${name})`, async () => {
    const lock = new RLock()
    await attempt(lock)
    assert.equal([lock.locked(), lock.linkcount()], [false, 0])
    await attempt(lock) // again, by another greenlet
  })
}

test("LK-09: an RLock goes to the next one when its owner has released it as often", async () => {
  const lock = new RLock()
  const seen: string[] = []
  await lock.acquire()
  await lock.acquire()
  const next = spawn(async () => {
    await lock.acquire()
    assert.ok(lock.isOwned())
    seen.push("next")
    lock.release()
  })
  await until(() => lock.linkcount() === 1)
  lock.release()
  await sleep(0.002)
  assert.equal(seen, [])
  assert.is(lock.linkcount(), 1)
  lock.release()
  await next.join()
  assert.equal(seen, ["next"])
  assert.not(lock.locked())
})

for (const [name, attempt] of [
  ["an async function", async (body: () => Promise<void>) => await run(body)],
  ["MAIN", async (body: () => Promise<void>) => await body()],
] as const) {
  test(`LK-09: an owner that waits for an RLock several times at once has it as often (in ${name})`, async () => {
    const lock = new RLock()
    const holder = spawn(function* () {
      using _held = yield* lock.enter()
      yield* sleep(0.005)
    })
    await until(() => lock.locked())
    await attempt(async () => {
      const other = spawn(() => lock.acquire(true, 0.02))
      const all = [lock.acquire(), lock.acquire(true, 5), lock.enter(), lock.enter(5)].map((call) => call.then())
      await sleep(0)
      assert.is(lock.linkcount(), 5)
      await Promise.all(all)
      assert.ok(lock.isOwned())
      for (let i = 0; i < 3; i++) lock.release()
      assert.ok(lock.isOwned())
      assert.is(await other.get(), false, "he is nobody's owner")
      lock.release()
    })
    await holder.join()
    assert.equal([lock.locked(), lock.linkcount()], [false, 0])
  })

  test(`LK-10: a lock that is acquired while its owner waits for the condition stays so (in ${name})`, async () => {
    await attempt(async () => {
      const lock = new RLock()
      const condition = new Condition(lock)
      await lock.acquire()
      await lock.acquire()
      const waiting = condition.wait().then()
      await lock.acquire()
      condition.notify()
      assert.is(await waiting, true)
      for (let i = 0; i < 3; i++) {
        assert.ok(lock.isOwned())
        lock.release()
      }
      assert.not(lock.locked())
    })
  })
}

test("LK-09: what the console shows", async () => {
  const lock = new RLock()
  assert.is(inspect(lock), "<RLock free links[0]>")
  await lock.acquire()
  assert.is(String(lock), "<RLock owner=<MAIN> count=1 links[0]>")
  assert.is(inspect(new Semaphore(2)), "<Semaphore counter=2 links[0]>")
  assert.is(inspect(new Condition(lock)), `<Condition ${String(lock)} waiting[0]>`)
})

test("LK-10: wait and notify need the lock", async () => {
  for (const condition of [new Condition(), new Condition(new Semaphore())]) {
    assert.throws(() => condition.notify(), isA(Error, "cannot notify on un-acquired lock"))
    assert.throws(() => condition.notifyAll(), isA(Error, "cannot notify on un-acquired lock"))
    assert.match(String(await failure(condition.wait())), "cannot wait on un-acquired lock")
    assert.match(String(await failure(condition.waitFor(() => false))), "cannot wait on un-acquired lock")
    using _held = await condition.enter()
    for (const wrong of [-1, 1.5, NaN]) assert.throws(() => condition.notify(wrong), isA(RangeError))
    assert.throws(() => condition.notify("1" as never), isA(TypeError))
    condition.notify(0)
    condition.notify(5)
    condition.notifyAll()
  }
})

type Waiting = (condition: Condition, notified: () => void) => Greenlet<void>

/** One that waits for the condition, of each kind. */
const WAITING: Record<string, Waiting> = {
  generators: (condition, notified) =>
    spawn(function* () {
      using _held = yield* condition.enter()
      if (yield* condition.wait()) notified()
    }),
  "async functions": (condition, notified) =>
    spawn(async () => {
      using _held = await condition.enter()
      if (await condition.wait()) notified()
    }),
}

/** Greenlets that wait for the condition, all of them there already. */
async function waiters(
  condition: Condition,
  count: number,
  seen: number[],
  waiting: Waiting,
): Promise<Greenlet<void>[]> {
  const all: Greenlet<void>[] = []
  for (let i = 0; i < count; i++) {
    all.push(waiting(condition, () => void seen.push(i)))
    await until(() => condition.linkcount() === i + 1)
  }
  return all
}

for (const [name, waiting] of Object.entries(WAITING)) {
  test(`LK-10: notify wakes the first ones, in order; notifyAll wakes all (${name})`, async () => {
    for (const condition of [new Condition(), new Condition(new Semaphore()), new Condition(new BoundedSemaphore())]) {
      const seen: number[] = []
      const all = await waiters(condition, 8, seen, waiting)
      const notify = async (count?: number): Promise<void> => {
        using _held = await condition.enter()
        if (count === undefined) condition.notifyAll()
        else condition.notify(count)
      }
      await notify(1)
      await until(() => seen.length > 0)
      assert.equal(seen, [0])
      await notify(3)
      await until(() => seen.length > 3)
      assert.equal(seen, [0, 1, 2, 3])
      await notify()
      await joinall(all)
      assert.equal(seen, [0, 1, 2, 3, 4, 5, 6, 7])
      assert.is(condition.linkcount(), 0)
      // nobody was there: a notify is not kept
      await notify(5)
      using _held = await condition.enter()
      assert.is(await condition.wait(0.002), false)
    }
  })

  test(`LK-10: who is notified goes on when the notifier has released the lock, not before (${name})`, async () => {
    const condition = new Condition()
    const seen: number[] = []
    const all = await waiters(condition, 2, seen, waiting)
    await condition.acquire()
    condition.notifyAll()
    await sleep(0.005)
    assert.equal(seen, [])
    condition.release()
    await joinall(all)
    assert.equal(seen, [0, 1])
  })

  test(`LK-10: notify of one that is killed before it goes on passes on to the next (${name})`, async () => {
    const condition = new Condition()
    const seen: number[] = []
    const all = await waiters(condition, 3, seen, waiting)
    await condition.acquire()
    all[0]!.kill(undefined, false) // stands in the run queue before the notify
    condition.notify()
    condition.release()
    await sleep(0.005)
    assert.equal(seen, [1])
    assert.not(all[0]!.active)
    assert.ok(all[2]!.active)
    await killall(all)
    assert.is(condition.linkcount(), 0)
    assert.ok(await condition.acquire(false))
  })
}

test("LK-10: who waits after a notify is not woken by it, though one who waited before is killed", async () => {
  await run(function* () {
    const condition = new Condition()
    const seen: string[] = []
    const waiter = function* (name: string): Steps {
      using _held = yield* condition.enter()
      seen.push(`${name} ${yield* condition.wait(0.02)}`)
    }
    const first = spawn(waiter, "first")
    yield* sleep(0)
    yield* condition.acquire()
    first.kill(undefined, false)
    const late = spawn(waiter, "late") // comes between the kill and the turn of the condition
    condition.notify()
    condition.release()
    yield* joinall([first, late])
    assert.equal(seen, ["late false"])
  })
})

test("LK-10: a Condition takes an RLock or a semaphore", () => {
  for (const wrong of [5, null, {}, new Condition(), new DummySemaphore()]) {
    assert.throws(() => new Condition(wrong as never), isA(TypeError, "RLock"))
  }
})

test("LK-10: an RLock that was acquired several times is released for the wait, and then held as often", async () => {
  const lock = new RLock()
  const condition = new Condition(lock)
  const waiting = [
    spawn(function* () {
      for (let i = 0; i < 3; i++) yield* lock.acquire()
      assert.is(yield* condition.wait(), true)
      for (let i = 0; i < 3; i++) lock.release()
      assert.not(lock.isOwned())
    }),
    spawn(async () => {
      for (let i = 0; i < 3; i++) await lock.acquire()
      assert.is(await condition.wait(), true)
      for (let i = 0; i < 3; i++) lock.release()
      assert.not(lock.isOwned())
    }),
  ]
  await until(() => condition.linkcount() === 2)
  assert.not(lock.locked())
  using held = await condition.enter()
  condition.notifyAll()
  held.release()
  await joinall(waiting)
  assert.ok(waiting.every((one) => one.successful()))
  assert.not(lock.locked())
})

for (const [name, make] of [
  ["an RLock", () => new RLock()],
  ["a Semaphore", () => new BoundedSemaphore()],
] as const) {
  test(`LK-10 LK-11: who is killed or timed out, once or again, has the lock before it goes on (${name})`, async () => {
    const lock = make()
    const condition = new Condition(lock)
    const steps: string[] = []
    const bodies = [
      function* (): Steps {
        using _held = yield* condition.enter()
        try {
          yield* condition.wait()
        } finally {
          steps.push(lock.locked() ? "locked" : "free")
        }
      },
      async (): Promise<void> => {
        using _held = await condition.enter()
        try {
          await condition.wait()
        } finally {
          steps.push(lock.locked() ? "locked" : "free")
        }
      },
    ]
    for (const [at, body] of bodies.entries()) {
      for (const kills of [1, 2, 3]) {
        steps.length = 0
        const waiter = spawn(body as () => Promise<void>)
        await until(() => condition.linkcount() === 1)
        await condition.acquire()
        for (let i = 0; i < kills; i++) {
          await waiter.kill(undefined, true, 0.001)
          assert.ok(waiter.active, `body ${at}: has ended without the lock after ${i + 1} of ${kills} kills`)
        }
        assert.equal(steps, [])
        steps.push("released")
        condition.release()
        await waiter.join()
        assert.ok(waiter.successful())
        assert.equal(steps, ["released", "locked"])
        assert.equal([lock.locked(), lock.linkcount(), condition.linkcount()], [false, 0, 0])
      }
    }
    const late = spawn(function* () {
      using _held = yield* condition.enter()
      assert.is(yield* condition.wait(0.001), false)
      return lock.locked()
    })
    await sleep(0)
    await condition.acquire()
    await sleep(0.01)
    assert.ok(late.active)
    condition.release()
    assert.is(await late.get(), true)
  })
}

test("LK-10: waitFor returns what the predicate does, and its timeout is for all of it", async () => {
  const condition = new Condition()
  let stock = 0
  const predicate = (): string => "x".repeat(stock)
  const consumers = [
    spawn(function* () {
      using _held = yield* condition.enter()
      return yield* condition.waitFor(predicate)
    }),
    spawn(async () => {
      using _held = await condition.enter()
      return await condition.waitFor(predicate)
    }),
    spawn(function* () {
      using _held = yield* condition.enter()
      return yield* condition.waitFor(() => stock > 2 && predicate(), 10)
    }),
  ]
  for (let i = 0; i < 3; i++) {
    await until(() => condition.linkcount() === (i === 0 ? 3 : 1))
    using _held = await condition.enter()
    stock++
    condition.notifyAll()
  }
  assert.equal(await Promise.all(consumers.map((one) => one.get())), ["x", "x", "xxx"])
  using _held = await condition.enter()
  assert.is(await condition.waitFor(() => 5), 5)
  const active = getHub().loop.activecnt
  const noise = spawn(function* () {
    for (;;) {
      yield* condition.acquire()
      condition.notify()
      condition.release()
      yield* sleep(0.002)
    }
  })
  assert.is(await condition.waitFor(() => false, 0.02), false)
  noise.kill(undefined, false)
  assert.match(
    String(
      await failure(
        condition.waitFor(() => {
          throw new RangeError("in the predicate")
        }, 10),
      ),
    ),
    "in the predicate",
  )
  await until(() => !noise.active)
  assert.is(getHub().loop.activecnt, active)
})

test("LK-11: who is killed while it waits leaves the lock as it was", async () => {
  for (const lock of [new Semaphore(1), new BoundedSemaphore(1), new RLock()]) {
    await lock.acquire()
    const all = [
      spawn(() => lock.acquire()),
      spawn(async () => void (await lock.acquire())),
      spawn(() => lock.enter()),
      spawn(() => lock.acquire(true, 10)),
    ]
    await until(() => lock.linkcount() === 4)
    await killall(all)
    assert.equal([lock.linkcount(), lock.locked()], [0, true])
    lock.release()
    assert.not(lock.locked())
    // killed behind the release in the run queue, before its own turn
    await lock.acquire()
    const next = spawn(() => lock.acquire())
    const last = spawn(function* () {
      yield* lock.acquire()
      lock.release()
    })
    await sleep(0)
    next.kill(undefined, false)
    lock.release()
    await last.join()
    assert.equal([lock.linkcount(), lock.locked()], [0, false])
  }
})

test("LK-11: 10,000 with timeouts and kills in any order leave the counter intact", async () => {
  const semaphore = new Semaphore(3)
  let inside = 0
  let most = 0
  const all = Array.from({ length: 10_000 }, (_, i) =>
    spawn(function* () {
      if (!(yield* semaphore.acquire(true, i % 3 === 0 ? 0.01 : null))) return
      try {
        most = Math.max(most, ++inside)
        yield* sleep(0)
      } finally {
        inside--
        semaphore.release()
      }
    }),
  )
  await sleep(0)
  for (let i = 0; i < all.length; i += 2) all[(i * 7919) % all.length]!.kill(undefined, false)
  await joinall(all)
  assert.equal([most, semaphore.counter, semaphore.linkcount()], [3, 3, 0])
})

test("LK-02 HB-03: in a callback of the hub one can acquire without waiting, and not wait", async () => {
  const semaphore = new Semaphore(1)
  const lock = new RLock()
  const seen: unknown[] = []
  getHub().loop.runCallback(function* () {
    seen.push(semaphore.acquireNowait(), yield* semaphore.acquire(false), semaphore.release())
    seen.push(yield* semaphore.acquire(), yield* lock.acquire(), lock.isOwned())
    lock.release()
    for (const call of [() => semaphore.acquire(), () => semaphore.enter(), () => semaphore.wait()]) {
      try {
        yield* call()
      } catch (error) {
        seen.push(error instanceof BlockingSwitchOutError)
      }
    }
  })
  await sleep(0.002)
  assert.equal(seen, [true, false, 1, true, true, true, true, true, true])
  assert.equal([semaphore.counter, semaphore.linkcount(), lock.locked()], [0, 0, false])
})

test("LK-02: a Timeout of somebody further out passes through, and the lock stays free for others", async () => {
  const semaphore = new Semaphore(0)
  await run(function* () {
    const outer = Timeout.startNew(0.001)
    let thrown: unknown
    try {
      yield* semaphore.acquire(true, 10)
    } catch (error) {
      thrown = error
    }
    assert.is(thrown, outer)
  })
  semaphore.release()
  assert.is(semaphore.counter, 1)
})

/** Waits until something holds: an async greenlet takes several turns of the host to come to its wait. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await sleep(0.001)
}

/** What a program prints. */
function runNode(program: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawnProcess(process.execPath, moduleArguments(program), { timeout: 20_000 })
    let output = ""
    child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text))
    child.stderr.setEncoding("utf8").on("data", (text: string) => (output += text))
    child.on("error", reject)
    child.on("close", () => resolve(output))
  })
}

test.run()
