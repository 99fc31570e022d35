import { test } from "uvu"
import * as assert from "uvu/assert"
import {
  Async,
  Check,
  Fork,
  Idle,
  Io,
  Loop,
  Prepare,
  READ,
  Signal,
  Stat,
  Timer,
  WRITE,
  type Watcher,
} from "gevent-wasm/core"
import { collectGarbage } from "./collect.ts"

const loop = new Loop()

const kinds: [string, () => Watcher][] = [
  ["Timer", () => new Timer(loop, 10)],
  ["Signal", () => new Signal(loop, 12)],
  ["Idle", () => new Idle(loop)],
  ["Prepare", () => new Prepare(loop)],
  ["Check", () => new Check(loop)],
  ["Async", () => new Async(loop)],
  ["Fork", () => new Fork(loop)],
  ["Stat", () => new Stat(loop, "package.json")],
]

for (const [name, make] of kinds) {
  test(`CO-08: ${name}: start, stop, active, callback, args, ref`, () => {
    const watcher = make()
    assert.not(watcher.active || watcher.pending)
    assert.is(watcher.callback, null)
    assert.is(watcher.args, null)
    assert.ok(watcher.ref)
    assert.is(watcher.priority, 0)
    assert.is(watcher.loop, loop)
    const callback = (..._args: unknown[]): void => undefined
    watcher.start(callback, 1, "two")
    assert.ok(watcher.active)
    assert.is(watcher.callback, callback)
    assert.equal(watcher.args, [1, "two"])
    assert.is(loop.activecnt, 1)
    watcher.ref = false
    assert.is(loop.activecnt, 0)
    watcher.ref = false
    assert.is(loop.activecnt, 0)
    watcher.ref = true
    assert.is(loop.activecnt, 1)
    const other = (): void => undefined
    watcher.start(other)
    assert.is(watcher.callback, other, "a second start replaces the callback")
    assert.is(loop.activecnt, 1)
    watcher.stop()
    assert.not(watcher.active)
    assert.is(watcher.callback, null)
    assert.is(watcher.args, null)
    assert.is(loop.activecnt, 0)
    watcher.stop()
    watcher.close()
    watcher.ref = false
    watcher.start(callback)
    assert.is(loop.activecnt, 0)
    watcher.stop()
    assert.is(loop.activecnt, 0)
    loop.verify()
  })

  test(`CO-08: ${name}: feed delivers to one that is not started, and to one that is`, () => {
    const watcher = make()
    const seen: unknown[] = []
    watcher.feed(READ, (...args: unknown[]) => seen.push(args, watcher.callback !== null), "fed")
    assert.ok(watcher.pending)
    assert.not(watcher.active)
    loop.run({ nowait: true })
    assert.equal(seen, [["fed"], true])
    assert.is(watcher.callback, null)
    assert.not(watcher.pending)

    watcher.start(() => assert.unreachable("the callback is replaced"))
    watcher.feed(READ, () => seen.push("active"))
    loop.run({ nowait: true })
    assert.ok(seen.includes("active"))
    assert.ok(watcher.active)
    watcher.stop()

    watcher.feed(READ, () => assert.unreachable("it is stopped"))
    watcher.stop()
    assert.not(watcher.pending)
    loop.run({ nowait: true })
    assert.is(loop.activecnt, 0)
    assert.is(loop.pendingcnt, 0)
    loop.verify()
  })
}

test("CO-08: a started watcher keeps what was fed before", () => {
  const timer = new Timer(loop, 10)
  const seen: string[] = []
  timer.feed(1, () => assert.unreachable("start replaces the callback"))
  timer.start(() => seen.push("started"))
  assert.ok(timer.active && timer.pending)
  loop.run({ nowait: true })
  assert.equal(seen, ["started"])
  assert.ok(timer.active)
  timer.stop()
  assert.is(loop.activecnt, 0)
})

test("CO-08: a callback must be a function, args an array or null", () => {
  const timer = new Timer(loop, 1)
  for (const wrong of [null, undefined, 5, "x", {}]) {
    assert.throws(
      () => timer.start(wrong as never),
      (error: unknown) => error instanceof TypeError,
    )
    assert.throws(
      () => timer.feed(1, wrong as never),
      (error: unknown) => error instanceof TypeError,
    )
    assert.not(timer.active || timer.pending)
  }
  assert.throws(
    () => (timer.callback = 5 as never),
    (error: unknown) => error instanceof TypeError,
  )
  timer.callback = null
  assert.throws(
    () => (timer.args = 5 as never),
    (error: unknown) => error instanceof TypeError,
  )
  timer.args = null
})

