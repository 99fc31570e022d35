import type { Writable } from "node:stream"

/** The longest copy. */
export const LONGEST_COPY = 65536
// Below this a new array costs less than the call that tells when it is free again.
const SMALL = 4096
// How many buffers are kept for later.
const KEPT = 64

const free: Uint8Array<ArrayBuffer>[] = []
let next = new Uint8Array(LONGEST_COPY)
let nextSmall = new Uint8Array(SMALL)

/**
 * A copy of bytes for a host to write: what the kernel does not take at once the host writes later, when the caller has long used
 * its memory for something else. The buffers are used again, since new memory costs more than copying: the system has to clear
 * it first. One that the kernel has taken all of is free as soon as the call returns, and is still in the processor's cache.
 *
 * @param bytes - At most LONGEST_COPY.
 * @returns The copy, which the next call overwrites unless it is held.
 */
export function copyOf(bytes: Uint8Array): Uint8Array {
  const { length } = bytes
  const buffer = length < SMALL ? nextSmall : next
  buffer.set(bytes)
  return length === buffer.length ? buffer : buffer.subarray(0, length)
}

/** Keeps the last copy as it is: the host has not written all of it. */
export function hold(copy: Uint8Array): void {
  if (copy.length < SMALL) nextSmall = new Uint8Array(SMALL)
  else next = free.pop() ?? new Uint8Array(LONGEST_COPY)
}

/** Ends the holding of a copy that is written. After an error the host may still read from it: then it is left alone. */
export function release(copy: Uint8Array): void {
  if (copy.length >= SMALL && free.length < KEPT) free.push(new Uint8Array(copy.buffer as ArrayBuffer))
}

/** Gives a stream copies of bytes: whether it wants more before it has drained. */
export function writeCopy(stream: Writable, bytes: Uint8Array): boolean {
  let more = true
  for (let at = 0; at < bytes.length; at += LONGEST_COPY) {
    const part = bytes.length <= LONGEST_COPY ? bytes : bytes.subarray(at, at + LONGEST_COPY)
    if (stream.writableLength > 0 && part.length < SMALL) {
      // a buffer for a few bytes would be more than they are counted as
      more = stream.write(part.slice())
      continue
    }
    const copy = copyOf(part)
    let held = false
    more = stream.write(copy, (error) => {
      if (held && !error) release(copy)
    })
    if (stream.writableLength === 0) continue
    held = true
    hold(copy)
  }
  return more
}
