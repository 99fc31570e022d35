import { FileObjectBase } from "./fileobjectbase.ts"
import { openingOf, type FileOptions } from "./opening.ts"
import { nameOf, openSource, type FileSource } from "./source.ts"

/**
 * A file over a descriptor: a socket's, a pipe's, that of a child, or of a file, a fifo or a terminal of the host, which it opens.
 * Its calls let other greenlets run while they have to wait.
 *
 * gevent: `gevent.fileobject.FileObjectPosix(fobj, mode='r', buffering=-1, closefd=True, encoding=None, errors=None, newline=None)`.
 *
 * @example
 * ```ts
 * import { run } from "gevent-wasm"
 * import { FileObjectPosix } from "gevent-wasm/fileobject"
 * await run(function* () {
 *   using file = new FileObjectPosix("/etc/hosts")
 *   for (let line = yield* file.readline(); line !== ""; line = yield* file.readline()) console.log(line.trimEnd())
 * })
 * ```
 */
export class FileObjectPosix<M extends string = "r"> extends FileObjectBase<M> {
  /**
   * @param source - A number of the fd table, what has a `fileno()`, or the path of a file, which is opened.
   * @param mode - As Python's: one of `r`, `w`, `a`, `x`, and `+`, and `b` for bytes.
   * @throws {TypeError} for a wrong type, {RangeError} for a wrong value. {SocketError} ENOENT, EACCES, EISDIR …; EBADF when the
   *   number is not open; ENOSYS when the host has no files.
   */
  constructor(source: FileSource, mode: M = "r" as M, options: FileOptions = {}) {
    const opening = openingOf(mode, options)
    super(nameOf(source), openSource(source, opening, false), opening)
  }
}
