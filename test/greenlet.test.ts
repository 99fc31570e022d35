import { inspect } from "node:util"
import {
  BlockingSwitchOutError,
  getcurrent,
  getHub,
  Greenlet,
  GreenletExit,
  joinall,
  kill,
  killall,
  run,
  sleep,
  spawn,
  spawnLater,
  Timeout,
  wait,
  type Wait,
} from "gevent-wasm"
import { addSpawnCallback, removeSpawnCallback } from "gevent-wasm/greenlet"
import { Semaphore } from "gevent-wasm/lock"
import { Queue } from "gevent-wasm/queue"
import { test } from "uvu"
import * as assert from "uvu/assert"
import { survivors } from "./collect.ts"
import { takeReports } from "./reports.ts"
import { failure, isA, testGenericGet, testGenericWait, type Blocking } from "./timing.ts"
import { undead } from "./undead.ts"

type Steps<T = void> = Generator<Wait<unknown>, T, unknown>

class Custom extends Error {
  override name = "Custom"
}

/** A body that never ends, for each kind of greenlet. */
const ENDLESS = {
  generator: function* (): Steps {
    yield* sleep(10)
  },
  async: async (): Promise<void> => {
    await sleep(10)
  },
}

test.before.each(() => void takeReports())

function endless(): Blocking & { greenlet: Greenlet<unknown> } {
  const greenlet = spawn(() => sleep(1e6, false))
  return {
    greenlet,
    call: (timeout) => greenlet.get(true, timeout),
    waiters: () => greenlet.linkcount(),
  }
}

testGenericGet("GR-10 TO-11: get", test, endless)
testGenericWait("GR-11 TO-11: join", test, () => {
  const { greenlet, waiters } = endless() as { greenlet: Greenlet<unknown>; waiters: () => number }
  return { call: (timeout) => greenlet.join(timeout), waiters }
})

testGenericWait("GR-15 TO-11: kill", test, () => ({ call: (timeout) => undead.kill(undefined, true, timeout) }))

test("GR-01: a new greenlet has not started and shows its arguments", async () => {
  const greenlet = new Greenlet(
    function* (a: number, b: string) {
      yield* sleep(0)
      return b.repeat(a)
    },
    2,
    "ab",
  )
  assert.not(greenlet.active)
  assert.not(greenlet.started)
  assert.not(greenlet.ready())
  assert.equal(greenlet.args, [2, "ab"])
  greenlet.start()
  assert.ok(greenlet.active)
  assert.is(await greenlet.get(), "abab")
  assert.equal(greenlet.args, [])
})

test("GR-02: a subclass defines _run, and its spawn passes all arguments to the constructor", async () => {
  class Doubling extends Greenlet<number> {
    readonly factor: number
    constructor(factor: number, label: string) {
      super()
      this.factor = factor
      this.name = label
    }
    protected override *_run(): Steps<number> {
      yield* sleep(0)
      return this.factor * 2
    }
  }
  const greenlet = Doubling.spawn(21, "label")
  assert.instance(greenlet, Doubling)
  assert.is(await greenlet.get(), 42)
  assert.is(greenlet.value, 42)
  assert.is(greenlet.name, "label")
  assert.is(await Doubling.spawnLater(0.001, 4, "later").get(), 8)
  const own = new Greenlet<string>(async () => "given")
  own.start()
  assert.is(await own.get(), "given")
})

test("GR-02: _run gets the arguments of the constructor", async () => {
  class Adding extends Greenlet<number> {
    protected override async _run(a: number, b: number): Promise<number> {
      await sleep(0)
      return a + b
    }
  }
  assert.is(await Adding.spawn(null, 1, 2).get(), 3)
})

test("GR-03: what cannot be called is refused by the constructor", () => {
  for (const wrong of [5, "text", {}, Promise.resolve()]) {
    assert.throws(() => new Greenlet(wrong as never), isA(TypeError, "must be callable"))
  }
})

test("GR-04: a second start, and one after the end or a kill, is ignored", async () => {
  let runs = 0
  const greenlet = new Greenlet(async () => void runs++)
  greenlet.start()
  greenlet.start()
  greenlet.startLater(0)
  await greenlet.join()
  greenlet.start()
  greenlet.startLater(0)
  const killed = new Greenlet(async () => void runs++)
  await killed.kill()
  killed.start()
  killed.startLater(0.001)
  const later = new Greenlet(async () => void runs++)
  later.startLater(0.001)
  later.startLater(5)
  later.start()
  await later.join()
  await sleep(0.01)
  assert.is(runs, 2)
  assert.throws(() => later.startLater("1" as never), isA(TypeError))
})

test("GR-05 GR-06 GR-07 GR-08: the states of a greenlet that succeeds", async () => {
  for (const body of [
    function* (): Steps<number> {
      yield* sleep(0.001)
      return 1
    },
    async () => {
      await sleep(0.02)
      return 1
    },
  ]) {
    const states: unknown[] = []
    const greenlet: Greenlet<unknown> = new Greenlet(body)
    const note = (): void =>
      void states.push([greenlet.active, greenlet.dead, greenlet.ready(), greenlet.successful(), greenlet.value])
    note()
    greenlet.start()
    note()
    await sleep(0)
    note()
    await greenlet.join()
    note()
    assert.equal(states, [
      [false, false, false, false, undefined],
      [true, false, false, false, undefined],
      [true, false, false, false, undefined],
      [false, true, true, true, 1],
    ])
    assert.is(greenlet.exception, null)
    assert.is(greenlet.excInfo, null)
  }
})

