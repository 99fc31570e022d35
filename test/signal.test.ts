import { test } from "uvu"
import * as assert from "uvu/assert"
import { spawnSync } from "node:child_process"
import process from "node:process"
import { Loop, Signal } from "gevent-wasm/core"
import { moduleArguments } from "./hostprocess.ts"

const SIGHUP = 1
const SIGKILL = 9
const SIGUSR1 = 10
const SIGUSR2 = 12
const SIGCHLD = 17
const loop = new Loop()

test("CO-13: the number is checked", () => {
  for (const wrong of [0, -1, 65, 1000, 1.5, NaN, "10"]) {
    assert.throws(
      () => new Signal(loop, wrong as never),
      (error: unknown) => error instanceof RangeError,
    )
  }
  assert.is(new Signal(loop, SIGUSR1).signum, SIGUSR1)
})

test("CO-13: a real signal calls every watcher of it, and only those", async () => {
  const seen: string[] = []
  const watchers = ["a", "b"].map((name) => {
    const watcher = new Signal(loop, SIGUSR2)
    watcher.start(() => {
      seen.push(name)
      watcher.stop()
    })
    return watcher
  })
  using other = new Signal(loop, SIGHUP, { ref: false })
  other.start(() => seen.push("other"))
  process.kill(process.pid, "SIGUSR2")
  await loop.run()
  assert.equal(seen.sort(), ["a", "b"])
  assert.ok(watchers.every((watcher) => !watcher.active))
  assert.is(process.listenerCount("SIGUSR2"), 0)
  assert.is(process.listenerCount("SIGHUP"), 1)
})

test("CO-13: it is not one-shot, and one watcher that stops leaves the others", async () => {
  let calls = 0
  const first = new Signal(loop, SIGUSR2)
  const second = new Signal(loop, SIGUSR2)
  first.start(() => undefined)
  second.start(() => {
    if (++calls === 2) second.stop()
    else process.kill(process.pid, "SIGUSR2")
  })
  first.stop()
  process.kill(process.pid, "SIGUSR2")
  await loop.run()
  assert.is(calls, 2)
})

test("CO-13: after the last stop the default action is back", () => {
  const code = `
    import { Loop, Signal } from "gevent-wasm/core"
    const loop = new Loop()
    const watcher = new Signal(loop, ${SIGHUP})
    watcher.start(() => {
      console.log("caught")
      watcher.stop()
      process.kill(process.pid, "SIGHUP")
      setTimeout(() => console.log("alive"), 1000)
    })
    process.kill(process.pid, "SIGHUP")
    await loop.run()`
  const child = spawnSync(process.execPath, moduleArguments(code), { encoding: "utf8" })
  assert.is(child.stdout.trim(), "caught", child.stderr)
  assert.is(child.signal, "SIGHUP")
})

test("CO-13: feeding and stopping one that was never started does not touch the signal", () => {
  const watcher = new Signal(loop, SIGUSR2)
  let calls = 0
  watcher.feed(1, () => calls++)
  assert.is(process.listenerCount("SIGUSR2"), 0)
  loop.run({ nowait: true })
  assert.is(calls, 1)
  watcher.feed(1, () => calls++)
  watcher.stop()
  watcher.start(() => undefined)
  assert.is(process.listenerCount("SIGUSR2"), 1)
  watcher.stop()
  assert.is(process.listenerCount("SIGUSR2"), 0)
})

test("CO-13: a signal that cannot be caught is refused, and the loop goes on", () => {
  const watcher = new Signal(loop, SIGKILL)
  assert.throws(
    () => watcher.start(() => undefined),
    (error: unknown) => error instanceof RangeError,
  )
  assert.not(watcher.active)
  assert.is(watcher.callback, null)
  assert.is(loop.activecnt, 0)
})

test("CO-13: a signal belongs to one loop at a time", () => {
  const other = new Loop()
  const mine = new Signal(loop, SIGUSR2)
  mine.start(() => undefined)
  assert.throws(() => new Signal(other, SIGUSR2).start(() => undefined), /another loop/)
  mine.stop()
  const theirs = new Signal(other, SIGUSR2)
  theirs.start(() => undefined)
  other.destroy()
  assert.is(process.listenerCount("SIGUSR2"), 0)
  mine.start(() => undefined)
  mine.stop()
  assert.throws(() => new Signal(loop, SIGCHLD).start(() => undefined), /default loop/)
})

test.run()
