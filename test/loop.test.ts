import { test } from "uvu"
import * as assert from "uvu/assert"
import { performance } from "node:perf_hooks"
import { Async, Check, Idle, Loop, MAXPRI, MINPRI, Prepare, Timer, time, type Callback } from "gevent-wasm/core"

/** A loop whose errors are kept. */
function loopWithErrors(): [Loop, unknown[]] {
  const loop = new Loop()
  const errors: unknown[] = []
  loop.errorHandler = { handleError: (_context, error) => void errors.push(error) }
  return [loop, errors]
}

test("CO-04: run ends when no referenced watcher is left", async () => {
  using loop = disposable(new Loop())
  const seen: string[] = []
  new Timer(loop, 0.01).start(() => seen.push("a"))
  new Timer(loop, 60, 0, { ref: false }).start(() => seen.push("never"))
  await loop.run()
  assert.equal(seen, ["a"])
  await loop.run() // nothing to do
  assert.is(loop.activecnt, 0)
})

test("CO-04: run with nowait is one turn and waits for nothing", () => {
  using loop = disposable(new Loop())
  const seen: string[] = []
  new Timer(loop, 10).start(() => seen.push("late"))
  loop.runCallback(() => seen.push("callback"))
  const before = performance.now()
  const iteration = loop.iteration
  loop.run({ nowait: true })
  assert.ok(performance.now() - before < 1000)
  assert.is(loop.iteration, iteration + 1)
  assert.equal(seen, ["callback"])
})

test("CO-04: run with once ends after the first events and not before", async () => {
  using loop = disposable(new Loop())
  const seen: number[] = []
  new Timer(loop, 0.02, 0.02).start(() => seen.push(1))
  await loop.run({ once: true })
  assert.equal(seen, [1])
  await loop.run({ once: true })
  assert.equal(seen, [1, 1])
  loop.runCallback(() => seen.push(2))
  await loop.run({ once: true })
  assert.is(seen[2], 2)
})

test("CO-04: break ends run, and the next run goes on", async () => {
  using loop = disposable(new Loop())
  let ticks = 0
  const timer = new Timer(loop, 0.001, 0.001)
  timer.start(() => {
    if (++ticks % 3 === 0) loop.break()
  })
  await loop.run()
  assert.is(ticks, 3)
  await Promise.all([loop.run(), loop.run()])
  assert.is(ticks, 6)
  timer.stop()
})

test("CO-04: a run that starts after break is not broken by it", async () => {
  using loop = disposable(new Loop())
  new Timer(loop, 0.02).start(() => undefined)
  const first = loop.run()
  loop.break()
  let over = false
  const second = loop.run().then(() => (over = true))
  await first
  assert.not(over)
  await second
})

test("CO-04: run with nowait in a callback is a nested iteration", async () => {
  using loop = disposable(new Loop())
  const seen: string[] = []
  new Timer(loop, 0).start(() => {
    seen.push(`outer ${loop.depth}`)
    new Timer(loop, -1).start(() => seen.push(`inner ${loop.depth}`))
    loop.runCallback(() => seen.push("callback"))
    loop.run({ nowait: true })
    seen.push("outer ends")
  })
  await loop.run()
  assert.equal(seen, ["outer 1", "inner 2", "outer ends", "callback"])
  assert.is(loop.depth, 0)
})

test("CO-04: several loops take turns", async () => {
  const loops = Array.from({ length: 5 }, () => new Loop())
  const seen: number[] = []
  loops.forEach((loop, i) => new Timer(loop, i === 0 ? 0.5 : 0.05).start(() => seen.push(i)))
  await Promise.all(loops.map((loop) => loop.run()))
  // the one that was started first is the last
  assert.equal(seen.slice(0, 4).sort(), [1, 2, 3, 4])
  assert.equal(seen.slice(4), [0])
  for (const loop of loops) loop.destroy()
})

