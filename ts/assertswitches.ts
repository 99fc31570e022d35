import { host } from "#host"
import { blockReport } from "./runinfo/blockreport.ts"
import { getHub } from "./hub.ts"
import { SwitchTracer } from "./switchtracer.ts"
import type { Strand } from "./strand.ts"

const FOREVER = 2 ** 31

/**
 * A block did not switch, or not often enough. gevent: an `AssertionError`.
 *
 * @example
 * ```ts
 * import { assertSwitches, FailedToSwitch } from "gevent-wasm/util"
 * try {
 *   using _check = assertSwitches()
 * } catch (error) {
 *   console.log(error instanceof FailedToSwitch) // true
 * }
 * ```
 */
export class FailedToSwitch extends Error {
  override readonly name = "FailedToSwitch"
}

/**
 * Checks that a block of code lets others run: at the end of the `using` block it throws unless the block has waited.
 * gevent: `gevent.util.assert_switches(max_blocking_time=None, hub_only=False)`.
 *
 * @param maxBlockingTime - Seconds that may pass without a switch; a block that is faster need not switch. null: it has to once.
 * @param hubOnly - Whether only switches to the hub count, in which the loop serves its watchers, and not those between greenlets.
 * @returns What the `using` statement takes. At its end it throws FailedToSwitch; an error that ends the block comes as a
 *   SuppressedError then.
 * @throws {TypeError} when `maxBlockingTime` is no number. @throws {RangeError} when it is not positive.
 * @example
 * ```ts
 * import { run, sleep } from "gevent-wasm"
 * import { assertSwitches } from "gevent-wasm/util"
 * await run(function* () {
 *   using _check = assertSwitches(0.5)
 *   yield* sleep(0.01)
 * })
 * ```
 */
export function assertSwitches(maxBlockingTime: number | null = null, hubOnly = false): Disposable {
  if (maxBlockingTime !== null) checkTime(maxBlockingTime)
  return new SwitchAssertion(maxBlockingTime, hubOnly)
}

class SwitchAssertion implements Disposable {
  private readonly limit: number | null
  private readonly hubOnly: boolean
  private readonly tracer: SwitchTracer
  private readonly entered = host.monotonic()
  private blocker: Strand | null = null

  constructor(limit: number | null, hubOnly: boolean) {
    this.limit = limit
    this.hubOnly = hubOnly
    this.tracer = new SwitchTracer(getHub(), limit ?? FOREVER, hubOnly, (strand) => (this.blocker ??= strand))
  }

  [Symbol.dispose](): void {
    const { tracer, limit } = this
    if (limit === null) {
      if (!tracer.hasSwitched) this.blocker = tracer.active
    } else tracer.mark()
    tracer.close()
    if (this.blocker === null) return
    const seconds = ((host.monotonic() - this.entered) / 1000).toFixed(4)
    const allowed = limit === null ? "" : ` (max allowed ${limit.toFixed(4)} seconds)`
    const to = this.hubOnly ? "To the hub" : "To any greenlet"
    throw new FailedToSwitch(`${to} in ${seconds} seconds${allowed}\n${blockReport(this.blocker, this).join("\n")}`)
  }

  toString(): string {
    return `<assertSwitches ${this.limit === null ? "" : `${this.limit} seconds `}${this.hubOnly ? "to the hub" : "to any greenlet"}>`
  }
}

function checkTime(seconds: unknown): void {
  if (typeof seconds !== "number" || Number.isNaN(seconds))
    throw new TypeError(`maxBlockingTime must be a number of seconds or null, not ${String(seconds)}`)
  if (seconds <= 0) throw new RangeError(`maxBlockingTime must be positive: ${seconds}`)
}
