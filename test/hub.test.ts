import { spawn as spawnProcess } from "node:child_process"
import { connect, createServer, type AddressInfo } from "node:net"
import { inspect } from "node:util"
import * as gevent from "gevent-wasm"
import {
  BlockingSwitchOutError,
  getcurrent,
  getHub,
  type Greenlet,
  GreenletExit,
  HubDestroyed,
  LoopExit,
  run,
  sleep,
  spawn,
  spawnLater,
  SystemExit,
  Timeout,
  wait,
  withTimeout,
  type Wait,
} from "gevent-wasm"
import { Async, Timer } from "gevent-wasm/core"
import * as exceptions from "gevent-wasm/exceptions"
import { Waiter } from "gevent-wasm/hub"
import { test } from "uvu"
import * as assert from "uvu/assert"
import { moduleArguments } from "./hostprocess.ts"
import { takeReports } from "./reports.ts"
import { failure, isA, testGenericGet, testGenericWait } from "./timing.ts"

test.before.each(() => void takeReports())

/** A watcher that nothing ever fires. */
function silent(): Async {
  return new Async(getHub().loop, { ref: false })
}

testGenericWait(
  "HB-06 TO-11: hub.join",
  test,
  () => {
    let keeper: Greenlet<void>
    return {
      before: () => void (keeper = spawnLater(10, async () => {})),
      call: (timeout) => getHub().join(timeout),
      after: () => keeper.kill(undefined, false),
    }
  },
  { expired: false, onlyMain: true },
)
testGenericGet("HB-04: a limit around hub.wait", test, () => {
  const watchers: Async[] = []
  return {
    call: (timeout) => {
      const watcher = silent()
      watchers.push(watcher)
      return withTimeout(timeout, () => getHub().wait(watcher))
    },
    waiters: () => watchers.filter((watcher) => watcher.active).length,
  }
})

test("HB-01 HB-02: when nothing is left, MAIN gets LoopExit with a list of who is blocked", async () => {
  const stuck: Greenlet<void>[] = ["one", "two"].map((name) => {
    const greenlet = spawn(function* () {
      yield* getHub().wait(silent())
    })
    greenlet.name = name
    return greenlet
  })
  const error = await failure(stuck[0]!.join())
  assert.instance(error, LoopExit)
  const { message } = error as LoopExit
  assert.match(message, /^This operation would block forever\n\t<Hub libev-4\.\d+ epoll>\nBlocked:\n/)
  assert.match(message, '  <MAIN> in join of <Greenlet "one": (anonymous)>')
  assert.match(message, '  <Greenlet "two": (anonymous)> in <Async')
  assert.ok(stuck.every((one) => one.active))
  // the hub works on, and it can happen again
  await sleep(0.02)
  assert.instance(await failure(stuck[1]!.get()), LoopExit)
  await gevent.killall(stuck)
  assert.equal(takeReports(), [])
})

test("HB-01: the list of the blocked is cut when it is long", async () => {
  const all = Array.from({ length: 50 }, () => spawn(() => getHub().wait(silent())))
  const error = (await failure(all[0]!.join())) as LoopExit
  assert.match(error.message, /\n {2}… and 31 more$/)
  await gevent.killall(all)
})

test("HB-02: who deadlocks in greenlets alone harms nobody; run() rejects", async () => {
  const pair: Greenlet<void>[] = [0, 1].map((i) =>
    spawn(function* () {
      yield* sleep(0)
      yield* pair[1 - i]!.join()
    }),
  )
  assert.is(await wait(), true)
  assert.ok(pair.every((one) => one.active))
  const error = await failure(run(() => pair[0]!.join()))
  assert.instance(error, LoopExit)
  await gevent.killall(pair)
})

test("HB-03: blocking in a callback of the hub is refused and reported, whatever the callback is", async () => {
  const { loop } = getHub()
  const held = spawn(() => sleep(1e6, false))
  await sleep(0)
  const callbacks: (() => unknown)[] = [
    function* () {
      yield* sleep(0)
    },
    () => sleep(1),
    async () => await held.join(),
    () => withTimeout(1, () => sleep(1)),
    function* () {
      yield* gevent.joinall([held])
    },
  ]
  for (const callback of callbacks) {
    loop.runCallback(callback)
    await sleep(0.02)
    const reports = takeReports()
    assert.is(reports.length, 1, String(callback))
    assert.match(reports[0]!, "BlockingSwitchOutError: Impossible to call blocking function in the event loop callback")
  }
  assert.is(held.linkcount(), 0)
  const timer = new Timer(loop, 0.001)
  timer.start(function* () {
    yield* sleep(0)
  })
  await sleep(0.02)
  assert.match(takeReports().join(), "BlockingSwitchOutError")
  await held.kill()
  assert.is(loop.activecnt, 0)
})

