import { spawn as spawnProcess } from "node:child_process"
import * as gevent from "gevent-wasm"
import {
  getcurrent,
  getHub,
  getswitchinterval,
  Greenlet,
  GreenletExit,
  idle,
  isKill,
  kill,
  killall,
  LoopExit,
  run,
  setswitchinterval,
  signalHandler,
  sleep,
  spawn,
  spawnLater,
  spawnRaw,
  SystemExit,
  Timeout,
  version,
  versionInfo,
  withTimeout,
} from "gevent-wasm"
import { Timer } from "gevent-wasm/core"
import { Group } from "gevent-wasm/pool"
import { test } from "uvu"
import * as assert from "uvu/assert"
import { moduleArguments } from "./hostprocess.ts"
import { takeReports } from "./reports.ts"
import { failure, isA, testGenericGet } from "./timing.ts"
import { undead } from "./undead.ts"

test.before.each(() => void takeReports())

test("GV-01: spawn schedules and never runs synchronously, first in first out", async () => {
  const order: number[] = []
  await run(function* () {
    const all = [1, 2, 3].map((n) =>
      spawn(function* (value: number) {
        order.push(value)
        yield* sleep(0)
        order.push(value + 10)
      }, n),
    )
    assert.equal(order, [])
    yield* gevent.joinall(all)
  })
  assert.equal(order, [1, 2, 3, 11, 12, 13])
})

test("GV-01: spawn takes a generator function, an async function and a plain one that returns an operation", async () => {
  const generator = spawn(
    function* (a: number, b: number) {
      yield* sleep(0)
      return a * b
    },
    6,
    7,
  )
  const plain = spawn((text: string) => generator.get().then((n) => text + n), "n = ")
  const asynchronous = spawn(async (text: string) => text + String(await generator.get()), "got ")
  const waiting = spawn(() => sleep(0.001))
  assert.is(await generator.get(), 42)
  assert.is(await plain.get(), "n = 42")
  assert.is(await asynchronous.get(), "got 42")
  assert.is(await waiting.get(), undefined)
})

test("GV-01: spawn of what is no function is a TypeError at the call", () => {
  const wrong = spawn as unknown as (body: unknown) => unknown
  for (const body of [undefined, null, 5, "text", {}, Promise.resolve(1)]) {
    assert.throws(() => wrong(body), isA(TypeError, "must be callable"))
  }
  const generator = (function* () {})()
  assert.throws(() => wrong(generator), isA(TypeError, "pass the generator function"))
})

test("GV-01: a greenlet without a function runs the default, which does nothing", async () => {
  const greenlet = Greenlet.spawn()
  assert.is(await greenlet.get(), undefined)
})

test("GV-02: spawnLater starts after its seconds", async () => {
  const started = performance.now()
  const greenlet = spawnLater(
    0.02,
    function* (value: number) {
      return value
    },
    3,
  )
  assert.ok(greenlet.started)
  assert.not(greenlet.ready())
  assert.is(await greenlet.get(), 3)
  assert.ok(performance.now() - started >= 18)
})

test("GV-02: spawnLater without a function or with wrong seconds is a TypeError", () => {
  const wrong = spawnLater as unknown as (...args: unknown[]) => unknown
  assert.throws(() => wrong(1), isA(TypeError))
  assert.throws(() => wrong(1, 1), isA(TypeError))
  assert.throws(() => wrong("1", () => sleep(0)), isA(TypeError, "seconds"))
  assert.throws(() => wrong(NaN, () => sleep(0)), isA(TypeError, "seconds"))
})

test("GV-02: killed before it fires it never runs, its links do, and no timer is left", async () => {
  let ran = false
  const links: unknown[] = []
  const active = getHub().loop.activecnt
  const greenlet = spawnLater(0.01, async () => void (ran = true))
  greenlet.rawlink((ended) => links.push(ended))
  await greenlet.kill()
  assert.is(getHub().loop.activecnt, active)
  await sleep(0.03)
  assert.not(ran)
  assert.equal(links, [greenlet])
  assert.instance(greenlet.value, GreenletExit)
})

