import { getcurrent, type Greenlet, killall, run, sleep, spawn, Timeout, wait } from "gevent-wasm"
import { Context, ContextVar, copyContext, Token } from "gevent-wasm/contextvars"
import { Queue } from "gevent-wasm/queue"
import { test } from "uvu"
import * as assert from "uvu/assert"
import { takeReports } from "./reports.ts"
import { failure, isA } from "./timing.ts"

test.before.each(() => void takeReports())

/** Runs a test in a greenlet, whose context is empty. */
function isolated(title: string, body: () => Promise<void>): void {
  test(title, () => run(body))
}

isolated("LO-07: a variable's value, a fallback, its default, or an error", async () => {
  const plain = new ContextVar<number | undefined>("plain")
  const defaulted = new ContextVar("defaulted", { default: 1 })
  assert.is(plain.name, "plain")
  assert.throws(() => plain.get(), isA(ReferenceError, "plain"))
  assert.is(plain.get(null), null)
  assert.is(plain.get(undefined), undefined)
  assert.is(defaulted.get(), 1)
  assert.is(defaulted.get(2), 2)
  assert.is(new ContextVar<number | undefined>("none", { default: undefined }).get(), undefined)
  plain.set(undefined)
  assert.is(plain.get(5), undefined)
  plain.set(3)
  defaulted.set(4)
  assert.is(plain.get(5), 3)
  assert.is(defaulted.get(5), 4)
})

test("LO-07: a variable needs a name, and options that are options", () => {
  for (const wrong of [1, undefined, {}]) assert.throws(() => new ContextVar(wrong as never), isA(TypeError, "string"))
  for (const wrong of [1, null, "x"])
    assert.throws(() => new ContextVar("x", wrong as never), isA(TypeError, "default"))
})

isolated("LO-07: reset puts the value before back", async () => {
  const variable = new ContextVar<number>("variable")
  const first = variable.set(1)
  assert.is(first.var, variable)
  assert.is(first.oldValue, Token.MISSING)
  const second = variable.set(2)
  assert.is(second.oldValue, 1)
  variable.reset(second)
  assert.is(variable.get(), 1)
  variable.reset(first)
  assert.is(variable.get("none"), "none")
})

isolated("LO-07: a token is used once, for its own variable and in its own context", async () => {
  const [variable, other] = [new ContextVar<number>("variable"), new ContextVar<number>("other")]
  const used = variable.set(1)
  variable.reset(used)
  assert.throws(() => variable.reset(used), isA(Error, "used already"))
  const token = variable.set(2)
  assert.throws(() => other.reset(token), isA(RangeError, "not by"))
  assert.throws(() => copyContext().run(() => variable.reset(token)), isA(RangeError, "another Context"))
  const elsewhere = spawn(async () => assert.throws(() => variable.reset(token), isA(RangeError, "another Context")))
  await elsewhere.get()
  for (const wrong of [undefined, 5, {}]) assert.throws(() => variable.reset(wrong as never), isA(TypeError, "Token"))
  variable.reset(token)
  assert.is(variable.get(0), 0)
})

isolated("LO-07: using resets a variable", async () => {
  const variable = new ContextVar("variable", { default: 0 })
  {
    using _token = variable.set(1)
    using early = variable.set(2)
    assert.is(variable.get(), 2)
    variable.reset(early)
    assert.is(variable.get(), 1)
  }
  assert.is(variable.get(), 0)
})

isolated("LO-07: a new greenlet begins with an empty context", async () => {
  const variable = new ContextVar("variable", { default: "none" })
  variable.set("outside")
  const seen: string[] = []
  const bodies = [
    function* () {
      seen.push(variable.get())
      variable.set("inside")
      yield* sleep(0.001)
      return variable.get()
    },
    async () => {
      seen.push(variable.get())
      variable.set("inside")
      await sleep(0.001)
      return variable.get()
    },
  ]
  const greenlets = bodies.map((body) => spawn(body as () => Promise<string>))
  // one that is made while a context is being run too
  greenlets.push(copyContext().run(() => spawn(bodies[1] as () => Promise<string>)))
  assert.equal(await Promise.all(greenlets.map((one) => one.get())), ["inside", "inside", "inside"])
  assert.equal(seen, ["none", "none", "none"])
  assert.is(variable.get(), "outside")
})

