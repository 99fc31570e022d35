import { SocketError } from "../exceptions.ts"
import { E } from "../host/errno.ts"
import type { SocketAddress } from "./address.ts"
import { bytesOf, writable, type Bytes, type Data } from "./bytes.ts"

/** A control message: level, type and data. Hosts have none, so that there is never one to receive. */
export type ControlMessage = readonly [level: number, type: number, data: Data]

/** What `recvmsg` returns: the bytes, control messages, flags (MSG_TRUNC), and who sent it; null for a stream. */
export type Message = [data: Uint8Array, ancdata: ControlMessage[], flags: number, address: SocketAddress | null]

/** What `recvmsgInto` returns: how many bytes, control messages, flags (MSG_TRUNC), and who sent it; null for a stream. */
export type MessageInto = [count: number, ancdata: ControlMessage[], flags: number, address: SocketAddress | null]

// A stream may take a part of a message: more than this is not worth copying together.
const STREAM_LIMIT = 65536

/** The parts of a message as one; of a stream maybe the beginning. @throws {TypeError} for what is no list of data. */
export function gather(parts: readonly Data[], stream: boolean): Uint8Array {
  const chunks = list(parts).map(bytesOf)
  if (chunks.length === 1) return chunks[0]!
  const total = chunks.reduce((sum, { length }) => sum + length, 0)
  const message = new Uint8Array(stream ? Math.min(total, STREAM_LIMIT) : total)
  let done = 0
  for (const chunk of chunks) {
    const part = chunk.subarray(0, message.length - done)
    message.set(part, done)
    done += part.length
  }
  return message
}

/** The buffers of a message. @throws {TypeError} for what is no list of buffers. */
export function writables(buffers: readonly Bytes[]): Uint8Array[] {
  return list(buffers).map(writable)
}

/** Puts bytes into buffers, one after the other; how many fit. */
export function scatter(data: Uint8Array, buffers: readonly Uint8Array[]): number {
  let done = 0
  for (const buffer of buffers) {
    if (done === data.length) break
    const part = data.subarray(done, done + buffer.length)
    buffer.set(part)
    done += part.length
  }
  return done
}

/** Throws unless there are no control messages. @throws {SocketError} ENOTSUP */
export function checkControl(messages: readonly ControlMessage[], syscall: string): void {
  if (list(messages).length > 0) throw new SocketError(E.NOTSUP, syscall, "there are no control messages on this host")
}

function list<T>(values: readonly T[]): readonly T[] {
  if (!Array.isArray(values)) throw new TypeError(`it must be an array, not ${String(values)}`)
  return values as readonly T[]
}