test("GR-06: dead is false inside its first turn", async () => {
  const seen: boolean[] = []
  const greenlet: Greenlet<void> = spawn(function* () {
    seen.push(greenlet.dead, greenlet.ready(), greenlet.active)
    yield* sleep(0)
  })
  await greenlet.join()
  assert.equal(seen, [false, false, true])
})

test("GR-07 GR-08: a greenlet that throws GreenletExit itself was successful and has it as its value", async () => {
  const exit = new GreenletExit("own")
  for (const greenlet of [
    spawn(function* () {
      yield* sleep(0)
      throw exit
    }),
    spawn(async () => {
      await sleep(0)
      throw exit
    }),
  ]) {
    assert.is(await greenlet.get(), exit)
    assert.ok(greenlet.successful())
    assert.is(greenlet.value, exit)
    assert.is(greenlet.exception, null)
  }
  assert.equal(takeReports(), [])
})

test("GR-09: exception and excInfo of a greenlet that fails", async () => {
  const error = new Custom("failed")
  const greenlet = spawn(function* () {
    yield* sleep(0)
    throw error
  })
  assert.is(greenlet.excInfo, null)
  await greenlet.join()
  assert.not(greenlet.successful())
  assert.is(greenlet.value, undefined)
  assert.is(greenlet.exception, error)
  assert.is(greenlet.excInfo!.type, Custom)
  assert.is(greenlet.excInfo!.error, error)
  assert.is(greenlet.excInfo!.stack, error.stack)
})

test("GR-10: get returns the value or throws the same error each time, without waiting when it is there", async () => {
  const good = spawn(() => sleep(0).then(() => 5))
  assert.is(await good.get(), 5)
  assert.is(await good.get(false), 5)
  const error = new Custom()
  const bad = spawn(() => Promise.reject(error))
  assert.is(await failure(bad.get()), error)
  assert.is(await failure(bad.get()), error)
  assert.is(await failure(bad.get(false)), error)
  await run(function* () {
    let turns = 0
    spawn(async () => void turns++)
    assert.is(yield* good.get(), 5)
    assert.is(turns, 0)
  })
})

test("GR-10: get that may not block throws a Timeout", async () => {
  const greenlet = spawn(() => sleep(10))
  assert.instance(await failure(greenlet.get(false)), Timeout)
  await run(function* () {
    let thrown: unknown
    try {
      yield* greenlet.get(false)
    } catch (error) {
      thrown = error
    }
    assert.instance(thrown, Timeout)
    assert.is(String(thrown), "Timeout")
  })
  await greenlet.kill()
  assert.is(greenlet.linkcount(), 0)
})

test("GR-11: join returns nothing, for a greenlet that fails too", async () => {
  assert.is(await spawn(async () => 1).join(), undefined)
  assert.is(await spawn(() => Promise.reject(new Custom())).join(), undefined)
  const done = spawn(async () => 1)
  await done.join()
  assert.is(await done.join(0), undefined)
})

test("GR-10: a result that is there beats a timeout of 0", async () => {
  const greenlet = spawn(async () => 3)
  await greenlet.join()
  assert.is(await greenlet.get(true, 0), 3)
  assert.equal(await joinall([greenlet], 0), [greenlet])
})

test("GR-12: the result is there before any link runs, and links run in a later callback of the hub", async () => {
  const seen: unknown[] = []
  const greenlet: Greenlet<number> = spawn(function* () {
    yield* sleep(0)
    return 9
  })
  greenlet.rawlink((ended) => void seen.push([ended.value, getcurrent()]))
  await greenlet.join()
  assert.equal(seen, [[9, getHub()]])
  greenlet.rawlink(() => void seen.push("late"))
  assert.is(seen.length, 1)
  await sleep(0)
  assert.is(seen[1], "late")
})

test("GR-13: an uncaught error is printed once, with who failed, its type and the time", async () => {
  for (const body of [
    function* failing(): Steps {
      yield* sleep(0)
      throw new Custom("the reason")
    },
    async function failing(): Promise<void> {
      await sleep(0)
      throw new Custom("the reason")
    },
  ]) {
    const greenlet = spawn(body as () => Steps)
    assert.instance(await failure(greenlet.get()), Custom)
    await sleep(0.02)
    const reports = takeReports()
    assert.is(reports.length, 1)
    assert.match(reports[0]!, /^Custom: the reason\n {4}at failing/)
    assert.match(reports[0]!, /\n\d{4}-\d\d-\d\dT[\d:.]+Z <Greenlet: failing> failed with Custom\n/)
  }
})

test("GR-13: the hub's handleError gets the greenlet and the error", async () => {
  const hub = getHub()
  const seen: unknown[] = []
  hub.handleError = (context, error) => void seen.push(context, error)
  try {
    const error = new Custom()
    const greenlet = spawn(() => {
      throw error
    })
    await greenlet.join()
    assert.is(seen[0], greenlet)
    assert.is(seen[1], error)
    assert.is(seen.length, 2)
  } finally {
    delete (hub as { handleError?: unknown }).handleError
  }
})

