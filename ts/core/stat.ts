import type { FileStat } from "../host/host.ts"
import { hubModule } from "./hubmodule.ts"
import type { Loop } from "./loop.ts"
import { Watcher, type WatcherOptions } from "./watcher.ts"

const FIELDS = 11

/**
 * Is called when a path changes: it looks again every `interval` seconds.
 *
 * gevent: `loop.stat(path, interval=0.0, ref=True, priority=None)`.
 *
 * @example
 * ```ts
 * import { Loop, Stat } from "gevent-wasm/core"
 * using watcher = new Stat(new Loop(), "package.json", 1)
 * watcher.start(() => console.log(watcher.prev?.size, watcher.attr?.size))
 * ```
 */
export class Stat extends Watcher {
  protected readonly kind = 4
  /** The path. */
  readonly path: string
  private readonly wanted: number
  private last: [attr: FileStat | null, prev: FileStat | null] = [null, null]

  /** @throws {TypeError} unless the path is a string without NUL and the interval a number. */
  constructor(loop: Loop, path: string, interval = 0, options: WatcherOptions = {}) {
    super(loop, options)
    if (typeof path !== "string" || path.includes("\0"))
      throw new TypeError(`path must be a string without NUL, not ${String(path)}`)
    if (typeof interval !== "number" || Number.isNaN(interval))
      throw new TypeError(`interval must be a number of seconds, not ${String(interval)}`)
    this.path = path
    this.wanted = interval
  }

  /** Seconds between two looks; 0 is about 5 seconds. While active it is at least 0.1074891. */
  get interval(): number {
    return this.active ? hubModule().exports.stat_interval(hubModule().pointer(this.handle)) : this.wanted
  }

  /** What the path was at the last look; null when there was nothing, or it was never watched. */
  get attr(): FileStat | null {
    return this.active ? this.read(0) : this.last[0]
  }

  /** What it was before the last change; null when there was nothing. */
  get prev(): FileStat | null {
    return this.active ? this.read(1) : this.last[1]
  }

  override stop(): void {
    if (this.active) this.last = [this.read(0), this.read(1)]
    super.stop()
  }

  protected startNative(loop: number, handle: number, priority: number, ref: number): number {
    const module = hubModule()
    const bytes = new TextEncoder().encode(`${this.path}\0`)
    const path = module.exports.allocate(bytes.length)
    if (path === 0) return 0
    module.memory.bytes.set(bytes, path)
    const watcher = module.exports.stat_start(loop, handle, priority, ref, path, this.wanted)
    if (watcher === 0) module.exports.release(path)
    return watcher
  }

  private read(which: number): FileStat | null {
    const module = hubModule()
    const fields = module.exports.allocate(FIELDS * 8)
    if (fields === 0) return null
    const exists = module.exports.stat_fields(module.pointer(this.handle), which, fields) !== 0
    const [dev, ino, mode, nlink, uid, gid, rdev, size, atime, mtime, ctime] = module.memory.doubles.slice(
      fields >>> 3,
      (fields >>> 3) + FIELDS,
    ) as unknown as [number, number, number, number, number, number, number, number, number, number, number]
    module.exports.release(fields)
    return exists ? { dev, ino, mode, nlink, uid, gid, rdev, size, atime, mtime, ctime } : null
  }
}
