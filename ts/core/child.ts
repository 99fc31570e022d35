import { hubModule } from "./hubmodule.ts"
import type { Loop } from "./loop.ts"
import { Watcher, type WatcherOptions } from "./watcher.ts"

/** Options of a child watcher. */
export interface ChildOptions extends WatcherOptions {
  /** Whether stops and continues are reported too. Default false. */
  trace?: boolean
}

/**
 * Is called when a child of this process has changed its state, as `processes.exited` reports it.
 *
 * gevent: `loop.child(pid, trace=0, ref=True)`.
 *
 * @example
 * ```ts
 * import { Child, Loop, processes } from "gevent-wasm/core"
 * const watcher = new Child(Loop.default(), 4711)
 * watcher.start(() => {
 *   console.log(watcher.rpid, watcher.rstatus)
 *   watcher.stop()
 * })
 * processes.exited(4711, 0)
 * ```
 */
export class Child extends Watcher {
  protected readonly kind = 3
  /** The process; 0 = any. */
  readonly pid: number
  /** The process that changed; 0 before. */
  rpid = 0
  /** Its status as waitpid(2) has it. */
  rstatus = 0
  private readonly trace: boolean

  /** @throws {TypeError} unless the loop is the default one. @throws {RangeError} for a negative pid. */
  constructor(loop: Loop, pid: number, options: ChildOptions = {}) {
    super(loop, options)
    if (!loop.default) throw new TypeError("child watchers are only available on the default loop")
    if (!Number.isInteger(pid) || pid < 0)
      throw new RangeError(`pid must be a non-negative integer, not ${String(pid)}`)
    this.pid = pid
    this.trace = options.trace ?? false
  }

  override event(revents: number): void {
    const module = hubModule()
    if (this.handle !== 0 && this.active) {
      const pointer = module.pointer(this.handle)
      this.rpid = module.exports.child_rpid(pointer)
      this.rstatus = module.exports.child_rstatus(pointer)
    }
    super.event(revents)
  }

  protected startNative(loop: number, handle: number, priority: number, ref: number): number {
    return hubModule().exports.watcher_start(loop, handle, priority, ref, this.kind, this.pid, this.trace ? 1 : 0)
  }
}
