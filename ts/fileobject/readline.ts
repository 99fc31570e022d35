import { Attempt } from "../attempt.ts"
import { currentStrand, OUTSIDE, scheduler } from "../strand.ts"
import type { BlockingCall, Wait } from "../wait.ts"

/** What lines are read from. */
export interface LineSource<T> {
  /** A line that is in the buffer already, at most `limit` long; null when there is none, or others read. */
  bufferedLine(limit: number): T | null
  /** Reads a line, and waits for it. */
  waitForLine(limit: number): Wait<T>
}

/** Takes a line out of the buffer, and waits for one only when there is none. */
export class Readline<T> extends Attempt<T> {
  declare private readonly source: LineSource<T>
  declare private readonly limit: number

  constructor(source: LineSource<T>, limit: number) {
    super()
    this.done = false
    this.value = undefined as T
    this.strand = scheduler.current === OUTSIDE ? currentStrand() : scheduler.current
    this.wait = null
    this.source = source
    this.limit = limit
  }

  [Symbol.iterator](): Iterator<BlockingCall<unknown>, T, unknown> {
    if (this.done || this.wait !== null || scheduler.current.interrupts !== null) return this.begun()
    const line = this.source.bufferedLine(this.limit)
    if (line === null) return this.begun()
    this.value = line
    this.done = true
    return this
  }

  protected makeWait(): Wait<T> {
    return this.source.waitForLine(this.limit)
  }
}