test("GR-14: every waiter gets the very error, with the stack of the greenlet that failed", async () => {
  function* deep(): Steps {
    yield* sleep(0)
    throw new Custom("deep")
  }
  const greenlet = spawn(function* outer() {
    yield* deep()
  })
  const getters = [1, 2, 3].map(() => spawn(() => greenlet.get()))
  const errors = await Promise.all([
    ...getters.map((getter) => failure(getter.get())),
    failure(greenlet.get()),
    failure(joinall([greenlet], null, { raiseError: true })),
  ])
  const stack = (greenlet.exception as Error).stack!
  assert.match(stack, /at deep[^]*at outer/)
  for (const error of errors) {
    assert.is(error, greenlet.exception)
    assert.is((error as Error).stack, stack)
  }
})

for (const [kind, body] of Object.entries(ENDLESS)) {
  test(`GR-15: kill returns nothing, never throws and may be repeated (${kind})`, async () => {
    const greenlet = spawn(body as () => Steps)
    await sleep(0)
    assert.is(await greenlet.kill(), undefined)
    assert.ok(greenlet.dead)
    assert.ok(greenlet.successful())
    assert.instance(greenlet.value, GreenletExit)
    assert.is(await greenlet.get(), greenlet.value)
    assert.is(await greenlet.kill(), undefined)
    assert.is(await greenlet.kill(new Custom()), undefined)
    assert.is(greenlet.kill(Custom, false), undefined)
    assert.is(await new Greenlet(body).kill(), undefined)
    assert.equal(takeReports(), [])
  })

  test(`GR-15: kill takes an error or a class of errors (${kind})`, async () => {
    const error = new Custom("instance")
    for (const exception of [error, Custom]) {
      const greenlet = spawn(body as () => Steps)
      await sleep(0)
      await greenlet.kill(exception)
      assert.not(greenlet.successful())
      assert.instance(greenlet.exception, Custom)
      if (exception === error) assert.is(greenlet.exception, error)
      assert.is(takeReports().length, 1)
    }
  })

  test(`GR-16: a kill that does not block does nothing until the killer waits (${kind})`, async () => {
    await run(function* () {
      const greenlet = spawn(body as () => Steps)
      yield* sleep(0)
      greenlet.kill(undefined, false)
      assert.not(greenlet.dead)
      yield* sleep(0.001)
      assert.ok(greenlet.dead)
    })
    const other = spawn(body as () => Steps)
    await sleep(0)
    const waiting = other.kill()
    assert.not(other.dead)
    await waiting
    assert.ok(other.dead)
  })

  test(`GR-17: killed before its first turn it never runs and is over at once (${kind})`, async () => {
    for (const start of [false, true]) {
      let ran = false
      const links: string[] = []
      const greenlet = new Greenlet(kind === "async" ? async () => void (ran = true) : () => ((ran = true), sleep(0)))
      greenlet.link(() => void links.push("spawned"))
      greenlet.rawlink(() => void links.push("raw"))
      if (start) greenlet.start()
      const killed = greenlet.kill()
      assert.ok(greenlet.dead)
      assert.ok(greenlet.ready())
      assert.not(greenlet.active)
      assert.instance(greenlet.value, GreenletExit)
      await killed
      greenlet.start()
      await sleep(0.01)
      assert.not(ran)
      assert.equal(links, ["raw", "spawned"])
      assert.is(await greenlet.get(), greenlet.value)
    }
  })

  test(`GR-18: with an error of one's own it has failed, and that is reported (${kind})`, async () => {
    const greenlet = spawn(body as () => Steps)
    await greenlet.kill(Custom)
    assert.not(greenlet.successful())
    assert.instance(greenlet.exception, Custom)
    assert.is(greenlet.value, undefined)
    assert.is(await failure(greenlet.get()), greenlet.exception)
    assert.is(takeReports().length, 1)
  })
}

test("GR-15: the timeout of kill is that of the join, and silent", async () => {
  for (const body of [
    function* (): Steps {
      try {
        yield* sleep(10)
      } finally {
        yield* sleep(0.03)
      }
    },
    async () => {
      try {
        await sleep(10)
      } finally {
        await sleep(0.03)
      }
    },
  ]) {
    const greenlet = spawn(body as () => Steps)
    await sleep(0)
    assert.is(await greenlet.kill(GreenletExit, true, 0.005), undefined)
    assert.not(greenlet.dead)
    await greenlet.join()
    assert.instance(greenlet.value, GreenletExit)
  }
})

test("GR-16: a generator is unwound through its finally blocks and past its catch blocks", async () => {
  const seen: string[] = []
  const greenlet = spawn(function* () {
    try {
      try {
        yield* sleep(10)
      } catch {
        seen.push("caught")
      } finally {
        seen.push("inner")
        yield* sleep(0)
        seen.push("inner ends")
      }
      seen.push("after")
    } finally {
      seen.push("outer")
    }
  })
  await sleep(0)
  await greenlet.kill()
  assert.equal(seen, ["inner", "inner ends", "outer"])
  assert.instance(greenlet.value, GreenletExit)
})

