import type { Body } from "../body.ts"
import { checkBody } from "../body.ts"
import { Deque } from "../deque.ts"
import { GreenletExit, StopIteration } from "../exceptions.ts"
import type { Flow } from "../flow.ts"
import { Greenlet } from "../greenlet.ts"
import { asyncIterator, each, type Source, type Visitor } from "../iteration.ts"
import type { Link } from "../link.ts"
import { Until } from "../until.ts"
import { ListedWait, WaitList } from "../waitlist.ts"
import type { BlockingCall, Wait } from "../wait.ts"
import type { Input } from "./input.ts"
import type { Mapping } from "./mapping.ts"

/** How one call has ended. */
interface Outcome {
  readonly value: unknown
  readonly error: unknown
  readonly failed: boolean
}

/** What a reader gets: how a call has ended, or that there are no more. */
type Reading = Outcome | "end"

/**
 * Calls a function with items, in greenlets of a group, and gives the results as they come. It is a greenlet, which takes the items.
 *
 * In a greenlet: `for (const next of results) console.log(yield* next)`, if the items are there without waiting; else
 * `results.each(…)` or `results.next()`. Anywhere else: `for await (const result of results)`. A call that has failed throws at its
 * turn, and one can go on behind it. Leaving a loop early stops taking items.
 *
 * gevent: what `Pool.imap_unordered` returns.
 */
export class IMapUnordered<T> extends Greenlet<void> implements Source<T> {
  private readonly mapping: Mapping
  private readonly fn: Body
  private readonly input: Input
  private readonly maxsize: number
  private readonly readers = new WaitList<ResultRead<T, unknown>>()
  private readonly gate = new Set<Until>()
  private inputFailure: Outcome | null = null
  private begun = 0
  private running = 0
  private delivered = 0
  private wasLeft = false
  private readonly outcomes: Outcomes

  /** Made by `imap` and `imapUnordered`. */
  constructor(mapping: Mapping, fn: Body, input: Input, maxsize: number, outcomes: Outcomes = new Arrivals()) {
    super()
    checkBody(fn)
    this.mapping = mapping
    this.fn = fn
    this.input = input
    this.maxsize = maxsize
    this.outcomes = outcomes
  }

  /** Waits for the next result; `done` when there is none any more. gevent: `__next__`. @throws What the call has thrown. */
  next(): Wait<IteratorResult<T, undefined>> {
    return new NextResult(this)
  }

  /** Calls a function with each result, one after the other, and waits for what it returns. See `Queue.each`. */
  each(fn: Visitor<T>): Flow<void> {
    return each(this, fn)
  }

  /** `for await` gives the results. */
  [Symbol.asyncIterator](): AsyncIterator<T, undefined> {
    return asyncIterator(this, () => this.stop())
  }

  /**
   * A wait for each result, for loops in greenlets: `for (const next of results) yield* next`.
   *
   * @throws {TypeError} when items have to be waited for: then nobody knows whether there is a next one; and when the loop goes on
   *   without having waited.
   */
  [Symbol.iterator](): IterableIterator<Wait<T>> {
    if (!this.input.immediate) {
      throw new TypeError("items that have to be waited for need `for await`, each() or next()")
    }
    let last: NextValue<T> | null = null
    const iterator: IterableIterator<Wait<T>> = {
      next: () => {
        if (last !== null && !last.isOver) {
          this.stop()
          throw new TypeError("a result has not been waited for: each wait of the loop needs `yield*` or `await`")
        }
        if (!this.hasMore()) return { done: true, value: undefined }
        last = new NextValue(this)
        return { done: false, value: last }
      },
      return: () => {
        this.stop()
        return { done: true, value: undefined }
      },
      [Symbol.iterator]: () => iterator,
    }
    return iterator
  }

  // --- for its waits ---

  /** What a reader gets now; undefined when it has to wait. */
  read(): Reading | undefined {
    const outcome = this.outcomes.take()
    if (outcome !== undefined) {
      this.delivered++
      this.openGate()
      return outcome
    }
    if (!this.dead || this.running > 0) return undefined
    const { inputFailure } = this
    this.inputFailure = null
    return inputFailure ?? "end"
  }

  /** Somebody waits for a result. */
  addWait(reader: ResultRead<T, unknown>): void {
    this.readers.push(reader)
    this.openGate()
  }

  /** Somebody does not wait any more. */
  removeWait(reader: ResultRead<T, unknown>): void {
    this.readers.remove(reader)
  }

  /** A call has ended. */
  arrived(index: number, greenlet: Greenlet<unknown>): void {
    this.running--
    const failed = !greenlet.successful()
    this.outcomes.put(index, { value: greenlet.value, error: greenlet.exception, failed })
    this.serve()
  }

