import { host } from "#host"
import { FileObjectBlock } from "./fileobjectblock.ts"
import { FileObjectPosix } from "./fileobjectposix.ts"
import { FileObjectThread } from "./fileobjectthread.ts"

const KINDS: Readonly<Record<string, typeof FileObjectPosix>> = {
  posix: FileObjectPosix,
  thread: FileObjectThread,
  block: FileObjectBlock,
}

/**
 * The kind of file that suits most: {@link FileObjectPosix}, unless the environment variable `GEVENT_FILE` is `thread` or `block`.
 *
 * gevent: `gevent.fileobject.FileObject`.
 *
 * @example
 * ```ts
 * import { run } from "gevent-wasm"
 * import { FileObject } from "gevent-wasm/fileobject"
 * await run(function* () {
 *   const file = new FileObject("/tmp/greeting.txt", "w")
 *   yield* file.write("hello\n")
 *   yield* file.close()
 * })
 * ```
 */
export const FileObject: typeof FileObjectPosix = KINDS[wanted()] ?? FileObjectPosix

/** An object of the class of that name. */
export type FileObject<M extends string = "r"> = FileObjectPosix<M>

function wanted(): string {
  try {
    return host.env("GEVENT_FILE") ?? ""
  } catch {
    return "" // a host that does not let us see its environment
  }
}
