import { host } from "#host"
import type { Runnable } from "../core/runqueue.ts"
import { Deque } from "../deque.ts"
import { Empty, Full, ShutDown, type StopIteration } from "../exceptions.ts"
import type { Flow } from "../flow.ts"
import { getHub } from "../hub.ts"
import { asyncIterator, each, type Source, type Visitor } from "../iteration.ts"
import type { TimeoutArgument } from "../limit.ts"
import { currentStrand, scheduler } from "../strand.ts"
import { WaitList } from "../waitlist.ts"
import type { BlockingCall, Wait } from "../wait.ts"
import { Get } from "./get.ts"
import { GetWait, Next, Peek, type Getter } from "./getter.ts"
import { Put } from "./put.ts"
import { PutWait } from "./putter.ts"

/** What can be put: an item, or the class `StopIteration`, which ends those who iterate. */
export type Item<T> = T | typeof StopIteration

/** How many items a console shows. */
const SHOWN = 10

/**
 * A queue of items, first in first out: `put` waits while it is full, `get` while it is empty, and both are served in the order in
 * which they came.
 *
 * A subclass keeps its items as it likes in `_init`, `_put`, `_get`, `_peek` and `_qsize`, as in Python, and gives them to `copy` and
 * the console with `contents`; `_init` runs within the constructor, so it must declare its fields without values
 * (`declare private stack: Item[]`).
 *
 * gevent: `gevent.queue.SimpleQueue(maxsize=None, items=())`.
 *
 * @example
 * ```ts
 * import { run, spawn } from "gevent-wasm"
 * import { SimpleQueue } from "gevent-wasm/queue"
 * await run(function* () {
 *   const queue = new SimpleQueue<string>(1)
 *   spawn(function* () {
 *     for (const item of ["a", "b", "c"]) yield* queue.put(item) // waits until there is room
 *   })
 *   console.log(yield* queue.get(), yield* queue.get(true, 5)) // a b
 * })
 * ```
 */
export class SimpleQueue<T = unknown> implements Runnable, Source<T> {
  private limit: number
  private readonly getters = new WaitList<Getter<T>>()
  private readonly putters = new WaitList<PutWait<T>>()
  private scheduled = false
  private isShut = false
  declare private items: Deque<Item<T>>

  /**
   * @param maxsize - How many items it holds; null, 0 or less: as many as come.
   * @param items - The first items; they may be more than `maxsize`.
   * @throws {TypeError} unless `maxsize` is a number or null.
   */
  constructor(maxsize: number | null = null, items: Iterable<Item<T>> = []) {
    this.limit = limitFrom(maxsize)
    this._init(this.maxsize, items)
  }

  /** How many items it holds; null: as many as come. Setting it to more lets those in who wait. */
  get maxsize(): number | null {
    return this.limit === Infinity ? null : this.limit
  }

  set maxsize(maxsize: number | null) {
    this.limit = limitFrom(maxsize)
    if (this.putters.length > 0) this.scheduleUnlock()
  }

  /** How many items there are. */
  qsize(): number {
    return this._qsize()
  }

  /** The same as `qsize()`. gevent: `len(queue)`. */
  get length(): number {
    return this._qsize()
  }

  /** Whether there is no item. */
  empty(): boolean {
    return this._qsize() === 0
  }

  /** Whether there is no room for an item more. */
  full(): boolean {
    return this._qsize() >= this.limit
  }

  /** Whether `shutdown` was called. gevent: `is_shutdown`. */
  get isShutdown(): boolean {
    return this.isShut
  }

  /**
   * Puts an item in, and waits while it is full. Who waits to get one goes on later.
   *
   * @param block - false: throws Full at once when it is full.
   * @param timeout - Seconds, then Full is thrown; or a Timeout, which is thrown.
   * @throws {ShutDown} when it is shut down.
   */
  put(item: Item<T>, block = true, timeout: TimeoutArgument = null): BlockingCall<void> {
    return block ? new Put(this, item, timeout) : new PutWait(this, item, block, timeout)
  }

  /** Puts an item in. Never waits. gevent: `put_nowait`. @throws {Full} when it is full. @throws {ShutDown} when it is shut down. */
  putNowait(item: Item<T>): void {
    if (!this.offer(item)) throw new Full()
  }

  /**
   * Takes the next item out, and waits while there is none.
   *
   * @param block - false: throws Empty at once when there is none.
   * @param timeout - Seconds, then Empty is thrown; or a Timeout, which is thrown.
   * @throws {ShutDown} when it is shut down and empty.
   */
  get(block = true, timeout: TimeoutArgument = null): BlockingCall<T> {
    // either does the same; the queue as it is now tells which costs less
    return block && this._qsize() > 0 ? new Get(this, timeout) : new GetWait(this, block, timeout)
  }

