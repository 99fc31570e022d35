import { hubModule, type EventSink } from "./core/hubmodule.ts"
import { Idle } from "./core/idle.ts"
import { getHub } from "./hub.ts"
import { scheduler } from "./strand.ts"
import { Wait } from "./wait.ts"

/** Lets everybody else in the run queue go first. */
class Yield extends Wait<void> {
  protected begin(): boolean {
    scheduler.loop.queue.push(this)
    return false
  }

  // its entry in the queue stays, and finds the wait over
  protected cancel(): void {}

  override run(): void {
    this.resumeWith(undefined)
  }

  override describe(): string {
    return "sleep(0)"
  }
}

class Sleep extends Wait<void> implements EventSink {
  private readonly seconds: number
  private readonly ref: boolean
  private handle = 0

  constructor(seconds: number, ref: boolean) {
    super()
    this.seconds = seconds
    this.ref = ref
  }

  protected begin(): boolean {
    this.handle = scheduler.loop.startTimer(this, 0, this.ref, this.seconds, 0)
    return false
  }

  protected cancel(): void {
    hubModule().stop(this.handle)
  }

  event(): void {
    this.wake(undefined)
  }

  override describe(): string {
    return `sleep(${this.seconds})`
  }
}

/**
 * Waits for some seconds, while others run. 0 or less only lets all who are ready run first.
 *
 * gevent: `gevent.sleep(seconds=0, ref=True)`.
 *
 * @param ref - false: it does not keep `wait()` or the process alive.
 * @throws {TypeError} when `seconds` is no number.
 * @example
 * ```ts
 * import { run, sleep } from "gevent-wasm"
 * await run(function* () {
 *   yield* sleep(0.01)
 * })
 * ```
 */
export function sleep(seconds = 0, ref = true): Wait<void> {
  if (typeof seconds !== "number" || Number.isNaN(seconds)) {
    throw new TypeError(`sleep takes a number of seconds, not ${String(seconds)}`)
  }
  return seconds <= 0 ? new Yield() : new Sleep(seconds, ref)
}

/**
 * Waits until no event of this priority or a higher one is pending.
 *
 * gevent: `gevent.idle(priority=0)`.
 *
 * @throws {RangeError} for a priority outside -2 … 2.
 * @example
 * ```ts
 * import { idle, run } from "gevent-wasm"
 * await run(function* () {
 *   yield* idle()
 * })
 * ```
 */
export function idle(priority = 0): Wait<number> {
  const hub = getHub()
  return hub.wait(new Idle(hub.loop, { priority }))
}
