import type { Body } from "../body.ts"
import { Flow } from "../flow.ts"
import { Greenlet } from "../greenlet.ts"
import { Mapping } from "../pool/mapping.ts"
import type { Op } from "../wait.ts"
import type { ThreadPool } from "./threadpool.ts"
import { insideThread, type ThreadTask } from "./threadtask.ts"

/** Has a task run, and returns what waits for it. */
type Begin = (...items: unknown[]) => () => Op<unknown>

/** The mappings of a thread pool: the calls are tasks, and for each a greenlet waits. */
export class TaskMapping extends Mapping {
  private readonly pool: ThreadPool

  constructor(pool: ThreadPool) {
    super()
    this.pool = pool
  }

  /** What a mapping is to call for each item, so that the task has begun by the time that it asks whether there is room for another. */
  calling<A extends unknown[]>(task: ThreadTask<A>): (...items: A) => Op<unknown> {
    const { pool } = this
    const begin: Begin = (...items) => {
      if (insideThread()) return () => pool.apply(task, items as A)
      const result = pool.dispatch(task, items)
      return () => result.get()
    }
    return begin as unknown as (...items: A) => Op<unknown>
  }

  full(): boolean {
    return !insideThread() && !this.pool.hasRoom()
  }

  admit(fn: Body, args: unknown[]): Greenlet<unknown> | null {
    return this.full() ? null : this.begin(fn, args)
  }

  admitLater(fn: Body, args: unknown[]): Flow<Greenlet<unknown>> {
    const admit = function* (this: TaskMapping) {
      while (this.full()) yield* this.pool.room()
      return this.begin(fn, args)
    }
    return new Flow(() => admit.call(this))
  }

  protected runsHere(): boolean {
    return false
  }

  private begin(fn: Body, args: unknown[]): Greenlet<unknown> {
    const greenlet = new Greenlet((fn as Begin)(...args))
    greenlet.start()
    return greenlet
  }
}