  /** Takes the next item out. Never waits. gevent: `get_nowait`. @throws {Empty} when there is none. @throws {ShutDown} when it is shut down and empty. */
  getNowait(): T {
    if (!this.hasNext()) throw new Empty()
    return this.take()
  }

  /**
   * Returns the next item and leaves it in, and waits while there is none.
   *
   * @param block - false: throws Empty at once when there is none.
   * @param timeout - Seconds, then Empty is thrown; or a Timeout, which is thrown.
   * @throws {ShutDown} when it is shut down and empty.
   */
  peek(block = true, timeout: TimeoutArgument = null): Wait<T> {
    return new Peek(this, block, timeout)
  }

  /** Returns the next item and leaves it in. Never waits. gevent: `peek_nowait`. @throws {Empty} when there is none. @throws {ShutDown} when it is shut down and empty. */
  peekNowait(): T {
    if (!this.hasNext()) throw new Empty()
    return this._peek() as T
  }

  /**
   * Takes the next item out, as an iterator does: `done` when that is the class `StopIteration` or the queue is shut down and empty.
   *
   * gevent: `Queue.__next__`.
   */
  next(): Wait<IteratorResult<T, undefined>> {
    return new Next(this)
  }

  /**
   * Calls a function with each item, as `next` gives them, and waits for what it returns before it takes the next one out. It ends
   * with the items, or when the function returns the class `StopIteration`.
   *
   * @throws {TypeError} when `fn` is no function.
   * @example
   * ```ts
   * import { run } from "gevent-wasm"
   * import { Queue, StopIteration } from "gevent-wasm/queue"
   * await run(function* () {
   *   const queue = new Queue<number>(null, [1, 2, StopIteration])
   *   yield* queue.each((item) => console.log(item))
   * })
   * ```
   */
  each(fn: Visitor<T>): Flow<void> {
    return each(this, fn)
  }

  /** `for await` takes the items out as `next` does. */
  [Symbol.asyncIterator](): AsyncIterator<T, undefined> {
    return asyncIterator(this)
  }

  /**
   * Lets nothing more in: `put` throws ShutDown from now on, and so does `get` once it is empty. Who waits to put is woken with
   * ShutDown, and who waits to get too when there is nothing left for him.
   *
   * @param immediate - Drops all items as well.
   */
  shutdown(immediate = false): void {
    this.isShut = true
    for (let putter = this.putters.shift(); putter !== undefined; putter = this.putters.shift()) {
      putter.fail(new ShutDown())
    }
    if (this.getters.length > 0) this.scheduleUnlock()
    if (immediate) this.drop()
  }

  /** Another queue of the same kind with the same items. @throws {TypeError} when a subclass keeps its items itself and has no `contents`. */
  copy(): this {
    const Kind = this.constructor as new (maxsize: number | null, items: Iterable<Item<T>>) => this
    return new Kind(this.maxsize, this.copied())
  }

  /** What the console shows. */
  toString(): string {
    const shown: string[] = []
    for (const item of this.contents() ?? []) {
      if (shown.length === SHOWN) {
        shown.push(`… ${this._qsize() - SHOWN} more`)
        break
      }
      shown.push(typeof item === "string" ? JSON.stringify(item) : String(item))
    }
    const parts = [this.constructor.name]
    if (this.limit !== Infinity) parts.push(`maxsize=${this.limit}`)
    if (shown.length > 0) parts.push(`queue=[${shown.join(", ")}]`)
    parts.push(...this.details())
    if (this.getters.length > 0) parts.push(`getters[${this.getters.length}]`)
    if (this.putters.length > 0) parts.push(`putters[${this.putters.length}]`)
    return `<${parts.join(" ")}>`
  }

  /** What a subclass adds to the console's text. */
  protected details(): string[] {
    return []
  }

  // --- what a subclass may replace ---

  /** Makes the storage. Called by the constructor. gevent: `_init`. */
  protected _init(_maxsize: number | null, items: Iterable<Item<T>>): void {
    this.items = new Deque()
    for (const item of items) this.items.push(item)
  }

  /** Stores an item. gevent: `_put`. */
  protected _put(item: Item<T>): void {
    this.items.push(item)
  }

  /** Takes the next item out; there is one. gevent: `_get`. */
  protected _get(): Item<T> {
    return this.items.shift() as Item<T>
  }

  /** The next item; there is one. gevent: `_peek`. */
  protected _peek(): Item<T> {
    return this.items.first as Item<T>
  }

  /** How many items are stored. gevent: `_qsize`. */
  protected _qsize(): number {
    return this.items.length
  }

  /** The items, for `copy` and the console; null when a subclass keeps them and does not say. */
  protected contents(): Iterable<Item<T>> | null {
    // there are none when a subclass has replaced _init
    return (this.items as Deque<Item<T>> | undefined) ?? null
  }

