import { inspect } from "node:util"
import {
  BlockingSwitchOutError,
  getHub,
  type Greenlet,
  GreenletExit,
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
import { AsyncResult, Event } from "gevent-wasm/event"
import { Semaphore } from "gevent-wasm/lock"
import { Queue } from "gevent-wasm/queue"
import { test } from "uvu"
import * as assert from "uvu/assert"
import { takeReports } from "./reports.ts"
import { failure, isA, testGenericGet, testGenericWait } from "./timing.ts"

type Steps<T = void> = Generator<Wait<unknown>, T, unknown>

class Custom extends Error {
  override name = "Custom"
}

test.before.each(() => void takeReports())
test.after.each(() => assert.equal(takeReports(), []))

testGenericWait(
  "EV-02 TO-11: Event.wait",
  test,
  () => {
    const event = new Event()
    return { call: (timeout) => event.wait(timeout), waiters: () => event.linkcount() }
  },
  { expired: false },
)
testGenericGet("EV-11 TO-11: AsyncResult.get", test, () => {
  const result = new AsyncResult()
  return { call: (timeout) => result.get(true, timeout), waiters: () => result.linkcount() }
})
testGenericWait("EV-12 TO-11: AsyncResult.wait", test, () => {
  const result = new AsyncResult()
  return { call: (timeout) => result.wait(timeout), waiters: () => result.linkcount() }
})
testGenericGet("EV-15 TO-11: AsyncResult.result", test, () => {
  const result = new AsyncResult()
  return { call: (timeout) => result.result(timeout), waiters: () => result.linkcount() }
})

/** Greenlets of both kinds by turns, each of which notes its number and what it got. */
function waiters<T>(count: number, call: () => Wait<T>, seen: [number, T][] = []): Greenlet<void>[] {
  return Array.from({ length: count }, (_, i) =>
    i % 2 === 0
      ? spawn(function* () {
          seen.push([i, yield* call()])
        })
      : spawn(async () => {
          seen.push([i, await call()])
        }),
  )
}

/** Shuffles in place, the same way each time. */
function shuffle<T>(list: T[]): T[] {
  let seed = 1
  for (let i = list.length - 1; i > 0; i--) {
    seed = (seed * 48271) % 2147483647
    const j = seed % (i + 1)
    ;[list[i], list[j]] = [list[j]!, list[i]!]
  }
  return list
}

test("EV-01: the flag", () => {
  const event = new Event()
  assert.equal([event.isSet(), event.ready()], [false, false])
  event.set()
  assert.equal([event.isSet(), event.ready()], [true, true])
  event.set()
  assert.ok(event.isSet())
  event.clear()
  assert.equal([event.isSet(), event.ready()], [false, false])
  event.clear()
  assert.not(event.isSet())
})

test("EV-02: wait returns true at once when it is set, and false for its own timeout alone", async () => {
  const event = new Event()
  assert.is(await event.wait(0), false)
  assert.is(await event.wait(0.001), false)
  event.set()
  assert.is(await event.wait(), true)
  assert.is(await event.wait(0), true)
  event.clear()
  assert.is(await event.wait(0.001), false)
  await run(function* () {
    const outer = Timeout.startNew(0.001)
    let thrown: unknown
    try {
      yield* event.wait(10)
    } catch (error) {
      thrown = error
    }
    assert.is(thrown, outer)
  })
  assert.is(event.linkcount(), 0)
})

for (const count of [1, 2, 3, 10, 100, 1000]) {
  test(`EV-02: set() and clear() wake all ${count} waiters with true`, async () => {
    const event = new Event()
    const seen: [number, boolean][] = []
    const all = waiters(count, () => event.wait(10), seen)
    await sleep(0)
    assert.is(event.linkcount(), count)
    event.set()
    event.clear()
    await joinall(all)
    assert.is(seen.length, count)
    assert.ok(seen.every(([, value]) => value))
    assert.is(event.linkcount(), 0)
    assert.not(event.isSet())
  })
}

test("EV-02: a wait that begins after clear() is not woken by the set() before it", async () => {
  await run(function* () {
    const event = new Event()
    const early = spawn(() => event.wait())
    yield* sleep(0)
    event.set()
    event.clear()
    const late = spawn(() => event.wait(0.02))
    assert.is(yield* event.wait(0.005), false)
    assert.is(early.value, true)
    assert.is(yield* late.get(), false)
  })
})

test("EV-02: each set() wakes those who came before it, whatever happened in between", async () => {
  await run(function* () {
    const event = new Event()
    const first = spawn(() => event.wait())
    yield* sleep(0)
    event.set()
    event.clear()
    event.set()
    const second = spawn(() => event.wait())
    event.clear()
    yield* first.join()
    yield* sleep(0)
    assert.ok(second.active)
    event.set()
    assert.is(yield* second.get(), true)
  })
})

test("EV-02: a timeout that passes after set() does not matter", async () => {
  await run(function* () {
    const event = new Event()
    const waiter = spawn(() => event.wait(0.001))
    yield* sleep(0)
    event.set()
    event.clear()
    const until = performance.now() + 5
    while (performance.now() < until); // both are due in the same turn
    assert.is(yield* waiter.get(), true)
  })
})

test("EV-03: those who wait go on in their order, and the setter before them", async () => {
  const event = new Event()
  const seen: unknown[] = []
  const all = Array.from({ length: 20 }, (_, i) =>
    spawn(function* () {
      yield* event.wait()
      seen.push(i)
    }),
  )
  await run(function* () {
    yield* sleep(0)
    event.set()
    seen.push("setter")
    yield* joinall(all)
  })
  assert.equal(seen, ["setter", ...all.keys()])
})

test("EV-03: one who is killed or has timed out is left out, and the order stays", async () => {
  const event = new Event()
  const seen: number[] = []
  const all = Array.from({ length: 9 }, (_, i) =>
    spawn(function* () {
      if (yield* event.wait(i === 4 ? 0.001 : null)) seen.push(i)
    }),
  )
  await sleep(0.01)
  await all[0]!.kill()
  await all[8]!.kill()
  event.set()
  all[2]!.kill(undefined, false) // too late: it is behind the set in the run queue
  all[3]!.kill(undefined, false)
  await joinall(all)
  assert.equal(seen, [1, 2, 3, 5, 6, 7])
})

test("EV-04: who waits again from its wake-up waits for the next set", async () => {
  const event = new Event()
  let rounds = 0
  const all = Array.from({ length: 3 }, () =>
    spawn(function* () {
      for (;;) {
        yield* event.wait()
        rounds++
      }
    }),
  )
  await sleep(0)
  for (let i = 1; i <= 3; i++) {
    event.set()
    event.clear()
    await sleep(0.002)
    assert.is(rounds, 3 * i)
  }
  await killall(all)
  assert.is(event.linkcount(), 0)
})

test("EV-04: set and clear within callbacks of the same event", async () => {
  const event = new Event()
  const seen: string[] = []
  event.rawlink(() => {
    seen.push("first")
    event.clear()
    event.rawlink(() => seen.push("nested"))
    event.set()
    event.clear()
    event.rawlink(() => seen.push("never"))
  })
  event.rawlink(() => seen.push("second"))
  event.set()
  await sleep(0.002)
  assert.equal(seen, ["first", "second", "nested"])
  assert.is(event.linkcount(), 1)
})

test("EV-05: who waits while others are being woken goes on behind them, in the same turn", async () => {
  await run(function* () {
    for (const make of [
      () => {
        const event = new Event()
        return { set: () => event.set(), wait: () => event.wait() }
      },
      () => {
        const result = new AsyncResult<boolean>()
        return { set: () => result.set(true), wait: () => result.wait() }
      },
    ]) {
      const object = make()
      const seen: unknown[] = []
      const all = [0, 1, 2].map((i) =>
        spawn(function* () {
          yield* object.wait()
          seen.push(i)
        }),
      )
      yield* sleep(0)
      let turns = 0
      getHub().loop.runCallback(() => {
        seen.push("callback of the turn after")
        turns++
      })
      object.set()
      assert.is(yield* object.wait(), true)
      seen.push("me")
      yield* joinall(all)
      assert.equal(seen.slice(-4), [0, 1, 2, "me"])
      assert.is(turns, 1)
      // nobody is being woken any more: it returns at once
      let waited = false
      getHub().loop.runCallback(() => (waited = true))
      yield* object.wait()
      assert.not(waited)
    }
  })
})

test("EV-06: links are called once, in the hub, also when it is set already; unlink", async () => {
  const event = new Event()
  const seen: string[] = []
  const first = (source: Event): void => {
    assert.is(source, event)
    seen.push("first")
  }
  const second = (): void => void seen.push("second")
  event.rawlink(first)
  event.rawlink(second)
  event.rawlink(first)
  assert.is(event.linkcount(), 3)
  event.unlink(first)
  assert.is(event.linkcount(), 2)
  event.unlink(() => {})
  event.unlink(5)
  event.set()
  assert.equal(seen, [])
  await sleep(0)
  assert.equal(seen, ["second", "first"])
  assert.is(event.linkcount(), 0)
  event.set()
  await sleep(0)
  assert.is(seen.length, 2)
  event.rawlink(second)
  event.rawlink(second)
  event.unlink(second)
  await sleep(0)
  assert.equal(seen, ["second", "first", "second"])
})

test("EV-06: what cannot be called is refused", () => {
  for (const object of [new Event(), new AsyncResult(), new Semaphore(0), spawn(async () => {})]) {
    for (const wrong of [5, "text", null, undefined, {}, { put: 5 }, [1]]) {
      assert.throws(() => object.rawlink(wrong as never), isA(TypeError, "a function, a queue or an AsyncResult"))
    }
  }
})

test("EV-06: a link that fails is reported, and the others are called", async () => {
  const event = new Event()
  let called = 0
  const failing = [
    () => {
      throw new Custom("thrown in a link")
    },
    async () => {
      throw new Custom("rejected in a link")
    },
    function* (): Steps {
      yield* sleep(1)
    },
  ]
  for (const link of failing) {
    event.rawlink(link)
    event.rawlink(() => called++)
  }
  event.set()
  await sleep(0.01)
  assert.is(called, 3)
  const reports = takeReports().join("\n")
  for (const text of ["thrown in a link", "rejected in a link", "BlockingSwitchOutError"]) assert.match(reports, text)
})

test("EV-06 EV-14 GR-29: a link can be a function, a queue or an AsyncResult, on whatever has links", async () => {
  await run(function* () {
    const event = new Event()
    const result = new AsyncResult<string>()
    const semaphore = new Semaphore(0)
    const greenlet = spawn(async () => "done")
    const queue = new Queue<unknown>()
    const called: unknown[] = []
    for (const object of [event, result, semaphore, greenlet]) {
      const call = (source: unknown): void => void called.push(source)
      object.rawlink(call)
      object.rawlink(queue)
      object.rawlink({ put: (source: unknown) => called.push(source) })
      // taken back by the target itself
      const unwanted = new Queue<unknown>()
      object.rawlink(unwanted)
      object.unlink(unwanted)
    }
    const copy = new AsyncResult<string>()
    const ofGreenlet = new AsyncResult<unknown>()
    result.rawlink(copy)
    greenlet.rawlink(ofGreenlet)
    event.set()
    result.set("value")
    semaphore.release()
    yield* greenlet.join()
    assert.is(yield* copy.get(), "value")
    assert.is(yield* ofGreenlet.get(), "done")
    yield* sleep(0)
    for (const object of [event, result, semaphore, greenlet]) {
      assert.is(called.filter((one) => one === object).length, 2)
      assert.is(object.linkcount(), 0)
    }
    assert.is(queue.qsize(), 4)
    assert.is(semaphore.counter, 1)
  })
})

test("EV-07: wait() and iwait() take what is set already, more than once", async () => {
  const event = new Event()
  event.set()
  for (let i = 0; i < 2; i++) {
    assert.equal(await wait([event]), [event])
    assert.is(event.linkcount(), 0)
    const seen: Event[] = []
    for await (const one of iwait([event])) seen.push(one)
    assert.equal(seen, [event])
    assert.is(event.linkcount(), 0)
  }
  event.clear()
  assert.equal(await wait([event], 0.001), [])
  assert.is(event.linkcount(), 0)
})

test("EV-07: wait() and iwait() over a mixture, in the order in which they become ready", async () => {
  const make = (): [Event, AsyncResult, Semaphore, Greenlet<void>, Event] => [
    new Event(),
    new AsyncResult(),
    new Semaphore(0),
    spawn(() => sleep(0.01)),
    new Event(),
  ]
  const trigger = (objects: ReturnType<typeof make>): void => {
    objects[2].release()
    objects[0].set()
    objects[1].setException(new Custom())
  }
  let objects = make()
  const [event, result, semaphore, greenlet, never] = objects
  const waiting = run(() => wait(objects, null, 4))
  await sleep(0)
  assert.is(event.linkcount(), 1)
  trigger(objects)
  const ready = await waiting
  assert.is(ready.length, 4)
  assert.ok([semaphore, event, result, greenlet].every((object, i) => ready[i] === object))
  for (const object of objects) assert.is(object.linkcount(), 0)
  assert.is(semaphore.counter, 1)
  assert.equal((await wait(objects, 0.005)).length, 4)
  assert.is(never.linkcount(), 0)

  objects = make()
  const seen: number[] = []
  trigger(objects)
  for await (const object of iwait(objects)) {
    seen.push(objects.indexOf(object))
    if (seen.length === 4) break
  }
  assert.equal(seen, [0, 1, 2, 3])
  for (const object of objects) assert.is(object.linkcount(), 0)
})

test("EV-07: killed waiters leave no link, in whatever order they are killed", async () => {
  const objects = [new Event(), new AsyncResult(), new Semaphore(0)] as const
  const calls: (() => Wait<unknown>)[] = [
    () => objects[0].wait(),
    () => objects[1].get(),
    () => objects[1].wait(),
    () => objects[2].acquire(),
    () => objects[2].wait(),
    () => wait([...objects]),
  ]
  const all = Array.from({ length: 10_000 }, (_, i) => spawn(calls[i % calls.length]!))
  await sleep(0)
  assert.ok(objects.every((object) => object.linkcount() > 3000))
  for (const one of shuffle([...all])) one.kill(undefined, false)
  await joinall(all)
  for (const object of objects) assert.is(object.linkcount(), 0)
  objects[2].release()
  await sleep(0)
  assert.is(objects[2].counter, 1)
})

test("EV-02 HB-03: in a callback of the hub set() works, wait() of a set event too, and one that would block is refused", async () => {
  const { loop } = getHub()
  const event = new Event()
  const result = new AsyncResult<number>()
  const seen: unknown[] = []
  const waiting = [spawn(() => event.wait()), spawn(() => result.get())]
  await sleep(0)
  loop.runCallback(function* () {
    try {
      yield* event.wait()
    } catch (error) {
      seen.push(error instanceof BlockingSwitchOutError)
    }
    try {
      yield* result.get()
    } catch (error) {
      seen.push(error instanceof BlockingSwitchOutError)
    }
    event.set()
    result.set(5)
    // others are being woken, but the hub cannot wait for that
    seen.push(yield* event.wait(), yield* result.wait(), yield* result.get())
  })
  await joinall(waiting)
  assert.equal(seen, [true, true, true, 5, 5])
  assert.equal(event.linkcount() + result.linkcount(), 0)
})

test("EV-08: a value wakes all; a second one replaces it", async () => {
  const result = new AsyncResult<string>()
  assert.equal([result.ready(), result.successful(), result.value], [false, false, undefined])
  const got: [number, string][] = []
  const all = waiters(4, () => result.get(), got)
  await sleep(0)
  result.set("one")
  await joinall(all)
  assert.equal(
    got.map(([, value]) => value),
    ["one", "one", "one", "one"],
  )
  assert.equal([result.ready(), result.successful(), result.value], [true, true, "one"])
  result.set("two")
  assert.is(result.value, "two")
  assert.is(await result.get(), "two")
  assert.is(result.getNowait(), "two")
  assert.is(await result.wait(), "two")
})

test("EV-08: undefined, null and 0 are values", async () => {
  for (const value of [undefined, null, 0]) {
    const result = new AsyncResult<unknown>()
    result.set(value)
    assert.ok(result.ready() && result.successful())
    assert.is(await result.get(true, 0), value)
    assert.is(result.getNowait(), value)
  }
})

test("EV-09: all who get it get the very error, with the stack of where it was made", async () => {
  const result = new AsyncResult()
  function originOfTheError(): Error {
    return new Custom("bad")
  }
  const error = originOfTheError()
  const errors: unknown[] = []
  const all = Array.from({ length: 4 }, () => spawn(async () => void errors.push(await failure(result.get()))))
  await sleep(0)
  result.setException(error)
  await joinall(all)
  errors.push(await failure(result.get()))
  errors.push(
    await failure(
      run(function* () {
        yield* result.get()
      }),
    ),
  )
  assert.is(errors.length, 6)
  assert.ok(errors.every((one) => one === error))
  assert.match(error.stack!, "originOfTheError")
  assert.throws(
    () => result.getNowait(),
    (thrown: unknown) => thrown === error,
  )
  assert.ok(result.ready())
  assert.not(result.successful())
  assert.is(result.exception, error)
  takeReports() // of run()'s greenlet
})

test("EV-10: the last of set() and setException() wins entirely", async () => {
  const result = new AsyncResult<number>()
  const error = new Custom()
  result.setException(error)
  result.set(1)
  assert.is(await result.get(), 1)
  assert.equal([result.successful(), result.value, result.exception, result.excInfo], [true, 1, null, null])
  result.setException(error)
  assert.is(await failure(result.get()), error)
  assert.equal([result.successful(), result.value], [false, undefined])
  assert.is(result.exception, error)
})

test("EV-11: without waiting it is a Timeout when nothing is there", async () => {
  const result = new AsyncResult<number>()
  assert.throws(() => result.getNowait(), isA(Timeout))
  assert.instance(await failure(result.get(false)), Timeout)
  assert.instance(await failure(result.get(true, 0)), Timeout)
  await run(function* () {
    const limit = new Timeout(0.001, new Custom("own"))
    let thrown: unknown
    try {
      yield* result.get(true, limit)
    } catch (error) {
      thrown = error
    }
    assert.instance(thrown, Custom)
  })
  result.set(1)
  assert.is(await result.get(false), 1)
})

test("EV-12: wait returns the value, and undefined for an error or its timeout", async () => {
  const result = new AsyncResult<number>()
  const waiting = spawn(() => result.wait())
  assert.is(await result.wait(0.001), undefined)
  result.setException(new Custom())
  assert.is(await waiting.get(), undefined)
  assert.is(await result.wait(), undefined)
  result.set(3)
  assert.is(await result.wait(), 3)
})

test("EV-13: excInfo is the error in three parts, or null", () => {
  const result = new AsyncResult()
  assert.is(result.excInfo, null)
  const error = new Custom("text")
  result.setException(error)
  assert.is(result.excInfo!.error, error)
  assert.is(result.excInfo!.type, Custom)
  assert.is(result.excInfo!.stack, error.stack)
})

test("EV-14: as a link it takes over a value, an error, and a kill", async () => {
  const error = new Custom()
  const made = [
    spawn(async () => 5),
    spawn(async () => {
      throw error
    }),
  ]
  const results = made.map((greenlet) => {
    const result = new AsyncResult<unknown>()
    greenlet.link(result)
    return result
  })
  assert.is(await results[0]!.get(), 5)
  assert.is(await failure(results[1]!.get()), error)
  assert.is(takeReports().length, 1)
  assert.ok(results.every((result) => result.linkcount() === 0))

  const source = new AsyncResult<number>()
  const chain = [new AsyncResult<number>(), new AsyncResult<number>()] as const
  source.rawlink(chain[0])
  chain[0].rawlink(chain[1])
  source.set(7)
  assert.is(await chain[1].get(), 7)
  chain[0].linked({ successful: () => false, value: undefined, exception: error })
  assert.is(chain[0].exception, error)
  const killed = spawn(() => sleep(10))
  const end = new AsyncResult<void>()
  killed.link(end)
  await killed.kill()
  assert.instance(await end.get(), GreenletExit)
  const only = new AsyncResult<unknown>()
  made[1]!.linkValue(only)
  made[0]!.linkException(only)
  await sleep(0.002)
  assert.not(only.ready())
  made[0]!.linkValue(only)
  assert.is(await only.get(), 5)
})

test("EV-15: the methods of a future", async () => {
  const result = new AsyncResult<number>()
  assert.equal([result.done(), result.cancel(), result.cancelled()], [false, false, false])
  assert.instance(await failure(result.result(0.001)), Timeout)
  result.set(1)
  assert.equal([result.done(), result.cancel(), result.cancelled()], [true, false, false])
  assert.is(await result.result(), 1)
  result.setResult(2)
  assert.is(await result.result(), 2)
})

test("EV-17: what the console shows", async () => {
  const event = new Event()
  assert.is(String(event), "<Event clear links[0]>")
  event.rawlink(() => {})
  assert.is(inspect(event), "<Event clear links[1]>")
  event.set()
  assert.is(String(event), "<Event set links[1]>")
  await sleep(0)
  const result = new AsyncResult<string>()
  assert.is(inspect(result), "<AsyncResult unset links[0]>")
  result.set("text")
  assert.is(String(result), '<AsyncResult value="text" links[0]>')
  result.setException(new Custom("bad"))
  assert.is(String(result), "<AsyncResult exception=Custom: bad links[0]>")
})

test.run()
