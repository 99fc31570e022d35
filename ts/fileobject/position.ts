import { SocketError, UnsupportedOperation } from "../exceptions.ts"
import { E } from "../host/errno.ts"
import type { Buffered } from "./buffered.ts"
import { AGAIN, type Attempt } from "./filewait.ts"
import { BLOCKED } from "./raw.ts"
import type { Text } from "./text.ts"

/** `seek`: from the start of the file. */
export const SEEK_SET = 0
/** `seek`: from the position. */
export const SEEK_CUR = 1
/** `seek`: from the end of the file. */
export const SEEK_END = 2

/** The position of a file, in bytes. @throws as `FileObjectBase.tell`. */
export function positionOf(buffered: Buffered, text: Text | null): number {
  buffered.raw.checkOpen()
  return text !== null && buffered.unwritten === 0 ? text.reader.tell() : buffered.tell()
}

/** Moves the position of a file. @throws as `FileObjectBase.seek`, at the call. */
export function seeking(buffered: Buffered, text: Text | null, offset: number, whence: number): Attempt<number> {
  if (typeof offset !== "number") throw new TypeError(`an offset must be a number, not ${String(offset)}`)
  if (!Number.isSafeInteger(offset)) throw new RangeError(`an offset must be a whole number, not ${offset}`)
  if (whence !== SEEK_SET && whence !== SEEK_CUR && whence !== SEEK_END) {
    throw new RangeError(`invalid whence (${String(whence)}, should be 0, 1 or 2)`)
  }
  if (!buffered.raw.seekable) throw new SocketError(E.SPIPE, "seek")
  if (text !== null && whence !== SEEK_SET && offset !== 0) {
    throw new UnsupportedOperation("text has no places relative to the position or the end")
  }
  return () => {
    if (!buffered.flush()) return AGAIN
    const position =
      text !== null && whence === SEEK_CUR ? buffered.seek(text.reader.tell(), SEEK_SET) : buffered.seek(offset, whence)
    text?.reader.reset(position === 0)
    return position
  }
}

/** Gives a file another size, the position by default. @throws as `FileObjectBase.truncate`, at the call. */
export function truncating(buffered: Buffered, text: Text | null, size: number | null): Attempt<number> {
  if (size !== null && (typeof size !== "number" || !Number.isSafeInteger(size))) {
    throw new TypeError(`a size must be a whole number, not ${String(size)}`)
  }
  if (size !== null && size < 0) throw new RangeError(`a size must not be negative: ${size}`)
  let wanted = -1
  return () => {
    if (!buffered.flush()) return AGAIN
    if (wanted < 0) {
      const target = size ?? positionOf(buffered, text)
      if (buffered.raw.change("truncate", target) === BLOCKED) return AGAIN
      wanted = target
      const position = positionOf(buffered, text)
      buffered.seek(position, SEEK_SET)
      text?.reader.reset(position === 0)
    }
    return buffered.flush() ? wanted : AGAIN
  }
}
