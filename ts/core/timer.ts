import { hubModule } from "./hubmodule.ts"
import type { Loop } from "./loop.ts"
import { Watcher, type WatcherOptions } from "./watcher.ts"

/**
 * Calls its callback after some seconds, and then again every `repeat` seconds when that is not 0. Timers that are due at
 * the same time are called in the order of their starts.
 *
 * gevent: `loop.timer(after, repeat=0.0, ref=True, priority=None)`.
 *
 * @example
 * ```ts
 * import { Loop, Timer } from "gevent-wasm/core"
 * const loop = new Loop()
 * new Timer(loop, 0.01).start((text) => console.log(text), "later")
 * await loop.run()
 * ```
 */
export class Timer extends Watcher {
  /** Seconds until the first call. */
  readonly after: number
  /** Seconds between the calls after it; 0 = only one. */
  readonly repeat: number
  protected readonly kind = 0

  /** @throws {RangeError} when `repeat` is negative. @throws {TypeError} when a time is no number. */
  constructor(loop: Loop, after: number, repeat = 0, options: WatcherOptions = {}) {
    super(loop, options)
    if (typeof after !== "number" || Number.isNaN(after))
      throw new TypeError(`after must be a number of seconds, not ${String(after)}`)
    if (typeof repeat !== "number" || Number.isNaN(repeat))
      throw new TypeError(`repeat must be a number of seconds, not ${String(repeat)}`)
    if (repeat < 0) throw new RangeError(`repeat must be positive or zero: ${repeat}`)
    this.after = after
    this.repeat = repeat
  }

  /** When it will be called next, in the time of `loop.now()`; 0 when it is not active. */
  get at(): number {
    if (!this.active) return 0
    const remaining = hubModule().exports.timer_remaining(this.loop.live(), hubModule().pointer(this.handle))
    return this.loop.now() + remaining
  }

  /**
   * Starts over: the next call is `repeat` seconds from now; a timer without `repeat` stops. gevent: `timer.again`.
   *
   * @throws {TypeError} when `callback` is not a function.
   */
  again<A extends unknown[]>(callback: (...args: A) => unknown, ...args: A): void {
    if (this.handle === 0) {
      if (this.repeat === 0) return
      this.start(callback, ...args)
    }
    this.callback = callback
    this.args = args
    this.loop.updateNow()
    const module = hubModule()
    const handle = this.handle
    if (module.exports.timer_again(this.loop.live(), module.pointer(handle), this.repeat) !== 0) return
    this.handle = 0
    module.forget(handle)
    this.callback = this.args = null
  }

  protected startNative(loop: number, handle: number, priority: number, ref: number): number {
    return hubModule().exports.timer_start(loop, handle, priority, ref, this.after + this.loop.late(), this.repeat)
  }
}
