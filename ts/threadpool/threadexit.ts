/**
 * The thread has ended before the task that it ran: the task called `process.exit`, or the pool was killed with a time limit.
 *
 * @example
 * ```ts
 * import process from "node:process"
 * import { run } from "gevent-wasm"
 * import { ThreadExit, ThreadPool } from "gevent-wasm/threadpool"
 * await run(function* () {
 *   const pool = new ThreadPool(1)
 *   const result = yield* pool.spawn(() => process.exit(3))
 *   yield* result.wait()
 *   console.log(result.exception instanceof ThreadExit && result.exception.code) // 3
 *   yield* pool.kill()
 * })
 * ```
 */
export class ThreadExit extends Error {
  override name = "ThreadExit"
  /** What the thread ended with. */
  readonly code: number

  constructor(code: number) {
    super(`the thread has ended, with code ${code}, before its task`)
    this.code = code
  }
}