test("HB-03: what need not wait works in a callback of the hub", async () => {
  const { loop } = getHub()
  const seen: unknown[] = []
  const done = spawn(async () => 3)
  await done.join()
  loop.runCallback(function* () {
    seen.push(yield* done.get())
    yield* done.join()
    spawn(async () => void seen.push("spawned"))
    done.kill(undefined, false)
    yield* done.kill()
    seen.push(yield* gevent.joinall([]))
  })
  await sleep(0.02)
  assert.equal(seen, [3, [], "spawned"])
  assert.equal(takeReports(), [])
})

test("HB-03: an async callback's error is reported and is no unhandled rejection", async () => {
  getHub().loop.runCallback(async () => {
    await Promise.resolve()
    throw new RangeError("late")
  })
  await sleep(0.02)
  const reports = takeReports()
  assert.is(reports.length, 1)
  assert.match(reports[0]!, "RangeError: late")
})

test("HB-04: hub.wait starts the watcher, returns its event and stops it in any case", async () => {
  const hub = getHub()
  await run(function* () {
    const timer = new Timer(hub.loop, 0.001, 5)
    assert.ok((yield* hub.wait(timer)) > 0)
    assert.not(timer.active)
    const limit = Timeout.startNew(0.001)
    const watcher = silent()
    let thrown: unknown
    try {
      yield* hub.wait(watcher)
    } catch (error) {
      thrown = error
    }
    assert.is(thrown, limit)
    assert.not(watcher.active)
    const killed = spawn(() => hub.wait(watcher))
    yield* sleep(0)
    assert.ok(watcher.active)
    yield* killed.kill()
    assert.not(watcher.active)
  })
})

test("HB-04: a watcher that is active already is refused, and goes on", async () => {
  const hub = getHub()
  const timer = new Timer(hub.loop, 0.005)
  let fired = 0
  timer.start(() => void fired++)
  assert.instance(await failure(hub.wait(timer)), TypeError)
  await sleep(0.01)
  assert.is(fired, 1)
})

test("HB-05: cancelWait throws into the waiter from a callback; without one it does nothing", async () => {
  const hub = getHub()
  const watcher = silent()
  const error = new Error("cancelled")
  const waiter = spawn(() => hub.wait(watcher))
  await sleep(0)
  hub.cancelWait(watcher, error)
  assert.ok(watcher.active)
  assert.is(await failure(waiter.get()), error)
  assert.not(watcher.active)
  hub.cancelWait(watcher, error)
  watcher.start(() => {})
  hub.cancelWait(watcher, error)
  await sleep(0)
  assert.ok(watcher.active)
  watcher.stop()
})

test("HB-06: join returns whether the loop is done, any number of times, and only to MAIN", async () => {
  const hub = getHub()
  assert.is(await hub.join(), true)
  assert.is(await hub.join(5), true)
  const seen: string[] = []
  spawnLater(0.05, async () => void seen.push("ran"))
  assert.is(await hub.join(0.001), false)
  assert.equal(seen, [])
  assert.is(await hub.join(), true)
  assert.equal(seen, ["ran"])
  assert.is(await hub.join(), true)
  const inside = spawn(function* () {
    yield* hub.join()
  })
  assert.match(((await failure(inside.get())) as Error).message, "only possible from the MAIN greenlet")
  await sleep(0.02)
})

test("HB-06: join waits for async greenlets that wait for somebody else's promise", async () => {
  const greenlet = spawn(async () => {
    await new Promise((resolve) => setTimeout(resolve, 20))
    return "done"
  })
  assert.is(await getHub().join(), true)
  assert.is(greenlet.value, "done")
})

