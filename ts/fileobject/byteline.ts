import type { Buffered } from "./buffered.ts"
import { AGAIN, type Attempt } from "./filewait.ts"
import { BLOCKED } from "./raw.ts"

const NEWLINE = 10

/** Takes a line of bytes that is there already, at most `limit` long; null when there is none. */
export function byteLineThere({ input }: Buffered, limit: number): Uint8Array | null {
  const end = input.indexOf(NEWLINE, 0) + 1
  return end > 0 && end <= limit ? input.take(end) : null
}

/** Reads a line of bytes, at most `limit` long. */
export function byteLine(buffered: Buffered, limit: number): Attempt<Uint8Array> {
  const { input } = buffered
  // how far behind the start no line ends, so that a long line is searched once
  let scanned = 0
  return () => {
    for (;;) {
      const end = input.indexOf(NEWLINE, scanned) + 1
      if (end > 0 || input.length >= limit) {
        scanned = 0
        return input.take(end > 0 ? Math.min(end, limit) : limit)
      }
      scanned = input.length
      const count = buffered.fill()
      if (count === BLOCKED) return AGAIN
      if (count > 0) continue
      scanned = 0
      return input.take(input.length)
    }
  }
}
