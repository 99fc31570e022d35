// Random programs of greenlets that put, get, acquire, release, set, clear, wait, time out and kill each other keep what the
// primitives promise. A failing program is printed, made as small as it gets, with its seed:
//   FC_SEED=… FC_PATH=… node build/test/invariants.test.mjs     runs that one again
//   FC_RUNS=…                                                   more or fewer programs
import * as fc from "fast-check"
import { type Greenlet, getHub, run, sleep, spawn, Timeout, type Op, type Wait } from "gevent-wasm"
import { Event } from "gevent-wasm/event"
import { Semaphore } from "gevent-wasm/lock"
import { Channel, Empty, Full, SimpleQueue } from "gevent-wasm/queue"
import { test } from "uvu"
import * as assert from "uvu/assert"

type Limit = null | 0
type Step =
  | { readonly do: "put" | "get"; readonly queue: 0 | 1 | 2; readonly limit: Limit }
  | { readonly do: "acquire" | "wait"; readonly limit: Limit }
  | { readonly do: "putNowait" | "getNowait"; readonly queue: 0 | 1 | 2 }
  | { readonly do: "release" | "set" | "clear" | "yield" }
  | { readonly do: "kill"; readonly target: number }
  | { readonly do: "spawn"; readonly steps: Step[] }

interface Program {
  readonly maxsize: 1 | 2 | null
  readonly permits: 1 | 2
  readonly greenlets: { readonly isAsync: boolean; readonly steps: Step[] }[]
}