test("HB-07: errors of notError are not printed, those of systemError are thrown into MAIN", async () => {
  class Quiet extends Error {}
  class Grave extends Error {}
  const hub = getHub()
  hub.notError.push(Quiet)
  hub.systemError.push(Grave)
  try {
    spawn(() => Promise.reject(new Quiet()))
    await sleep(0.02)
    assert.equal(takeReports(), [])
    const grave = new Grave("for MAIN")
    spawn(() => Promise.reject(grave))
    assert.is(await failure(sleep(10)), grave)
    assert.is(takeReports().length, 1)
  } finally {
    hub.notError.pop()
    hub.systemError.pop()
  }
  hub.handleError(null, new RangeError("no context"))
  assert.instance(await failure(sleep(10)), RangeError)
  hub.handleError(null, new GreenletExit())
  assert.instance(await failure(sleep(10)), GreenletExit)
})

test("HB-08: SystemExit in a callback, a greenlet or a link surfaces in MAIN", async () => {
  const exit = new SystemExit("bye")
  const throwing = (): never => {
    throw exit
  }
  const causes: (() => void)[] = [
    () => void getHub().loop.runCallback(throwing),
    () => void spawn(throwing),
    () => void spawn(() => Promise.reject(exit)),
    () => spawn(async () => {}).link(throwing),
    () => spawn(async () => {}).rawlink(throwing),
  ]
  for (const cause of causes) {
    cause()
    const error = await failure(sleep(10))
    assert.is(error, exit)
    assert.is((error as SystemExit).code, "bye")
  }
  assert.is(new SystemExit().code, 0)
  assert.equal(takeReports(), [])
})

test("HB-08: an ordinary error does not end the program", async () => {
  spawn(() => Promise.reject(new Error("ordinary")))
  getHub().loop.runCallback(() => {
    throw new Error("another")
  })
  assert.is(await sleep(0.005), undefined)
  assert.is(takeReports().length, 2)
})

test("HB-01: MAIN gets LoopExit each time that it would wait for ever", async () => {
  const result = await runModule(`
    import { Greenlet } from "gevent-wasm"
    const main = async () => {
      for (let i = 0; i < 3; i++) await new Greenlet(() => {}).get().then(undefined, (error) => console.log(error.name))
      await new Greenlet(() => {}).get()
    }
    main().catch((error) => {
      console.log("at last", error.name)
      process.exitCode = 3
    })
  `)
  assert.is(result.output, "LoopExit\nLoopExit\nLoopExit\nat last LoopExit\n", result.errors)
  assert.is(result.code, 3)
})

test("HB-08: SystemExit that MAIN has no wait for decides the exit code", async () => {
  const program = (code: string): string =>
    `import { sleep, spawn, SystemExit } from "gevent-wasm"
     spawn(function* () { yield* sleep(0.01); throw new SystemExit(${code}) })`
  assert.equal(await runModule(program("3")), { code: 3, output: "", errors: "" })
  assert.equal(await runModule(program("")), { code: 0, output: "", errors: "" })
  assert.equal(await runModule(program('"bye"')), { code: 1, output: "", errors: "bye\n" })
})

test("HB-09: an error in handleError is printed, and the remaining callbacks run", async () => {
  const { code, output, errors } = await runModule(`
    import { getHub, sleep, spawn } from "gevent-wasm"
    const hub = getHub()
    hub.handleError = () => { throw new Error("second") }
    const fail = () => { throw new Error("first") }
    hub.loop.runCallback(fail)
    spawn(fail)
    spawn(async () => { throw new Error("third") })
    const done = spawn(async () => {})
    done.link(fail)
    done.rawlink(fail)
    await sleep(0.01)
    console.log("alive")`)
  assert.is(code, 0)
  assert.is(output, "alive\n")
  assert.is(errors.match(/Error: second/g)!.length, 5)
  assert.is(errors.match(/Error: first/g)!.length, 4)
  assert.is(errors.match(/Error: third/g)!.length, 1)
})

test("HB-10: a failing callback does not stop the others", async () => {
  const { loop } = getHub()
  const seen: number[] = []
  for (let i = 0; i < 3; i++) {
    loop.runCallback(() => void seen.push(i))
    loop.runCallback(() => {
      throw new Error(`callback ${i}`)
    })
  }
  await sleep(0.02)
  assert.equal(seen, [0, 1, 2])
  assert.is(takeReports().length, 3)
})

test("HB-11: a Waiter hands over what it is switched to, in either order", async () => {
  const { loop } = getHub()
  const waiter = new Waiter<string>()
  assert.not(waiter.ready())
  const getter = spawn(() => waiter.get())
  await sleep(0)
  loop.runCallback(() => waiter.switch("woken"))
  assert.is(await getter.get(), "woken")
  assert.not(waiter.ready())
  loop.runCallback(() => waiter.switch("stored"))
  await sleep(0)
  assert.ok(waiter.ready())
  assert.ok(waiter.successful())
  assert.is(await waiter.get(), "stored")
  assert.is(await waiter.get(), "stored")
  waiter.clear()
  assert.not(waiter.ready())
  assert.not(waiter.successful())
})