test("GV-03: spawnRaw runs a function in the hub and offers no more than that", async () => {
  const seen: unknown[] = []
  const raw = spawnRaw(
    function* (a: number, b: { key: string }) {
      seen.push(a, b.key, getcurrent())
      yield* sleep(0)
      seen.push("end")
    },
    1,
    { key: "k" },
  )
  assert.equal(seen, [])
  for (const name of ["get", "join", "link", "kill"]) assert.not(name in raw, name)
  assert.ok(raw.active)
  await sleep(0.01)
  assert.equal(seen, [1, "k", raw, "end"])
  assert.not(raw.active)
  assert.ok(raw.dead)
  assert.is(raw.loop, getHub().loop)
  assert.throws(() => spawnRaw(1 as never), isA(TypeError))
})

test("GV-03: spawnRaw's greenlet works with kill and killall and reports its error", async () => {
  const seen: string[] = []
  const body = function* (): Generator<gevent.Wait<unknown>, void, unknown> {
    try {
      yield* sleep(10)
    } finally {
      seen.push("unwound")
    }
  }
  const raws = [spawnRaw(body), spawnRaw(body), spawnRaw(async () => void (await sleep(10)))]
  await sleep(0)
  kill(raws[0]!)
  await killall(raws)
  await sleep(0.02)
  assert.ok(raws.every((raw) => raw.dead))
  assert.equal(seen, ["unwound", "unwound"])
  spawnRaw(() => {
    throw new Error("raw failure")
  })
  await sleep(0.02)
  assert.match(takeReports().join(), "raw failure")
})

test("GV-03: spawnRaw knows who spawned it", async () => {
  await run(function* () {
    const raw = spawnRaw(() => sleep(0))
    assert.is(raw.spawningGreenlet, getcurrent())
  })
  assert.is(spawnRaw(() => sleep(0)).spawningGreenlet, null)
})

test("GV-04: greenlets that sleep 0 take turns", async () => {
  const order: string[] = []
  function* body(name: string): Generator<gevent.Wait<unknown>, void, unknown> {
    order.push(`1${name}`)
    yield* sleep(0)
    order.push(`2${name}`)
    yield* sleep(-1)
    order.push(`3${name}`)
  }
  await gevent.joinall([spawn(body, "A"), spawn(body, "B")])
  assert.equal(order, ["1A", "1B", "2A", "2B", "3A", "3B"])
})

test("GV-04: sleep returns nothing, waits its seconds, and refuses what is no number", async () => {
  const started = performance.now()
  assert.is(await sleep(0.02), undefined)
  const elapsed = performance.now() - started
  assert.ok(elapsed >= 18.5 && elapsed < 500, String(elapsed))
  assert.is(await sleep(0), undefined)
  assert.is(await sleep(-5), undefined)
  for (const wrong of ["1", null, {}, NaN]) assert.throws(() => sleep(wrong as number), isA(TypeError))
})

test("GV-04: sleep with ref false does not keep wait() alive", async () => {
  const sleeper = spawn(() => sleep(5, false))
  await sleep(0)
  const started = performance.now()
  assert.is(await gevent.wait(), true)
  assert.ok(performance.now() - started < 1000)
  await sleeper.kill()
})

test("GV-04: a Timeout fires into an endless loop of sleep(0)", async () => {
  await run(function* () {
    const limit = Timeout.startNew(0.03)
    let turns = 0
    try {
      for (;;) {
        yield* sleep(0)
        turns++
      }
    } catch (error) {
      assert.is(error, limit)
    }
    assert.ok(turns > 100, String(turns))
  })
  await run(async () => {
    const limit = Timeout.startNew(0.03)
    assert.is(
      await failure(
        (async () => {
          for (;;) await sleep(0)
        })(),
      ),
      limit,
    )
  })
})