const limit = fc.constantFrom<Limit[]>(null, null, 0)
const queue = fc.constantFrom<(0 | 1 | 2)[]>(0, 0, 1, 2)
const simple = fc.oneof(
  fc.record({ do: fc.constantFrom("put" as const, "get" as const), queue, limit }),
  fc.record({ do: fc.constantFrom("acquire" as const, "wait" as const), limit }),
  fc.record({ do: fc.constantFrom("putNowait" as const, "getNowait" as const), queue }),
  fc.record({
    do: fc.constantFrom("release" as const, "release" as const, "set" as const, "clear" as const, "yield" as const),
  }),
  fc.record({ do: fc.constant("kill" as const), target: fc.nat(7) }),
)
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 12, arbitrary: simple },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("spawn" as const),
      steps: fc.array(simple as fc.Arbitrary<Step>, { maxLength: 4 }),
    }),
  },
)
const program: fc.Arbitrary<Program> = fc.record({
  maxsize: fc.constantFrom<(1 | 2 | null)[]>(1, 2, null),
  permits: fc.constantFrom<(1 | 2)[]>(1, 2),
  greenlets: fc.array(
    fc.record({
      isAsync: fc.oneof({ weight: 4, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
      steps: fc.array(step, { maxLength: 9 }),
    }),
    { minLength: 1, maxLength: 7 },
  ),
})

/** Who is served in the order in which he came, and whether that was so. */
class Line {
  readonly waiting: symbol[] = []
  private readonly name: string
  private readonly ordered: boolean

  constructor(name: string, ordered: boolean) {
    this.name = name
    this.ordered = ordered
  }

  /** @param blocks - Whether he has to wait. */
  enter(blocks: boolean): symbol | null {
    if (!blocks) return null
    const ticket = Symbol(this.name)
    this.waiting.push(ticket)
    return ticket
  }

  served(ticket: symbol | null): void {
    if (ticket === null || !this.ordered) return
    // uvu cannot show symbols that differ
    assert.ok(this.waiting[0] === ticket, `${this.name}: somebody was served before those who came earlier`)
    this.waiting.shift()
  }

  left(ticket: symbol | null): void {
    const at = ticket === null ? -1 : this.waiting.indexOf(ticket)
    if (at >= 0) this.waiting.splice(at, 1)
  }
}

/** One run of a program: what it uses and what it has seen. */
class World {
  readonly queues: readonly [SimpleQueue<number>, SimpleQueue<number>, Channel<number>]
  readonly semaphore: Semaphore
  readonly event = new Event()
  readonly greenlets: Greenlet[] = []
  readonly put: number[][] = [[], [], []]
  readonly got: number[][] = [[], [], []]
  private readonly getters: Line[]
  private readonly putters: Line[]
  private readonly waiters: Line
  private readonly acquirers: Line
  private readonly permits: number
  private readonly ordered: boolean
  private acquired = 0
  private released = 0
  private sets = 0
  private number = 0

  constructor({ maxsize, permits, greenlets }: Program) {
    this.queues = [new SimpleQueue<number>(maxsize), new SimpleQueue<number>(), new Channel<number>()]
    this.semaphore = new Semaphore(permits)
    this.permits = permits
    // an async function sees its results a little later, when others have seen theirs
    this.ordered = greenlets.every(({ isAsync }) => !isAsync)
    this.getters = this.queues.map((_, i) => new Line(`get of queue ${i}`, this.ordered))
    this.putters = this.queues.map((_, i) => new Line(`put to queue ${i}`, this.ordered))
    this.acquirers = new Line("acquire", this.ordered)
    this.waiters = new Line("wait for the event", this.ordered)
  }

  start(steps: Step[], isAsync: boolean): void {
    const body = isAsync ? () => this.runAsync(steps) : () => this.run(steps)
    this.greenlets.push(spawn(body as () => Op<void>))
  }

  /** Ends all who still wait, and looks at what is left. */
  *finish(): Generator<Wait<unknown>, void, unknown> {
    for (let turn = 0; turn < 8; turn++) yield* sleep(0)
    // spawned ones may come while others are ended
    for (let i = 0; i < this.greenlets.length; i++) yield* this.greenlets[i]!.kill()
    yield* sleep(0)
    for (const greenlet of this.greenlets) {
      assert.ok(greenlet.dead, "a greenlet is alive")
      assert.ok(greenlet.successful(), `a greenlet failed: ${String(greenlet.exception)}`)
    }
    this.checkQueues()
    assert.is(this.semaphore.counter, this.permits - this.acquired + this.released, "permits")
    assert.is(this.semaphore.linkcount(), 0, "somebody waits for the semaphore")
    assert.is(this.event.linkcount(), 0, "somebody waits for the event")
    assert.is(getHub().loop.activecnt, 0, "a timer is left")
  }

  private checkQueues(): void {
    const [bounded, unbounded, channel] = this.queues
    assert.is(channel.balance, 0, "somebody waits for the channel")
    for (const [i, one] of [bounded, unbounded].entries()) {
      assert.not.match(String(one), "etters[", "somebody waits for the queue")
      assert.not.match(String(one), "utters[", "somebody waits for the queue")
      while (!one.empty()) this.got[i]!.push(one.getNowait())
    }
    for (const [i, got] of this.got.entries()) {
      const put = this.put[i]!
      // what came out went in, once, and nothing that went in is lost; of a channel, who is handed an item may see it later than
      // somebody who takes the next one without waiting
      if (this.ordered && this.queues[i] !== channel) assert.equal(got, put, `items of queue ${i}`)
      else assert.equal([...got].sort(byNumber), [...put].sort(byNumber), `items of queue ${i}`)
    }
  }

  private *run(steps: Step[]): Generator<Wait<unknown>, void, unknown> {
    const held = { count: 0 }
    try {
      for (const each of steps) {
        const blocking = this.begin(each, held)
        if (blocking === null) continue
        try {
          blocking.end(yield* blocking.call)
        } catch (error) {
          if (!isLimit(error)) throw error
        } finally {
          blocking.leave()
        }
      }
    } finally {
      this.releaseAll(held)
    }
  }

  private async runAsync(steps: Step[]): Promise<void> {
    const held = { count: 0 }
    try {
      for (const each of steps) {
        const blocking = this.begin(each, held)
        if (blocking === null) continue
        try {
          blocking.end(await blocking.call)
        } catch (error) {
          if (!isLimit(error)) throw error
        } finally {
          blocking.leave()
        }
      }
    } finally {
      this.releaseAll(held)
    }
  }

  /** Does a step that does not wait, or says what to wait for. */
  private begin(each: Step, held: { count: number }): Blocking | null {
    const { event, semaphore } = this
    switch (each.do) {
      case "yield":
        return { call: sleep(0), end: nothing, leave: nothing }
      case "put": {
        const item = this.number++
        const line = this.putters[each.queue]!
        const ticket = line.enter(this.queues[each.queue].full())
        const end = (): void => {
          line.served(ticket)
          this.put[each.queue]!.push(item)
        }
        return { call: this.queues[each.queue].put(item, true, each.limit), end, leave: () => line.left(ticket) }
      }
      case "get": {
        const line = this.getters[each.queue]!
        const ticket = line.enter(this.queues[each.queue].empty())
        const end = (item: unknown): void => {
          line.served(ticket)
          this.got[each.queue]!.push(item as number)
        }
        return { call: this.queues[each.queue].get(true, each.limit), end, leave: () => line.left(ticket) }
      }
      case "putNowait":
        this.attempt(() => {
          const item = this.number++
          // a channel hands it over before it returns
          this.queues[each.queue].putNowait(item)
          this.put[each.queue]!.push(item)
        })
        return null
      case "getNowait":
        this.attempt(() => this.got[each.queue]!.push(this.queues[each.queue].getNowait()))
        return null
      case "acquire": {
        const ticket = this.acquirers.enter(semaphore.locked())
        const end = (acquired: unknown): void => {
          assert.ok(semaphore.counter >= 0, "the counter is negative")
          if (acquired !== true) return
          this.acquirers.served(ticket)
          this.acquired++
          held.count++
        }
        return { call: semaphore.acquire(true, each.limit), end, leave: () => this.acquirers.left(ticket) }
      }
      case "release":
        if (held.count > 0) {
          held.count--
          this.release()
        }
        return null
      case "wait": {
        const { sets } = this
        const isSet = event.isSet()
        const ticket = this.waiters.enter(!isSet)
        const end = (was: unknown): void => {
          if (was !== true) return
          assert.ok(isSet || this.sets > sets, "woken without a set")
          this.waiters.served(ticket)
        }
        return { call: event.wait(each.limit), end, leave: () => this.waiters.left(ticket) }
      }
      case "set":
        this.sets++
        event.set()
        return null
      case "clear":
        event.clear()
        return null
      case "kill":
        this.greenlets[each.target % this.greenlets.length]!.kill(undefined, false)
        return null
      case "spawn":
        this.start(each.steps, false)
        return null
    }
  }

  private attempt(call: () => void): void {
    try {
      call()
    } catch (error) {
      if (!isLimit(error)) throw error
    }
  }

  private release(): void {
    this.released++
    this.semaphore.release()
  }

  private releaseAll(held: { count: number }): void {
    for (; held.count > 0; held.count--) this.release()
  }
}

interface Blocking {
  readonly call: Op<unknown> & PromiseLike<unknown>
  end(value: unknown): void
  leave(): void
}

function isLimit(error: unknown): boolean {
  return error instanceof Timeout || error instanceof Full || error instanceof Empty
}

function byNumber(a: number, b: number): number {
  return a - b
}

function nothing(): void {}

test("random programs keep the promises of queues, channels, semaphores and events", async () => {
  const { FC_SEED, FC_PATH, FC_RUNS } = process.env
  await fc.assert(
    fc.asyncProperty(program, async (given) => {
      await run(function* () {
        const world = new World(given)
        for (const { steps, isAsync } of given.greenlets) world.start(steps, isAsync)
        yield* world.finish()
      })
    }),
    {
      numRuns: Number(FC_RUNS ?? 10_000),
      ...(FC_SEED === undefined ? {} : { seed: Number(FC_SEED) }),
      ...(FC_PATH === undefined ? {} : { path: FC_PATH }),
    },
  )
})

test.run()
