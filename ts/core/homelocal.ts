import { host } from "#host"
import type { Home } from "../host/host.ts"

let count = 0

/**
 * A value that each home has of its own, made at the first use: what gevent keeps per thread.
 *
 * @example
 * ```ts
 * const hubs = new HomeLocal(() => new Hub())
 * hubs.get() === hubs.get() // true, unless another request runs meanwhile
 * ```
 */
export class HomeLocal<T> {
  private readonly index = count++
  private readonly make: (home: Home) => T

  constructor(make: (home: Home) => T) {
    this.make = make
  }

  /** The value of a home; by default of the one that the code which runs now belongs to. */
  get(home: Home = host.home()): T {
    return (home.values[this.index] ??= this.make(home)) as T
  }
}
