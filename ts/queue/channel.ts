import { host } from "#host"
import { Empty, Full, StopIteration } from "../exceptions.ts"
import type { Flow } from "../flow.ts"
import { asyncIterator, each, type Source, type Visitor } from "../iteration.ts"
import { limitOf, type TimeoutArgument } from "../limit.ts"
import { scheduler } from "../strand.ts"
import { ListedWait, WaitList } from "../waitlist.ts"
import type { Wait } from "../wait.ts"
import type { Item } from "./simplequeue.ts"

/**
 * Hands items over from one greenlet to another: `put` waits until somebody gets the item, `get` until somebody puts one. Both are
 * served in the order in which they came. It holds nothing itself.
 *
 * gevent: `gevent.queue.Channel`.
 *
 * @example
 * ```ts
 * import { run, spawn } from "gevent-wasm"
 * import { Channel } from "gevent-wasm/queue"
 * await run(function* () {
 *   const channel = new Channel<string>()
 *   spawn(() => channel.put("hello"))
 *   console.log(yield* channel.get()) // hello
 * })
 * ```
 */
export class Channel<T = unknown> implements Source<T> {
  private readonly getters = new WaitList<Receive<T> | ReceiveNext<T>>()
  private readonly putters = new WaitList<ChannelSend<T>>()
  private scheduled = false
  private turn = 0

  /** How many wait to put, less those who wait to get. */
  get balance(): number {
    return this.putters.length - this.getters.length
  }

  /** Always 0: it holds nothing. */
  qsize(): number {
    return 0
  }

  /** Always 0. */
  get length(): number {
    return 0
  }

  /** Always true. */
  empty(): boolean {
    return true
  }

  /** Always true. */
  full(): boolean {
    return true
  }

  /**
   * Hands an item over, and waits until somebody gets it.
   *
   * @param block - false: throws Full when nobody waits for one.
   * @param timeout - Seconds, then Full is thrown; or a Timeout, which is thrown. The item is not handed over then.
   */
  put(item: Item<T>, block = true, timeout: TimeoutArgument = null): Wait<void> {
    return new ChannelSend(this, item, block, timeout)
  }

  /** Hands an item over to somebody who waits for one. Never waits. gevent: `put_nowait`. @throws {Full} when nobody does. */
  putNowait(item: Item<T>): void {
    this.pairUp()
    const getter = this.getters.shift()
    if (getter === undefined) throw new Full()
    getter.receive(item, false)
  }

  /**
   * Gets an item, and waits until somebody puts one.
   *
   * @param block - false: throws Empty when nobody waits to put one.
   * @param timeout - Seconds, then Empty is thrown; or a Timeout, which is thrown.
   */
  get(block = true, timeout: TimeoutArgument = null): Wait<T> {
    return new Receive(this, block, timeout)
  }

  /** Gets an item from somebody who waits to put one. Never waits. gevent: `get_nowait`. @throws {Empty} when nobody does. */
  getNowait(): T {
    this.pairUp()
    const putter = this.putters.shift()
    if (putter === undefined) throw new Empty()
    putter.wake(undefined)
    return putter.item as T
  }

  /** Gets an item, as an iterator does: `done` when that is the class `StopIteration`. gevent: `Channel.__next__`. */
  next(): Wait<IteratorResult<T, undefined>> {
    return new ReceiveNext(this)
  }

  /** Calls a function with each item: see `SimpleQueue.each`. @throws {TypeError} when `fn` is no function. */
  each(fn: Visitor<T>): Flow<void> {
    return each(this, fn)
  }

  /** `for await` gets items as `next` does. */
  [Symbol.asyncIterator](): AsyncIterator<T, undefined> {
    return asyncIterator(this)
  }

  /** What the console shows. */
  toString(): string {
    const parts = [this.constructor.name]
    if (this.getters.length > 0) parts.push(`getters[${this.getters.length}]`)
    if (this.putters.length > 0) parts.push(`putters[${this.putters.length}]`)
    return `<${parts.join(" ")}>`
  }

  /** Somebody waits for an item. For waits. */
  addGetter(getter: Receive<T> | ReceiveNext<T>): void {
    this.getters.push(getter)
    this.scheduleUnlock()
  }

