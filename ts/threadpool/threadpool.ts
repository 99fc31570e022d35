import { host } from "#host"
import { Deque } from "../deque.ts"
import type { AsyncResult } from "../event/asyncresult.ts"
import { InvalidThreadUseError, need } from "../exceptions.ts"
import { Flow } from "../flow.ts"
import { Greenlet } from "../greenlet.ts"
import { getHub } from "../hub.ts"
import { resultOf } from "../iteration.ts"
import type { IMap, IMapUnordered } from "../pool/imap.ts"
import type { Items } from "../pool/input.ts"
import type { ImapOptions, ResultCallback } from "../pool/mapping.ts"
import { scheduler } from "../strand.ts"
import { withTimeout } from "../timeout.ts"
import { Until } from "../until.ts"
import type { Op, Wait } from "../wait.ts"
import { TaskMapping } from "./taskmapping.ts"
import { ThreadExit } from "./threadexit.ts"
import { ThreadSet } from "./threadset.ts"
import { callHere, insideThread, Task, type ThreadResult, type ThreadTask } from "./threadtask.ts"

/** Options of `ThreadPool`. */
export interface ThreadPoolOptions {
  /** Seconds after which a thread without a task ends; -1, the default: never. gevent: `idle_task_timeout`. */
  readonly idleTaskTimeout?: number
}

/**
 * Runs functions in threads of the system, some at once, while greenlets go on. It is for work that would block the hub: what
 * computes for long, what calls a synchronous function of the host.
 *
 * A thread has a memory of its own. A task is a function that uses nothing from around it, which goes there as its source, or the
 * export of a module, which is imported there: `{ module: new URL("./tasks.js", import.meta.url), export: "digest" }`. Arguments and
 * results are copied, as `structuredClone` does, or handed over: see `transfer`. What a function returns in a thread is waited for
 * there, a promise as well as a generator of greenlets' operations.
 *
 * gevent: `gevent.threadpool.ThreadPool(maxsize, hub=None)`.
 *
 * @example
 * ```ts
 * import { run } from "gevent-wasm"
 * import { ThreadPool } from "gevent-wasm/threadpool"
 *
 * function fibonacci(n: number): number {
 *   const of = (i: number): number => (i < 2 ? i : of(i - 1) + of(i - 2))
 *   return of(n)
 * }
 *
 * await run(function* () {
 *   const pool = new ThreadPool(2)
 *   console.log(yield* pool.apply(fibonacci, [20])) // 6765
 *   console.log(yield* pool.map(fibonacci, [1, 2, 3, 4])) // [ 1, 1, 2, 3 ]
 *   yield* pool.kill()
 * })
 * ```
 */
export class ThreadPool {
  private readonly mapping = new TaskMapping(this)
  private readonly threads: ThreadSet
  private readonly queue = new Deque<Task>()
  private readonly waitForRoom = new Set<Until>()
  private readonly waitForTasks = new Set<Until>()
  private limit: number
  private unfinished = 0

  /**
   * @param maxsize - How many threads there are at most. They are started when they are needed.
   * @throws {TypeError} unless the numbers are numbers; {RangeError} when `maxsize` is negative or no whole number.
   */
  constructor(maxsize: number, options: ThreadPoolOptions = {}) {
    const { idleTaskTimeout = -1 } = options
    if (typeof idleTaskTimeout !== "number" || Number.isNaN(idleTaskTimeout)) {
      throw new TypeError(`idleTaskTimeout must be a number of seconds, not ${String(idleTaskTimeout)}`)
    }
    this.limit = checkCount("maxsize", maxsize)
    this.threads = new ThreadSet(idleTaskTimeout, {
      waiting: () => this.queue.length > 0,
      finished: (task) => this.finished(task),
      pump: () => this.pump(),
    })
  }

  /** How many tasks have not ended. gevent: `len(pool)`. */
  get length(): number {
    return this.unfinished
  }

  /** How many threads there are at most. Raising it lets waiting tasks begin; lowering it ends threads once they are free. */
  get maxsize(): number {
    return this.limit
  }

  set maxsize(maxsize: number) {
    this.limit = checkCount("maxsize", maxsize)
    this.adjust()
  }

  /** How many threads there are. Setting it starts some before they are needed, or ends some once they are free. */
  get size(): number {
    return this.threads.size
  }

  set size(size: number) {
    checkCount("size", size)
    if (size > this.limit) throw new RangeError(`size must be at most maxsize, which is ${this.limit}, not ${size}`)
    this.threads.resize(size)
  }

  /** Brings the number of threads to what maxsize allows and the tasks need. gevent: `adjust()`. */
  adjust(): void {
    this.threads.shrink(this.limit)
    this.pump()
    this.makeRoom()
  }