test("HB-11: a Waiter hands over an error, in either order", async () => {
  const { loop } = getHub()
  const waiter = new Waiter()
  const error = new RangeError("thrown")
  const getter = spawn(() => waiter.get())
  await sleep(0)
  loop.runCallback(() => waiter.throw(error))
  assert.is(await failure(getter.get()), error)
  assert.is(waiter.exception, null)
  loop.runCallback(() => waiter.throw(error))
  await sleep(0)
  assert.ok(waiter.ready())
  assert.not(waiter.successful())
  assert.is(waiter.exception, error)
  assert.is(await failure(waiter.get()), error)
})

test("HB-11: a second getter of a Waiter is refused, and only the hub may switch it", async () => {
  const waiter = new Waiter<number>()
  const getter = spawn(() => waiter.get())
  await sleep(0)
  assert.instance(await failure(waiter.get()), exceptions.ConcurrentObjectUseError)
  assert.throws(() => waiter.switch(1), isA(Error, "Can only use Waiter.switch method from the Hub greenlet"))
  assert.throws(() => waiter.throw(new Error()), isA(Error, "Can only use Waiter.throw method"))
  await getter.kill()
  const again = spawn(() => waiter.get())
  await sleep(0)
  getHub().loop.runCallback(() => waiter.switch(2))
  assert.is(await again.get(), 2)
})

test("HB-12: the errors are classes with their names, and no kills", () => {
  for (const name of [
    "BlockingSwitchOutError",
    "ConcurrentObjectUseError",
    "GreenletExit",
    "HubDestroyed",
    "InvalidSwitchError",
    "InvalidThreadUseError",
    "LoopExit",
    "SystemExit",
  ] as const) {
    const error = new exceptions[name]()
    assert.instance(error, Error)
    assert.is(error.name, name)
    assert.is(error.constructor.name, name)
    assert.is(gevent.isKill(error), name === "GreenletExit")
    assert.is(gevent[name], exceptions[name])
  }
  assert.match(new BlockingSwitchOutError().message, "Impossible to call blocking function in the event loop callback")
  assert.instance(
    getFailure(() => getHub().resume()),
    exceptions.InvalidSwitchError,
  )
})

test("HB-13: a destroyed hub throws HubDestroyed into who waits; the next one uses the same loop", async () => {
  const hub = getHub()
  const { loop } = hub
  const caught: unknown[] = []
  const sleeper = spawn(function* () {
    try {
      yield* sleep(10)
    } catch (error) {
      caught.push(error)
    }
  })
  const asynchronous = spawn(async () => {
    await sleep(10).then(undefined, (error: unknown) => caught.push(error))
  })
  await sleep(0.02)
  hub.destroy()
  hub.destroy()
  assert.ok(hub.destroyed)
  const next = getHub()
  takeReports()
  assert.is.not(next, hub)
  assert.is(next.loop, loop)
  await gevent.joinall([sleeper, asynchronous])
  assert.is(caught.length, 2)
  for (const error of caught) assert.instance(error, HubDestroyed)
  assert.throws(() => hub.join(), isA(HubDestroyed))
  assert.throws(() => hub.wait(silent()), isA(HubDestroyed))
  assert.is(await spawn(async () => "works").get(), "works")
  spawn(() => Promise.reject(new Error("reported to the new hub")))
  await sleep(0.02)
  assert.is(takeReports().length, 1)
})

test("HB-13: with the loop destroyed too, the next hub has a new one", async () => {
  const hub = getHub()
  const { loop } = hub
  const late = spawnLater(10, async () => {})
  const kept = new Timer(loop, 0.001)
  kept.start(() => assert.unreachable("the timer of a destroyed loop"))
  hub.destroy({ destroyLoop: true })
  assert.ok(loop.destroyed)
  assert.match(String(hub), "destroyed")
  const next = getHub()
  takeReports()
  assert.is.not(next.loop, loop)
  assert.ok(next.loop.default)
  assert.is(await sleep(0.005), undefined)
  await late.kill()
  kept.stop()
  assert.is(await spawn(() => sleep(0.001)).get(), undefined)
  assert.is(next.loop.activecnt, 0)
})

