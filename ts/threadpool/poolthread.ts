import { host } from "#host"
import { NotSupportedError } from "../exceptions.ts"
import type { Thread } from "../host/thread.ts"
import { getHub } from "../hub.ts"
import { threadMain, type JobEnd } from "./threadmain.ts"
import { ThreadExit } from "./threadexit.ts"
import type { Task } from "./threadtask.ts"
import { transfersOf } from "./transfer.ts"

/** Who has started a thread and hears of it. */
export interface ThreadOwner {
  /** A task has ended, and the thread is free. */
  freed(task: Task): void
  /** The thread has ended; `task` is what it left undone, which has failed. */
  gone(task: Task | null): void
}

/** A thread of a pool, which runs one task at a time. */
export class PoolThread {
  /** How many tasks it has begun. */
  tasks = 0
  private readonly owner: ThreadOwner
  private readonly thread: Thread
  private readonly known = new Set<number>()
  private task: Task | null = null
  private error: { readonly error: unknown } | null = null
  private terminated = false

  /** @throws {NotSupportedError} on a host without threads. */
  constructor(owner: ThreadOwner) {
    this.owner = owner
    const thread = host.thread(threadMain, {
      message: (end) => this.ended(end as JobEnd),
      error: (error) => (this.error = { error }),
      exit: (code) => this.exited(code),
    })
    if (typeof thread === "number") throw new NotSupportedError("threads", "thread")
    this.thread = thread
  }

  /** Runs a task. What cannot be sent fails it at once; whether it has begun. */
  run(task: Task): boolean {
    try {
      const job = task.job(this.known)
      const [, fn, args] = job
      this.thread.post(job, transfersOf(args))
      this.known.add(fn)
    } catch (error) {
      task.fail(describeFailure(error))
      return false
    }
    this.task = task
    this.tasks++
    this.thread.keepAlive(true)
    return true
  }

  /** Ends it, whatever it does. */
  terminate(): void {
    if (this.terminated) return
    this.terminated = true
    // who ends a pool waits for the end of its threads
    this.thread.keepAlive(true)
    this.thread.terminate()
  }

  toString(): string {
    return `<PoolThread after ${this.tasks} task${this.tasks === 1 ? "" : "s"}>`
  }

  private ended(end: JobEnd): void {
    const { task } = this
    if (task === null || task.id !== end[0]) return
    this.task = null
    this.thread.keepAlive(this.terminated)
    task.end(end)
    this.owner.freed(task)
  }

  private exited(code: number): void {
    const { task } = this
    this.task = null
    if (task !== null) task.fail(this.error === null ? new ThreadExit(code) : this.error.error)
    else if (this.error !== null) getHub().report(this, this.error.error)
    this.owner.gone(task)
  }
}

function describeFailure(error: unknown): unknown {
  if ((error as Error | null)?.name !== "DataCloneError") return error
  return new TypeError(`the arguments cannot be sent: ${(error as Error).message}`, { cause: error })
}