test("GR-16: a kill reaches a generator through all that it delegates to, in the sleep(0) too", async () => {
  const seen: string[] = []
  function* leaf(): Steps {
    try {
      for (;;) yield* sleep(0)
    } finally {
      seen.push("leaf")
    }
  }
  function* branch(): Steps {
    try {
      yield* leaf()
      seen.push("not this")
    } finally {
      seen.push("branch")
    }
  }
  const greenlet = spawn(function* () {
    yield* branch()
    seen.push("nor this")
  })
  await sleep(0.002)
  await greenlet.kill()
  assert.equal(seen, ["leaf", "branch"])
})

test("GR-16: finally blocks that wait, in generators inside others, run to their end, and nothing goes on after them", async () => {
  const seen: string[] = []
  function* leaf(): Steps {
    try {
      yield* sleep(10)
    } catch {
      seen.push("caught")
    } finally {
      seen.push("leaf")
      yield* sleep(0.001)
      seen.push("leaf waits again")
      yield* sleep(0)
      seen.push("leaf ends")
    }
  }
  function* branch(): Steps {
    try {
      yield* leaf()
      seen.push("not this")
    } finally {
      seen.push("branch")
      yield* sleep(0.001)
      seen.push("branch ends")
    }
    seen.push("nor this")
  }
  function* root(): Steps {
    for (;;) {
      try {
        yield* branch()
      } catch {
        seen.push("caught")
      }
    }
  }
  const greenlet = spawn(root)
  await sleep(0)
  await greenlet.kill()
  assert.equal(seen, ["leaf", "leaf waits again", "leaf ends", "branch", "branch ends"])
  assert.instance(greenlet.value, GreenletExit)

  // a second kill cuts the waiting block short; the generators outside are still left one by one
  seen.length = 0
  const hasty = spawn(root)
  await sleep(0)
  hasty.kill(undefined, false)
  await sleep(0)
  await hasty.kill()
  assert.equal(seen, ["leaf", "branch", "branch ends"])
})

test("GR-16: an error in a finally block that has waited goes on to the generator outside", async () => {
  function* leaf(): Steps {
    try {
      yield* sleep(10)
    } finally {
      yield* sleep(0.001)
      throw new RangeError("cleanup")
    }
  }
  const greenlet = spawn(function* () {
    try {
      yield* leaf()
      return "not killed"
    } catch (error) {
      return (error as Error).message
    }
  })
  await sleep(0)
  await greenlet.kill()
  assert.is(greenlet.value, "cleanup")
})

test("GR-16: a kill reaches an async function at its next wait, and in all that it awaits at once", async () => {
  const unhandled: unknown[] = []
  const listener = (error: unknown): void => void unhandled.push(error)
  process.on("unhandledRejection", listener)
  const caught: unknown[] = []
  const many = spawn(async () => {
    try {
      await Promise.race([sleep(10), sleep(20), spawn(() => sleep(30, false)).get()])
    } catch (error) {
      caught.push(error)
      throw error
    }
  })
  const busy = spawn(async () => {
    await new Promise((resolve) => setTimeout(resolve, 10)) // gevent does not see this one
    await sleep(10)
  })
  const foreign = spawn(() => wait(new Promise(() => {})))
  const awaitingForeign = spawn(async () => await wait(new Promise(() => {})))
  const lost = spawn(async () => {
    await Promise.race([sleep(0), sleep(5)])
    return "left one behind"
  })
  await sleep(0.02)
  const all = [many, busy, foreign, awaitingForeign, lost]
  await killall(all)
  assert.is(caught.length, 1)
  assert.ok(all.every((one) => one.dead && one.successful()))
  assert.is(lost.value, "left one behind")
  for (const one of [many, busy, foreign, awaitingForeign]) assert.instance(one.value, GreenletExit)
  await sleep(0.02)
  process.off("unhandledRejection", listener)
  assert.equal(unhandled, [])
  assert.equal(takeReports(), [])
})

test("GR-16: an async greenlet that ends leaves no wait behind", async () => {
  const source = spawn(() => sleep(1e6, false))
  const active = getHub().loop.activecnt
  const racer = spawn(async () => {
    await Promise.race([sleep(0), source.join(), sleep(7)])
  })
  await racer.join()
  assert.is(source.linkcount(), 0)
  assert.is(getHub().loop.activecnt, active)
})

test("GR-16: a value that was handed over is not lost to a kill; the kill comes at the next wait", async () => {
  const got: unknown[] = []
  const giver = spawn(async () => "value")
  const taker = spawn(function* () {
    got.push(yield* giver.get())
    yield* sleep(10)
    got.push("not this")
  })
  giver.rawlink(() => taker.kill(undefined, false))
  await taker.join()
  assert.equal(got, ["value"])
  assert.instance(taker.value, GreenletExit)
})

test("GR-19: throw is for the hub alone; on a greenlet that has not run it acts like kill", async () => {
  const waiting = spawn(() => sleep(10))
  const fresh = new Greenlet(() => sleep(10))
  await sleep(0)
  assert.throws(() => waiting.throw(), isA(Error, "only possible in the hub"))
  const dead: boolean[] = []
  getHub().loop.runCallback(() => {
    waiting.throw(new Custom())
    dead.push(waiting.dead)
    fresh.throw()
    dead.push(fresh.dead)
    fresh.throw()
  })
  await sleep(0)
  assert.equal(dead, [true, true])
  assert.instance(waiting.exception, Custom)
  assert.instance(fresh.value, GreenletExit)
})