test("GV-05: idle resumes when nothing of its priority is pending", async () => {
  const order: string[] = []
  await run(function* () {
    const busy = spawn(function* () {
      for (let i = 0; i < 3; i++) {
        order.push("busy")
        yield* sleep(0)
      }
    })
    yield* idle()
    order.push("idle")
    yield* busy.join()
  })
  assert.equal(order, ["busy", "busy", "busy", "idle"])
  assert.throws(() => idle(5), isA(RangeError))
})

test("GV-06: kill never blocks and takes a class or an instance", async () => {
  class Stop extends Error {}
  const stop = new Stop()
  await run(function* () {
    const seen: unknown[] = []
    const body = function* (): Generator<gevent.Wait<unknown>, void, unknown> {
      try {
        yield* sleep(10)
      } catch (error) {
        seen.push(error)
      }
    }
    const [first, second] = [spawn(body), spawn(body)]
    yield* sleep(0)
    assert.is(kill(first, stop), undefined)
    kill(second, Stop)
    assert.equal(seen, [])
    yield* gevent.joinall([first, second])
    assert.is(seen[0], stop)
    assert.instance(seen[1], Stop)
    kill(first) // no-op: it has ended
    yield* sleep(0)
    assert.ok(first.successful())
    assert.is(first.value, undefined)
  })
})

test("GV-06: kill works for raw greenlets and for MAIN", async () => {
  const raw = spawnRaw(() => sleep(10))
  await sleep(0)
  kill(raw)
  await sleep(0)
  assert.ok(raw.dead)

  const main = getcurrent()
  spawn(() => {
    kill(main, new Error("for MAIN"))
    return sleep(0)
  })
  assert.match(((await failure(sleep(10))) as Error).message, "for MAIN")
  kill(main) // MAIN does not wait now, and gets it at its next wait
  assert.instance(await failure(sleep(10)), GreenletExit)
  assert.is(await sleep(0), undefined)
})

test("GV-06: kill of what is no greenlet, or with what is no error, is a TypeError", async () => {
  const greenlet = spawn(() => sleep(0.001))
  for (const wrong of [42, "text", null, {}, () => {}]) {
    assert.throws(() => kill(greenlet, wrong as never), isA(TypeError))
  }
  assert.throws(() => kill({} as never), isA(TypeError))
  assert.throws(() => kill(undefined as never), isA(TypeError))
  await greenlet.join()
  assert.ok(greenlet.successful())
})

test("GV-07: killall takes any iterable, kills within one callback and waits for the end", async () => {
  const order: string[] = []
  const body = function* (name: string): Generator<gevent.Wait<unknown>, void, unknown> {
    try {
      yield* sleep(10)
    } finally {
      order.push(`${name} begins`)
      yield* sleep(0)
      order.push(`${name} ends`)
    }
  }
  await run(function* () {
    const all = ["a", "b"].map((name) => spawn(body, name))
    yield* sleep(0)
    yield* killall(
      (function* () {
        yield* all
      })(),
    )
    assert.equal(order, ["a begins", "b begins", "a ends", "b ends"])
    assert.ok(all.every((one) => one.value instanceof GreenletExit))
    yield* killall([])
    yield* killall(all)
  })
})

testGenericGet("GV-07 TO-11: killall", test, () => ({ call: (timeout) => killall([undead], undefined, true, timeout) }))

test("GV-07 GR-15 PL-05: with a timeout that is none nobody is killed", async () => {
  const greenlet = spawn(async () => "alive")
  const group = new Group([greenlet])
  for (const wrong of ["1", NaN, -1]) {
    const calls = [
      () => killall([greenlet], undefined, true, wrong as number),
      () => greenlet.kill(undefined, true, wrong as number),
      () => group.kill(undefined, true, wrong as number),
      () => group.killone(greenlet, undefined, true, wrong as number),
    ]
    for (const call of calls) assert.throws(call, /timeout/)
  }
  assert.is(await greenlet.get(), "alive")
})

