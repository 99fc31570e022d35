import {
  getHub,
  type Greenlet,
  iwait,
  joinall,
  run,
  sleep,
  spawn,
  Timeout,
  wait,
  type Wait,
  type Waitable,
} from "gevent-wasm"
import { test } from "uvu"
import * as assert from "uvu/assert"
import { takeReports } from "./reports.ts"
import { failure, isA, testGenericGet, testGenericWait, type Blocking } from "./timing.ts"

test.before.each(() => void takeReports())

/** Becomes ready when it is told to: what an event or a semaphore is to `wait`. */
class Flag implements Waitable {
  private isSet = false
  readonly callbacks: ((flag: this) => unknown)[] = []

  set(): void {
    this.isSet = true
    const callbacks = this.callbacks.splice(0)
    getHub().loop.runCallback(() => callbacks.forEach((callback) => callback(this)))
  }

  rawlink(callback: (flag: this) => unknown): void {
    this.callbacks.push(callback)
    if (this.isSet) this.set()
  }

  unlink(callback: (flag: this) => unknown): void {
    const index = this.callbacks.indexOf(callback)
    if (index >= 0) this.callbacks.splice(index, 1)
  }
}

function afterwards<T>(seconds: number, value: T): Greenlet<T> {
  return spawn(function* () {
    yield* sleep(seconds)
    return value
  })
}

function failing(seconds: number, error: Error): Greenlet<never> {
  return spawn(function* () {
    yield* sleep(seconds)
    throw error
  })
}

function never(): [Greenlet<void>, () => number] {
  const greenlet = spawn(() => sleep(1e6, false))
  return [greenlet, () => greenlet.linkcount()]
}

/** A signal, and how many listen to it. */
function counted(signal: AbortSignal): { signal: AbortSignal; listeners: () => number } {
  const listeners = new Set<unknown>()
  const add = signal.addEventListener.bind(signal)
  const remove = signal.removeEventListener.bind(signal)
  signal.addEventListener = (type: string, listener: unknown) => {
    listeners.add(listener)
    add(type, listener as () => void)
  }
  signal.removeEventListener = (type: string, listener: unknown) => {
    listeners.delete(listener)
    remove(type, listener as () => void)
  }
  return { signal, listeners: () => listeners.size }
}

function blocking(call: (greenlet: Greenlet<void>) => Blocking["call"]): () => Blocking {
  return () => {
    const [greenlet, waiters] = never()
    return { call: call(greenlet), waiters }
  }
}

testGenericWait(
  "GV-08 TO-11: joinall",
  test,
  blocking((greenlet) => (timeout) => joinall([greenlet], timeout)),
  { expired: [] },
)
testGenericWait(
  "GV-09 TO-11: wait",
  test,
  blocking((greenlet) => (timeout) => wait([greenlet], timeout)),
  { expired: [] },
)
testGenericWait(
  "GV-09: wait for what is no greenlet",
  test,
  () => {
    const flag = new Flag()
    return { call: (timeout) => wait([flag], timeout), waiters: () => flag.callbacks.length }
  },
  { expired: [] },
)

testGenericWait(
  "GV-10 TO-11: next of iwait",
  test,
  () => {
    const flag = new Flag()
    const made: { close(): void }[] = []
    return {
      call: (timeout) => {
        const objects = iwait([flag], timeout)
        made.push(objects)
        return objects.next()
      },
      waiters: () => flag.callbacks.length,
      after: () => made.splice(0).forEach((one) => one.close()),
    }
  },
  { expired: { done: true, value: undefined } },
)
testGenericGet("wait(promise)", test, () => {
  const { signal, listeners } = counted(new AbortController().signal)
  return { call: (timeout) => wait(new Promise(() => {}), { signal, timeout }), waiters: () => listeners() }
})

test("GV-08: joinall returns those that have ended, in that order", async () => {
  for (const raiseError of [false, true]) {
    const [slow, fast, middle] = [afterwards(0.03, 1), afterwards(0.001, 2), afterwards(0.015, 3)]
    assert.equal(await joinall([slow, fast, middle], null, { raiseError }), [fast, middle, slow])
    assert.equal(await joinall(new Set([slow, fast])), [slow, fast])
  }
  assert.equal(await joinall([]), [])
  assert.equal(await joinall([], 5, { count: 3 }), [])
})

test("GV-08: joinall with a timeout returns what has ended by then", async () => {
  const [slow, fast] = [afterwards(10, 1), afterwards(0.001, 2)]
  assert.equal(await joinall([slow, fast], 0.1), [fast])
  assert.is(slow.linkcount(), 0)
  await slow.kill()
})

test("GV-08: joinall with raiseError throws the error of the first that fails in time", async () => {
  const first = new Error("first")
  const late = failing(0.02, new Error("second"))
  const early = failing(0.001, first)
  assert.is(await failure(joinall([late, early], null, { raiseError: true })), first)
  assert.not(late.ready())
  assert.equal(await joinall([late, early]), [early, late])
  assert.is(late.linkcount(), 0)
})