test("GR-20: a greenlet that kills itself gets it at its own next wait", async () => {
  const seen: string[] = []
  const lazy: Greenlet<void> = spawn(function* () {
    lazy.kill(undefined, false)
    seen.push("goes on")
    yield* sleep(0)
    seen.push("not this")
  })
  const direct: Greenlet<void> = spawn(function* () {
    yield* direct.kill()
    seen.push("nor this")
  })
  const asynchronous: Greenlet<void> = spawn(async () => {
    await asynchronous.kill(Custom)
    seen.push("nor that")
  })
  await joinall([lazy, direct, asynchronous])
  assert.equal(seen, ["goes on"])
  assert.instance(lazy.value, GreenletExit)
  assert.instance(direct.value, GreenletExit)
  assert.instance(asynchronous.exception, Custom)
})

test("GR-21: a greenlet that swallows the kill goes on, and can be killed again", async () => {
  for (const body of [
    function* (): Steps<string> {
      for (let left = 2; left > 0; left--) {
        try {
          yield* sleep(10)
        } catch (error) {
          assert.instance(error, Custom)
        }
      }
      return "enough"
    },
    async () => {
      for (let left = 2; left > 0; left--) await sleep(10).then(undefined, () => {})
      return "enough"
    },
  ]) {
    const greenlet = spawn(body as () => Steps<string>)
    await sleep(0)
    await greenlet.kill(Custom, true, 0.005)
    assert.ok(greenlet.active)
    await greenlet.kill(Custom)
    assert.is(greenlet.value, "enough")
  }
})

test("GR-21: a kill during a finally block that waits cuts that wait short", async () => {
  const seen: string[] = []
  const greenlet = spawn(function* () {
    try {
      try {
        yield* sleep(10)
      } finally {
        seen.push("cleaning")
        yield* sleep(10)
        seen.push("cleaned")
      }
    } finally {
      seen.push("last")
    }
  })
  await sleep(0)
  greenlet.kill(undefined, false)
  await sleep(0.02)
  assert.ok(greenlet.active)
  await greenlet.kill()
  assert.equal(seen, ["cleaning", "last"])
})

test("GR-22: kill with what is no error is a TypeError at the call", async () => {
  const greenlet = spawn(() => sleep(0.005))
  for (const wrong of [42, "text", {}, null, () => {}, Date]) {
    assert.throws(() => void greenlet.kill(wrong as never), isA(TypeError, "kill takes"))
    assert.throws(() => void new Greenlet().kill(wrong as never), isA(TypeError, "kill takes"))
  }
  await greenlet.join()
  assert.ok(greenlet.successful())
})

test("GR-23: rawlink calls in the hub, where nothing may wait, also for one that has ended", async () => {
  const greenlet = spawn(async () => 4)
  const seen: unknown[] = []
  greenlet.rawlink((ended) => void seen.push(ended, getcurrent()))
  greenlet.rawlink(function* () {
    yield* sleep(1)
  })
  greenlet.rawlink(() => sleep(1))
  greenlet.rawlink(async () => {
    await sleep(1)
  })
  greenlet.rawlink(function* (ended: Greenlet<number>) {
    seen.push(yield* ended.get())
  })
  await greenlet.join()
  await sleep(0.02)
  assert.equal(seen, [greenlet, getHub(), 4])
  const reports = takeReports()
  assert.is(reports.length, 3)
  for (const report of reports) assert.match(report, "BlockingSwitchOutError: Impossible to call blocking function")
  greenlet.rawlink(() => seen.push("again"))
  await sleep(0)
  assert.is(seen[3], "again")
  assert.instance(new BlockingSwitchOutError(), Error)
})

test("GR-23 GR-24: what cannot be called is no link", () => {
  const greenlet = new Greenlet()
  for (const wrong of [5, null, undefined, "text", {}]) {
    for (const add of ["rawlink", "link", "linkValue", "linkException"] as const) {
      assert.throws(() => greenlet[add](wrong as never), isA(TypeError, "Expected"))
    }
  }
  assert.not(greenlet.hasLinks())
})

test("GR-24: link calls in a greenlet of its own, which may wait", async () => {
  const seen: unknown[] = []
  const greenlet = spawn(async () => 4)
  greenlet.link(function* (ended) {
    const current = getcurrent()
    yield* sleep(0)
    seen.push(ended, current instanceof Greenlet && current !== ended)
  })
  greenlet.link(async (ended) => {
    await sleep(0)
    seen.push(ended.value)
  })
  await greenlet.join()
  await sleep(0.02)
  assert.equal(seen, [greenlet, true, 4])
})