  /**
   * Has a task run in a thread. Waits until a thread is free but for one task that may wait for it.
   *
   * @param task - A function or a module's export.
   * @param args - What it is called with; they are copied when a thread takes the task.
   * @returns Its result, as soon as the task has been taken. What cannot be sent or called is an error of the result.
   * @throws {NotSupportedError} ENOSYS on a host without threads; {InvalidThreadUseError} in a thread of a pool.
   */
  spawn<A extends unknown[], R>(task: ThreadTask<A, R>, ...args: A): Flow<AsyncResult<ThreadResult<R>>> {
    this.checkUse()
    const spawn = function* (this: ThreadPool) {
      while (!this.hasRoom()) yield* this.room()
      return this.dispatch(task, args) as AsyncResult<ThreadResult<R>>
    }
    return new Flow(() => spawn.call(this))
  }

  /**
   * Runs a task in a thread and waits for its result. In a thread of a pool it is run right there.
   *
   * @throws What the task throws: an error of the language's classes is one of the same class here, and others are plain ones of that
   *   name; all have the stack of the thread.
   */
  apply<A extends unknown[], R>(task: ThreadTask<A, R>, args?: A): Flow<ThreadResult<R>> {
    const given = args ?? ([] as unknown as A)
    need("threads", "apply")
    const apply = function* (this: ThreadPool) {
      if (insideThread()) return (yield* callHere(task, given)) as ThreadResult<R>
      const result = yield* this.spawn(task, ...given)
      return yield* result.get()
    }
    return new Flow(() => apply.call(this))
  }

  /** As `apply`, and then calls `callback` with the result. gevent: `apply_cb(func, args=None, kwds=None, callback=None)`. */
  applyCb<A extends unknown[], R>(
    task: ThreadTask<A, R>,
    args?: A,
    callback?: ResultCallback<ThreadResult<R>> | null,
  ): Flow<ThreadResult<R>> {
    const apply = function* (this: ThreadPool) {
      const result = yield* this.apply(task, args)
      if (callback) yield* resultOf(callback(result))
      return result
    }
    return new Flow(() => apply.call(this))
  }

  /** Runs a task in a thread, and returns a greenlet that waits for it. gevent: `apply_async(func, args=None, kwds=None, callback=None)`. */
  applyAsync<A extends unknown[], R>(
    task: ThreadTask<A, R>,
    args?: A,
    callback?: ResultCallback<ThreadResult<R>> | null,
  ): Greenlet<ThreadResult<R>> {
    const greenlet = new Greenlet<ThreadResult<R>>(() => this.applyCb(task, args, callback))
    greenlet.start()
    return greenlet
  }

  /** Runs a task with each item, and waits for all results, in the order of the items. See `Pool.map`. */
  map<A, R>(task: ThreadTask<[item: A], R>, items: Items<A>): Flow<ThreadResult<R>[]> {
    return this.mapping.map(this.mapping.calling(task), items) as Flow<ThreadResult<R>[]>
  }

  /** As `map`, and then calls `callback` with the results. gevent: `map_cb(func, iterable, callback=None)`. */
  mapCb<A, R>(
    task: ThreadTask<[item: A], R>,
    items: Items<A>,
    callback?: ResultCallback<ThreadResult<R>[]> | null,
  ): Flow<ThreadResult<R>[]> {
    const called = callback as ResultCallback<unknown[]> | null | undefined
    return this.mapping.mapCb(this.mapping.calling(task), items, called) as Flow<ThreadResult<R>[]>
  }

  /** As `mapCb`, in a greenlet, which is returned at once. gevent: `map_async(func, iterable, callback=None)`. */
  mapAsync<A, R>(
    task: ThreadTask<[item: A], R>,
    items: Items<A>,
    callback?: ResultCallback<ThreadResult<R>[]> | null,
  ): Greenlet<ThreadResult<R>[]> {
    const called = callback as ResultCallback<unknown[]> | null | undefined
    return this.mapping.mapAsync(this.mapping.calling(task), items, called) as Greenlet<ThreadResult<R>[]>
  }

  /** Runs a task with the items of one or several iterables, and gives the results in their order. See `Pool.imap`. */
  imap<A, R>(task: ThreadTask<[item: A], R>, items: Items<A>, options?: ImapOptions): IMap<ThreadResult<R>>
  imap<A, B, R>(
    task: ThreadTask<[first: A, second: B], R>,
    first: Items<A>,
    second: Items<B>,
    options?: ImapOptions,
  ): IMap<ThreadResult<R>>
  imap<A extends unknown[], R>(
    task: ThreadTask<A, R>,
    ...iterables: { [K in keyof A]: Items<A[K]> }
  ): IMap<ThreadResult<R>>
  imap<R>(task: ThreadTask<never[], R>, ...rest: unknown[]): IMap<ThreadResult<R>> {
    const calling = this.mapping.calling(task) as (...items: unknown[]) => Op<unknown>
    return this.mapping.imap(calling, ...(rest as Items<unknown>[])) as IMap<ThreadResult<R>>
  }

