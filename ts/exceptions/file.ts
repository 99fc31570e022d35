import { E } from "../host/errno.ts"
import { SocketError } from "./socket.ts"

/** A FileObject was used after its `close()`. gevent: `gevent.fileobject.FileObjectClosed`. */
export class FileObjectClosed extends SocketError {
  override name = "FileObjectClosed"

  constructor() {
    super(E.BADF, undefined, "Bad file descriptor (FileObject was closed)")
  }
}

/** A file was not opened for what was asked of it: reading, writing, or a position that it does not have. Python: `io.UnsupportedOperation`. */
export class UnsupportedOperation extends Error {
  override name = "UnsupportedOperation"
}

/** Bytes are no text in the encoding of a file that is strict. Python: `UnicodeDecodeError`. */
export class UnicodeDecodeError extends Error {
  override name = "UnicodeDecodeError"
  /** The encoding. */
  readonly encoding: string

  constructor(encoding: string, options?: ErrorOptions) {
    super(`the bytes are no text in ${encoding}`, options)
    this.encoding = encoding
  }
}

/** A text has a character that the encoding of a file, which is strict, does not have. Python: `UnicodeEncodeError`. */
export class UnicodeEncodeError extends Error {
  override name = "UnicodeEncodeError"
  /** The encoding. */
  readonly encoding: string
  /** Where the character is in the text. */
  readonly start: number

  constructor(encoding: string, text: string, start: number) {
    const code = text.codePointAt(start)!.toString(16).toUpperCase().padStart(4, "0")
    super(`${encoding} has no U+${code}, at position ${start} of the text`)
    this.encoding = encoding
    this.start = start
  }
}
