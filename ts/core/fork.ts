import { hubModule } from "./hubmodule.ts"
import { Watcher } from "./watcher.ts"

/**
 * Would be called in a child after a fork. No JavaScript host forks, so it never is.
 *
 * gevent: `loop.fork(ref=True, priority=None)`.
 *
 * @example
 * ```ts
 * import { Fork, Loop } from "gevent-wasm/core"
 * const watcher = new Fork(new Loop())
 * watcher.start(() => watcher.stop())
 * ```
 */
export class Fork extends Watcher {
  protected readonly kind = 9

  protected startNative(loop: number, handle: number, priority: number, ref: number): number {
    return hubModule().exports.watcher_start(loop, handle, priority, ref, this.kind, 0, 0)
  }
}
