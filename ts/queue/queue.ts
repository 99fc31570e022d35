import { Event } from "../event/event.ts"
import type { TimeoutArgument } from "../limit.ts"
import type { Wait } from "../wait.ts"
import { SimpleQueue, type Item } from "./simplequeue.ts"

/**
 * A queue that knows when all its items have been worked on: whoever takes an item out says `taskDone` for it in the end, and `join`
 * waits for that.
 *
 * gevent: `gevent.queue.Queue(maxsize=None, items=(), unfinished_tasks=None)`, also `JoinableQueue`.
 *
 * @example
 * ```ts
 * import { run, sleep, spawn } from "gevent-wasm"
 * import { Queue } from "gevent-wasm/queue"
 * await run(function* () {
 *   const jobs = new Queue<number>(null, [1, 2, 3])
 *   const worker = spawn(() =>
 *     jobs.each(function* (job) {
 *       yield* sleep(0.001 * job)
 *       jobs.taskDone()
 *     }),
 *   )
 *   console.log(yield* jobs.join(5)) // true
 *   yield* worker.kill()
 * })
 * ```
 */
export class Queue<T = unknown> extends SimpleQueue<T> {
  private unfinished: number
  private readonly finished = new Event()

  /**
   * @param maxsize - How many items it holds; null, 0 or less: as many as come.
   * @param items - The first items; they may be more than `maxsize`, and count as unfinished.
   * @param unfinishedTasks - How many items are unfinished, if not those that are given.
   * @throws {TypeError} unless `maxsize` and `unfinishedTasks` are numbers or null; {RangeError} when the latter is negative or no
   *   whole number.
   */
  constructor(maxsize: number | null = null, items: Iterable<Item<T>> = [], unfinishedTasks: number | null = null) {
    checkTasks(unfinishedTasks)
    super(maxsize, items)
    this.unfinished = unfinishedTasks ?? this.qsize()
    if (this.unfinished === 0) this.finished.set()
  }

  /** How many items that were put in have not been followed by `taskDone`. gevent: `unfinished_tasks`. */
  get unfinishedTasks(): number {
    return this.unfinished
  }

  /** The work on one item is done. gevent: `task_done`. @throws {RangeError} when it is called more often than there were items. */
  taskDone(): void {
    if (this.unfinished <= 0) throw new RangeError("taskDone() called too many times")
    if (--this.unfinished === 0) this.finished.set()
  }

  /**
   * Waits until the work on all items is done.
   *
   * @param timeout - Seconds or a Timeout; when it passes first, the wait just ends.
   * @returns Whether it is done.
   */
  join(timeout: TimeoutArgument = null): Wait<boolean> {
    return this.finished.wait(timeout)
  }

  override copy(): this {
    const Kind = this.constructor as new (maxsize: number | null, items: Iterable<Item<T>>, tasks: number) => this
    return new Kind(this.maxsize, this.copied(), this.unfinished)
  }

  protected override details(): string[] {
    return this.unfinished > 0 ? [`tasks=${this.unfinished}`] : []
  }

  protected override store(item: Item<T>): void {
    this._put(item)
    if (this.unfinished++ === 0) this.finished.clear()
  }

  /** What is dropped counts as done. */
  protected override drop(): void {
    for (let left = this.qsize(); left > 0; left--) {
      this._get()
      if (this.unfinished > 0) this.taskDone()
    }
  }
}

function checkTasks(count: number | null): void {
  if (count === null) return
  if (typeof count !== "number") throw new TypeError(`unfinishedTasks must be a number or null, not ${String(count)}`)
  if (!Number.isInteger(count) || count < 0) {
    throw new RangeError(`unfinishedTasks must be a whole number of at least 0, not ${count}`)
  }
}

/** The same as `Queue`, under its older name. gevent: `gevent.queue.JoinableQueue`. */
export const JoinableQueue: typeof Queue = Queue
/** The same as `Queue`, under its older name. */
export type JoinableQueue<T = unknown> = Queue<T>
