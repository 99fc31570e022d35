import { GreenletSet } from "../pool/greenletset.ts"
import { Pool } from "../pool/pool.ts"
import type { Op } from "../wait.ts"

/** What a server asks of a pool of greenlets that is neither a `Pool` nor a `Group`. */
export interface ServerPool {
  /** Runs a function in a greenlet of the pool. Only called while it is not full. */
  spawn(fn: () => Op<unknown>): unknown
  /** Whether there is no room for a greenlet more. */
  full(): boolean
  /** Waits until there is room. */
  waitAvailable(): Op<unknown>
  /** Waits until all have ended, for some seconds at most. */
  join(timeout: number): Op<unknown>
  /** Ends all, and waits for that. */
  kill(): Op<unknown>
}

/** A pool for as many handlers. @throws {RangeError} unless `size` is a positive whole number. */
export function poolOfSize(size: number): Pool {
  if (!Number.isInteger(size) || size < 1) throw new RangeError(`the number of handlers must be positive, not ${size}`)
  return new Pool(size)
}

/** How a pool runs a function. @throws {TypeError} when it is no pool. */
export function runnerOf(pool: ServerPool | GreenletSet): (fn: () => Op<unknown>) => unknown {
  if (pool instanceof GreenletSet) return (fn) => pool.admit(fn, [])
  if (typeof pool.spawn !== "function") throw new TypeError(`${String(pool)} cannot run handlers`)
  return (fn) => pool.spawn(fn)
}
