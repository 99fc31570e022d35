import type { Strand } from "../strand.ts"

/**
 * The loop of a hub is blocked, or was until now. gevent: `gevent.events.EventLoopBlocked`.
 *
 * @example
 * ```ts
 * import { EventLoopBlocked, subscribe } from "gevent-wasm/events"
 * subscribe(EventLoopBlocked, (event) => console.error(event.info.join("\n")))
 * ```
 */
export class EventLoopBlocked {
  /** Who blocks: a greenlet, MAIN, or the hub in a callback of the loop. */
  readonly greenlet: Strand
  /** For how many seconds it has blocked until now. */
  readonly blockingTime: number
  /** The lines of the report. */
  readonly info: readonly string[]

  constructor(greenlet: Strand, blockingTime: number, info: readonly string[]) {
    this.greenlet = greenlet
    this.blockingTime = blockingTime
    this.info = info
  }
}
