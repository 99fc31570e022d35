import { test } from "uvu"
import * as assert from "uvu/assert"
import { spawn } from "node:child_process"
import { constants } from "node:os"
import process from "node:process"
import { Child, Loop, processes, Signal, Timer } from "gevent-wasm/core"

const loop = Loop.default()
const STOPPED = (19 << 8) | 0x7f
const CONTINUED = 0xffff
const SIGCHLD = 17

/** Starts a real process whose end the process table hears of. */
function start(code: string): { pid: number; kill(): void } {
  const child = spawn(process.execPath, ["-e", code], { stdio: "ignore" })
  child.on("exit", (status, signal) => {
    processes.exited(child.pid!, signal === null ? status! << 8 : constants.signals[signal])
  })
  return { pid: child.pid!, kill: () => void child.kill() }
}

test("CO-16: a child watcher is called with the status of its process", async () => {
  const { pid } = start("process.exit(3)")
  const watcher = new Child(loop, pid)
  assert.is(watcher.pid, pid)
  assert.is(watcher.rpid, 0)
  watcher.start(() => watcher.stop())
  await loop.run()
  assert.is(watcher.rpid, pid)
  assert.is(watcher.rstatus, 3 << 8)
})

test("CO-16: a process that a signal ended", async () => {
  const child = start("setInterval(() => {}, 1000)")
  const watcher = new Child(loop, child.pid)
  watcher.start(() => watcher.stop())
  setTimeout(() => child.kill(), 50)
  await loop.run()
  assert.is(watcher.rstatus, 15)
})

test("CO-16: several watchers, of one process and of any", async () => {
  const seen: string[] = []
  const any = new Child(loop, 0)
  any.start(() => {
    seen.push(`any ${any.rpid}`)
    if (any.rpid === 1002) any.stop()
  })
  const one = new Child(loop, 1001)
  one.start(() => {
    seen.push(`one ${one.rpid} ${one.rstatus}`)
    one.stop()
  })
  const two = new Child(loop, 1001)
  two.start(() => {
    seen.push("two")
    two.stop()
  })
  processes.exited(1001, 5 << 8)
  processes.exited(1002, 0)
  await loop.run()
  assert.equal(seen.sort(), ["any 1001", "any 1002", "one 1001 1280", "two"])
})

test("CO-16: stops and continues are reported with trace only", async () => {
  const plain = new Child(loop, 2001)
  const traced = new Child(loop, 2001, { trace: true })
  const seen: string[] = []
  plain.start(() => {
    seen.push(`plain ${plain.rstatus}`)
    plain.stop()
  })
  traced.start(() => {
    seen.push(`traced ${traced.rstatus}`)
    if (traced.rstatus === 0) traced.stop()
  })
  for (const status of [STOPPED, CONTINUED, 0]) {
    processes.exited(2001, status)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  await loop.run()
  assert.equal(seen.sort(), ["plain 0", `traced ${STOPPED}`, `traced ${CONTINUED}`, "traced 0"].sort())
})

test("CO-16: only the default loop has child watchers", () => {
  const other = new Loop()
  assert.throws(
    () => new Child(other, 1),
    (error: unknown) =>
      error instanceof TypeError && error.message === "child watchers are only available on the default loop",
  )
  for (const wrong of [-1, 0.5, NaN, "1"]) {
    assert.throws(
      () => new Child(loop, wrong as never),
      (error: unknown) => error instanceof RangeError,
    )
  }
  other.destroy()
})

test("CO-17: a SIGCHLD watcher on the default loop hears of every end, and child watchers still work", async () => {
  const signal = new Signal(loop, SIGCHLD)
  let heard = 0
  signal.start(() => heard++)
  const watcher = new Child(loop, 3001)
  watcher.start(() => watcher.stop())
  new Timer(loop, 0.02).start(() => signal.stop())
  processes.exited(3001, 0)
  await loop.run()
  assert.is(heard, 1)
  assert.is(watcher.rpid, 3001)
})

test("CO-16: child watchers work on a default loop that was made anew", async () => {
  const old = new Child(loop, 4001)
  old.start(() => assert.unreachable("its loop is gone"))
  loop.destroy()
  const fresh = Loop.default()
  const watcher = new Child(fresh, 4001)
  watcher.start(() => watcher.stop())
  processes.exited(4001, 7 << 8)
  await fresh.run()
  assert.is(watcher.rstatus, 7 << 8)
  fresh.destroy()
})

test.run()
