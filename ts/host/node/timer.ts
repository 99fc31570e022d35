import { performance } from "node:perf_hooks"

const LONGEST = 2 ** 31 - 1
// Timers here fire on whole milliseconds; to re-arm for less than this would only cost.
const TOLERANCE = 0.5

/**
 * The one timer of a host. The loop arms it in each turn, so arming is nearly free while an earlier wake-up stands: that
 * one comes too early, and the loop arms again.
 */
export class DeadlineTimer {
  private fn: () => void = ignore
  protected deadline = Infinity
  private timeout: NodeJS.Timeout | undefined = undefined
  // Only this one decides whether the process lives; it never has anything to do.
  private keeper: NodeJS.Timeout | undefined = undefined
  private kept = false
  private readonly fired = (): void => {
    const late = performance.now() - this.deadline
    this.deadline = Infinity
    this.timeout = undefined
    this.fire(late)
  }

  /** See `Host.arm`. */
  arm(ms: number, fn: () => void, ref: boolean): void {
    this.fn = fn
    if (ref !== this.kept) this.keep(ref)
    if (ms === Infinity) return
    const deadline = performance.now() + ms
    if (this.deadline <= deadline + TOLERANCE) return
    clearTimeout(this.timeout)
    this.deadline = deadline
    this.timeout = setTimeout(this.fired, Math.min(Math.max(1, Math.ceil(ms)), LONGEST))
    this.timeout.unref()
  }

  /** The timer has fired, `late` milliseconds after its deadline. */
  protected fire(_late: number): void {
    this.fn()
  }

  private keep(ref: boolean): void {
    this.kept = ref
    this.keeper ??= setInterval(ignore, LONGEST)
    if (ref) this.keeper.ref()
    else this.keeper.unref()
  }
}

function ignore(): void {}