test("CO-05: now stands still in an iteration and updateNow moves it", async () => {
  using loop = disposable(new Loop())
  assert.ok(Math.abs(loop.now() - time()) < 1)
  await new Promise<void>((resolve) => {
    new Timer(loop, 0).start(() => {
      const before = loop.now()
      busy(0.02)
      assert.is(loop.now(), before)
      loop.updateNow()
      assert.ok(loop.now() - before >= 0.019)
      resolve()
    })
  })
})

test("CO-05: ref, unref, activecnt, pendingcnt, iteration", async () => {
  using loop = disposable(new Loop())
  assert.is(loop.activecnt, 0)
  loop.ref()
  assert.is(loop.activecnt, 1)
  let over = false
  const run = loop.run().then(() => (over = true))
  await delay(10)
  assert.not(over, "ref keeps it alive")
  loop.unref()
  await run
  assert.is(loop.activecnt, 0)
  const timer = new Timer(loop, 1)
  timer.feed(1, () => undefined)
  assert.is(loop.pendingcnt, 1)
  loop.run({ nowait: true })
  assert.is(loop.pendingcnt, 0)
  assert.is(MAXPRI, 2)
  assert.is(MINPRI, -2)
  assert.ok(loop.approxTimerResolution > 0 && loop.approxTimerResolution < 0.02)
  loop.verify()
})

test("CO-05: a destroyed loop refuses with a RangeError", () => {
  const loop = new Loop()
  loop.destroy()
  for (const use of [
    () => loop.activecnt,
    () => loop.now(),
    () => loop.run(),
    () => loop.runCallback(() => undefined),
    () => new Timer(loop, 1).start(() => undefined),
    () => new Timer(loop, 1).feed(1, () => undefined),
  ]) {
    assert.throws(use, (error: unknown) => error instanceof RangeError && /destroyed/.test(error.message))
  }
})

test("CO-06: runCallback is pending until it is called and active until it returns", async () => {
  using loop = disposable(new Loop())
  const seen: unknown[] = []
  const callback: Callback = loop.runCallback(
    (a: number, b: string) => seen.push(a, b, callback.pending, callback.active),
    1,
    "x",
  )
  assert.ok(callback.pending && callback.active)
  assert.equal(seen, [])
  await loop.run()
  assert.equal(seen, [1, "x", false, true])
  assert.not(callback.pending || callback.active)
})

test("CO-06: stop and close cancel a callback", async () => {
  using loop = disposable(new Loop())
  const seen: number[] = []
  loop.runCallback(() => seen.push(1)).stop()
  const second = loop.runCallback(() => seen.push(2))
  second.close()
  assert.not(second.pending)
  const fourth: { callback?: Callback } = {}
  loop.runCallback(() => fourth.callback?.stop())
  fourth.callback = loop.runCallback(() => seen.push(4))
  await loop.run()
  assert.equal(seen, [])
})

test("CO-06: a callback that is no function is reported when it is called", async () => {
  const [loop, errors] = loopWithErrors()
  loop.runCallback(5 as never)
  assert.is(errors.length, 0)
  await loop.run()
  assert.instance(errors[0], TypeError)
  loop.destroy()
})

test("HB-19: callbacks are called in order, those that come meanwhile in the same turn, timers after them", async () => {
  using loop = disposable(new Loop())
  const seen: string[] = []
  new Timer(loop, 0).start(() => seen.push("timer"))
  loop.runCallback(() => {
    seen.push("1")
    loop.runCallback(() => {
      seen.push("3")
      loop.runCallback(() => seen.push("4"))
    })
  })
  loop.runCallback(() => seen.push("2"))
  await delay(2)
  await loop.run()
  assert.equal(seen, ["1", "2", "3", "4", "timer"])
})

test("HB-20: callbacks that go on for ever let events through", async () => {
  using loop = disposable(new Loop())
  let calls = 0
  let stopped = false
  const again = (): void => {
    calls++
    if (!stopped) loop.runCallback(again)
  }
  loop.runCallback(again)
  const before = performance.now()
  let host = 0
  setTimeout(() => (host = performance.now() - before), 1)
  new Timer(loop, 0.3).start(() => (stopped = true))
  await loop.run()
  const took = performance.now() - before
  assert.ok(took < 2000, `a timer of 300 ms came after ${took} ms`)
  assert.ok(host > 0 && host < took, `the host's own timer came after ${host} ms`)
  assert.ok(calls > 1000)
})

