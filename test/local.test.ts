import { inspect } from "node:util"
import { getcurrent, getHub, joinall, run, sleep, spawn, spawnRaw } from "gevent-wasm"
import { allLocalDictsForGreenlet, copyLocal, GreenletLocal, local } from "gevent-wasm/local"
import { test } from "uvu"
import * as assert from "uvu/assert"
import { survivors } from "./collect.ts"
import { takeReports } from "./reports.ts"
import { isA } from "./timing.ts"

test.before.each(() => void takeReports())

const MANY = 50
/** What a host may hold by chance. */
const FEW = 5

/** A class as users write one. */
class Counter {
  static made = 0
  static of(): string {
    return "static"
  }
  readonly steps: number[]
  label = "counter"
  #total = 0

  constructor(steps: number[], ...rest: unknown[]) {
    Counter.made++
    this.steps = [...steps]
    if (rest.length > 0) this.label = String(rest[0])
  }

  get total(): number {
    return this.#total
  }

  set total(value: number) {
    this.#total = value
  }

  add(step: number): this {
    this.steps.push(step)
    this.#total += step
    return this
  }
}

test("LO-01: the properties of a local are each greenlet's own", async () => {
  const mine = local<{ number: number; list: number[] }>()
  mine.number = 42
  const seen: unknown[] = []
  const worker = (number: number) =>
    spawn(function* () {
      seen.push(Object.keys(mine), mine.number)
      mine.number = number
      yield* sleep(0.001)
      ;(mine.list ??= []).push(number)
      yield* sleep(0.001)
      return [mine.number, ...mine.list]
    })
  const workers = [worker(1), worker(2)]
  assert.equal(await Promise.all(workers.map((one) => one.get())), [
    [1, 1],
    [2, 2],
  ])
  assert.equal(seen, [[], undefined, [], undefined])
  assert.equal({ ...mine }, { number: 42 })
})

test("LO-01: async and raw greenlets, MAIN and the hub have values of their own", async () => {
  const name = new GreenletLocal(() => "none")
  name.set("MAIN")
  const seen: string[] = []
  const worker = async (text: string): Promise<void> => {
    seen.push(name.get())
    name.set(text)
    await sleep(0.001)
    seen.push(name.get())
    await new Promise((resolve) => setTimeout(resolve, 1))
    seen.push(name.get())
  }
  const greenlet = spawn(worker, "async")
  spawnRaw(function* () {
    name.set("raw")
    yield* sleep(0.001)
    seen.push(name.get())
  })
  getHub().loop.runCallback(() => {
    seen.push(name.get())
    name.set("hub")
  })
  await greenlet.get()
  getHub().loop.runCallback(() => seen.push(name.get()))
  await sleep(0.001)
  assert.equal(seen.sort(), ["async", "async", "hub", "none", "none", "raw"])
  assert.is(name.get(), "MAIN")
})

test("LO-01: an object of local() behaves as the object that it stands for", async () => {
  const mine = local<{ a: number; b: { c: number } }>()
  mine.a = 1
  mine.b = { c: 2 }
  assert.equal(Object.keys(mine), ["a", "b"])
  assert.equal(Object.entries(mine), [
    ["a", 1],
    ["b", { c: 2 }],
  ])
  assert.ok("a" in mine && Object.hasOwn(mine, "a") && !("z" in mine))
  assert.is(JSON.stringify(mine), '{"a":1,"b":{"c":2}}')
  assert.equal({ ...mine }, { a: 1, b: { c: 2 } })
  assert.is(inspect(mine), "{ a: 1, b: { c: 2 } }")
  assert.is(String(mine), "[object Object]")
  assert.ok(delete mine.a)
  assert.not("a" in mine)
  assert.is(mine.a, undefined)
  Object.assign(mine, { a: 5 })
  Object.defineProperty(mine, "hidden", { value: 7, enumerable: false, writable: true })
  assert.equal(Object.keys(mine), ["b", "a"])
  assert.is((mine as { hidden?: number }).hidden, 7)
  assert.is(await (async () => mine)(), mine) // it is no promise
  await run(async () => assert.equal(Reflect.ownKeys(mine), []))
})

