/** A bounded queue as one writes it for async functions: the peer of ours. */
export class BoundedQueue<T> {
  private readonly limit: number
  private readonly items: T[] = []
  private readonly getters: ((item: T) => void)[] = []
  private readonly putters: { readonly item: T; resolve(): void }[] = []

  constructor(limit: number) {
    this.limit = limit
  }

  /** Puts an item in, and waits while it is full. */
  put(item: T): Promise<void> {
    const getter = this.getters.shift()
    if (getter !== undefined) {
      getter(item)
      return Promise.resolve()
    }
    if (this.items.length < this.limit) {
      this.items.push(item)
      return Promise.resolve()
    }
    return new Promise((resolve) => this.putters.push({ item, resolve }))
  }

  /** Takes the next item out, and waits while there is none. */
  get(): Promise<T> {
    if (this.items.length === 0) return new Promise((resolve) => this.getters.push(resolve))
    const item = this.items.shift()!
    const putter = this.putters.shift()
    if (putter !== undefined) {
      this.items.push(putter.item)
      putter.resolve()
    }
    return Promise.resolve(item)
  }
}