  // --- for its waits ---

  /** Puts an item in if there is room; whether there was. @throws {ShutDown} when it is shut down. */
  offer(item: Item<T>): boolean {
    if ((this.isShut || this._qsize() >= this.limit) && !this.makeRoom()) return false
    this.store(item)
    if (this.getters.length > 0) this.scheduleUnlock()
    return true
  }

  /** Whether there is an item. @throws {ShutDown} when there is none and never will be. */
  hasNext(): boolean {
    return this._qsize() > 0 || this.fetch()
  }

  /** Takes the next item out; there is one. */
  take(): T {
    if (this.putters.length > 0) this.scheduleUnlock()
    return this._get() as T
  }

  /** The next item; there is one. */
  look(): T {
    return this._peek() as T
  }

  /** Somebody waits for an item. */
  addGetter(getter: Getter<T>): void {
    this.getters.push(getter)
    if (this.putters.length > 0) this.scheduleUnlock()
  }

  /** Somebody does not wait for an item any more. */
  removeGetter(getter: Getter<T>): void {
    this.getters.remove(getter)
  }

  /** Somebody waits for room. */
  addPutter(putter: PutWait<T>): void {
    this.putters.push(putter)
    if (this.getters.length > 0) this.scheduleUnlock()
  }

  /** Somebody does not wait for room any more. */
  removePutter(putter: PutWait<T>): void {
    this.putters.remove(putter)
  }

  /** Its turn in the run queue: those who wait go on, as far as there are items and room. */
  run(): void {
    const { getters, putters } = this
    // those who are here now, so that two who wait for each other do not keep everybody else from the loop
    let left = getters.length + putters.length
    for (let moved = true; moved && left > 0;) {
      moved = false
      if (putters.length > 0 && this._qsize() < this.limit) {
        moved = true
        left--
        this.letIn(putters.shift()!)
      }
      if (getters.length > 0 && this._qsize() > 0) {
        moved = true
        left--
        getters.shift()!.serve()
      }
    }
    this.scheduled = false
    if (this.isShut && this._qsize() === 0) {
      for (let getter = getters.shift(); getter !== undefined; getter = getters.shift()) getter.shutDown()
    }
    const room = putters.length > 0 && this._qsize() < this.limit
    if (room || (getters.length > 0 && this._qsize() > 0)) this.scheduleUnlock()
  }

  /** Stores an item, and what goes with it in subclasses. */
  protected store(item: Item<T>): void {
    this._put(item)
  }

  /** Drops all items. */
  protected drop(): void {
    while (this._qsize() > 0) this._get()
  }

  /** The items, for a copy. */
  protected copied(): Iterable<Item<T>> {
    const items = this.contents()
    if (items === null)
      throw new TypeError(`${this.constructor.name} needs a contents() that returns its items to be copied`)
    return items
  }

  private letIn(putter: PutWait<T>): void {
    try {
      this.store(putter.item)
    } catch (error) {
      putter.resumeWithError(error)
      return
    }
    putter.resumeWith(undefined)
  }

  /** In the hub, which cannot wait: gives items to those who wait for them; whether there is room then. @throws {ShutDown} */
  private makeRoom(): boolean {
    if (this.isShut) throw new ShutDown()
    if (this.getters.length === 0 || currentStrand() !== getHub()) return false
    while (this.getters.length > 0 && this._qsize() > 0 && this._qsize() >= this.limit) this.getters.shift()!.hand()
    return this._qsize() < this.limit
  }

  /** In the hub, which cannot wait: takes items from those who wait for room; whether there is an item then. @throws {ShutDown} */
  private fetch(): boolean {
    if (this.isShut) throw new ShutDown() // nobody waits for room then
    if (this.putters.length === 0 || currentStrand() !== getHub()) return false
    while (this.putters.length > 0 && this._qsize() === 0) {
      const putter = this.putters.shift()!
      try {
        this.store(putter.item)
      } catch (error) {
        putter.fail(error)
        continue
      }
      putter.wake(undefined)
    }
    return this._qsize() > 0
  }

  private scheduleUnlock(): void {
    if (this.scheduled) return
    this.scheduled = true
    scheduler.loop.queue.push(this)
  }
}

Object.defineProperty(SimpleQueue.prototype, host.inspect, {
  value(this: SimpleQueue) {
    return this.toString()
  },
})

function limitFrom(maxsize: number | null): number {
  if (maxsize === null) return Infinity
  if (typeof maxsize !== "number" || Number.isNaN(maxsize)) {
    throw new TypeError(`maxsize must be a number or null, not ${String(maxsize)}`)
  }
  return maxsize <= 0 ? Infinity : maxsize
}