test("LO-01: what would bind all greenlets is refused", () => {
  const mine = local()
  assert.throws(() => void Object.setPrototypeOf(mine, { a: 1 }), isA(TypeError))
  assert.throws(() => Object.freeze(mine), isA(TypeError))
  assert.throws(() => Object.defineProperty(mine, "a", { value: 1, configurable: false }), isA(TypeError))
  assert.ok(Object.isExtensible(mine))
})

test("LO-01: GreenletLocal gets, sets, has and deletes", async () => {
  const plain = new GreenletLocal<number | undefined>()
  assert.is(plain.get(), undefined)
  assert.not(plain.has())
  assert.not(plain.delete())
  plain.set(undefined)
  assert.ok(plain.has())
  plain.set(1)
  await run(async () => assert.not(plain.has()))
  assert.is(plain.get(), 1)
  assert.ok(plain.delete())
  assert.not(plain.has())

  let made = 0
  const counted = new GreenletLocal<number | undefined>(() => (made++ === 0 ? undefined : made))
  assert.not(counted.has())
  assert.is(counted.get(), undefined)
  assert.is(counted.get(), undefined)
  assert.is(made, 1)
  assert.is(await run(async () => counted.get()), 2)
  counted.delete()
  assert.is(counted.get(), 3)
  assert.throws(() => new GreenletLocal(5 as never), isA(TypeError, "function"))
})

test("LO-02: an object of a class is made once per greenlet with the same arguments", async () => {
  Counter.made = 0
  const steps = [1]
  const mine = local(Counter, steps, "mine")
  assert.is(Counter.made, 0)
  mine.add(2)
  assert.equal(mine.steps, [1, 2])
  assert.is(Counter.made, 1)
  const worker = () =>
    spawn(function* () {
      mine.add(5)
      yield* sleep(0)
      return [...mine.steps, mine.label]
    })
  const workers = [worker(), worker()]
  await joinall(workers)
  assert.equal(
    workers.map((one) => one.value),
    [
      [1, 5, "mine"],
      [1, 5, "mine"],
    ],
  )
  assert.is(Counter.made, 3)
  assert.equal(mine.steps, [1, 2])
})

test("LO-02: a constructor that throws does so in each greenlet, until it does not", async () => {
  let fails = true
  class Picky {
    ok = true
    constructor() {
      if (fails) throw new RangeError("not yet")
    }
  }
  const mine = local(Picky)
  assert.throws(() => mine.ok, isA(RangeError, "not yet"))
  await run(async () => assert.throws(() => mine.ok, isA(RangeError, "not yet")))
  fails = false
  assert.ok(mine.ok)
})

test("LO-02: arguments without a class are a TypeError", () => {
  for (const wrong of [5, "text", {}, () => 1]) {
    assert.throws(() => local(wrong as never), isA(TypeError, "class"))
  }
})

test("LO-03: methods, getters, setters, private fields and statics of a class work", async () => {
  const mine = local(Counter, [])
  const other = new Counter([])
  assert.is(mine.add(3), mine.add(0).add(0))
  assert.is(mine.total, 3)
  mine.total = 10
  assert.is(mine.add(1).total, 11)
  assert.instance(mine, Counter)
  assert.is(mine.constructor, Counter)
  assert.is((mine.constructor as typeof Counter).of(), "static")
  assert.is(Reflect.get(mine, "add"), Reflect.get(mine, "add"))
  assert.is((Reflect.get(mine, "add") as () => unknown).name, "add")
  assert.is(await run(async () => mine.total), 0)
  // on another object a method is what it is
  assert.is(Reflect.apply(Reflect.get(mine, "add") as () => unknown, other, [4]), other)
  assert.is(other.total, 4)
  const map = local(Map<string, number>, [["a", 1]])
  map.set("b", 2)
  assert.equal(
    [...map],
    [
      ["a", 1],
      ["b", 2],
    ],
  )
  assert.is(map.size, 2)
  assert.is(await run(async () => map.size), 1)
})

test("LO-03: a function that was stored is returned as it is", () => {
  const mine = local<{ call: () => unknown }>()
  const call = () => 5
  mine.call = call
  assert.is(mine.call, call)
})

