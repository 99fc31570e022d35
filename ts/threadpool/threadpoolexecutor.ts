import type { AsyncResult } from "../event/asyncresult.ts"
import { Immediate } from "../immediate.ts"
import type { IMap } from "../pool/imap.ts"
import type { Items } from "../pool/input.ts"
import type { BlockingCall } from "../wait.ts"
import { Future } from "./future.ts"
import { ThreadPool, type ThreadPoolOptions } from "./threadpool.ts"
import type { ThreadResult, ThreadTask } from "./threadtask.ts"

/**
 * A thread pool with the interface of Python's `concurrent.futures`: `submit` never waits and returns a future.
 *
 * gevent: `gevent.threadpool.ThreadPoolExecutor(max_workers)`.
 *
 * @example
 * ```ts
 * import { run } from "gevent-wasm"
 * import { ThreadPoolExecutor } from "gevent-wasm/threadpool"
 * await run(function* () {
 *   const executor = new ThreadPoolExecutor(2)
 *   const future = executor.submit((a: number, b: number) => a + b, 1, 2)
 *   console.log(yield* future.result()) // 3
 *   yield* executor.shutdown()
 * })
 * ```
 */
export class ThreadPoolExecutor {
  private readonly pool: ThreadPool
  private ended = false

  /** @throws As the constructor of `ThreadPool` does. */
  constructor(maxWorkers: number, options: ThreadPoolOptions = {}) {
    this.pool = new ThreadPool(maxWorkers, options)
  }

  /**
   * Has a task run in a thread.
   *
   * @returns Its future, at once.
   * @throws {Error} after `shutdown`; {NotSupportedError} ENOSYS on a host without threads; {InvalidThreadUseError} in a thread of a pool.
   */
  submit<A extends unknown[], R>(task: ThreadTask<A, R>, ...args: A): Future<ThreadResult<R>> {
    if (this.ended) throw new Error("cannot schedule new futures after shutdown")
    this.pool.checkUse()
    return new Future(this.pool.dispatch(task, args) as AsyncResult<ThreadResult<R>>)
  }

  /** Runs a task with the items of iterables, and gives the results in their order. @throws {Error} after `shutdown`. */
  map<A extends unknown[], R>(
    task: ThreadTask<A, R>,
    ...iterables: { [K in keyof A]: Items<A[K]> }
  ): IMap<ThreadResult<R>> {
    if (this.ended) throw new Error("cannot schedule new futures after shutdown")
    return this.pool.imap(task, ...iterables)
  }

  /**
   * Takes no more tasks, and waits until those that it has are done and the threads have ended.
   *
   * @param wait - false: does not wait; the threads end when they are free.
   */
  shutdown(wait = true): BlockingCall<void> {
    this.ended = true
    if (wait) return this.pool.kill()
    this.pool.size = 0
    return new Immediate(undefined)
  }

  /** `await using`: shuts it down. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.shutdown()
  }
}