  /** As `imap`, and gives the results as they come. gevent: `imap_unordered(func, *iterables, maxsize=None)`. */
  imapUnordered<A, R>(
    task: ThreadTask<[item: A], R>,
    items: Items<A>,
    options?: ImapOptions,
  ): IMapUnordered<ThreadResult<R>>
  imapUnordered<A, B, R>(
    task: ThreadTask<[first: A, second: B], R>,
    first: Items<A>,
    second: Items<B>,
    options?: ImapOptions,
  ): IMapUnordered<ThreadResult<R>>
  imapUnordered<A extends unknown[], R>(
    task: ThreadTask<A, R>,
    ...iterables: { [K in keyof A]: Items<A[K]> }
  ): IMapUnordered<ThreadResult<R>>
  imapUnordered<R>(task: ThreadTask<never[], R>, ...rest: unknown[]): IMapUnordered<ThreadResult<R>> {
    const calling = this.mapping.calling(task) as (...items: unknown[]) => Op<unknown>
    return this.mapping.imapUnordered(calling, ...(rest as Items<unknown>[])) as IMapUnordered<ThreadResult<R>>
  }

  /** Waits until all tasks have ended. gevent: `join()`. */
  join(): Wait<void> {
    return new Until(this.waitForTasks, () => this.unfinished === 0, "the tasks of a thread pool")
  }

  /**
   * Waits for the tasks and ends all threads. The pool can be used again. gevent: `kill()`.
   *
   * @param timeout - Seconds after which it does not wait any more: what still runs ends with its thread, and fails with ThreadExit,
   *   as does what has not begun.
   */
  kill(timeout: number | null = null): Flow<void> {
    const kill = function* (this: ThreadPool) {
      if (timeout === null) yield* this.join()
      else yield* withTimeout(timeout, () => this.join(), undefined)
      for (const task of this.takeQueued()) {
        task.fail(new ThreadExit(1))
        this.finished(task)
      }
      yield* this.threads.endAll()
    }
    return new Flow(() => kill.call(this))
  }

  /** `await using`: kills it. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill()
  }

  /** What the console shows. */
  toString(): string {
    return `<ThreadPool ${this.threads.count}/${this.limit} threads, ${this.unfinished} tasks>`
  }

  // --- for mappings and executors ---

  /** Whether a task can be taken without waiting. */
  hasRoom(): boolean {
    return this.limit > 0 && this.unfinished <= this.limit
  }

  /** Waits until a task can be taken. */
  room(): Wait<void> {
    return new Until(this.waitForRoom, () => this.hasRoom(), "room in a thread pool")
  }

  /** Whether tasks can be given to threads here. @throws {NotSupportedError} without threads; {InvalidThreadUseError} inside of one. */
  checkUse(): void {
    need("threads", "spawn")
    if (insideThread()) {
      throw new InvalidThreadUseError(
        "a thread of a pool has no threads of its own: apply() and map() run tasks right here",
      )
    }
  }

  /** Has a task run, without a look at how many there are. */
  dispatch(target: ThreadTask, args: readonly unknown[]): AsyncResult<unknown> {
    const task = new Task(target, args)
    this.unfinished++
    scheduler.foreign++
    this.queue.push(task)
    this.pump()
    return task.result
  }

  /** Gives tasks to threads. */
  private pump(): void {
    while (this.queue.length > 0) {
      const thread = this.threads.take(this.limit)
      if (thread === undefined) return
      const task = this.queue.shift()!
      if (thread.run(task)) continue
      this.threads.giveBack(thread)
      this.finished(task)
    }
  }

  private *takeQueued(): Generator<Task> {
    while (this.queue.length > 0) yield this.queue.shift()!
  }

  private finished(task: Task): void {
    this.unfinished--
    scheduler.foreign--
    const { exception } = task.result
    if (exception !== null) getHub().report(task, exception)
    if (this.unfinished === 0) Until.notify(this.waitForTasks)
    this.makeRoom()
    scheduler.loop.touch()
  }

  private makeRoom(): void {
    if (this.waitForRoom.size > 0 && this.hasRoom()) Until.notify(this.waitForRoom)
  }
}

Object.defineProperty(ThreadPool.prototype, host.inspect, {
  value(this: ThreadPool) {
    return this.toString()
  },
})

function checkCount(name: string, count: number): number {
  if (typeof count !== "number") throw new TypeError(`${name} must be a number, not ${String(count)}`)
  if (Number.isInteger(count) && count >= 0) return count
  throw new RangeError(`${name} must be a whole number of at least 0, not ${count}`)
}
