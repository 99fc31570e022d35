import { Wait } from "./wait.ts"

/** What can stand in a WaitList, in one at a time. The fields are the list's own. */
export interface Entry {
  before: Entry | null
  after: Entry | null
}

/** Who waits for the same thing, first come first served. Whoever stops waiting leaves it in constant time. */
export class WaitList<E extends Entry> implements Entry {
  // a ring in which the list itself is the place between the last entry and the first
  before: Entry = this
  after: Entry = this
  /** How many there are. */
  length = 0

  /** The first; undefined when there is none. */
  get first(): E | undefined {
    return this.after === this ? undefined : (this.after as E)
  }

  push(entry: E): void {
    const last = this.before
    entry.before = last
    entry.after = this
    last.after = entry
    this.before = entry
    this.length++
  }

  /** Takes an entry out. Nothing happens when it was taken out before. */
  remove(entry: E): void {
    const { before, after } = entry
    if (before === null) return
    before.after = after
    after!.before = before
    entry.before = entry.after = null
    this.length--
  }

  /** Takes the first out. */
  shift(): E | undefined {
    const { first } = this
    if (first !== undefined) this.remove(first)
    return first
  }

  *[Symbol.iterator](): Generator<E, void> {
    for (let entry = this.after; entry !== this; entry = entry.after!) yield entry as E
  }
}

/** A wait that can stand in a WaitList. */
export abstract class ListedWait<T> extends Wait<T> implements Entry {
  /** The list's. */
  before: Entry | null
  /** The list's. */
  after: Entry | null

  // without a constructor the arguments would be spread, which costs more than all else here
  constructor() {
    super()
    this.before = null
    this.after = null
  }
}