test("GV-08: joinall's count is honoured in both modes", async () => {
  for (const raiseError of [false, true]) {
    const all = [afterwards(10, 1), afterwards(0.001, 2), afterwards(10, 3)]
    assert.equal(await joinall(all, null, { raiseError, count: 1 }), [all[1]])
    assert.equal(await joinall(all, null, { raiseError, count: 0 }), [])
    assert.ok(all.every((one) => one.linkcount() === 0))
    for (const one of all) await one.kill()
    assert.is((await joinall(all, null, { raiseError, count: 99 })).length, 3)
  }
})

test("GV-08: joinall counts a duplicate twice", async () => {
  const greenlet = afterwards(0.001, 1)
  assert.equal(await joinall([greenlet, greenlet]), [greenlet, greenlet])
  assert.equal(await joinall([greenlet, greenlet]), [greenlet, greenlet])
  assert.is(greenlet.linkcount(), 0)
})

test("GV-08 GV-09: what cannot be waited for is a TypeError at the call", () => {
  for (const wrong of [5, "text", [5], [null], [{}]]) {
    assert.throws(() => joinall(wrong as never), isA(TypeError))
    assert.throws(() => wait(wrong as never), isA(TypeError))
    assert.throws(() => iwait(wrong as never), isA(TypeError))
  }
})

test("GV-08 GV-09 GV-10: a count that is none is refused", async () => {
  const all = [spawn(async () => {}), spawn(async () => {})]
  const calls = [
    (count: unknown) => joinall(all, null, { count: count as number }),
    (count: unknown) => wait(all, null, count as number),
    (count: unknown) => iwait(all, null, count as number),
  ]
  for (const call of calls) {
    for (const wrong of ["1", {}, true]) assert.throws(() => call(wrong), isA(TypeError, "count"))
    for (const wrong of [1.5, NaN]) assert.throws(() => call(wrong), isA(RangeError, "count"))
  }
  assert.throws(() => joinall(all, null, true as never), isA(TypeError, "{ raiseError: true }"))
  assert.equal(await wait(all, null, -1), [])
  assert.is((await wait(all, null, Infinity)).length, 2)
})

test("GV-09: wait returns objects of any kind in the order in which they become ready", async () => {
  const [flag, other] = [new Flag(), new Flag()]
  const greenlet = afterwards(0.005, 1)
  spawn(function* () {
    yield* sleep(0.001)
    other.set()
    yield* sleep(0.01)
    flag.set()
  })
  assert.equal(await wait<Waitable>([flag, greenlet, other]), [other, greenlet, flag])
  const third = new Flag()
  assert.equal(await wait([flag, third], null, 1), [flag])
  assert.is(third.callbacks.length, 0)
  assert.equal(await wait([flag], null, 99), [flag])
  assert.equal(await wait([]), [])
  assert.equal(await wait([third], null, 0), [])
  assert.equal(await wait([flag, third], 0.01), [flag])
  assert.is(third.callbacks.length, 0)
})

test("GV-09: wait without objects waits until nothing is left, or its timeout", async () => {
  const greenlet = afterwards(0.3, 1)
  assert.is(await wait(null, 0.001), false)
  assert.not(greenlet.dead)
  assert.is(await wait(), true)
  assert.ok(greenlet.dead)
  assert.is(await wait(null, 5), true)
})

test("wait takes a promise, and its error", async () => {
  const error = new Error("promised")
  await run(function* () {
    assert.is(yield* wait(Promise.resolve(5)), 5)
    assert.is(yield* wait(new Promise((resolve) => setTimeout(resolve, 2, "later"))), "later")
    let caught: unknown
    try {
      yield* wait(Promise.reject(error))
    } catch (thrown) {
      caught = thrown
    }
    assert.is(caught, error)
    const limit = Timeout.startNew(0.01)
    try {
      yield* wait(new Promise(() => {}))
    } catch (thrown) {
      caught = thrown
    }
    assert.is(caught, limit)
  })
  assert.is(await wait(Promise.resolve(6)), 6)
  assert.is(await failure(wait(Promise.reject(error))), error)
  assert.is(await wait(), true)
})

test("GV-10: iwait yields objects as they become ready", async () => {
  const all = [afterwards(0.02, "slow"), afterwards(0.001, "fast"), afterwards(0.01, "middle")]
  const seen: string[] = []
  for await (const greenlet of iwait(all)) {
    seen.push(greenlet.value as string)
    await sleep(0)
  }
  assert.equal(seen, ["fast", "middle", "slow"])
  await run(function* () {
    const ready = iwait(all)
    const again: unknown[] = []
    for (let next = yield* ready.next(); !next.done; next = yield* ready.next()) {
      again.push(next.value)
      yield* sleep(0.001) // may wait for others in between
    }
    assert.equal(again, all)
    assert.ok((yield* ready.next()).done)
  })
  assert.ok((await iwait([]).next()).done)
})