test("HB-13: a greenlet may destroy the hub that it runs in", async () => {
  const destroyer = spawn(function* () {
    getHub().destroy({ destroyLoop: true })
    try {
      yield* sleep(0.001)
      return "slept"
    } catch (error) {
      return error
    }
  })
  await new Promise((resolve) => setTimeout(resolve, 20))
  takeReports()
  assert.is(await sleep(0.001), undefined)
  assert.ok(destroyer.ready())
})

test("HB-17: reports go to exceptionStream, name their context, and null silences them", async () => {
  const hub = getHub()
  hub.printException("context", new RangeError("why"))
  hub.printException(null, "no error object")
  hub.printException(function named() {}, new TypeError())
  const [first, second, third] = takeReports()
  assert.match(first!, /^RangeError: why\n[^]*Z context failed with RangeError\n/)
  assert.match(second!, /^no error object\n/)
  assert.not.match(second!, "failed with")
  assert.match(third!, "<function named> failed with TypeError")
  assert.is(hub.formatContext(getcurrent()), "<MAIN>")
  assert.is(inspect(getcurrent()), "<MAIN>")
  assert.is(inspect(hub), String(hub))
  hub.exceptionStream = null
  spawn(() => Promise.reject(new Error("silenced")))
  await sleep(0.02)
  assert.equal(takeReports(), [])
})

test("HB-17: by default reports go to standard error", async () => {
  const { code, errors } = await runModule(`
    import { sleep, spawn } from "gevent-wasm"
    spawn(function* worker() { yield* sleep(0.001); throw new RangeError("why") })`)
  assert.is(code, 0)
  assert.match(errors, /^RangeError: why\n {4}at worker[^]*<Greenlet: worker> failed with RangeError\n/)
})

test("HB-19: callbacks and spawned greenlets share one line, and what is queued meanwhile runs in the same drain", async () => {
  const { loop } = getHub()
  const order: string[] = []
  const timer = new Timer(loop, 0)
  timer.start(() => void order.push("timer"))
  loop.runCallback(() => {
    order.push("callback 1")
    loop.runCallback(() => void order.push("nested"))
    spawn(async () => void order.push("nested spawn"))
  })
  spawn(async () => void order.push("spawn 1"))
  loop.runCallback(() => void order.push("callback 2"))
  gevent.spawnRaw(async () => void order.push("spawn 2"))
  await sleep(0.02)
  assert.equal(order, ["callback 1", "spawn 1", "callback 2", "spawn 2", "nested", "nested spawn", "timer"])
})

test("HB-20: storms of callbacks and of sleep(0) let timers, I/O and promises through", async () => {
  const server = createServer((socket) => socket.pipe(socket))
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const { loop } = getHub()
  let callbacks = 0
  let storming = true
  const storm = (): void => {
    callbacks++
    if (storming) loop.runCallback(storm)
  }
  loop.runCallback(storm)
  let turns = 0
  const busy = spawn(function* (): Generator<Wait<unknown>, void, unknown> {
    while (storming) {
      turns++
      yield* sleep(0)
    }
  })
  const started = performance.now()
  await sleep(0.01)
  assert.ok(performance.now() - started < 500)
  const echoed = await wait(
    new Promise<string>((resolve) => {
      const socket = connect((server.address() as AddressInfo).port, "127.0.0.1", () => socket.write("ping"))
      socket.setEncoding("utf8").once("data", (text: string) => {
        socket.destroy()
        resolve(text)
      })
    }),
  )
  assert.is(echoed, "ping")
  storming = false
  await busy.join()
  server.close()
  assert.ok(callbacks > 1000 && turns > 1000, `${callbacks} callbacks, ${turns} turns`)
})

function getFailure(fn: () => unknown): unknown {
  try {
    fn()
  } catch (error) {
    return error
  }
  return undefined
}

function runModule(program: string): Promise<{ code: number | null; output: string; errors: string }> {
  return new Promise((resolve, reject) => {
    const child = spawnProcess(process.execPath, moduleArguments(program), { timeout: 20_000 })
    let output = ""
    let errors = ""
    child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text))
    child.stderr.setEncoding("utf8").on("data", (text: string) => (errors += text))
    child.on("error", reject)
    child.on("close", (code) => resolve({ code, output, errors }))
  })
}

test.run()
