import { readFileSync } from "node:fs"
import {
  getcurrent,
  getHub,
  killall,
  type Greenlet,
  Greenlet as GreenletClass,
  run,
  sleep,
  spawn,
  spawnRaw,
  wait,
  type Wait,
} from "gevent-wasm"
import { Event } from "gevent-wasm/event"
import { local } from "gevent-wasm/local"
import { assertSwitches, FailedToSwitch, formatRunInfo, GreenletTree, printRunInfo, wrapErrors } from "gevent-wasm/util"
import { test } from "uvu"
import * as assert from "uvu/assert"
import { takeReports } from "./reports.ts"
import { failure } from "./timing.ts"

test.before.each(() => void takeReports())

function block(seconds: number): void {
  const end = performance.now() + seconds * 1000
  while (performance.now() < end);
}

/** What a using block throws at its end. */
function thrownBy(block: () => void): unknown {
  try {
    block()
  } catch (error) {
    return error
  }
  return null
}

test("UT-01: wrapErrors returns the errors of its classes and throws the others", () => {
  const parse = wrapErrors([SyntaxError, RangeError], (text: string) => JSON.parse(text) as unknown)
  assert.equal(parse("[1]"), [1])
  assert.instance(parse("["), SyntaxError)
  const one = wrapErrors(RangeError, (text: string) => JSON.parse(text) as unknown)
  assert.throws(
    () => one("["),
    (error: Error) => error instanceof SyntaxError,
  )
})

test("UT-01: wrapErrors keeps generator functions, async functions and those that return a Wait", async () => {
  const error = new RangeError("no")
  const generator = wrapErrors(RangeError, function* (fails: boolean) {
    yield* sleep(0)
    if (fails) throw error
    return "done"
  })
  assert.is(await spawn(generator, true).get(), error)
  assert.is(await spawn(generator, false).get(), "done")
  const promising = wrapErrors(RangeError, async (fails: boolean) => {
    await sleep(0)
    if (fails) throw error
    return "done"
  })
  assert.is(await promising(true), error)
  assert.is(await promising(false), "done")
  assert.instance(await failure(wrapErrors(SyntaxError, () => Promise.reject<number>(error))()), RangeError)
  const failing = spawn(function* () {
    yield* sleep(0)
    throw error
  })
  const waiting = wrapErrors(RangeError, () => failing.get())
  assert.is(await Promise.resolve(waiting()), error)
  assert.is(await run(() => waiting()), error)
  takeReports()
})

test("UT-01: a greenlet whose errors are wrapped is not reported", async () => {
  const greenlet = spawn(
    wrapErrors(RangeError, function* () {
      throw new RangeError("expected")
    }),
  )
  await greenlet.join()
  assert.instance(greenlet.value, RangeError)
  assert.equal(takeReports(), [])
})

test("UT-01: wrapErrors shows the function and has its properties", () => {
  const original = Object.assign(
    function adder(this: unknown, a: number, b: number) {
      return [this, a + b]
    },
    { extra: "property" },
  )
  const wrapped = wrapErrors(Error, original) as unknown as typeof original
  assert.is(String(wrapped), String(original))
  assert.is(wrapped.name, "adder")
  assert.is(wrapped.length, 2)
  assert.is(wrapped.extra, "property")
  const self = {}
  assert.equal(wrapped.call(self, 1, 2), [self, 3])
})

test("UT-01: what is no class and no function is refused", () => {
  assert.throws(() => wrapErrors("RangeError" as never, () => 1), /errors must be classes of errors, not RangeError/)
  assert.throws(() => wrapErrors(RangeError, null as never), /wrapErrors takes a function, not null/)
})

test("UT-02: formatRunInfo has the stack of this thread and where each greenlet waits", async () => {
  const event = new Event()
  await run(function* current() {
    const waiting = spawn(function* waiter() {
      yield* event.wait()
    })
    yield* sleep(0)
    const lines = formatRunInfo()
    const text = lines.join("\n")
    assert.equal(lines.slice(0, 4), ["*".repeat(80), "* Threads", "*".repeat(80), "Thread (CURRENT)"])
    assert.match(text, /\* Greenlets\n\*{80}\n---- Thread boundary\n<MAIN>\n/)
    assert.match(text, "<Greenlet: waiter>\n")
    assert.match(text, /Waiting: \w+/)
    assert.match(text, /Running:\n.*util\.test/s)
    assert.ok(lines[4]!.includes("util.test"), lines[4])
    const short = formatRunInfo({ threadStacks: false, greenletStacks: false })
    assert.is(short[4], "\t...stack elided...")
    assert.not.match(short.join("\n"), /Running|Waiting|util\.test/)
    assert.is(formatRunInfo({ limit: 1 })[4]!.split("\n").length, 1)
    event.set()
    yield* waiting.join()
  })
})