test("LO-04: values go when their greenlet ends, also when somebody keeps that", async () => {
  const references: WeakRef<object>[] = []
  const mine = local<{ value: object }>()
  const typed = new GreenletLocal<object | undefined>()
  const use = (): void => {
    mine.value = {}
    typed.set({})
    references.push(new WeakRef(mine.value), new WeakRef(typed.get()!))
  }
  const greenlets = Array.from({ length: MANY }, (_, i) => {
    const generator = function* () {
      use()
      yield* sleep(0.001)
    }
    const asynchronous = async (): Promise<void> => {
      use()
      await sleep(0.001)
      if (i % 4 === 1) throw new Error("expected")
    }
    return i % 2 === 0 ? spawn(generator) : spawn(asynchronous)
  })
  await joinall(greenlets)
  const alive = await survivors(references)
  assert.ok(alive <= FEW, `${alive} of ${references.length} are left`)
  assert.ok(greenlets.every((one) => one.dead && allLocalDictsForGreenlet(one).length === 0))
})

test("LO-04: a local that nobody has any more leaves nothing in a greenlet that lives on", async () => {
  const references: WeakRef<object>[] = []
  await run(function* () {
    for (let i = 0; i < MANY; i++) {
      const dropped = local<{ self: object; value: object }>()
      dropped.value = {}
      dropped.self = dropped // its value may refer to it
      references.push(new WeakRef(dropped.value))
      const typed = new GreenletLocal(() => ({}))
      references.push(new WeakRef(typed.get()))
    }
    yield* sleep(0)
    const rest = spawn(async () => await survivors(references))
    const alive = yield* rest.get()
    assert.ok(alive <= FEW, `${alive} of ${references.length} are left`)
    // one or two may be held by chance
    assert.ok(allLocalDictsForGreenlet(getcurrent()).length <= FEW)
  })
})

test("LO-05: a copy has the current greenlet's values alone, and is shallow", async () => {
  const first = local<{ list: number[]; name: string }>()
  first.list = [1]
  first.name = "first"
  const elsewhere = spawn(function* () {
    first.name = "elsewhere"
    yield* sleep(0.002)
    return Object.keys(second)
  })
  await sleep(0)
  const second = copyLocal(first)
  assert.not.equal(second, undefined)
  assert.is(second.list, first.list)
  second.name = "second"
  assert.is(first.name, "first")
  assert.equal(await elsewhere.get(), [])
})

test("LO-05: a copy of an object of a class is made as in every greenlet", async () => {
  const first = local(Counter, [1])
  first.add(2)
  Counter.made = 0
  const second = copyLocal(first)
  assert.is(Counter.made, 1)
  assert.is(second.steps, first.steps)
  second.label = "second"
  assert.is(first.label, "counter")
  assert.instance(second, Counter)
  assert.equal(await run(async () => second.add(7).steps), [1, 7])
  for (const wrong of [{}, new GreenletLocal(() => 1)]) {
    assert.throws(() => copyLocal(wrong), isA(TypeError, "local()"))
  }
})

test("LO-05: a clone of a GreenletLocal", async () => {
  const first = new GreenletLocal(() => 0)
  assert.not(first.clone().has())
  first.set(5)
  const second = first.clone()
  assert.is(second.get(), 5)
  second.set(6)
  assert.is(first.get(), 5)
  assert.is(await run(async () => second.get()), 0)
})

test("LO-06: the values of a greenlet in all locals", async () => {
  const [first, second] = [local<{ a: number }>(), new GreenletLocal(() => "none")]
  const greenlet = spawn(function* () {
    first.a = 1
    second.set("set")
    yield* sleep(10)
  })
  assert.equal(allLocalDictsForGreenlet(greenlet), [])
  await sleep(0)
  const all = allLocalDictsForGreenlet(greenlet)
  assert.is(all.length, 2)
  assert.is(all[0]![0], first)
  assert.equal(all[0]![1], { a: 1 })
  assert.is(all[1]![0], second)
  assert.is(all[1]![1], "set")
  await greenlet.kill()
  assert.equal(allLocalDictsForGreenlet(greenlet), [])
  assert.throws(() => allLocalDictsForGreenlet(5 as never), isA(TypeError, "greenlet"))
})

test.run()