test("GR-25: linkValue and linkException choose by success; being killed is one", async () => {
  const good = spawn(async () => 1)
  const bad = spawn(() => Promise.reject(new Custom()))
  const killed = spawn(() => sleep(10))
  const seen: unknown[] = []
  for (const one of [good, bad, killed] as Greenlet<unknown>[]) {
    one.linkValue((ended) => void seen.push("value", ended))
    one.linkException((ended) => void seen.push("exception", ended))
  }
  await killed.kill()
  for (let i = 0; i < 500 && seen.length < 6; i++) await sleep(0.01)
  assert.is(seen.length, 6)
  assert.is(seen[seen.indexOf(good) - 1], "value")
  assert.is(seen[seen.indexOf(bad) - 1], "exception")
  assert.is(seen[seen.indexOf(killed) - 1], "value")
})

test("GR-26: a thousand links run in the order in which they were added", async () => {
  const order: number[] = []
  const greenlet = spawn(async () => {})
  const expected = Array.from({ length: 1000 }, (_, i) => i)
  for (const i of expected) greenlet.link(() => void order.push(i))
  await greenlet.join()
  await sleep(0)
  assert.equal(order, expected)
})

test("GR-27: an error in a link is reported and the others run; links may come and go meanwhile", async () => {
  const greenlet = spawn(async () => {})
  const seen: string[] = []
  const removed = (): void => void seen.push("removed")
  const added = (): void => void seen.push("added")
  greenlet.rawlink(() => {
    throw new Custom("in a rawlink")
  })
  greenlet.link(() => {
    throw new Custom("in a link")
  })
  greenlet.rawlink(() => {
    seen.push("first")
    greenlet.unlink(removed)
    greenlet.rawlink(added)
  })
  greenlet.rawlink(removed)
  greenlet.rawlink(() => void seen.push("last"))
  await greenlet.join()
  await sleep(0.02)
  assert.equal(seen, ["first", "last", "added"])
  assert.match(takeReports().join(), /in a rawlink[^]*in a link/)
  assert.is(greenlet.linkcount(), 0)
})

test("GR-27: unlinkAll during the notification ends it", async () => {
  const greenlet = spawn(async () => {})
  const seen: string[] = []
  greenlet.rawlink(() => {
    seen.push("first")
    greenlet.unlinkAll()
    greenlet.rawlink(() => void seen.push("new"))
  })
  greenlet.rawlink(() => void seen.push("second"))
  await sleep(0.02)
  assert.equal(seen, ["first", "new"])
})

test("GR-28: unlink finds a link by its function, whichever way it was added", async () => {
  const greenlet = spawn(() => sleep(0.001))
  const seen: string[] = []
  const callback = (): void => void seen.push("called")
  for (const add of ["rawlink", "link", "linkValue", "linkException"] as const) {
    greenlet[add](callback)
    assert.ok(greenlet.hasLinks())
    greenlet.unlink(callback)
    assert.not(greenlet.hasLinks())
  }
  greenlet.unlink(callback)
  greenlet.unlink(undefined)
  greenlet.link(callback)
  greenlet.link(callback)
  greenlet.unlink(callback)
  assert.is(greenlet.linkcount(), 1)
  greenlet.rawlink(callback)
  greenlet.unlinkAll()
  assert.is(greenlet.linkcount(), 0)
  await greenlet.join()
  await sleep(0)
  assert.equal(seen, [])
})

test("GR-29: a link may be anything with put(), and sees the greenlet", async () => {
  const items: unknown[] = []
  const queue = { put: (item: unknown) => void items.push(item) }
  const waiting = {
    *put(item: unknown): Steps {
      yield* sleep(0)
      items.push(item)
    },
  }
  const greenlet = spawn(async () => 1)
  greenlet.rawlink(queue)
  greenlet.link(queue)
  greenlet.linkValue(waiting)
  greenlet.linkException(queue)
  await greenlet.join()
  await sleep(0.02)
  assert.equal(items, [greenlet, greenlet, greenlet])
  const other = spawn(async () => 1)
  other.link(queue)
  other.unlink(queue)
  await other.join()
  await sleep(0)
  assert.is(items.length, 3)
})

