import { getHub, type Hub } from "../hub.ts"
import { ThreadPool } from "./threadpool.ts"

const SIZE = 10
const IDLE_SECONDS = 5

const pools = new WeakMap<Hub, ThreadPool>()

/**
 * The thread pool of the hub, made at the first call: 10 threads at most, which end when they had no task for 5 seconds.
 *
 * gevent: `gevent.get_hub().threadpool`.
 *
 * @returns The pool, the same one as long as the hub lives.
 * @throws Never; its calls do on a host without threads.
 * @example
 * ```ts
 * import { getThreadpool } from "gevent-wasm/threadpool"
 * console.log(await getThreadpool().apply((a: number, b: number) => a + b, [1, 2])) // 3
 * ```
 */
export function getThreadpool(): ThreadPool {
  const hub = getHub()
  let pool = pools.get(hub)
  if (pool === undefined) pools.set(hub, (pool = new ThreadPool(SIZE, { idleTaskTimeout: IDLE_SECONDS })))
  return pool
}
