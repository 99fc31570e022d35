import { StopIteration } from "../exceptions.ts"
import { Heap } from "../heap.ts"
import { Queue } from "./queue.ts"
import type { Item } from "./simplequeue.ts"

/** Compares two items: negative when the first comes out first, positive when the second does, 0 when it does not matter. */
export type Compare<T> = (a: T, b: T) => number

/**
 * A queue that gives the least item first.
 *
 * Without a function to compare them, items are numbers, texts, bigints, dates, or arrays of such, which are compared element by
 * element as Python compares tuples: `[priority, data]`.
 *
 * gevent: `gevent.queue.PriorityQueue(maxsize=None, items=())`.
 *
 * @example
 * ```ts
 * import { PriorityQueue } from "gevent-wasm/queue"
 * const queue = new PriorityQueue<[number, string]>()
 * queue.putNowait([2, "later"])
 * queue.putNowait([1, "now"])
 * console.log(queue.getNowait()) // [ 1, "now" ]
 * ```
 */
export class PriorityQueue<T = unknown> extends Queue<T> {
  declare private heap: Heap<Item<T>>
  declare private readonly compare: Compare<T>

  /**
   * @param maxsize - How many items it holds; null, 0 or less: as many as come.
   * @param items - The first items; they may be more than `maxsize`.
   * @param compare - Compares two items, as `Array.sort` has it.
   * @param unfinishedTasks - How many items are unfinished, if not those that are given.
   * @throws {TypeError} unless `maxsize` is a number or null, or when items cannot be compared.
   */
  constructor(
    maxsize: number | null = null,
    items: Iterable<Item<T>> = [],
    compare: Compare<T> = compareNaturally,
    unfinishedTasks: number | null = null,
  ) {
    if (typeof compare !== "function") throw new TypeError(`compare must be a function, not ${String(compare)}`)
    const first = [...items]
    super(maxsize, [], unfinishedTasks ?? first.length)
    this.compare = compare
    this.heap = new Heap(before(compare), first)
  }

  override copy(): this {
    const Kind = this.constructor as new (
      maxsize: number | null,
      items: Iterable<Item<T>>,
      compare: Compare<T>,
      tasks: number,
    ) => this
    return new Kind(this.maxsize, this.copied(), this.compare, this.unfinishedTasks)
  }

  protected override _init(): void {
    // the constructor makes it, once it may keep how to compare
  }

  protected override _put(item: Item<T>): void {
    this.heap.push(item)
  }

  protected override _get(): Item<T> {
    return this.heap.shift()!
  }

  protected override _peek(): Item<T> {
    return this.heap.first!
  }

  protected override _qsize(): number {
    return this.heap.length
  }

  protected override contents(): Iterable<Item<T>> {
    return this.heap
  }
}

/** The class `StopIteration` comes behind all items. */
function before<T>(compare: Compare<T>): (a: Item<T>, b: Item<T>) => boolean {
  return (a, b) => a !== StopIteration && (b === StopIteration || compare(a as T, b as T) < 0)
}

/** Numbers, texts, bigints and dates in their order, arrays element by element. @throws {TypeError} for others. */
function compareNaturally(a: unknown, b: unknown): number {
  if (Array.isArray(a) && Array.isArray(b)) {
    const length = Math.min(a.length, b.length)
    for (let i = 0; i < length; i++) {
      const result = compareNaturally(a[i], b[i])
      if (result !== 0) return result
    }
    return a.length - b.length
  }
  if (!isOrdered(a) || !isOrdered(b) || (typeof a === "string") !== (typeof b === "string")) {
    throw new TypeError(
      `a PriorityQueue cannot compare ${describe(a)} with ${describe(b)}: give it a function that compares items`,
    )
  }
  return a < b ? -1 : a > b ? 1 : 0
}

function isOrdered(value: unknown): value is number | string {
  return ["number", "bigint", "string", "boolean"].includes(typeof value) || value instanceof Date
}

function describe(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value)
  return typeof value === "object" && value !== null
    ? `an object (${value.constructor?.name ?? "no class"})`
    : String(value)
}
