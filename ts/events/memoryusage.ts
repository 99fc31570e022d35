/** What the host says of the process's memory, in bytes, by its own names; `rss` is what counts. */
export type MemoryInfo = Readonly<Record<string, number>> & { readonly rss: number }

/** What the events about memory have in common. */
abstract class MemoryUsage {
  /** The process's resident memory, in bytes. */
  readonly memUsage: number
  /** How much it may have, in bytes. */
  readonly maxAllowed: number
  /** All that the host says of the process's memory, in bytes. */
  readonly memoryInfo: MemoryInfo

  constructor(memUsage: number, maxAllowed: number, memoryInfo: MemoryInfo) {
    this.memUsage = memUsage
    this.maxAllowed = maxAllowed
    this.memoryInfo = memoryInfo
  }

  /** Its name and its numbers. */
  toString(): string {
    return `<${this.constructor.name} used=${this.memUsage} max=${this.maxAllowed} details=${JSON.stringify(this.memoryInfo)}>`
  }
}

/**
 * The process has more memory than it may, and more than at the look before. gevent: `gevent.events.MemoryUsageThresholdExceeded`.
 *
 * @example
 * ```ts
 * import { MemoryUsageThresholdExceeded, subscribe } from "gevent-wasm/events"
 * subscribe(MemoryUsageThresholdExceeded, (event) => console.error(String(event)))
 * ```
 */
export class MemoryUsageThresholdExceeded extends MemoryUsage {}

/**
 * The process, which had more memory than it may, has not any more. gevent: `gevent.events.MemoryUsageUnderThreshold`.
 *
 * @example
 * ```ts
 * import { MemoryUsageUnderThreshold, subscribe } from "gevent-wasm/events"
 * subscribe(MemoryUsageUnderThreshold, (event) => console.error(event.maxMemoryUsage, event.memUsage))
 * ```
 */
export class MemoryUsageUnderThreshold extends MemoryUsage {
  /** How much it had when it was last over the limit, in bytes. */
  readonly maxMemoryUsage: number

  constructor(memUsage: number, maxAllowed: number, memoryInfo: MemoryInfo, maxMemoryUsage: number) {
    super(memUsage, maxAllowed, memoryInfo)
    this.maxMemoryUsage = maxMemoryUsage
  }
}
