import { hubModule } from "./hubmodule.ts"
import { Watcher } from "./watcher.ts"

/**
 * Is called in each iteration after the loop has polled for events.
 *
 * gevent: `loop.check(ref=True, priority=None)`.
 *
 * @example
 * ```ts
 * import { Check, Loop } from "gevent-wasm/core"
 * const watcher = new Check(new Loop())
 * watcher.start(() => watcher.stop())
 * ```
 */
export class Check extends Watcher {
  protected readonly kind = 7

  protected startNative(loop: number, handle: number, priority: number, ref: number): number {
    return hubModule().exports.watcher_start(loop, handle, priority, ref, this.kind, 0, 0)
  }
}