test("HB-21: of what is ready in one iteration a Timeout's timer, which has priority -1, comes last", () => {
  using loop = disposable(new Loop())
  const seen: string[] = []
  new Timer(loop, 0, 0, { priority: -1 }).start(() => seen.push("timeout"))
  new Timer(loop, 0).start(() => seen.push("timer"))
  const data = new Async(loop)
  data.start(() => {
    seen.push("data")
    data.stop()
  })
  data.send()
  busy(0.001)
  loop.run({ nowait: true })
  assert.equal(seen, ["data", "timer", "timeout"])
})

test("CO-14: prepare comes before the poll, check after it, idle when nothing else is pending", async () => {
  using loop = disposable(new Loop())
  const seen: string[] = []
  const idle = new Idle(loop)
  const watchers = [new Prepare(loop), new Check(loop), idle]
  const turns = 3
  let ticks = 0
  const timer = new Timer(loop, 0, 1e-6)
  timer.start(() => {
    seen.push("timer")
    if (++ticks === turns) timer.stop()
  })
  watchers.forEach((watcher) =>
    watcher.start(() => {
      seen.push(watcher.constructor.name.toLowerCase())
      if (watcher === idle) watchers.forEach((each) => each.stop())
    }),
  )
  await delay(1)
  await loop.run()
  assert.is(seen.at(-1), "idle")
  assert.is(seen.filter((name) => name === "idle").length, 1)
  const first = seen.slice(0, 3)
  assert.equal(first, ["prepare", "check", "timer"], "libev queues check watchers last, so they are called first")
  assert.is(seen.filter((name) => name === "timer").length, turns, "idle waits for the timers")
})

test("CO-14: idle watchers wait for events of their own priority and higher only", async () => {
  using loop = disposable(new Loop())
  const seen: string[] = []
  const low = new Timer(loop, 0, 1e-6, { priority: -1 })
  let ticks = 0
  low.start(() => {
    seen.push("low")
    if (++ticks === 3) low.stop()
  })
  const idle = new Idle(loop)
  idle.start(() => {
    seen.push("idle")
    idle.stop()
  })
  await delay(1)
  await loop.run()
  assert.ok(seen.indexOf("idle") < seen.lastIndexOf("low"), seen.join())
})

test("CO-15: several sends are one call, and a send wakes a loop that sleeps", async () => {
  using loop = disposable(new Loop())
  let calls = 0
  const bell = new Async(loop)
  bell.start(() => {
    if (++calls === 2) bell.stop()
  })
  for (let i = 0; i < 10; i++) bell.send()
  assert.ok(bell.pending)
  await delay(10)
  assert.is(calls, 1)
  assert.not(bell.pending)
  const before = performance.now()
  setTimeout(() => bell.send(), 5)
  await loop.run()
  assert.is(calls, 2)
  assert.ok(performance.now() - before < 500)
  bell.send() // not active: nothing
})

test("CO-21: destroy is idempotent, stops every watcher and frees what it held", () => {
  const loop = new Loop()
  const watchers = [
    new Timer(loop, 0),
    new Timer(loop, 5, 1, { ref: false }),
    new Idle(loop),
    new Prepare(loop),
    new Check(loop),
    new Async(loop),
  ]
  let calls = 0
  for (const watcher of watchers) watcher.start(() => calls++)
  const fed = new Timer(loop, 1)
  fed.feed(1, () => calls++)
  loop.destroy()
  loop.destroy()
  assert.ok(loop.destroyed)
  for (const watcher of [...watchers, fed]) {
    assert.not(watcher.active || watcher.pending)
    assert.is(watcher.callback, null)
    watcher.stop()
  }
  assert.is(calls, 0)
})