test("GV-07: killall throws its Timeout, and those that never ran never do", async () => {
  let ran = false
  await run(function* () {
    const stubborn = spawn(function* () {
      try {
        yield* sleep(10)
      } finally {
        yield* sleep(0.3)
      }
    })
    yield* sleep(0)
    const fresh = spawn(async () => void (ran = true))
    let thrown: unknown
    try {
      yield* killall([stubborn, fresh], GreenletExit, true, 0.01)
    } catch (error) {
      thrown = error
    }
    assert.instance(thrown, Timeout)
    assert.ok(fresh.dead)
    assert.not(stubborn.dead)
    yield* stubborn.join()
  })
  assert.not(ran)
})

test("GV-07: killall that does not block returns at once; a wrong exception is a TypeError", async () => {
  const all = [spawn(() => sleep(10)), spawn(async () => await sleep(10))]
  await sleep(0.02)
  assert.is(killall(all, undefined, false), undefined)
  assert.ok(all.every((one) => !one.dead))
  await gevent.joinall(all)
  assert.throws(() => killall([], 42 as never), isA(TypeError))
  assert.throws(() => killall(all, 42 as never), isA(TypeError))
})

test("GV-11: getcurrent is right in MAIN, in each kind of greenlet and in the hub", async () => {
  const main = getcurrent()
  assert.is(String(main), "<MAIN>")
  const generator = spawn(function* () {
    const before = getcurrent()
    yield* sleep(0.001)
    return [before, getcurrent()]
  })
  const first = spawn(async () => {
    const seen = [getcurrent()]
    await sleep(0.02)
    seen.push(getcurrent())
    await Promise.resolve()
    seen.push(getcurrent())
    await gevent.wait(new Promise((resolve) => setTimeout(resolve, 2)))
    seen.push(getcurrent())
    return seen
  })
  const second = spawn(async () => {
    await sleep(0.002)
    return getcurrent()
  })
  assert.equal(await generator.get(), [generator, generator])
  assert.is(getcurrent(), main)
  assert.equal(await first.get(), [first, first, first, first])
  assert.is(await second.get(), second)
  let inHub: unknown
  getHub().loop.runCallback(() => void (inHub = getcurrent()))
  await sleep(0)
  assert.is(inHub, getHub())
  assert.is(getcurrent(), main)
})

test("GV-11: what a generator starts without waiting for it is no part of the async greenlet that woke the loop", async () => {
  const seen: unknown[] = []
  const stray = async (): Promise<void> => {
    await Promise.resolve()
    seen.push(getcurrent())
  }
  const waker = spawn(async () => {
    await sleep(0.02)
    spawn(function* () {
      void stray()
    })
    await sleep(0.01)
  })
  await waker.join()
  assert.equal(seen, [getcurrent()])
})

test("GV-12: there is one hub, made at the first need", () => {
  assert.is(getHub(), getHub())
  assert.is(getHub().loop.default, true)
  assert.match(String(getHub()), /^<Hub libev-4\.\d+ epoll>$/)
})

test("GV-13: withTimeout returns the result, its value or its Timeout, and lets others pass", async () => {
  await run(function* () {
    assert.is(
      yield* withTimeout(1, function* () {
        yield* sleep(0)
        return 5
      }),
      5,
    )
    assert.is(yield* withTimeout(0.01, () => sleep(10), "gave up"), "gave up")
    assert.is(yield* withTimeout(0.01, () => sleep(10), undefined), undefined)
    const limit = new Timeout(0.01)
    const outer = new Timeout(0.01)
    const caught: unknown[] = []
    for (const attempt of [
      () => withTimeout(limit, () => sleep(10)),
      () => {
        outer.start()
        return withTimeout(10, () => sleep(10), "not this")
      },
      () =>
        withTimeout(1, function* () {
          yield* sleep(0)
          throw new RangeError("own")
        }),
    ]) {
      try {
        yield* attempt()
      } catch (error) {
        caught.push(error)
      }
    }
    assert.is(caught[0], limit)
    assert.is(caught[1], outer)
    assert.instance(caught[2], RangeError)
    assert.is(yield* withTimeout(null, () => sleep(0.001)), undefined)
  })
  assert.is(getHub().loop.activecnt, 0)
})

