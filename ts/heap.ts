/** Items of which the least is taken out first. */
export class Heap<T> {
  private readonly items: T[]
  private readonly less: (a: T, b: T) => boolean

  /** @param less - Whether one item comes before another. */
  constructor(less: (a: T, b: T) => boolean, items: Iterable<T> = []) {
    this.less = less
    this.items = [...items]
    for (let at = (this.items.length >> 1) - 1; at >= 0; at--) this.sink(at, this.items[at]!)
  }

  /** How many there are. */
  get length(): number {
    return this.items.length
  }

  /** The least; undefined when there is none. */
  get first(): T | undefined {
    return this.items[0]
  }

  push(item: T): void {
    const { items, less } = this
    let at = items.length
    items.push(item)
    while (at > 0) {
      const parent = (at - 1) >> 1
      const above = items[parent]!
      if (!less(item, above)) break
      items[at] = above
      at = parent
    }
    items[at] = item
  }

  /** Takes out the least; undefined when there is none. */
  shift(): T | undefined {
    const { items } = this
    const [first] = items
    const last = items.pop()
    if (items.length > 0) this.sink(0, last!)
    return first
  }

  /** Takes out all. */
  clear(): void {
    this.items.length = 0
  }

  [Symbol.iterator](): Iterator<T, void> {
    return this.items[Symbol.iterator]()
  }

  /** Puts an item at a place or below it. */
  private sink(at: number, item: T): void {
    const { items, less } = this
    for (;;) {
      let child = 2 * at + 1
      if (child >= items.length) break
      if (child + 1 < items.length && less(items[child + 1]!, items[child]!)) child++
      if (!less(items[child]!, item)) break
      items[at] = items[child]!
      at = child
    }
    items[at] = item
  }
}
