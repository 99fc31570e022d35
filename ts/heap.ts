/** Items of which the least is taken out first. */
export class Heap<T> {
  private readonly items: T[]
  private readonly less: (a: T, b: T) => boolean

  /** @param less - Whether one item comes before another. */
  constructor(less: (a: T, b: T) => boolean, items: Iterable<T> = []) {
    this.less = less
    this.items = [...items]
    for (let at = (this.items.length >> 1) - 1; at >= 0; at--) {
      const item = this.items[at]!
      this.pullUp(at, this.placeOf(at, item, this.items.length), item)
    }
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
    while (at > 0 && less(item, items[above(at)]!)) at = above(at)
    for (let from = items.length; from > at; from = above(from)) items[from] = items[above(from)]!
    items[at] = item
  }

  /** Takes out the least; undefined when there is none. */
  shift(): T | undefined {
    const { items } = this
    const [first] = items
    const end = items.length - 1
    if (end > 0) {
      const last = items[end]!
      this.pullUp(0, this.placeOf(0, last, end), last)
    }
    items.pop()
    return first
  }

  [Symbol.iterator](): Iterator<T, void> {
    return this.items[Symbol.iterator]()
  }

  // items are compared before the first of them moves: a comparison that throws changes nothing

  /** Where an item belongs that replaces the one at a place: there or below it. */
  private placeOf(at: number, item: T, length: number): number {
    const { items, less } = this
    for (;;) {
      let child = 2 * at + 1
      if (child >= length) return at
      if (child + 1 < length && less(items[child + 1]!, items[child]!)) child++
      if (!less(items[child]!, item)) return at
      at = child
    }
  }

  /** Puts an item at a place; those from there up to `top` go one further up, and that at `top` is dropped. */
  private pullUp(top: number, at: number, item: T): void {
    const { items } = this
    for (let carried = item; ; at = above(at)) {
      const next = items[at]!
      items[at] = carried
      if (at === top) return
      carried = next
    }
  }
}

/** The place of which a place is a child. */
function above(at: number): number {
  return (at - 1) >> 1
}
