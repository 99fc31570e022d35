import { hubModule } from "./hubmodule.ts"
import { Watcher } from "./watcher.ts"

/**
 * Is called in each iteration in which no event of its priority or a higher one is pending.
 *
 * gevent: `loop.idle(ref=True, priority=None)`.
 *
 * @example
 * ```ts
 * import { Idle, Loop } from "gevent-wasm/core"
 * const watcher = new Idle(new Loop())
 * watcher.start(() => watcher.stop())
 * ```
 */
export class Idle extends Watcher {
  protected readonly kind = 5

  protected startNative(loop: number, handle: number, priority: number, ref: number): number {
    return hubModule().exports.watcher_start(loop, handle, priority, ref, this.kind, 0, 0)
  }
}