test("CO-08: args of null still calls the callback, a callback of null calls nothing", async () => {
  const seen: unknown[][] = []
  const timer = new Timer(loop, 0)
  timer.start((...args: unknown[]) => seen.push(args), 1)
  timer.args = null
  const silent = new Timer(loop, 0)
  silent.start(() => assert.unreachable("no callback"))
  silent.callback = null
  await loop.run()
  assert.equal(seen, [[]])
  assert.not(silent.active)
})

test("CO-08: a one-shot has callback and args while it is called and null afterwards", async () => {
  const timer = new Timer(loop, 0)
  const seen: unknown[] = []
  timer.start((text: string) => seen.push(text, timer.callback !== null, timer.args, timer.active), "x")
  await loop.run()
  assert.equal(seen, ["x", true, ["x"], false])
  assert.is(timer.callback, null)
  assert.is(timer.args, null)
})

test("CO-08: it may be started again in its own callback", async () => {
  const timer = new Timer(loop, 0)
  const seen: number[] = []
  timer.start(() => {
    seen.push(1)
    timer.start((n: number) => seen.push(n), 2)
  })
  await loop.run()
  assert.equal(seen, [1, 2])
})

test("CO-08: stop in a callback, of itself and of others that are pending", async () => {
  const seen: string[] = []
  const timers = ["a", "b", "c"].map((name) => {
    const timer = new Timer(loop, 0, 0, { ref: name !== "b" })
    timer.start(() => {
      seen.push(name)
      for (const each of timers) each.stop()
    })
    return timer
  })
  await new Promise((resolve) => setTimeout(resolve, 2))
  await loop.run()
  assert.equal(seen, ["a"])
  assert.is(loop.activecnt, 0, "those that were stopped while pending are counted right")
})

test("CO-08: priority cannot change while it is active", () => {
  const timer = new Timer(loop, 1, 0, { priority: 2 })
  assert.is(timer.priority, 2)
  timer.priority = -2
  timer.start(() => undefined)
  assert.throws(() => (timer.priority = 0), /active/)
  timer.stop()
  timer.priority = 0
  for (const wrong of [3, -3, 0.5, NaN, "1"]) {
    assert.throws(
      () => (timer.priority = wrong as never),
      (error: unknown) => error instanceof RangeError,
    )
    assert.throws(
      () => new Idle(loop, { priority: wrong as never }),
      (error: unknown) => error instanceof RangeError,
    )
  }
})

test("CO-08: ref can change while an event is pending", () => {
  const timer = new Timer(loop, 10, 0, { ref: false })
  timer.feed(1, () => undefined)
  timer.ref = true
  timer.ref = false
  loop.run({ nowait: true })
  assert.is(loop.activecnt, 0)
})

test("CO-08: startWithEvents passes the events first", () => {
  const seen: unknown[] = []
  const idle = new Idle(loop)
  idle.startWithEvents((events, text: string) => {
    seen.push(events, text)
    idle.stop()
  }, "x")
  loop.run({ nowait: true })
  assert.equal(seen, [0x2000, "x"])
})

test("CO-08: using stops a watcher", () => {
  {
    using timer = new Timer(loop, 10)
    timer.start(() => undefined)
    assert.is(loop.activecnt, 1)
  }
  assert.is(loop.activecnt, 0)
})

test("CO-08: a watcher names its kind and state", () => {
  const timer = new Timer(loop, 10, 0, { ref: false })
  assert.is(String(timer), "<Timer ref=false>")
  timer.start(function tick() {})
  assert.is(String(timer), "<Timer active callback=tick ref=false>")
  timer.stop()
})

test("CO-09: a started watcher survives the loss of every reference to it", async () => {
  let fired = 0
  ;(() => {
    for (let i = 0; i < 100; i++) new Timer(loop, 0.01).start(() => fired++)
  })()
  await collectGarbage()
  await loop.run()
  assert.is(fired, 100)
})

test("CO-19: a fork watcher can be started, and is never called", () => {
  const fork = new Fork(loop)
  fork.start(() => assert.unreachable("nothing forks"))
  for (let i = 0; i < 3; i++) loop.run({ nowait: true })
  assert.ok(fork.active)
  fork.stop()
})

test("CO-10: an io watcher checks its descriptor and its events", () => {
  for (const fd of [-1, 0.5, NaN, "3"]) {
    assert.throws(
      () => new Io(loop, fd as never, READ),
      (error: unknown) => error instanceof RangeError,
    )
  }
  for (const events of [0, 4, 0x100, READ | 8, -1, NaN]) {
    assert.throws(() => new Io(loop, 3, events), /illegal event mask/)
  }
  const io = new Io(loop, 3, READ)
  io.fd = 4
  io.events = READ | WRITE
  assert.is(io.fd, 4)
  assert.is(io.eventsStr, "READ|WRITE")
  assert.throws(() => (io.events = 0), /illegal event mask/)
  assert.is(io.events, READ | WRITE)
})

test.run()