test("GV-10: leaving the loop early unlinks the rest", async () => {
  const all = [afterwards(0.001, 1), afterwards(10, 2), afterwards(10, 3)]
  for await (const greenlet of iwait(all)) {
    assert.is(greenlet, all[0])
    assert.is(all[1]!.linkcount(), 1)
    break
  }
  assert.ok(all.every((one) => one.linkcount() === 0))
  {
    using waiter = iwait(all)
    assert.is((await waiter.next()).value, all[0])
    assert.is(all[1]!.linkcount(), 1)
  }
  assert.ok(all.every((one) => one.linkcount() === 0))
  const counted: unknown[] = []
  for await (const greenlet of iwait(all, null, 1)) counted.push(greenlet)
  assert.equal(counted, [all[0]])
  assert.ok(all.every((one) => one.linkcount() === 0))
  for (const one of all) await one.kill()
})

test("GV-10: the timeout is that of the whole iteration and just ends it", async () => {
  for (const timeout of [0.15, new Timeout(0.15)]) {
    const all = [afterwards(0.01, 1), afterwards(0.08, 2), afterwards(0.21, 3)]
    const seen: unknown[] = []
    for await (const greenlet of iwait(all, timeout)) seen.push(greenlet)
    assert.equal(seen, all.slice(0, 2))
    assert.ok(all.every((one) => one.linkcount() === 0))
    await joinall(all)
  }
  // it passes while the caller does something else, and is not thrown there
  const greenlet = afterwards(10, 1)
  const flag = new Flag()
  flag.set()
  const seen: unknown[] = []
  for await (const object of iwait<Waitable>([flag, greenlet], 0.005)) {
    seen.push(object)
    await sleep(0.02)
  }
  assert.equal(seen, [flag])
  await greenlet.kill()
  assert.is(getHub().loop.activecnt, 0)
})

test("GV-10: objects that are ready by the time are still handed over", async () => {
  const [first, second] = [afterwards(0, 1), afterwards(0.001, 2)]
  const waiter = iwait([first, second, afterwards(0.3, 3)], 0.1)
  assert.is((await waiter.next()).value, first)
  await sleep(0.2)
  assert.is((await waiter.next()).value, second)
  assert.ok((await waiter.next()).done)
})

test("GV-10: a killed iteration leaves its waiter out and may go on", async () => {
  const [greenlet, linkcount] = never()
  const objects = iwait([greenlet])
  const killed = spawn(function* (): Generator<Wait<unknown>, void, unknown> {
    yield* objects.next()
  })
  await sleep(0)
  await killed.kill()
  assert.is(objects.waiter, null)
  objects.close()
  assert.is(linkcount(), 0)
})

/** How a wait with a signal is waited for. */
const ATTEMPTS: Record<string, (call: () => Wait<unknown>) => Promise<unknown>> = {
  "a generator": (call) =>
    run(function* () {
      return yield* call()
    }),
  "an async function": (call) => run(async () => await call()),
  MAIN: (call) => call().then(),
}

for (const [name, attempt] of Object.entries(ATTEMPTS)) {
  test(`a signal that aborts ends wait(promise) with its reason (in ${name})`, async () => {
    for (const reason of [new Error("expected"), "text", 0]) {
      const controller = new AbortController()
      const { signal, listeners } = counted(controller.signal)
      const waiting = failure(attempt(() => wait(new Promise(() => {}), { signal })))
      await sleep(0.001)
      assert.is(listeners(), 1)
      controller.abort(reason)
      assert.is(await waiting, reason)
      assert.is(listeners(), 0)
      // it has aborted already
      assert.is(await failure(attempt(() => wait(new Promise(() => {}), { signal }))), reason)
      assert.is(await failure(attempt(() => wait(Promise.reject(new Error("nobody's")), { signal }))), reason)
      assert.is(listeners(), 0)
    }
  })

  test(`a promise that is settled first ends the wait as without a signal (in ${name})`, async () => {
    const controller = new AbortController()
    const { signal, listeners } = counted(controller.signal)
    const error = new Error("expected")
    assert.is(await attempt(() => wait(Promise.resolve(5), { signal, timeout: 5 })), 5)
    assert.is(await failure(attempt(() => wait(Promise.reject(error), { signal, timeout: 5 }))), error)
    assert.is(await attempt(() => wait(Promise.resolve(6), { signal: null, timeout: null })), 6)
    assert.is(await attempt(() => wait(Promise.resolve(7), {})), 7)
    assert.is(listeners(), 0)
    controller.abort()
    await sleep(0)
  })
}

test("a signal aborts a wait that nothing else could end", async () => {
  // neither is known to the loop: the timer is the host's
  const signal = AbortSignal.timeout(5)
  const keepAlive = setTimeout(() => {}, 10_000)
  const error = await failure(wait(new Promise(() => {}), { signal }))
  clearTimeout(keepAlive)
  assert.is(error, signal.reason)
  assert.is((error as Error).name, "TimeoutError")
})

test("wait(promise) refuses what is no signal and no options", () => {
  const promise = Promise.resolve()
  for (const signal of [5, "text", {}, new AbortController()]) {
    assert.throws(() => wait(promise, { signal: signal as AbortSignal }), isA(TypeError, "AbortSignal"))
  }
  for (const wrong of [5, "text", new Timeout(5)]) {
    assert.throws(() => wait(promise, wrong as object), isA(TypeError, "{ timeout }"))
  }
})

test.run()
