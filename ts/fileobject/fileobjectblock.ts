import { FileObjectBase } from "./fileobjectbase.ts"
import { openingOf, type FileOptions } from "./opening.ts"
import { nameOf, openSource, type FileSource } from "./source.ts"

const NEVER_WAITS = { timeout: 0 }

/**
 * A file whose calls block the thread, and all greenlets with it, until the system is done. What cannot block, a socket or a pipe of
 * the fd table, fails with EAGAIN where it would have to.
 *
 * gevent: `gevent.fileobject.FileObjectBlock(fobj, mode='r', ...)`.
 *
 * @example
 * ```ts
 * import { FileObjectBlock } from "gevent-wasm/fileobject"
 * const file = new FileObjectBlock("/etc/hosts")
 * console.log(await file.read())
 * await file.close()
 * ```
 */
export class FileObjectBlock<M extends string = "r"> extends FileObjectBase<M> {
  /**
   * @param source - A number of the fd table, what has a `fileno()`, or the path of a file, which is opened.
   * @param mode - As Python's: one of `r`, `w`, `a`, `x`, and `+`, and `b` for bytes.
   * @throws as FileObjectPosix.
   */
  constructor(source: FileSource, mode: M = "r" as M, options: FileOptions = {}) {
    const opening = openingOf(mode, options)
    super(nameOf(source), openSource(source, opening, true), opening, NEVER_WAITS)
  }
}
