const LONGEST = 2 ** 31 - 1
const TOLERANCE = 0.5

/** The one timer of a home: see `Host.arm`. A wake-up that is armed for an earlier time stays, and the loop arms again. */
export class DeadlineTimer {
  private fn: () => void = () => undefined
  private deadline = Infinity
  private timeout: ReturnType<typeof setTimeout> | undefined = undefined
  private readonly fired = (): void => {
    this.deadline = Infinity
    this.fn()
  }

  /** Calls `fn` in `ms` milliseconds, or earlier; with Infinity not at all, unless an earlier wake-up is armed. */
  arm(ms: number, fn: () => void): void {
    this.fn = fn
    if (ms === Infinity) return
    const deadline = performance.now() + ms
    if (this.deadline <= deadline + TOLERANCE) return
    clearTimeout(this.timeout)
    this.deadline = deadline
    this.timeout = setTimeout(this.fired, Math.min(Math.max(1, Math.ceil(ms)), LONGEST))
  }
}
