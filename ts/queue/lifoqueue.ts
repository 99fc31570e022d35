import { Queue } from "./queue.ts"
import type { Item } from "./simplequeue.ts"

/**
 * A queue that gives the newest item first.
 *
 * gevent: `gevent.queue.LifoQueue(maxsize=None, items=())`.
 *
 * @example
 * ```ts
 * import { LifoQueue } from "gevent-wasm/queue"
 * const stack = new LifoQueue<string>(null, ["a", "b"])
 * console.log(stack.getNowait()) // b
 * ```
 */
export class LifoQueue<T = unknown> extends Queue<T> {
  declare private stack: Item<T>[]

  protected override _init(_maxsize: number | null, items: Iterable<Item<T>>): void {
    this.stack = [...items]
  }

  protected override _put(item: Item<T>): void {
    this.stack.push(item)
  }

  protected override _get(): Item<T> {
    return this.stack.pop()!
  }

  protected override _peek(): Item<T> {
    return this.stack[this.stack.length - 1]!
  }

  protected override _qsize(): number {
    return this.stack.length
  }

  protected override contents(): Iterable<Item<T>> {
    return this.stack
  }
}
