import { Empty, ShutDown, StopIteration } from "../exceptions.ts"
import { limitOf, type TimeoutArgument } from "../limit.ts"
import { ListedWait } from "../waitlist.ts"
import type { SimpleQueue } from "./simplequeue.ts"

/** Waits for an item of a queue. */
abstract class Getting<T, R> extends ListedWait<R> {
  protected readonly queue: SimpleQueue<T>
  private readonly block: boolean

  constructor(queue: SimpleQueue<T>, block: boolean, timeout: TimeoutArgument) {
    super()
    this.queue = queue
    this.block = block
    this.limit = limitOf(timeout, Empty)
  }

  /** What it returns; there is an item. */
  protected abstract fetch(): R

  /** There is an item: it gets it and goes on now. Only from the run queue. */
  serve(): void {
    let result
    try {
      result = this.fetch()
    } catch (error) {
      this.resumeWithError(error)
      return
    }
    this.resumeWith(result)
  }

  /** There is an item: it gets it and goes on later. */
  hand(): void {
    let result
    try {
      result = this.fetch()
    } catch (error) {
      this.fail(error)
      return
    }
    this.wake(result)
  }

  /** There will never be an item. */
  shutDown(): void {
    this.fail(new ShutDown())
  }

  protected begin(): boolean {
    const { queue } = this
    if (queue.hasNext()) {
      this.value = this.fetch()
      return true
    }
    if (!this.block) throw new Empty()
    queue.addGetter(this as never)
    return false
  }

  protected cancel(): void {
    this.queue.removeGetter(this as never)
  }

  override describe(): string {
    return `${this.constructor.name.toLowerCase()} of ${String(this.queue)}`
  }
}

/** Takes the next item out. */
export class GetWait<T> extends Getting<T, T> {
  override describe(): string {
    return `get of ${String(this.queue)}`
  }

  protected fetch(): T {
    return this.queue.take()
  }
}

/** Returns the next item and leaves it in. */
export class Peek<T> extends Getting<T, T> {
  protected fetch(): T {
    return this.queue.look()
  }
}

/** Takes the next item out, and tells the last one. */
export class Next<T> extends Getting<T, IteratorResult<T, undefined>> {
  constructor(queue: SimpleQueue<T>) {
    super(queue, true, null)
  }

  override shutDown(): void {
    this.wake({ done: true, value: undefined })
  }

  protected override begin(): boolean {
    try {
      return super.begin()
    } catch (error) {
      if (!(error instanceof ShutDown)) throw error
      this.value = { done: true, value: undefined }
      return true
    }
  }

  protected fetch(): IteratorResult<T, undefined> {
    const item = this.queue.take()
    return (item as unknown) === StopIteration ? { done: true, value: undefined } : { done: false, value: item }
  }
}

/** Whoever waits for an item. */
export type Getter<T> = GetWait<T> | Peek<T> | Next<T>