test("GV-13: withTimeout can be awaited, also with an async function, which it then ends", async () => {
  let ended: unknown
  const slow = async (): Promise<void> => {
    try {
      await sleep(10)
    } catch (error) {
      ended = error
      throw error
    }
  }
  assert.is(await withTimeout(1, async () => await sleep(0).then(() => 7)), 7)
  assert.is(await withTimeout(0.01, slow, "gave up"), "gave up")
  await sleep(0)
  assert.ok(isKill(ended))
  assert.instance(await failure(withTimeout(0.01, slow)), Timeout)
  assert.is(await withTimeout(1, () => Promise.resolve(8)), 8)
  assert.instance(await failure(withTimeout(1, () => Promise.reject(new RangeError()))), RangeError)
  assert.throws(() => withTimeout(1, 5 as never), isA(TypeError))
  assert.throws(() => withTimeout("1" as never, () => sleep(0)), isA(TypeError))
  assert.equal(takeReports(), [])
})

test("GV-14: signalHandler runs in a greenlet of its own, which may wait, until it is cancelled", async () => {
  const SIGUSR2 = 12
  const seen: unknown[] = []
  const handler = signalHandler(
    SIGUSR2,
    function* (text: string) {
      const current = getcurrent()
      yield* sleep(0.001)
      seen.push(text, current instanceof Greenlet)
    },
    "argument",
  )
  assert.is(handler.ref, false)
  process.kill(process.pid, SIGUSR2)
  await sleep(0.05)
  assert.equal(seen, ["argument", true])
  assert.is(await gevent.wait(), true)
  handler.ref = true
  assert.is(await gevent.wait(null, 0.01), false)
  handler.cancel()
  handler.cancel()
  assert.is(await gevent.wait(), true)
})

test("GV-14: an error of a signal handler is reported; what is no function or no signal is refused", async () => {
  const SIGUSR2 = 12
  const handler = signalHandler(SIGUSR2, () => {
    throw new Error("from the handler")
  })
  process.kill(process.pid, SIGUSR2)
  await sleep(0.05)
  handler.cancel()
  assert.match(takeReports().join(), "from the handler")
  assert.throws(() => signalHandler(SIGUSR2, 5 as never), isA(TypeError))
  assert.throws(() => signalHandler(9, () => sleep(0)), isA(RangeError))
})

test("GV-16: the package exports exactly what it promises, and the classes have their names", () => {
  const classes = [
    "BlockingSwitchOutError",
    "ConcurrentObjectUseError",
    "Greenlet",
    "GreenletExit",
    "HubDestroyed",
    "InvalidSwitchError",
    "InvalidThreadUseError",
    "LoopExit",
    "SystemExit",
    "Timeout",
  ]
  const functions = [
    "getHub",
    "getcurrent",
    "getswitchinterval",
    "idle",
    "isKill",
    "iwait",
    "joinall",
    "kill",
    "killall",
    "run",
    "setswitchinterval",
    "signalHandler",
    "sleep",
    "spawn",
    "spawnLater",
    "spawnRaw",
    "wait",
    "withTimeout",
  ]
  assert.equal(Object.keys(gevent).sort(), [...classes, ...functions, "version", "versionInfo"].sort())
  const values = gevent as unknown as Record<string, { name: string }>
  for (const name of [...classes, ...functions]) assert.is(values[name]!.name, name)
  assert.is(getHub().constructor.name, "Hub")
  assert.is(version, versionInfo.join("."))
})

