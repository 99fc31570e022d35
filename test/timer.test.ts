import { test } from "uvu"
import * as assert from "uvu/assert"
import { performance } from "node:perf_hooks"
import { Loop, Timer } from "gevent-wasm/core"
import { hubModule } from "../ts/core/hubmodule.ts"
import { Loop as SourceLoop } from "../ts/core/loop.ts"
import { Timer as SourceTimer } from "../ts/core/timer.ts"

const loop = new Loop()

test("CO-12: a timer fires once, a repeating one until it is stopped", async () => {
  let once = 0
  let often = 0
  new Timer(loop, 0.001).start(() => once++)
  const repeating = new Timer(loop, 0.002, 0.003)
  repeating.start(() => {
    if (++often === 3) repeating.stop()
  })
  const before = performance.now()
  await loop.run()
  assert.is(once, 1)
  assert.is(often, 3)
  assert.ok(performance.now() - before >= 8)
})

test("CO-12: times are checked", () => {
  assert.throws(
    () => new Timer(loop, 1, -1),
    (error: unknown) => error instanceof RangeError,
  )
  for (const wrong of [NaN, "1", null, undefined]) {
    assert.throws(
      () => new Timer(loop, wrong as never),
      (error: unknown) => error instanceof TypeError,
    )
    if (wrong !== undefined) {
      assert.throws(
        () => new Timer(loop, 1, wrong as never),
        (error: unknown) => error instanceof TypeError,
      )
    }
  }
  const never = new Timer(loop, Infinity)
  never.start(() => assert.unreachable("never"))
  loop.run({ nowait: true })
  assert.ok(never.active)
  never.stop()
})

test("CO-12: equal deadlines fire in the order of their starts", async () => {
  const seen: number[] = []
  for (let i = 0; i < 1000; i++) new Timer(loop, 0.01).start(() => seen.push(i))
  await loop.run()
  assert.equal(
    seen,
    Array.from({ length: 1000 }, (_, i) => i),
  )
})

test("CO-12: deadlines decide before the order of starts, and those of the past come first", async () => {
  const seen: number[] = []
  for (const after of [0.4, 0.2, 0, -1, 0.3, -2]) new Timer(loop, after).start(() => seen.push(after))
  await loop.run()
  assert.equal(seen, [-2, -1, 0, 0.2, 0.3, 0.4])
})

test("CO-12: a timer is measured from its start, also after a long computation", async () => {
  const taken = await new Promise<number>((resolve) => {
    new Timer(loop, 0).start(() => {
      busy(0.05)
      const started = performance.now()
      new Timer(loop, 0.02).start(() => resolve(performance.now() - started))
    })
  })
  assert.ok(taken >= 19.9 && taken < 500, `a timer of 20 ms took ${taken} ms`)
})

test("CO-12: a timer of one loop does not depend on the clock of another", async () => {
  const other = new Loop()
  busy(0.03)
  other.updateNow()
  const started = performance.now()
  await new Promise<void>((resolve) => new Timer(loop, 0.02).start(resolve))
  const taken = performance.now() - started
  assert.ok(taken >= 19.9 && taken < 500, `a timer of 20 ms took ${taken} ms`)
  other.destroy()
})

test("CO-12: again restarts with repeat, and stops a timer that has none", async () => {
  const repeating = new Timer(loop, 10, 0.01)
  let calls = 0
  const call = (): void => {
    calls++
    repeating.stop()
  }
  const started = performance.now()
  repeating.again(call)
  assert.ok(repeating.active)
  await loop.run()
  assert.is(calls, 1)
  assert.ok(performance.now() - started < 1000, "repeat counts, not after")

  const single = new Timer(loop, 10, 0, { ref: false })
  single.again(() => undefined)
  assert.not(single.active)
  single.start(() => undefined)
  single.again(() => undefined)
  assert.not(single.active)
  assert.is(single.callback, null)
  assert.is(loop.activecnt, 0)
  assert.throws(
    () => repeating.again(5 as never),
    (error: unknown) => error instanceof TypeError,
  )
  assert.not(repeating.active)
})

test("CO-12: again puts a running timer off", async () => {
  const timer = new Timer(loop, 0.03, 0.03)
  let fired = 0
  timer.start(() => fired++)
  const started = performance.now()
  for (let i = 0; i < 3; i++) {
    await new Promise((resolve) => setTimeout(resolve, 15))
    timer.again(() => {
      fired++
      timer.stop()
    })
  }
  assert.is(fired, 0)
  await loop.run()
  assert.is(fired, 1)
  assert.ok(performance.now() - started >= 74)
})

test("CO-12: at is when it fires, in the loop's time", () => {
  const timer = new Timer(loop, 5)
  assert.is(timer.at, 0)
  timer.start(() => undefined)
  assert.ok(Math.abs(timer.at - loop.now() - 5) < 0.5)
  timer.stop()
  assert.is(timer.at, 0)
})

test("100,000 timers that start and stop leave nothing behind", () => {
  const source = new SourceLoop()
  const module = hubModule()
  const cycle = (): void => {
    const timers = Array.from({ length: 10_000 }, (_, i) => new SourceTimer(source, 1 + i))
    for (const timer of timers) timer.start(() => undefined)
    for (const timer of timers) timer.stop()
  }
  cycle()
  const { handles } = module
  const memory = module.exports.memory.buffer.byteLength
  for (let i = 0; i < 9; i++) cycle()
  assert.is(module.handles, handles)
  assert.is(module.exports.memory.buffer.byteLength, memory)
  assert.is(source.activecnt, 0)
  source.destroy()
})

test("CO-21: loops that are made and destroyed leave nothing behind", () => {
  const module = hubModule()
  const cycle = (): void => {
    const source = new SourceLoop()
    for (let i = 0; i < 10; i++) new SourceTimer(source, 1).start(() => undefined)
    source.startTimer({ event: () => undefined }, 0, true, 1, 0)
    source.destroy()
  }
  for (let i = 0; i < 10; i++) cycle()
  const { handles } = module
  const memory = module.exports.memory.buffer.byteLength
  for (let i = 0; i < 500; i++) cycle()
  assert.is(module.handles, handles)
  assert.is(module.exports.memory.buffer.byteLength, memory)
})

test("a handle of a destroyed loop is nobody else's", () => {
  const first = new SourceLoop()
  const handle = first.startTimer({ event: () => undefined }, 0, true, 1, 0)
  first.destroy()
  const second = new SourceLoop()
  const timers = Array.from({ length: 5 }, () => new SourceTimer(second, 1))
  for (const timer of timers) timer.start(() => undefined)
  second.stopWatcher(handle)
  assert.ok(timers.every((timer) => timer.active))
  assert.is(second.activecnt, 5)
  second.destroy()
})

function busy(seconds: number): void {
  const until = performance.now() + seconds * 1000
  while (performance.now() < until);
}

test.run()
