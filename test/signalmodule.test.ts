import { run, sleep, spawn } from "gevent-wasm"
import { Event } from "gevent-wasm/event"
import { kill, waitpid, WNOHANG } from "gevent-wasm/os"
import { Pool } from "gevent-wasm/pool"
import { Queue } from "gevent-wasm/queue"
import {
  getsignal,
  NSIG,
  SIG_DFL,
  SIG_IGN,
  SIGCHLD,
  SIGHUP,
  SIGINT,
  SIGKILL,
  SIGSTOP,
  SIGTERM,
  SIGUSR1,
  SIGUSR2,
  signal,
} from "gevent-wasm/signal"
import { call, DEVNULL, Popen } from "gevent-wasm/subprocess"
import { spawn as spawnProcess } from "node:child_process"
import { once } from "node:events"
import { constants } from "node:os"
import process from "node:process"
import { test } from "uvu"
import * as assert from "uvu/assert"
import { forgetEnded } from "./processes.ts"
import { takeReports } from "./reports.ts"

const quiet = { stdin: DEVNULL, stdout: DEVNULL, stderr: DEVNULL }

test.before.each(forgetEnded)
test.after.each(() => {
  for (const signum of [SIGCHLD, SIGUSR1, SIGUSR2]) signal(signum, SIG_DFL)
})

test("SG-01: a handler of SIGCHLD runs in a greenlet of its own, with the number and null, and may wait", () =>
  run(function* () {
    const calls = new Queue<unknown[]>()
    const old = signal(SIGCHLD, function* (signum, frame) {
      yield* sleep(0.01)
      yield* calls.put([signum, frame])
    })
    assert.is(old, SIG_DFL)
    assert.is(yield* call(["true"], quiet), 0)
    assert.equal(yield* calls.get(true, 5), [SIGCHLD, null])
  }))

test("SG-01: the old handler is returned, and the new one takes its place", () =>
  run(function* () {
    const called: string[] = []
    const first = (): void => void called.push("first")
    const done = new Event()
    const second = (): void => {
      called.push("second")
      done.set()
    }
    signal(SIGCHLD, first)
    assert.is(signal(SIGCHLD, second), first)
    yield* call(["true"], quiet)
    assert.ok(yield* done.wait(5))
    assert.equal(called, ["second"])
  }))

test("SG-01: the error of a handler is printed, and nothing else happens", () =>
  run(function* () {
    const done = new Event()
    takeReports()
    signal(SIGCHLD, () => {
      spawn(function* () {
        done.set()
      })
      throw new RangeError("the handler broke")
    })
    assert.is(yield* call(["true"], quiet), 0)
    assert.ok(yield* done.wait(5))
    yield* sleep(0)
    assert.match(takeReports().join(""), /the handler broke/)
  }))

test("SG-01: a handler of SIGCHLD sees every child that there is, and takes none from a Popen", () =>
  run(function* () {
    const seen = new Set<number>()
    signal(SIGCHLD, function* () {
      for (;;) {
        try {
          const [pid] = yield* waitpid(-1, WNOHANG)
          if (pid === 0) return
          seen.add(pid)
        } catch (error) {
          assert.is((error as { code: string }).code, "ECHILD")
          return
        }
      }
    })
    const pool = new Pool(20)
    const started: number[] = []
    for (const next of pool.imapUnordered(
      function* (code: number) {
        const popen = new Popen(["sh", "-c", `exit ${code}`], quiet)
        started.push(popen.pid)
        assert.is(yield* popen.wait(), code)
      },
      [...Array(60).keys()],
    )) {
      yield* next
    }
    yield* sleep(0.01)
    assert.is(started.length, 60)
    assert.equal(
      started.filter((pid) => !seen.has(pid)),
      [],
    )
  }))

