import { Semaphore } from "../lock/semaphore.ts"
import { FileObjectBase } from "./fileobjectbase.ts"
import { openingOf, THREAD_OPTIONS, type FileOptions } from "./opening.ts"
import { nameOf, openSource, type FileSource } from "./source.ts"

/** How a file is opened. */
export interface FileThreadOptions extends FileOptions {
  /** Taken around each call, so that a file takes turns with something else. true and false: the file's own, which it has anyway. */
  lock?: Semaphore | boolean
}

/**
 * A file whose calls run in the host's thread pool, so that a slow disk makes only its own greenlet wait; over another kind of
 * descriptor it is a FileObjectPosix with a lock.
 *
 * gevent: `gevent.fileobject.FileObjectThread(fobj, mode='r', ..., lock=True, threadpool=None)`.
 *
 * @example
 * ```ts
 * import { run } from "gevent-wasm"
 * import { FileObjectThread } from "gevent-wasm/fileobject"
 * import { Semaphore } from "gevent-wasm/lock"
 * await run(function* () {
 *   const file = new FileObjectThread("/tmp/log.txt", "a", { lock: new Semaphore() })
 *   yield* file.write("one line\n")
 *   yield* file.close()
 * })
 * ```
 */
export class FileObjectThread<M extends string = "r"> extends FileObjectBase<M> {
  /**
   * @param source - A number of the fd table, what has a `fileno()`, or the path of a file, which is opened.
   * @param mode - As Python's: one of `r`, `w`, `a`, `x`, and `+`, and `b` for bytes.
   * @throws as FileObjectPosix; {TypeError} for another kind of lock.
   */
  constructor(source: FileSource, mode: M = "r" as M, options: FileThreadOptions = {}) {
    const opening = openingOf(mode, options, THREAD_OPTIONS)
    const { lock = true } = options
    if (typeof lock !== "boolean" && !(lock instanceof Semaphore)) {
      throw new TypeError(`lock must be a Semaphore or a boolean, not ${String(lock)}`)
    }
    super(
      nameOf(source),
      openSource(source, opening, false),
      opening,
      undefined,
      typeof lock === "boolean" ? null : lock,
    )
  }
}