test("CO-21: the default loop is made again, and is one", async () => {
  const first = Loop.default()
  assert.is(Loop.default(), first)
  assert.is(new Loop({ default: true }), first)
  assert.ok(first.default)
  first.ref()
  new Timer(first, 0).start(() => assert.unreachable("a watcher of a destroyed loop was called"))
  first.destroy()
  const second = Loop.default()
  assert.is.not(second, first)
  assert.is(second.activecnt, 0)
  assert.is(second.pendingcnt, 0)
  let fired = false
  new Timer(second, 0.001).start(() => (fired = true))
  await second.run()
  assert.ok(fired)
  assert.throws(() => first.now(), /destroyed/)
  assert.not(new Loop().default)
})

test("CO-21: destroy in a callback of the loop: nothing else is called", async () => {
  for (let i = 0; i < 3; i++) {
    const loop = i === 0 ? Loop.default() : new Loop()
    const seen: string[] = []
    for (let k = 0; k < 3; k++) {
      new Timer(loop, 0).start(() => {
        seen.push("first")
        loop.destroy()
        if (i === 0) assert.throws(() => Loop.default(), /being destroyed/)
      })
    }
    new Prepare(loop).start(() => (i === 2 ? loop.destroy() : undefined))
    await loop.run()
    assert.equal(seen, i === 2 ? [] : ["first"])
    assert.ok(loop.destroyed)
  }
  assert.not(Loop.default().destroyed)
})

test("CO-21: destroy ends run", async () => {
  const loop = new Loop()
  new Timer(loop, 60).start(() => undefined)
  setTimeout(() => loop.destroy(), 5)
  await loop.run()
})

test("CO-24: pending events are delivered from the highest priority down, of one priority the last fed first", () => {
  using loop = disposable(new Loop())
  const seen: string[] = []
  for (const priority of [0, -2, 2, 1, -1]) {
    for (const n of [1, 2]) new Timer(loop, 1, 0, { priority }).feed(1, () => seen.push(`${priority}:${n}`))
  }
  loop.run({ nowait: true })
  assert.equal(seen, ["2:2", "2:1", "1:2", "1:1", "0:2", "0:1", "-1:2", "-1:1", "-2:2", "-2:1"])
})

test("errors in callbacks go to the error handler and the others are called", async () => {
  const [loop, errors] = loopWithErrors()
  const seen: number[] = []
  new Timer(loop, 0).start(() => {
    throw new Error("in a timer")
  })
  new Timer(loop, 0).start(() => seen.push(1))
  loop.runCallback(() => {
    throw "a string"
  })
  loop.runCallback(() => seen.push(2))
  await delay(1)
  await loop.run()
  assert.equal(seen, [2, 1])
  assert.is(errors[0], "a string")
  assert.is((errors[1] as Error).message, "in a timer")
  loop.destroy()
})

test("an error handler that throws, and an error that cannot be printed, harm nobody", async () => {
  using loop = disposable(new Loop())
  const seen: number[] = []
  for (const handler of [{ handleError: () => assert.unreachable("the handler fails, and is printed") }, null]) {
    loop.errorHandler = handler
    for (let i = 0; i < 3; i++) {
      new Timer(loop, 0).start(() => {
        seen.push(i)
        throw Object.create(null)
      })
    }
    await delay(1)
    await loop.run()
  }
  assert.equal(seen, [0, 1, 2, 0, 1, 2])
  loop.verify()
})

test("CO-23: timers are not delayed by an idle watcher of the loop", async () => {
  using loop = disposable(new Loop())
  const bell = new Async(loop, { ref: false })
  bell.start(() => undefined)
  const before = performance.now()
  for (let i = 0; i < 10; i++) {
    new Timer(loop, 0.001).start(() => undefined)
    await loop.run()
  }
  const each = (performance.now() - before) / 10
  assert.ok(each < 11, `a timer of 1 ms took ${each} ms`)
})

function busy(seconds: number): void {
  const until = performance.now() + seconds * 1000
  while (performance.now() < until);
}

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

function disposable(loop: Loop): Loop & Disposable {
  return Object.assign(loop, { [Symbol.dispose]: () => loop.destroy() })
}

test.run()