test("UT-02: spawning stacks and locals are part of it", async () => {
  GreenletClass.spawningStackLimit = 5
  const things = local<{ user?: string }>()
  try {
    await run(function* spawner() {
      const spawned = spawn(function* child() {
        things.user = "Ada"
        ;(getcurrent() as Greenlet).spawnTreeLocals["request"] = 7
        yield* sleep(10)
      })
      spawned.name = "the child"
      yield* sleep(0)
      const text = formatRunInfo().join("\n")
      assert.match(text, /<Greenlet "the child": child>\n +Waiting: .*\n +Spawned at:\n(?: .*\n)*? .*util\.test/)
      assert.match(text, "Spawn Tree Locals\n")
      assert.match(text, '{"request":7}')
      assert.is(text.match(/Greenlet Locals/g)!.length, 1) // to look does not make any
      assert.match(text, /Greenlet Locals:\n.*Local Object\n.*\{"user":"Ada"\}/)
      yield* spawned.kill()
    })
  } finally {
    GreenletClass.spawningStackLimit = 0
  }
})

test("UT-02: printRunInfo gives one text to its file", () => {
  const texts: string[] = []
  printRunInfo({ threadStacks: false, greenletStacks: false, file: (text) => texts.push(text) })
  assert.is(texts.length, 1)
  assert.is(texts[0], `${formatRunInfo({ threadStacks: false, greenletStacks: false }).join("\n")}\n`)
  assert.throws(() => printRunInfo({ file: "err.txt" as never }), /file must be a function of the text, not err.txt/)
})

test("UT-03: the tree has this exact form", async () => {
  const forever = new Event()
  await run(function* top() {
    const upper = spawn(function* parent() {
      const greenlets = ["one", "two"].map((name) => {
        const greenlet = spawn(function* child() {
          if (name === "one") spawnRaw(() => forever.wait())
          yield* forever.wait()
        })
        greenlet.name = name
        return greenlet
      })
      yield* sleep(0.01)
      return greenlets[0]
    })
    upper.name = "parent"
    const failing = spawn(function* failed() {
      spawn(function* last() {
        yield* forever.wait()
      })
      throw new RangeError("expected")
    })
    yield* upper.join()
    yield* failing.join()
    takeReports()
    const tree = GreenletTree.currentTree()
    assert.is(
      String(tree),
      [
        "<MAIN>",
        ` +--- ${String(getHub())}`,
        " +--- <QuietGreenlet: top>",
        '      +--- <Greenlet "parent": parent>; finished with value <Greenlet "one": child>',
        '      |    +--- <Greenlet "one": child>',
        "      |    |    +--- <RawGreenlet>",
        '      |    +--- <Greenlet "two": child>',
        "      +--- <Greenlet: failed>; finished with exception RangeError: expected",
        "           +--- <Greenlet: last>",
      ].join("\n"),
    )
    const waits = `Waiting: wait for ${String(forever)}`
    assert.is(
      tree.format({ runningStackLimit: 1 }).replace(/Running:\n.*/, "Running:\n…"),
      [
        "<MAIN>",
        " :    Waiting: get of <QuietGreenlet: top>",
        ` +--- ${String(getHub())}`,
        " +--- <QuietGreenlet: top>",
        "            Running:",
        "…",
        '      +--- <Greenlet "parent": parent>; finished with value <Greenlet "one": child>',
        '      |    +--- <Greenlet "one": child>',
        `       :     :          ${waits}`,
        "      |    |    +--- <RawGreenlet>",
        `       :     :                ${waits}`,
        '      |    +--- <Greenlet "two": child>',
        `       :                ${waits}`,
        "      +--- <Greenlet: failed>; finished with exception RangeError: expected",
        "           +--- <Greenlet: last>",
        `                        ${waits}`,
      ].join("\n"),
    )
    assert.equal(tree.formatLines(false).join("\n"), tree.format(false))
    forever.set()
  })
})

test("UT-03: there is one tree for the thread, and its nodes are greenlets", async () => {
  await run(function* () {
    const child = spawn(() => sleep(10))
    yield* sleep(0)
    const forest = GreenletTree.forest()
    assert.is(forest.length, 1)
    const [tree] = forest
    assert.ok(tree!.isCurrentTree)
    const self = tree!.childTrees.find(({ greenlet }) => greenlet === getcurrent())!
    assert.not.ok(self.isCurrentTree)
    assert.equal(
      self.childTrees.map(({ greenlet }) => greenlet),
      [child],
    )
    yield* child.kill()
    assert.equal(
      GreenletTree.currentTree().childTrees.find(({ greenlet }) => greenlet === getcurrent())!.childTrees,
      [],
    )
  })
})

test("UT-04: a block that does not switch fails", async () => {
  await run(function* busy() {
    const error = thrownBy(() => {
      using _check = assertSwitches()
    })
    assert.instance(error, FailedToSwitch)
    assert.match((error as Error).message, /^To any greenlet in 0\.\d{4} seconds\n={80}\n/)
    assert.match((error as Error).message, "busy> appears to be blocked")
    using _check = assertSwitches()
    yield* sleep(0)
  })
  assert.instance(
    thrownBy(() => {
      using _check = assertSwitches()
    }),
    FailedToSwitch,
  )
  using _check = assertSwitches()
  await sleep(0)
})