isolated("LO-07: a plain function is called at once, and its result or error comes back", async () => {
  const variable = new ContextVar<number>("variable")
  const context = new Context()
  assert.is(
    context.run((a: number, b: number) => (variable.set(a * b), a + b), 3, 4),
    7,
  )
  assert.is(context.get(variable), 12)
  assert.is(variable.get(null), null)
  const error = new Error("expected")
  assert.throws(
    () =>
      context.run(() => {
        variable.set(1)
        throw error
      }),
    (thrown: unknown) => thrown === error,
  )
  assert.is(context.get(variable), 1)
  assert.is(variable.get(null), null)
  assert.is(
    context.run(() => variable.get()),
    1,
  )
  assert.throws(() => context.run(5 as never), isA(TypeError, "function"))
})

isolated("LO-07: a generator function has the context across its waits, and no other greenlet has", async () => {
  const variable = new ContextVar<string>("variable")
  const seen: string[] = []
  const context = new Context()
  const other = spawn(function* () {
    for (let i = 0; i < 3; i++) {
      seen.push(variable.get("other: none"))
      yield* sleep(0)
    }
  })
  const worker = spawn(function* () {
    variable.set("outer")
    const result = yield* context.run(function* (text: string) {
      seen.push(variable.get("none"))
      variable.set(text)
      yield* sleep(0)
      seen.push(variable.get())
      yield* sleep(0)
      return variable.get()
    }, "inner")
    return [result, variable.get()]
  })
  assert.equal(await worker.get(), ["inner", "outer"])
  await other.join()
  assert.equal(
    seen.filter((text) => text !== "other: none"),
    ["none", "inner"],
  )
  assert.is(seen.length, 5)
  assert.is(context.get(variable), "inner")
})

isolated("LO-07: an operation and a generator function can be awaited", async () => {
  const variable = new ContextVar<string>("variable", { default: "none" })
  const context = new Context()
  context.run(() => variable.set("set"))
  const queue = new Queue<number>()
  await queue.put(5)
  assert.is(await context.run(() => queue.get()), 5)
  const result = context.run(function* () {
    yield* sleep(0.001)
    return variable.get()
  })
  assert.is(await result, "set")
  assert.is(variable.get(), "none")
})

isolated("LO-07: an async function is a greenlet of its own with the context", async () => {
  const variable = new ContextVar<string>("variable", { default: "none" })
  const context = new Context()
  const body = async (text: string): Promise<string[]> => {
    const before = variable.get()
    variable.set(text)
    await sleep(0.001)
    await new Promise((resolve) => setTimeout(resolve, 1))
    return [before, variable.get()]
  }
  assert.equal(await context.run(body, "first"), ["none", "first"])
  const second = spawn(function* () {
    const values = yield* context.run(body, "second")
    return [...values, variable.get()]
  })
  assert.equal(await second.get(), ["first", "second", "none"])
  const error = new Error("expected")
  const failing = async () => {
    await sleep(0)
    throw error
  }
  assert.is(await failure(context.run(failing)), error)
  assert.is(await failure(spawn(() => context.run(failing)).get()), error)
  assert.is(context.get(variable), "second")
})

/** Waits, for some seconds, until nothing runs in a context: an async function that was killed goes on for a while. */
async function released(context: Context): Promise<void> {
  for (let left = 5000; left > 0; left--) {
    try {
      return context.run(() => {})
    } catch {
      await sleep(0.001)
    }
  }
}