test("GV-16: isKill tells the errors that must pass through a catch for everything", async () => {
  assert.ok(isKill(new GreenletExit()))
  assert.ok(isKill(new Timeout(1)))
  for (const other of [new Error(), new LoopExit(), new SystemExit(), undefined, "text"]) assert.not(isKill(other))
  const careful = spawn(async () => {
    for (;;) {
      try {
        await sleep(10)
      } catch (error) {
        if (isKill(error)) throw error
      }
    }
  })
  await sleep(0)
  await careful.kill()
  assert.instance(careful.value, GreenletExit)
})

test("GV-18: the switch interval is 5 ms by default and refuses what is no positive number", () => {
  assert.is(getswitchinterval(), 0.005)
  setswitchinterval(0.1)
  assert.is(getswitchinterval(), 0.1)
  for (const wrong of [0, -1, NaN, Infinity, "1", null]) {
    assert.throws(() => setswitchinterval(wrong as number), isA(RangeError))
  }
  assert.is(getswitchinterval(), 0.1)
  setswitchinterval(0.005)
})

test("GV-18: a drain that never ends yields to timers about every switch interval", async () => {
  for (const interval of [0.005, 0.03]) {
    setswitchinterval(interval)
    const late: number[] = []
    await run(function* () {
      const busy = spawn(function* () {
        for (;;) yield* sleep(0)
      })
      const ticks = new Timer(getHub().loop, 0.001, 0.001)
      let last = performance.now()
      ticks.start(() => {
        late.push(performance.now() - last)
        last = performance.now()
      })
      yield* sleep(0.5)
      ticks.stop()
      yield* busy.kill()
    })
    // the median: a busy machine takes the processor away now and then
    const median = late.sort((a, b) => a - b)[late.length >> 1]!
    assert.ok(median >= interval * 900 && median < interval * 1000 + 50, `${interval}: ${median} ms`)
  }
  setswitchinterval(0.005)
})

test("run() returns the result or the error of its function, and does not report it", async () => {
  assert.is(await run(async (a: number) => a + 1, 1), 2)
  assert.instance(
    await failure(
      run(function* () {
        yield* sleep(0)
        throw new RangeError("mine")
      }),
    ),
    RangeError,
  )
  assert.equal(takeReports(), [])
  assert.throws(() => run(5 as never), isA(TypeError))
})

test("a spawned-and-finished greenlet leaves nothing in memory", async () => {
  const program = `
    import { run, sleep, spawn, spawnRaw, getHub } from "gevent-wasm"
    const used = () => { gc(); gc(); return process.memoryUsage().heapUsed }
    function* body() { yield* sleep(0) }
    function* chain(left) { if (left > 0) spawn(chain, left - 1); yield* sleep(0) }
    async function later() { await sleep(0) }
    function* round(count) {
      for (let i = 0; i < count; i += 1000) {
        for (let j = 0; j < 1000; j++) (j % 2 ? spawn(body) : spawnRaw(body))
        yield* sleep(0); yield* sleep(0); yield* sleep(0)
      }
      yield* spawn(chain, count / 10).join()
      for (let i = 0; i < count / 100; i++) yield* spawn(later).join()
      yield* sleep(0.01)
    }
    await run(round, 20000)
    const before = used()
    await run(round, 1000000)
    const grown = used() - before
    console.log(grown, getHub().loop.activecnt, getHub().loop.queue.length)
  `
  const output = await runModule(program)
  const [grown, active, queued] = output.split(" ").map(Number)
  assert.ok(grown! < 1_000_000, `${grown} bytes for 1,110,000 greenlets`)
  assert.is(active, 0)
  assert.is(queued, 0)
})

function runModule(program: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawnProcess(process.execPath, moduleArguments(program), {
      stdio: ["ignore", "pipe", "inherit"],
      timeout: 60_000,
    })
    let output = ""
    child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text))
    child.on("error", reject)
    child.on("close", (code) => (code === 0 ? resolve(output.trim()) : reject(new Error(`ended with ${code}`))))
  })
}

test.run()
