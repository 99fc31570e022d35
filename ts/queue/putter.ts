import { Full } from "../exceptions.ts"
import { limitOf, type TimeoutArgument } from "../limit.ts"
import { ListedWait } from "../waitlist.ts"
import type { Item, SimpleQueue } from "./simplequeue.ts"

/** Waits for room in a queue, and puts an item there. */
export class PutWait<T> extends ListedWait<void> {
  /** What it puts in. */
  readonly item: Item<T>
  private readonly queue: SimpleQueue<T>
  private readonly block: boolean

  constructor(queue: SimpleQueue<T>, item: Item<T>, block: boolean, timeout: TimeoutArgument) {
    super()
    this.queue = queue
    this.item = item
    this.block = block
    this.limit = limitOf(timeout, Full)
  }

  protected begin(): boolean {
    const { queue } = this
    if (queue.offer(this.item)) return true
    if (!this.block) throw new Full()
    queue.addPutter(this)
    return false
  }

  protected cancel(): void {
    this.queue.removePutter(this)
  }

  override describe(): string {
    return `put to ${String(this.queue)}`
  }
}
