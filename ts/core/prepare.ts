import { hubModule } from "./hubmodule.ts"
import { Watcher } from "./watcher.ts"

/**
 * Is called in each iteration before the loop polls for events.
 *
 * gevent: `loop.prepare(ref=True, priority=None)`.
 *
 * @example
 * ```ts
 * import { Prepare, Loop } from "gevent-wasm/core"
 * const watcher = new Prepare(new Loop())
 * watcher.start(() => watcher.stop())
 * ```
 */
export class Prepare extends Watcher {
  protected readonly kind = 6

  protected startNative(loop: number, handle: number, priority: number, ref: number): number {
    return hubModule().exports.watcher_start(loop, handle, priority, ref, this.kind, 0, 0)
  }
}