test("UT-04: a block that is fast enough need not switch", () => {
  using _check = assertSwitches(10)
  using _hub = assertSwitches(10, true)
})

test("UT-04: a block that blocks for too long fails, also when it switches", async () => {
  await run(function* busy() {
    const error = thrownBy(() => {
      using _check = assertSwitches(0.05)
      block(0.2)
    })
    assert.match((error as Error).message, /^To any greenlet in 0\.\d{4} seconds \(max allowed 0\.0500 seconds\)\n/)
    let late: unknown = null
    try {
      using _check = assertSwitches(0.05)
      yield* sleep(0)
      block(0.2)
      yield* sleep(0)
      yield* sleep(0)
    } catch (caught) {
      late = caught
    }
    assert.instance(late, FailedToSwitch)
    assert.match((late as Error).message, "busy> appears to be blocked")
  })
  const error = await failure(blockInAsync())
  assert.instance(error, FailedToSwitch)
})

async function blockInAsync(): Promise<void> {
  using _check = assertSwitches(0.05)
  await sleep(0.01)
  block(0.4)
  await sleep(0.1)
}

test("UT-04: waiting is not blocking", async () => {
  await run(function* () {
    using _check = assertSwitches(1)
    using _hub = assertSwitches(1, true)
    yield* sleep(1.5)
  })
  using _check = assertSwitches(1)
  await sleep(1.5)
})

test("UT-04: with hubOnly, switches between greenlets do not count", async () => {
  const spin = function* (): Generator<Wait<unknown>, void, unknown> {
    const greenlets = Array.from({ length: 10 }, () =>
      spawn(function* () {
        block(0.04)
      }),
    )
    for (const greenlet of greenlets) yield* greenlet.join()
  }
  await run(function* () {
    using _check = assertSwitches(0.3)
    yield* spin()
  })
  const error = await failure(
    run(function* () {
      using _check = assertSwitches(0.2, true)
      yield* spin()
    }),
  )
  assert.match((error as Error).message, /^To the hub in/)
})

test("UT-04: an error that ends the block comes along", async () => {
  const error = thrownBy(() => {
    using _check = assertSwitches()
    throw new RangeError("of the block")
  }) as { error: unknown; suppressed: unknown }
  assert.instance(error.error, FailedToSwitch)
  assert.instance(error.suppressed, RangeError)
})

test("UT-04: what is no time is refused", () => {
  assert.throws(() => assertSwitches("1" as never), /maxBlockingTime must be a number of seconds or null, not 1/)
  assert.throws(() => assertSwitches(0), /maxBlockingTime must be positive: 0/)
})

test("UT-08: a greenlet has the smallest number that no living one has", async () => {
  await run(function* () {
    const [a, b, c] = [1, 2, 3].map(() => spawn(() => sleep(10))) as [Greenlet, Greenlet, Greenlet]
    const [first, second, third] = [a.minimalIdent, b.minimalIdent, c.minimalIdent]
    assert.equal([first, second, third], [first, first + 1, first + 2])
    yield* c.kill()
    yield* a.kill()
    yield* b.kill()
    const again = [1, 2, 3, 4].map(() => spawn(() => sleep(10)))
    assert.equal(
      again.map((greenlet) => greenlet.minimalIdent),
      [first, second, third, third + 1],
    )
    yield* killall(again)
  })
})

test("UT-11: modules that wait at their top level can be imported from several greenlets at once", async () => {
  const global = globalThis as { nap?: (seconds: number) => PromiseLike<unknown> }
  global.nap = (seconds) => run(() => sleep(seconds))
  const source = (n: number): string => `data:text/javascript,await nap(0.02); export default ${n} // ${"UT-11"}`
  try {
    const greenlets = [1, 2, 1, 3].map((n) =>
      spawn(function* () {
        const module = (yield* wait(import(source(n)))) as { default: number }
        return module.default
      }),
    )
    await spawn(async () => (await import(source(4))) as object).get()
    assert.equal(await Promise.all(greenlets.map((greenlet) => greenlet.get())), [1, 2, 1, 3])
  } finally {
    delete global.nap
  }
})

test("UT-10: each module exports what it is known for", async () => {
  const { exports } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as {
    exports: Record<string, unknown>
  }
  const found: Record<string, string[]> = {}
  for (const [path, target] of Object.entries(exports)) {
    if (typeof target !== "object") continue
    const module = (await import(`gevent-wasm${path.slice(1)}`)) as object
    found[path] = Object.keys(module).sort()
  }
  const known = JSON.parse(readFileSync(new URL("../../test/exports.json", import.meta.url), "utf8")) as object
  assert.equal(found, known)
})

test.run()
