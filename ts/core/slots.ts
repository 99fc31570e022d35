/**
 * Things by numbers, which are used again. What comes and goes often is not kept in a Map: when its table is made anew, V8's old one
 * holds what was in it and the new one, so that all of it outlives the collections of young objects.
 */
export class Slots<T> {
  private readonly items: (T | undefined)[] = []
  private readonly free: number[] = []

  /** Keeps a thing: its number. */
  add(item: T): number {
    const slot = this.free.pop() ?? this.items.length
    this.items[slot] = item
    return slot
  }

  /** Takes out what has the number. */
  take(slot: number): T | undefined {
    const item = this.items[slot]
    if (item !== undefined) {
      this.items[slot] = undefined
      this.free.push(slot)
    }
    return item
  }
}
