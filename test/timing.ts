import {
  type Greenlet,
  getHub,
  run,
  sleep,
  spawn,
  Timeout,
  type Op,
  type TimeoutArgument,
  type Wait,
  withTimeout,
} from "gevent-wasm"
import type { Test } from "uvu"
import * as assert from "uvu/assert"
import { survivors } from "./collect.ts"

/** A blocking call with a timeout, on an object for which it never ends by itself. */
export interface Blocking {
  /** What its caller does first, such as acquiring the lock that the call is usable with. */
  before?(): (Op<unknown> & PromiseLike<unknown>) | void
  /** What its caller does last, in any case. */
  after?(): void
  /** The call. */
  call(timeout: TimeoutArgument): Op<unknown> & PromiseLike<unknown>
  /** How many waiters the object knows of; a wait that has ended must not be one of them. If nobody can ask, memory tells. */
  waiters?(): number
}

/** What a wait-style call returns when its timeout has passed. */
export interface WaitOptions {
  expired?: unknown
  /** Only MAIN may call it. */
  onlyMain?: boolean
}

/** What a get-style call throws when its timeout has passed. */
export interface GetOptions {
  /** The class of errors that a number of seconds throws; by default that is a Timeout of theirs. */
  expired?: new () => Error
}

const SHORT = 0.01
const LONG = 10
const MANY = 40
/** What a host may hold by chance. */
const FEW = 5

class Custom extends Error {}

type Call = () => Op<unknown> & PromiseLike<unknown>

type Attempt = (object: Blocking, call: Call) => PromiseLike<unknown>

/** How a call is waited for. Each runs `call` where it waits, so that a Timeout that `call` starts belongs there. */
const STRANDS: Record<string, Attempt> = {
  "a generator": (object, call) => run(() => inGenerator(object, call)),
  "an async function": (object, call) => run(async () => await inAsync(object, call)),
  MAIN: inAsync,
}

function* inGenerator(object: Blocking, call: Call): Generator<Wait<unknown>, unknown, unknown> {
  const ready = object.before?.()
  if (ready) yield* ready
  try {
    return yield* call()
  } finally {
    object.after?.()
  }
}

async function inAsync(object: Blocking, call: Call): Promise<unknown> {
  await object.before?.()
  try {
    return await call()
  } finally {
    object.after?.()
  }
}

/**
 * The cases that hold for every call that merely waits: when its timeout passes first, it ends and says so.
 *
 * @param title - The row's id and the call.
 * @param make - Makes an object that never becomes ready.
 */
export function testGenericWait(title: string, test: Test, make: () => Blocking, options: WaitOptions = {}): void {
  const { expired, onlyMain = false } = options
  for (const [name, attempt] of strands(onlyMain)) {
    test(`${title} ends when its timeout has passed (in ${name})`, async () => {
      const object = make()
      const started = performance.now()
      assert.equal(await attempt(object, () => object.call(SHORT)), expired)
      checkElapsed(started)
      assert.equal(await attempt(object, () => object.call(0)), expired)
      checkNoTrace(object)
    })

    test(`${title} takes a Timeout and swallows that one alone (in ${name})`, async () => {
      const object = make()
      const limit = new Timeout(SHORT)
      assert.equal(await attempt(object, () => object.call(limit)), expired)
      assert.not(limit.pending)
      const custom = new Custom()
      const failing = new Timeout(SHORT, custom)
      assert.is(await failure(attempt(object, () => object.call(failing))), custom)
      checkNoTrace(object)
    })
  }
  testBoth(test, title, make, onlyMain)
}

/** The cases that hold for every call that gets something: when its timeout passes first, that Timeout is thrown. */
export function testGenericGet(title: string, test: Test, make: () => Blocking, options: GetOptions = {}): void {
  const { expired = Timeout } = options
  for (const [name, attempt] of strands(false)) {
    test(`${title} throws ${expired.name} when its seconds have passed (in ${name})`, async () => {
      const object = make()
      const started = performance.now()
      const error = await failure(attempt(object, () => object.call(SHORT)))
      assert.instance(error, expired)
      if (error instanceof Timeout) assert.is(error.seconds, SHORT)
      checkElapsed(started)
      assert.instance(await failure(attempt(object, () => object.call(0))), expired)
      checkNoTrace(object)
    })

    test(`${title} throws the very Timeout that it was given, or its exception (in ${name})`, async () => {
      const object = make()
      const limit = new Timeout(SHORT)
      assert.is(await failure(attempt(object, () => object.call(limit))), limit)
      const custom = new Custom()
      const failing = new Timeout(SHORT, custom)
      assert.is(await failure(attempt(object, () => object.call(failing))), custom)
      const made = new Timeout(SHORT, Custom)
      assert.instance(await failure(attempt(object, () => object.call(made))), Custom)
      checkNoTrace(object)
    })
  }
  testBoth(test, title, make, false)
}