test("GR-30: a greenlet shows its class, function and arguments, after its end too", async () => {
  function* body(..._args: unknown[]): Steps {
    yield* sleep(0)
  }
  const greenlet = new Greenlet(body, 1, "text", "x".repeat(200))
  const shown = String(greenlet)
  assert.match(shown, /^<Greenlet: body\(1, "text", "x{46}\.\.\.\)>$/)
  greenlet.start()
  await greenlet.join()
  assert.is(String(greenlet), shown)
  assert.is(inspect(greenlet), shown)
  class Named extends Greenlet<void> {}
  const named = new Named()
  assert.is(String(named), "<Named: _run>")
  assert.match(named.name, /^Named-\d+$/)
  assert.is(String(named), `<Named ${JSON.stringify(named.name)}: _run>`)
  assert.is(String(spawn(async () => {})), "<Greenlet: (anonymous)>")
})

test("GR-31: minimalIdent is the smallest free number and used again, and names may be set", async () => {
  const greenlets = [0, 1, 2].map(() => spawn(() => sleep(10)))
  const idents = greenlets.map((one) => one.minimalIdent)
  const base = idents[0]!
  assert.equal(idents, [base, base + 1, base + 2])
  assert.is(greenlets[1]!.name, `Greenlet-${base + 1}`)
  assert.is(greenlets[1]!.minimalIdent, base + 1)
  await greenlets[1]!.kill()
  await greenlets[0]!.kill()
  assert.is(greenlets[1]!.name, `Greenlet-${base + 1}`)
  const next = [0, 1, 2].map(() => spawn(() => sleep(10)))
  assert.equal(
    next.map((one) => one.minimalIdent),
    [base, base + 1, base + 3],
  )
  next[0]!.name = "chosen"
  assert.is(next[0]!.name, "chosen")
  await killall([...greenlets, ...next])
  const late = spawn(async () => {})
  await late.join()
  assert.is(late.minimalIdent, base)
  const after = spawn(() => sleep(0))
  assert.is(after.minimalIdent, base)
  await after.join()
})

test("GR-32: greenlets know who spawned them and share their tree's locals", async () => {
  const [first, second] = ["a", "b"].map((value) =>
    spawn(function* () {
      const self = getcurrent() as Greenlet<unknown>
      self.spawnTreeLocals["value"] = value
      const child = spawn(function* () {
        const current = getcurrent() as Greenlet<unknown>
        const grandchild = spawnLater(0.001, async () => (getcurrent() as Greenlet<unknown>).spawnTreeLocals["value"])
        assert.is(grandchild.spawningGreenlet, current)
        assert.is(current.spawningGreenlet, self)
        return yield* grandchild.get()
      })
      assert.is(child.spawnTreeLocals, self.spawnTreeLocals)
      return yield* child.get()
    }),
  )
  assert.is(first!.spawningGreenlet, null)
  assert.is(await first!.get(), "a")
  assert.is(await second!.get(), "b")
})

test("GR-32: the stack of the spawn is kept when that is asked for", async () => {
  // the call in an array: one that is returned itself would be a tail call, which some engines leave no frame of
  function spawner(): [Greenlet<void>] {
    return [spawn(async () => {})]
  }
  assert.is(spawner()[0].spawningStack, undefined)
  Greenlet.spawningStackLimit = 2
  try {
    const { spawningStack } = spawner()[0]
    assert.match(spawningStack!, "spawner")
    assert.ok(spawningStack!.split("\n").length <= 2)
  } finally {
    Greenlet.spawningStackLimit = 0
  }
})

test("GR-33: spawn callbacks hear of each greenlet that is started, once each", async () => {
  const seen: unknown[] = []
  const callback = (greenlet: Greenlet<unknown>): void => void seen.push(greenlet)
  addSpawnCallback(callback)
  addSpawnCallback(callback)
  const first = spawn(async () => {})
  const second = spawnLater(0.001, async () => {})
  const third = new Greenlet()
  assert.equal(seen, [first, second])
  third.start()
  third.start()
  assert.equal(seen, [first, second, third])
  removeSpawnCallback(callback)
  removeSpawnCallback(callback)
  await joinall([spawn(async () => {}), first, second, third])
  assert.is(seen.length, 3)
})

test("GR-34: await using waits for the end", async () => {
  const seen: string[] = []
  {
    await using greenlet = spawn(function* () {
      yield* sleep(0.001)
      seen.push("greenlet")
    })
    assert.ok(greenlet.active)
    seen.push("body")
  }
  seen.push("after")
  assert.equal(seen, ["body", "greenlet", "after"])
})

test("GR-35: function, arguments and generator are let go of when it has ended", async () => {
  class Big {}
  const references: WeakRef<Big>[] = []
  const make = (): Greenlet<void> => {
    const argument = new Big()
    const local = new Big()
    references.push(new WeakRef(argument), new WeakRef(local))
    return spawn(function* (given: Big) {
      const kept = [given, local]
      yield* sleep(0)
      kept.length = 0
    }, argument)
  }
  const greenlets = Array.from({ length: 20 }, make)
  await joinall(greenlets)
  await sleep(0.02)
  const alive = await survivors(references)
  assert.ok(greenlets.every((one) => one.dead))
  assert.ok(alive <= 3, `${alive} of ${references.length} are left`) // a host may hold some by chance
})

test("a greenlet that yields what is no wait gets a TypeError there", async () => {
  const wrong = [5, Promise.resolve(1), sleep(0), undefined, {}]
  for (const value of wrong) {
    const greenlet = spawn(function* () {
      yield value as never
    })
    assert.instance(await failure(greenlet.get()), TypeError)
  }
  const handled = spawn(function* () {
    let message = ""
    try {
      yield 5 as never
    } catch (error) {
      message = (error as Error).message
    }
    return message
  })
  assert.match(await handled.get(), "use yield*")
})

test("a blocking call that is yielded without yield* is called a Wait in the error, whether it would wait or not", async () => {
  for (const call of [
    () => sleep(1),
    () => new Queue().get(),
    () => new Queue().put(1),
    () => new Semaphore().acquire(),
  ]) {
    const error = await failure(
      spawn(function* () {
        yield call()
      }).get(),
    )
    assert.instance(error, TypeError)
    assert.match((error as Error).message, "a Wait itself")
  }
})

test("a kill aborts the greenlet's signal with the very error, before its code goes on", async () => {
  const custom = new Custom()
  for (const body of Object.values(ENDLESS)) {
    for (const error of [new GreenletExit(), custom]) {
      const seen: unknown[] = []
      const greenlet: Greenlet = spawn(function* () {
        try {
          yield* ENDLESS.generator()
        } finally {
          seen.push(greenlet.signal.aborted)
        }
      })
      const other = spawn(body as () => Promise<void>)
      for (const one of [greenlet, other]) {
        one.signal.addEventListener("abort", () => seen.push(one.signal.reason === error, getcurrent() === getHub()))
      }
      assert.is(greenlet.signal, greenlet.signal)
      await sleep(0)
      assert.not(greenlet.signal.aborted)
      await killall([greenlet, other], error)
      assert.equal(seen, [true, true, true, true, true])
      assert.is(other.signal.reason, error)
    }
  }
  await sleep(0)
})

test("a signal that is asked for after the kill is aborted already", async () => {
  const custom = new Custom()
  for (const body of Object.values(ENDLESS)) {
    for (const error of [new GreenletExit(), custom]) {
      const early = spawn(body as () => Promise<void>)
      await early.kill(error)
      const late = spawn(body as () => Promise<void>)
      await sleep(0)
      await late.kill(error)
      for (const greenlet of [early, late]) {
        assert.ok(greenlet.signal.aborted)
        assert.is(greenlet.signal.reason, error)
        assert.is(greenlet.signal, greenlet.signal)
      }
    }
  }
  const stubborn = spawn(async () => {
    await sleep(10).then(null, () => {})
    return 5
  })
  await sleep(0)
  await stubborn.kill()
  assert.is(stubborn.value, 5)
  assert.ok(stubborn.signal.aborted)
})

test("a greenlet that is killed before its first turn aborts its signal", async () => {
  const [started, fresh] = [spawn(() => ENDLESS.generator()), new Greenlet(ENDLESS.async)]
  for (const greenlet of [started, fresh]) {
    const { signal } = greenlet
    await greenlet.kill()
    assert.is(signal.reason, greenlet.value)
    assert.instance(signal.reason, GreenletExit)
  }
})

test("an end of its own and a Timeout do not abort a greenlet's signal", async () => {
  const ended = spawn(() => sleep(0))
  const failed = spawn(async () => {
    throw new Custom()
  })
  const limited = spawn(function* () {
    using _limit = Timeout.startNew(0.001)
    yield* sleep(10)
  })
  const greenlets: Greenlet<unknown>[] = [ended, failed, limited]
  const signals = greenlets.map((greenlet) => greenlet.signal)
  await joinall(greenlets)
  for (const greenlet of greenlets) await greenlet.kill() // too late
  assert.instance(limited.exception, Timeout)
  assert.ok(signals.every((signal) => !signal.aborted))
  assert.not(spawn(() => sleep(0)).signal.aborted)
})

test("a kill reaches an async greenlet through its signal, where gevent does not see what it awaits", async () => {
  const greenlet = spawn(async () => {
    const { signal } = getcurrent() as Greenlet
    await new Promise((_resolve, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason as Error))
    })
  })
  await sleep(0)
  await greenlet.kill(undefined, true, 5)
  assert.ok(greenlet.successful())
  assert.is(greenlet.value, greenlet.signal.reason)
})

