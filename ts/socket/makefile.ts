import { descriptors } from "../core/descriptors.ts"
import { FileObjectBase } from "../fileobject/fileobjectbase.ts"
import { openingOf, STREAM_OPTIONS, type FileOptions } from "../fileobject/opening.ts"
import type { Wait } from "../wait.ts"
import { checked, Endpoint } from "./endpoint.ts"

/** How the file of a socket is made. */
export type MakefileOptions = Omit<FileOptions, "bufsize" | "closefd" | "close">

/**
 * A socket's file. It has a number of its own for the socket's descriptor, which is closed with the last one of its numbers, and
 * keeps to the socket's timeout.
 */
export class SocketFile<M extends string = "r"> extends FileObjectBase<M> {
  private readonly socket: Endpoint

  /** @throws as `Socket.makefile`. */
  constructor(socket: Endpoint, mode: M, options: MakefileOptions) {
    if (typeof mode !== "string") throw new TypeError(`a mode must be a string, not ${String(mode)}`)
    for (const letter of mode) {
      if (!"rwbt".includes(letter)) {
        throw new RangeError(`invalid mode: ${JSON.stringify(mode)} (only r, w, b and t are allowed)`)
      }
    }
    // "rw" is what "r+" is for files
    const both = mode.includes("r") && mode.includes("w")
    const opening = openingOf(both ? mode.replace("w", "+") : mode === "" ? "r" : mode, options, STREAM_OPTIONS)
    if (opening.buffering === 0 && opening.text !== null) throw new RangeError("unbuffered streams must be binary")
    const descriptor = socket.live("makefile")
    const fd = checked(descriptors.install(descriptor), "makefile")
    super(fd, new Endpoint(fd, descriptor, null), { ...opening, mode }, socket)
    this.socket = socket
    socket.files ??= new Set()
    socket.files.add(this)
  }

  /** As the `close` of every file. The socket stays open. */
  override close(): Wait<void> {
    this.socket.files?.delete(this)
    return super.close()
  }
}
