import { hubModule } from "./hubmodule.ts"
import { Watcher } from "./watcher.ts"

/**
 * Is called once after one or more calls of `send`.
 *
 * gevent: `loop.async_(ref=True, priority=None)`.
 *
 * @example
 * ```ts
 * import { Async, Loop } from "gevent-wasm/core"
 * const loop = new Loop()
 * const bell = new Async(loop)
 * bell.start(() => bell.stop())
 * bell.send()
 * await loop.run()
 * ```
 */
export class Async extends Watcher {
  protected readonly kind = 8

  /** Wakes the loop and has the callback called; calls that come before are one. Nothing happens when it is not active. */
  send(): void {
    if (!this.active) return
    hubModule().exports.async_send(this.loop.live(), hubModule().pointer(this.handle))
    this.loop.touch()
  }

  /** Whether `send` was called and the callback not yet. */
  override get pending(): boolean {
    return super.pending || (this.active && hubModule().exports.async_pending(hubModule().pointer(this.handle)) !== 0)
  }

  protected startNative(loop: number, handle: number, priority: number, ref: number): number {
    return hubModule().exports.watcher_start(loop, handle, priority, ref, this.kind, 0, 0)
  }
}
