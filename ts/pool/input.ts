import { getHub } from "../hub.ts"
import { resultOf, type Source } from "../iteration.ts"
import type { BlockingCall } from "../wait.ts"

/** What a mapping takes its items from: an iterable, an async iterable, or a queue, a channel or another imap. */
export type Items<T> = Iterable<T> | AsyncIterable<T> | Source<T>

type Step = IteratorResult<unknown, unknown>

/** A source that items are being taken from. */
interface Opened {
  next(): unknown
  return?(): unknown
}

/** The items that a function is to be called with, of one or several sources side by side; the shortest one ends them. */
export class Input {
  /** Whether items are there without waiting. */
  readonly immediate: boolean
  /** What a source has failed with. */
  failure: { readonly error: unknown } | null = null
  private readonly sources: readonly Opened[]
  private held: unknown[] | null = null
  private ended: boolean

  /** @throws {TypeError} for what items cannot be taken from. */
  constructor(sources: readonly unknown[]) {
    this.immediate = sources.every(isPlain)
    this.sources = sources.map(open)
    this.ended = sources.length === 0
  }

  /** Whether there is an item; it is then in `current`. Only if `immediate`. */
  has(): boolean {
    if (this.held !== null) return true
    if (this.ended) return false
    const row: unknown[] = []
    let from: Opened | undefined
    try {
      for (from of this.sources) {
        const { done, value } = from.next() as Step
        if (done === true) return this.end(from)
        row.push(value)
      }
    } catch (error) {
      return this.fail(error, from)
    }
    this.held = row
    return true
  }

  /** As `has`, and waits for the item. */
  *hasLater(): Generator<BlockingCall<unknown>, boolean, unknown> {
    if (this.held !== null) return true
    if (this.ended) return false
    const row: unknown[] = []
    let from: Opened | undefined
    try {
      for (from of this.sources) {
        const { done, value } = (yield* resultOf(from.next())) as Step
        if (done === true) return this.end(from)
        row.push(value)
      }
    } catch (error) {
      return this.fail(error, from)
    }
    this.held = row
    return true
  }

  /** The item, of each source. */
  get current(): unknown[] {
    return this.held!
  }

  /** The item is not needed any more. */
  drop(): void {
    this.held = null
  }

  /** No more items are wanted. */
  close(): void {
    if (!this.ended) this.end()
  }

  private end(from?: Opened): false {
    this.ended = true
    for (const source of this.sources) if (source !== from) leave(source)
    return false
  }

  private fail(error: unknown, from: Opened | undefined): false {
    this.failure = { error }
    return this.end(from)
  }
}

/** No more is wanted of a source. Nobody waits for what it does then, so the hub hears of its error. */
function leave(source: Opened): void {
  try {
    const closed = source.return?.()
    if (closed instanceof Promise) closed.catch((error: unknown) => getHub().handleError(source, error))
  } catch (error) {
    getHub().handleError(source, error)
  }
}

function isPlain(source: unknown): boolean {
  return (
    typeof source === "string" || (isObject(source) && Symbol.iterator in source && !(Symbol.asyncIterator in source))
  )
}

function open(source: unknown): Opened {
  if (isPlain(source)) return (source as Iterable<unknown>)[Symbol.iterator]()
  if (isObject(source) && Symbol.asyncIterator in source)
    return (source as AsyncIterable<unknown>)[Symbol.asyncIterator]()
  if (isObject(source) && "next" in source && typeof source.next === "function") return source as Opened
  throw new TypeError(`expected an iterable, an async iterable or a queue to take items from, not ${String(source)}`)
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null
}