test("a greenlet that waits with its own signal is killed as any other", async () => {
  const seen: string[] = []
  const steps = function* (): Steps {
    try {
      yield* wait(new Promise(() => {}), { signal: (getcurrent() as Greenlet).signal })
    } catch {
      seen.push("caught")
    } finally {
      yield* sleep(0)
      seen.push("finally")
    }
  }
  const generator = spawn(steps)
  const asynchronous = spawn(async () => {
    await wait(new Promise(() => {}), { signal: (getcurrent() as Greenlet).signal })
  })
  await sleep(0)
  await killall([generator, asynchronous], undefined, true, 5)
  assert.equal(seen, ["finally"])
  for (const one of [generator, asynchronous]) assert.is(one.value, one.signal.reason)
})

test("several interrupts that come at once are thrown one at each wait, in order", async () => {
  let seen: unknown[] = []
  const errors = [new Custom("1"), new Custom("2"), new Custom("3")]
  for (const body of [
    function* (): Steps {
      for (let i = 0; i < 4; i++) {
        try {
          yield* sleep(0.001)
          seen.push("slept")
        } catch (error) {
          seen.push(error)
        }
      }
    },
    async () => {
      for (let i = 0; i < 4; i++) {
        try {
          await sleep(0.02)
          seen.push("slept")
        } catch (error) {
          seen.push(error)
        }
      }
    },
  ]) {
    seen = []
    const greenlet = spawn(body as () => Steps)
    await sleep(0)
    for (const error of errors) kill(greenlet, error)
    await greenlet.join()
    assert.equal(seen, [...errors, "slept"])
  }
})

test("GR-15: kill reaches the async function that a plain one has called, at its second wait too", async () => {
  const inner = async (): Promise<void> => {
    await sleep(0.001)
    assert.is(getcurrent(), greenlet)
    await sleep(10)
  }
  const greenlet: Greenlet<void> = spawn(() => inner())
  await sleep(0.02)
  await greenlet.kill(undefined, true, 5)
  assert.ok(greenlet.value instanceof GreenletExit)
})

test.run()