  /** Somebody does not wait for an item any more. For waits. */
  removeGetter(getter: Receive<T> | ReceiveNext<T>): void {
    this.getters.remove(getter)
  }

  /** Somebody waits to hand one over. For waits. */
  addPutter(putter: ChannelSend<T>): void {
    this.putters.push(putter)
    this.scheduleUnlock()
  }

  /** Somebody does not wait to hand one over any more. For waits. */
  removePutter(putter: ChannelSend<T>): void {
    this.putters.remove(putter)
  }

  /** Pairs that wait for each other go on. */
  private unlock(): void {
    const { getters, putters } = this
    let left = Math.min(getters.length, putters.length)
    // who goes on may end others who wait
    for (; left > 0 && getters.length > 0 && putters.length > 0; left--) {
      const putter = putters.shift()!
      getters.shift()!.receive(putter.item, true)
      putter.resumeWith(undefined)
    }
    this.scheduled = false
    this.scheduleUnlock()
  }

  /** Serves those who are to be served at the next turn, so that nobody overtakes them. */
  private pairUp(): void {
    if (this.scheduled) {
      // its turn is before theirs, and would serve those who come meanwhile first
      this.turn++
      this.scheduled = false
    }
    while (this.getters.length > 0 && this.putters.length > 0) {
      const putter = this.putters.shift()!
      this.getters.shift()!.receive(putter.item, false)
      putter.wake(undefined)
    }
  }

  private scheduleUnlock(): void {
    if (this.scheduled || this.getters.length === 0 || this.putters.length === 0) return
    this.scheduled = true
    const { turn } = this
    scheduler.loop.queue.push({ run: () => void (turn === this.turn && this.unlock()) })
  }
}

Object.defineProperty(Channel.prototype, host.inspect, {
  value(this: Channel) {
    return this.toString()
  },
})

/** Waits for somebody to get an item. */
class ChannelSend<T> extends ListedWait<void> {
  readonly item: Item<T>
  private readonly channel: Channel<T>
  private readonly block: boolean

  constructor(channel: Channel<T>, item: Item<T>, block: boolean, timeout: TimeoutArgument) {
    super()
    this.channel = channel
    this.item = item
    this.block = block
    this.limit = limitOf(timeout, Full)
  }

  protected begin(): boolean {
    // the hub cannot wait, but those who wait can be served
    if (!this.block || this.strand.refusal() !== undefined) {
      this.channel.putNowait(this.item)
      return true
    }
    this.channel.addPutter(this)
    return false
  }

  protected cancel(): void {
    this.channel.removePutter(this)
  }

  override describe(): string {
    return `put to ${String(this.channel)}`
  }
}

/** Waits for somebody to put an item. */
abstract class Receiving<T, R> extends ListedWait<R> {
  private readonly channel: Channel<T>
  private readonly block: boolean

  constructor(channel: Channel<T>, block: boolean, timeout: TimeoutArgument) {
    super()
    this.channel = channel
    this.block = block
    this.limit = limitOf(timeout, Empty)
  }

  /** What it returns for an item. */
  protected abstract result(item: Item<T>): R

  /** Gets an item, and goes on now or later. */
  receive(item: Item<T>, now: boolean): void {
    const result = this.result(item)
    if (now) this.resumeWith(result)
    else this.wake(result)
  }

  protected begin(): boolean {
    const { channel } = this
    if (!this.block || (channel.balance > 0 && this.strand.refusal() !== undefined)) {
      this.value = this.result(channel.getNowait())
      return true
    }
    channel.addGetter(this as never)
    return false
  }

  protected cancel(): void {
    this.channel.removeGetter(this as never)
  }

  override describe(): string {
    return `get of ${String(this.channel)}`
  }
}

class Receive<T> extends Receiving<T, T> {
  protected result(item: Item<T>): T {
    return item as T
  }
}

class ReceiveNext<T> extends Receiving<T, IteratorResult<T, undefined>> {
  constructor(channel: Channel<T>) {
    super(channel, true, null)
  }

  protected result(item: Item<T>): IteratorResult<T, undefined> {
    return item === StopIteration ? { done: true, value: undefined } : { done: false, value: item as T }
  }
}
