import { wantedOf } from "./count.ts"
import type { EventSink } from "./core/hubmodule.ts"
import type { Loop } from "./core/loop.ts"
import { DEFAULT_PRIORITY, limitOf, type Timeout, type TimeoutArgument } from "./limit.ts"
import { scheduler } from "./strand.ts"
import { Wait } from "./wait.ts"
import { Links, type Waitable } from "./waitable.ts"

/** Waits for the next of several objects to become ready, or for there to be none. */
class NextWait<W> extends Wait<IteratorResult<W, undefined>> {
  private readonly source: WaitIterator<W & Waitable>

  constructor(source: WaitIterator<W & Waitable>, limit: Timeout | null) {
    super()
    this.source = source
    this.limit = limit
  }

  protected begin(): boolean {
    const result = this.source.take()
    if (result === undefined) {
      this.source.waiter = this as unknown as NextWait<W & Waitable>
      return false
    }
    this.value = result
    return true
  }

  protected cancel(): void {
    this.source.waiter = null
  }

  protected override expired(): IteratorResult<W, undefined> {
    this.source.close()
    return { done: true, value: undefined }
  }

  override describe(): string {
    return "iwait"
  }
}

/**
 * Objects as they become ready. `for await` it, or ask for `next()` in a greenlet; leaving the loop unlinks the rest.
 * gevent: what `gevent.iwait` returns.
 */
export class WaitIterator<W extends Waitable> implements AsyncIterable<W>, EventSink {
  /** The wait for the next object, while there is one. */
  waiter: NextWait<W> | null = null
  private readonly links: Links<W>
  private readonly limit: Timeout | null
  private readonly ready: W[] = []
  private left: number
  private linked = false
  private expired = false
  private loop: Loop | null = null
  private timer = 0

  constructor(objects: W[], timeout: TimeoutArgument, count: number | null) {
    this.links = new Links(objects, (object) => this.onReady(object))
    this.limit = limitOf(timeout)
    this.left = wantedOf(count, objects)
  }

  /** Waits for the next object. The timeout ends the iteration. */
  next(): Wait<IteratorResult<W, undefined>> {
    // a Timeout that its owner has started is thrown, and then recognized; any other has a timer here, for it must not be thrown where the caller does something else
    return new NextWait<W>(this, this.limit?.pending === true ? this.limit : null)
  }

  /** Unlinks everything. */
  close(): void {
    this.left = 0
    this.ready.length = 0
    if (!this.linked) return
    this.linked = false
    this.links.unlink()
    this.stopTimer()
  }

  /** `using` unlinks everything. */
  [Symbol.dispose](): void {
    this.close()
  }

  [Symbol.asyncIterator](): AsyncIterator<W, undefined> {
    return {
      next: async () => await this.next(),
      return: () => {
        this.close()
        return Promise.resolve({ done: true, value: undefined })
      },
    }
  }

  /** The next result if it is known; undefined when it has to be waited for. May throw, for a Timeout with an exception. */
  take(): IteratorResult<W, undefined> | undefined {
    if (this.left <= 0) {
      const { expired, limit } = this
      this.expired = false
      this.close()
      const error = expired ? limit!.error : limit
      if (error !== limit) throw error
      return { done: true, value: undefined }
    }
    if (!this.linked) {
      this.linked = true
      this.links.link()
      this.startTimer()
    }
    const object = this.ready.shift()
    if (object === undefined) return undefined
    this.left--
    return { done: false, value: object }
  }

  /** The time has passed: what is ready by then is still handed over. */
  event(): void {
    this.timer = 0
    // behind what became ready before it
    this.loop!.queue.push({ run: () => this.expire() })
  }

  private expire(): void {
    if (!this.linked) return
    this.left = this.ready.length
    this.expired = true
    this.answer()
  }

  private startTimer(): void {
    const { limit } = this
    if (limit === null || limit.pending || limit.seconds === null) return
    this.loop = scheduler.loop
    this.timer = this.loop.startTimer(this, DEFAULT_PRIORITY, true, limit.seconds, 0)
  }

  private stopTimer(): void {
    if (this.timer !== 0) this.loop!.stopWatcher(this.timer)
    this.timer = 0
  }

  private onReady(object: W): void {
    if (!this.linked) return
    this.ready.push(object)
    this.answer()
  }

  private answer(): void {
    const { waiter } = this
    if (waiter === null) return
    let result
    try {
      result = this.take()
    } catch (error) {
      this.waiter = null
      waiter.fail(error)
      return
    }
    if (result === undefined) return
    this.waiter = null
    waiter.wake(result)
  }
}
