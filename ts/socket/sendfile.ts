import { Flow } from "../flow.ts"
import { resultOf } from "../iteration.ts"
import type { BlockingCall, Op } from "../wait.ts"
import { checkSize } from "./bytes.ts"
import { SOCK_STREAM } from "./constants.ts"
import type { Socket } from "./socket.ts"

/** What `sendfile` asks of a file. */
export interface SendableFile {
  /** Up to `size` bytes from its position on; none at its end. */
  read(size: number): Uint8Array | Op<Uint8Array>
  /** Sets its position, in bytes. Needed for an offset. */
  seek?(offset: number): unknown
  /** How it was opened; one without `b` is a text. */
  readonly mode?: string
}

const BLOCK = 65536

/** See `Socket.sendfile`. The arguments are checked at the call. */
export function sendfile(socket: Socket, file: SendableFile, offset: number, count: number | null): Flow<number> {
  if (typeof (file as SendableFile | null)?.read !== "function") {
    throw new TypeError(`a file must have read(), which ${String(file)} has not`)
  }
  if (file.mode?.includes("b") === false) throw new RangeError("a file must be opened in binary mode")
  if (socket.type !== SOCK_STREAM) throw new RangeError("only a SOCK_STREAM socket can send a file")
  if (socket.gettimeout() === 0) throw new RangeError("a non-blocking socket cannot send a file")
  checkSize(offset)
  if (offset > 0 && file.seek === undefined) throw new TypeError("a file without seek() has no offset to begin at")
  if (count !== null) checkSize(count)
  if (count === 0) throw new RangeError("count must be a positive number of bytes, not 0")
  return new Flow(() => transfer(socket, file, offset, count))
}

function* transfer(
  socket: Socket,
  file: SendableFile,
  offset: number,
  count: number | null,
): Generator<BlockingCall<unknown>, number, unknown> {
  if (offset > 0) yield* resultOf(file.seek!(offset))
  let sent = 0
  try {
    for (;;) {
      const block = count === null ? BLOCK : Math.min(BLOCK, count - sent)
      if (block === 0) return sent
      const data = checkBytes(yield* resultOf(file.read(block)))
      if (data.length === 0) return sent
      for (let done = 0; done < data.length;) {
        const taken = yield* socket.send(data.subarray(done))
        done += taken
        sent += taken
      }
    }
  } finally {
    if (sent > 0 && file.seek !== undefined) yield* resultOf(file.seek(offset + sent))
  }
}

function checkBytes(data: unknown): Uint8Array {
  if (data instanceof Uint8Array) return data
  throw new TypeError(`a file must give bytes, not ${data === null ? "null" : typeof data}`)
}
