import { Attempt } from "../attempt.ts"
import { Full } from "../exceptions.ts"
import { limitOf, type Timeout, type TimeoutArgument } from "../limit.ts"
import { scheduler } from "../strand.ts"
import type { BlockingCall, Wait } from "../wait.ts"
import { PutWait } from "./putter.ts"
import type { Item, SimpleQueue } from "./simplequeue.ts"

/** Puts an item in, and waits only when there is no room. */
export class Put<T> extends Attempt<void> {
  declare private readonly queue: SimpleQueue<T>
  declare private readonly item: Item<T>
  declare private readonly limit: Timeout | null

  constructor(queue: SimpleQueue<T>, item: Item<T>, timeout: TimeoutArgument) {
    super()
    this.done = false
    this.value = undefined
    this.strand = scheduler.current
    this.wait = null
    this.queue = queue
    this.item = item
    this.limit = timeout === null ? null : limitOf(timeout, Full)
  }

  [Symbol.iterator](): Iterator<BlockingCall<unknown>, void, unknown> {
    if (this.done || this.wait !== null || scheduler.current.interrupts !== null) return this.begun()
    if (!this.queue.offer(this.item)) return this.begun()
    this.done = true
    return this
  }

  protected makeWait(): Wait<void> {
    return new PutWait(this.queue, this.item, true, this.limit)
  }
}