isolated("LO-07: a kill and a Timeout leave the context", async () => {
  const variable = new ContextVar<string>("variable", { default: "none" })
  const context = new Context()
  context.run(() => variable.set("set"))
  const seen: string[] = []
  const steps = function* () {
    try {
      yield* sleep(10)
    } finally {
      yield* sleep(0)
      seen.push(variable.get())
    }
  }
  const promised = async () => {
    try {
      await sleep(10)
    } finally {
      await sleep(0)
      seen.push(variable.get())
    }
  }
  for (const body of [steps, promised as unknown as typeof steps]) {
    const killed = spawn(function* () {
      try {
        yield* context.run(body)
      } finally {
        seen.push(variable.get())
      }
    })
    await sleep(0.001)
    assert.throws(() => context.run(() => 1), isA(Error, "being run"))
    await killed.kill()
    await released(context)
    assert.equal(seen.splice(0).sort(), ["none", "set"])
    const limited = spawn(function* () {
      using _limit = Timeout.startNew(0.001)
      yield* context.run(body)
    })
    assert.instance(await failure(limited.get()), Timeout)
    await released(context)
    assert.equal(seen.splice(0), ["set"])
    assert.is(
      context.run(() => variable.get()),
      "set",
    )
  }
})

isolated("LO-07: killing whoever awaits a context's function kills that", async () => {
  const context = new Context()
  let inner: Greenlet | undefined
  const outer = spawn(async () => {
    await context.run(async () => {
      inner = getcurrent() as Greenlet
      await sleep(10)
    })
  })
  await sleep(0.002)
  await outer.kill()
  await inner!.join(5)
  assert.ok(inner!.dead)
  context.run(() => {})
})

isolated("LO-07: a context that is being run cannot be entered again", async () => {
  const context = new Context()
  const error = isA(Error, "being run")
  context.run(() => assert.throws(() => context.run(() => {}), error))
  let open = () => {}
  let gate = Promise.resolve()
  const steps = function* () {
    yield* wait(gate)
  }
  const asynchronous = async () => await wait(gate)
  for (const body of [steps, asynchronous]) {
    gate = new Promise((resolve) => (open = resolve))
    const greenlet = spawn(() => context.run(body as () => Promise<void>))
    await sleep(0.001)
    assert.throws(() => context.run(() => {}), error)
    assert.throws(() => context.run(steps), error)
    assert.ok(error(await failure(context.run(asynchronous))))
    assert.is(
      context.copy().run(() => 5),
      5,
    )
    open()
    await greenlet.get()
    assert.is(
      context.run(() => 5),
      5,
    )
  }
  // one that was killed before its first turn does not hold it
  const early = spawn(() => context.run(asynchronous))
  await killall([early])
  assert.is(
    context.run(() => 5),
    5,
  )
})

isolated("LO-07: a context is a map that copies do not share", async () => {
  const [a, b] = [new ContextVar<number>("a"), new ContextVar<string>("b", { default: "unused" })]
  assert.is(copyContext().size, 0)
  a.set(1)
  const context = copyContext()
  a.set(2)
  assert.is(context.size, 1)
  assert.ok(context.has(a) && !context.has(b))
  assert.is(context.get(a), 1)
  assert.is(context.get(b), undefined)
  assert.is(context.get(b, "fallback"), "fallback")
  assert.equal([...context.keys()], [a])
  assert.equal([...context.values()], [1])
  assert.equal([...context.entries()], [[a, 1]])
  assert.equal([...context], [[a, 1]])
  const copy = context.copy()
  copy.run(() => b.set("copy"))
  assert.is(copy.size, 2)
  assert.is(context.size, 1)
  assert.is(new Context(copy).get(b), "copy")
})

isolated("LO-07: contexts nest, in one greenlet and in many", async () => {
  const variable = new ContextVar("variable", { default: 0 })
  const [outer, inner] = [new Context(), new Context()]
  outer.run(() => {
    variable.set(1)
    inner.run(() => {
      assert.is(variable.get(), 0)
      variable.set(2)
    })
    assert.is(variable.get(), 1)
  })
  assert.is(variable.get(), 0)
  const contexts = Array.from({ length: 20 }, () => new Context())
  const greenlets = contexts.map((context, i) =>
    spawn(() =>
      context.run(function* () {
        for (let round = 0; round < 5; round++) {
          variable.set(variable.get() + i)
          yield* round % 2 === 0 ? sleep(0) : wait(Promise.resolve())
        }
        return variable.get()
      }),
    ),
  )
  assert.equal(
    await Promise.all(greenlets.map((one) => one.get())),
    contexts.map((_, i) => 5 * i),
  )
})

test.run()