test("SG-02: getsignal gives what was set last", () => {
  assert.is(getsignal(SIGCHLD), SIG_DFL)
  const handler = (): void => {}
  signal(SIGCHLD, handler)
  assert.is(getsignal(SIGCHLD), handler)
  signal(SIGCHLD, SIG_IGN)
  assert.is(getsignal(SIGCHLD), SIG_IGN)
  assert.is(signal(SIGCHLD, SIG_DFL), SIG_IGN)
  assert.is(getsignal(SIGCHLD), SIG_DFL)
})

test("SG-03: what is no handler is refused, and what was set stays", () => {
  const handler = (): void => {}
  signal(SIGUSR1, handler)
  for (const wrong of [undefined, null, "SIG_IGN", 2, {}]) {
    assert.throws(
      () => signal(SIGUSR1, wrong as never),
      (error: unknown) =>
        error instanceof TypeError && /signal handler must be SIG_IGN, SIG_DFL or a function/.test(error.message),
    )
  }
  assert.is(getsignal(SIGUSR1), handler)
  for (const wrong of [0, -1, NSIG, 1.5, "1"]) {
    assert.throws(() => signal(wrong as never, handler), RangeError)
    assert.throws(() => getsignal(wrong as never), RangeError)
  }
  for (const wrong of [SIGKILL, SIGSTOP]) {
    assert.throws(() => signal(wrong, handler), RangeError)
    assert.is(getsignal(wrong), SIG_DFL)
  }
})

test("SG-04: children are waited for whatever SIGCHLD does", () =>
  run(function* () {
    for (const action of [SIG_IGN, SIG_DFL] as const) {
      signal(SIGCHLD, action)
      const popen = new Popen(["sh", "-c", "exit 5"], quiet)
      assert.is(yield* popen.wait(5), 5)
      assert.is((yield* waitpid(popen.pid, WNOHANG))[1], 5 << 8)
    }
  }))

test("SG-05: a handler of another signal runs in a greenlet too", () =>
  run(function* () {
    const calls = new Queue<unknown>()
    signal(SIGUSR2, function* (signum, frame) {
      yield* sleep(0.01)
      yield* calls.put([signum, frame])
    })
    kill(process.pid, SIGUSR2)
    assert.equal(yield* calls.get(true, 5), [SIGUSR2, null])
    kill(process.pid, SIGUSR2)
    assert.equal(yield* calls.get(true, 5), [SIGUSR2, null])
    const ended = new Event()
    signal(SIGUSR2, async () => {
      await sleep(0.01)
      ended.set()
    })
    kill(process.pid, SIGUSR2)
    assert.ok(yield* ended.wait(5))
  }))

test("SG-05: an ignored signal does nothing, and the default action comes back", () =>
  run(function* () {
    signal(SIGUSR2, SIG_IGN)
    kill(process.pid, SIGUSR2)
    yield* sleep(0.05)
    assert.is(process.listenerCount("SIGUSR2"), 1)
    signal(SIGUSR2, SIG_DFL)
    assert.is(process.listenerCount("SIGUSR2"), 0)
  }))

test("SG-06: it is called only for children that subprocess has started", () =>
  run(function* () {
    let calls = 0
    signal(SIGCHLD, () => void calls++)
    const ended = new Event()
    void once(spawnProcess("true", { stdio: "ignore" }), "exit").then(() => ended.set())
    assert.ok(yield* ended.wait(5))
    yield* sleep(0.05)
    assert.is(calls, 0)
    yield* call(["true"], quiet)
    yield* sleep(0.01)
    assert.is(calls, 1)
  }))

test("the numbers are the system's", () => {
  const { signals } = constants
  assert.equal(
    [SIGHUP, SIGINT, SIGKILL, SIGUSR1, SIGUSR2, SIGTERM, SIGCHLD],
    [
      signals.SIGHUP,
      signals.SIGINT,
      signals.SIGKILL,
      signals.SIGUSR1,
      signals.SIGUSR2,
      signals.SIGTERM,
      signals.SIGCHLD,
    ],
  )
})

test.run()
