import { hubModule } from "./hubmodule.ts"
import type { Loop } from "./loop.ts"
import { Watcher, type WatcherOptions } from "./watcher.ts"

const SIGNALS = 65

/**
 * Is called when the process gets a signal; its default action is off while one is active.
 *
 * gevent: `loop.signal(signum, ref=True, priority=None)`.
 *
 * @example
 * ```ts
 * import { Loop, Signal } from "gevent-wasm/core"
 * const SIGUSR1 = 10
 * using watcher = new Signal(new Loop(), SIGUSR1)
 * watcher.start(() => console.log("got it"))
 * ```
 */
export class Signal extends Watcher {
  protected readonly kind = 2
  /** The signal's number. */
  readonly signum: number
  private caught = false

  /** @throws {RangeError} unless 1 <= signum < 65. */
  constructor(loop: Loop, signum: number, options: WatcherOptions = {}) {
    super(loop, options)
    if (!Number.isInteger(signum) || signum < 1 || signum >= SIGNALS)
      throw new RangeError(`illegal signal number: ${String(signum)}`)
    this.signum = signum
  }

  protected startNative(loop: number, handle: number, priority: number, ref: number): number {
    this.loop.signals.acquire(this.signum)
    this.caught = true
    return hubModule().exports.watcher_start(loop, handle, priority, ref, this.kind, this.signum, 0)
  }

  protected override stopped(): void {
    if (!this.caught) return
    this.caught = false
    this.loop.signals.release(this.signum)
  }
}
