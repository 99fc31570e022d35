import { Attempt } from "../attempt.ts"
import { Empty } from "../exceptions.ts"
import { limitOf, type Timeout, type TimeoutArgument } from "../limit.ts"
import { scheduler } from "../strand.ts"
import type { BlockingCall, Wait } from "../wait.ts"
import { GetWait } from "./getter.ts"
import type { SimpleQueue } from "./simplequeue.ts"

/** Takes the next item out, and waits for one only when there is none. */
export class Get<T> extends Attempt<T> {
  declare private readonly queue: SimpleQueue<T>
  declare private readonly limit: Timeout | null

  constructor(queue: SimpleQueue<T>, timeout: TimeoutArgument) {
    super()
    this.done = false
    this.value = undefined as T
    this.strand = scheduler.current
    this.wait = null
    this.queue = queue
    this.limit = timeout === null ? null : limitOf(timeout, Empty)
  }

  [Symbol.iterator](): Iterator<BlockingCall<unknown>, T, unknown> {
    if (this.done || this.wait !== null || scheduler.current.interrupts !== null) return this.begun()
    if (this.queue.qsize() === 0) return this.begun()
    this.value = this.queue.take()
    this.done = true
    return this
  }

  protected makeWait(): Wait<T> {
    return new GetWait(this.queue, true, this.limit)
  }
}