function testBoth(test: Test, title: string, make: () => Blocking, onlyMain: boolean): void {
  for (const [name, attempt] of strands(onlyMain)) {
    test(`${title} lets an outer Timeout pass (in ${name})`, async () => {
      const object = make()
      const outer = new Timeout(SHORT)
      const call = (inner: TimeoutArgument): Promise<unknown> =>
        failure(
          attempt(object, () => {
            outer.start()
            return object.call(inner)
          }),
        )
      assert.is(await call(LONG), outer)
      assert.is(await call(null), outer)
      assert.is(await call(new Timeout(LONG)), outer)
      assert.not(outer.pending)
      checkNoTrace(object)
    })
  }

  for (const [name, attempt] of strands(onlyMain)) {
    if (name === "a generator") continue // it waits for one thing at a time
    test(`${title} has a timeout that leaves alone what is awaited beside it (in ${name})`, async () => {
      const object = make()
      const beside = async (timeout: TimeoutArgument): Promise<string> => {
        const both = [outcome(object.call(timeout)), outcome(sleep(2 * SHORT))]
        return (await Promise.all(both))[1]!
      }
      for (const timeout of [SHORT, 0, new Timeout(SHORT), new Timeout(SHORT, Custom)]) {
        const call: Call = () => ({
          [Symbol.iterator]: () => assert.unreachable() as never,
          then: (resolved, rejected) => beside(timeout).then(resolved, rejected),
        })
        assert.is(await attempt(object, call), "undefined")
      }
      checkNoTrace(object)
    })
  }

  if (!onlyMain) {
    test(`${title}: a killed waiter leaves no trace`, async () => {
      const object = make()
      const waiters = twoWaiters(object)
      const active = getHub().loop.activecnt
      await sleep(SHORT)
      if (object.waiters) assert.is(object.waiters(), waiters.length)
      for (const waiter of waiters) await waiter.kill()
      assert.ok(waiters.every((waiter) => waiter.successful()))
      assert.is(getHub().loop.activecnt, active)
      checkNoTrace(object)
      if (object.waiters) return
      const killed: WeakRef<Greenlet>[] = []
      for (let i = 0; i < MANY / 2; i++) killed.push(...(await killedWaiters(object)))
      const alive = await survivors(killed)
      assert.ok(alive <= FEW, `${alive} of ${MANY} killed waiters are left`)
    })
  }

  test(`${title} refuses a timeout that is none`, () => {
    const object = make()
    for (const wrong of ["1", {}, NaN, true]) assert.throws(() => object.call(wrong as number), isA(TypeError))
    assert.throws(() => object.call(-1), isA(RangeError))
    checkNoTrace(object)
  })
}

/** A call that takes no timeout, with one around it. */
export function limited(call: () => Op<unknown>): Blocking["call"] {
  return (timeout) => withTimeout(timeout, call)
}

/** One that waits with `yield*` and one that awaits. */
function twoWaiters(object: Blocking): Greenlet[] {
  return [
    spawn(() => inGenerator(object, () => object.call(LONG))),
    spawn(async () => await inAsync(object, () => object.call(LONG))),
  ]
}

async function killedWaiters(object: Blocking): Promise<WeakRef<Greenlet>[]> {
  const waiters = twoWaiters(object)
  await sleep(0.001)
  for (const waiter of waiters) await waiter.kill()
  return waiters.map((waiter) => new WeakRef(waiter))
}

/** What a promise resolves to or rejects with, as a text. */
function outcome(promise: PromiseLike<unknown>): Promise<string> {
  return Promise.resolve(promise.then(String, String))
}

/** What a promise rejects with; fails when it does not. */
export async function failure(promise: PromiseLike<unknown>): Promise<unknown> {
  let value: unknown
  try {
    value = await promise
  } catch (error) {
    return error
  }
  throw new Error(`expected an error, got ${String(value)}`)
}

/** For `assert.throws`: whether the error is of a class and its message contains a text. */
export function isA(type: abstract new (...args: never[]) => unknown, text = ""): (error: unknown) => boolean {
  return (error) => error instanceof type && (error as Error).message.includes(text)
}

function strands(onlyMain: boolean): [string, Attempt][] {
  return Object.entries(STRANDS).filter(([name]) => name === "MAIN" || !onlyMain)
}

function checkElapsed(started: number): void {
  const elapsed = performance.now() - started
  assert.ok(elapsed >= SHORT * 1000 - 1.5 && elapsed < 1000, `took ${elapsed} ms`)
}

function checkNoTrace(object: Blocking): void {
  if (object.waiters) assert.is(object.waiters(), 0)
}
