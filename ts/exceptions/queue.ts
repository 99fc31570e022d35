/** A queue has no item, and one was not to be waited for, or for too long. gevent: `gevent.queue.Empty`. */
export class Empty extends Error {
  override name = "Empty"
}

/** A queue has no room, and it was not to be waited for, or for too long. gevent: `gevent.queue.Full`. */
export class Full extends Error {
  override name = "Full"
}

/** A pool has no room, and it was not to be waited for, or for too long. gevent: `gevent.pool.PoolFull`. */
export class PoolFull extends Full {
  override name = "PoolFull"
}

/** A queue was shut down: nothing more comes in, or, from an empty one, out. gevent: `gevent.queue.ShutDown`. */
export class ShutDown extends Error {
  override name = "ShutDown"
}

/**
 * The class itself, put into a queue, ends those who iterate over it; an instance is an item as any other. Python: `StopIteration`.
 *
 * @example
 * ```ts
 * import { Queue, StopIteration } from "gevent-wasm/queue"
 * const queue = new Queue<string>(null, ["a", "b", StopIteration])
 * for await (const item of queue) console.log(item)
 * ```
 */
export class StopIteration extends Error {
  override name = "StopIteration"
}