  /** Takes the items. */
  protected override *_run(): Generator<BlockingCall<unknown>, void, unknown> {
    const { input, mapping, fn } = this
    while (input.immediate ? input.has() : yield* input.hasLater()) {
      if (!this.mayBegin()) yield* new Until(this.gate, () => this.mayBegin(), "somebody who reads results")
      const args = input.current
      const greenlet = mapping.admit(fn, args) ?? (yield* mapping.admitLater(fn, args))
      input.drop()
      this.running++
      greenlet.addLink(new Call(this, this.begun++))
    }
    if (input.failure !== null) throw input.failure.error
  }

  protected override ended(value: unknown): void {
    super.ended(value)
    if (value instanceof GreenletExit && !this.wasLeft)
      this.inputFailure = { value: undefined, error: value, failed: true }
    this.input.close()
    this.serve()
  }

  protected override failed(error: unknown): void {
    super.failed(error)
    this.inputFailure = { value: undefined, error, failed: true }
    this.input.close()
    this.serve()
  }

  private hasMore(): boolean {
    if (this.outcomes.length > 0 || this.running > 0 || this.inputFailure !== null) return true
    return !this.dead && (this.input.has() || this.input.failure !== null)
  }

  private stop(): void {
    this.wasLeft = true
    this.kill(undefined, false)
  }

  private mayBegin(): boolean {
    return this.begun - this.delivered < this.maxsize + this.readers.length
  }

  private openGate(): void {
    if (this.gate.size > 0 && this.mayBegin()) Until.notify(this.gate)
  }

  private serve(): void {
    while (this.readers.length > 0) {
      const reading = this.read()
      if (reading === undefined) return
      this.readers.shift()!.deliver(reading)
    }
  }
}

/**
 * As `IMapUnordered`, with the results in the order of the items. gevent: what `Pool.imap` returns.
 */
export class IMap<T> extends IMapUnordered<T> {
  /** Made by `imap`. */
  constructor(mapping: Mapping, fn: Body, input: Input, maxsize: number) {
    super(mapping, fn, input, maxsize, new InOrder())
  }
}

/** Results that nobody has read. */
interface Outcomes {
  /** How many there are. */
  readonly length: number
  put(index: number, outcome: Outcome): void
  /** The next to be read; undefined when it is not there. */
  take(): Outcome | undefined
}

/** Results as they come. */
class Arrivals implements Outcomes {
  private readonly queue = new Deque<Outcome>()

  get length(): number {
    return this.queue.length
  }

  put(_index: number, outcome: Outcome): void {
    this.queue.push(outcome)
  }

  take(): Outcome | undefined {
    return this.queue.shift()
  }
}

/** Results in the order of the items. */
class InOrder implements Outcomes {
  private readonly outcomes = new Map<number, Outcome>()
  private next = 0

  get length(): number {
    return this.outcomes.size
  }

  put(index: number, outcome: Outcome): void {
    this.outcomes.set(index, outcome)
  }

  take(): Outcome | undefined {
    const outcome = this.outcomes.get(this.next)
    if (outcome !== undefined) this.outcomes.delete(this.next++)
    return outcome
  }
}

/** One call: tells when it has ended. */
class Call implements Link {
  private readonly results: IMapUnordered<unknown>
  private readonly index: number

  constructor(results: IMapUnordered<unknown>, index: number) {
    this.results = results
    this.index = index
  }

  get target(): unknown {
    return this
  }

  notify(greenlet: Greenlet<unknown>): void {
    this.results.arrived(this.index, greenlet)
  }
}

/** Waits for a result. */
abstract class ResultRead<T, R> extends ListedWait<R> {
  private readonly results: IMapUnordered<T>

  constructor(results: IMapUnordered<T>) {
    super()
    this.results = results
  }

  /** What it returns. May throw. */
  protected abstract result(value: T): R
  /** What it returns behind the last one. May throw. */
  protected abstract last(): R

  /** Gets what it has waited for. */
  deliver(reading: Reading): void {
    let result
    try {
      result = this.open(reading)
    } catch (error) {
      this.fail(error)
      return
    }
    this.wake(result)
  }

  protected begin(): boolean {
    const reading = this.results.read()
    if (reading === undefined) {
      this.results.addWait(this)
      return false
    }
    this.value = this.open(reading)
    return true
  }

  protected cancel(): void {
    this.results.removeWait(this)
  }

  override describe(): string {
    return `next of ${String(this.results)}`
  }

  private open(reading: Reading): R {
    if (reading === "end") return this.last()
    if (reading.failed) throw reading.error
    return this.result(reading.value as T)
  }
}

class NextResult<T> extends ResultRead<T, IteratorResult<T, undefined>> {
  protected result(value: T): IteratorResult<T, undefined> {
    return { done: false, value }
  }

  protected last(): IteratorResult<T, undefined> {
    return { done: true, value: undefined }
  }
}

class NextValue<T> extends ResultRead<T, T> {
  private asked = false

  /** Whether somebody has waited for it. */
  get isOver(): boolean {
    return this.hasEnded || (this.asked && !this.armed)
  }

  protected override begin(): boolean {
    this.asked = true
    return super.begin()
  }

  protected result(value: T): T {
    return value
  }

  protected last(): T {
    throw new StopIteration("somebody else has read the last result")
  }
}
