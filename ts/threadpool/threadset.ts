import { Timer } from "../core/timer.ts"
import { scheduler } from "../strand.ts"
import { Until } from "../until.ts"
import type { Wait } from "../wait.ts"
import { PoolThread } from "./poolthread.ts"
import type { Task } from "./threadtask.ts"

/** Who gives tasks to the threads. */
export interface TaskSource {
  /** Whether tasks wait for a thread. */
  waiting(): boolean
  /** A task has ended, or its thread has and it never will. */
  finished(task: Task): void
  /** A thread is free, or another one may be started. */
  pump(): void
}

/** The threads of a pool: they are started when they are wanted, and end when there are too many, or after some time without a task. */
export class ThreadSet {
  private readonly idleTaskTimeout: number
  private readonly source: TaskSource
  private readonly threads = new Set<PoolThread>()
  private readonly idle: PoolThread[] = []
  private readonly waitForEnd = new Set<Until>()
  /** How many were told to end and have not ended yet. */
  private ending = 0
  /** How many end instead of waiting for a task. */
  private surplus = 0
  private reaper: Timer | null = null

  /** @param idleTaskTimeout - Seconds after which a thread without a task ends; less than 0: never. */
  constructor(idleTaskTimeout: number, source: TaskSource) {
    this.idleTaskTimeout = idleTaskTimeout
    this.source = source
  }

  /** How many there are. */
  get count(): number {
    return this.threads.size
  }

  /** How many there are without those that end as soon as they are free. */
  get size(): number {
    return this.threads.size - this.surplus
  }

  /** A thread for a task; undefined when none is free and there are `limit` already. */
  take(limit: number): PoolThread | undefined {
    return this.idle.pop() ?? (this.threads.size < limit ? this.start() : undefined)
  }

  /** Takes one back that has not begun a task. */
  giveBack(thread: PoolThread): void {
    this.idle.push(thread)
  }

  /** Ends threads, or starts some, until there are so many. */
  resize(size: number): void {
    this.shrink(size)
    while (this.size < size) this.idle.push(this.start())
    this.watchIdle()
  }

  /** Ends threads, once they are free, until there are no more than so many. */
  shrink(size: number): void {
    if (this.size <= size) {
      this.surplus = Math.max(0, this.surplus - (size - this.size))
      return
    }
    while (this.size > size && this.idle.length > 0) this.end(this.idle.shift()!)
    if (this.size > size) this.surplus += this.size - size
  }

  /** Ends all, whatever they do, and waits for that. */
  endAll(): Wait<void> {
    for (const thread of this.threads) this.end(thread)
    this.idle.length = this.surplus = 0
    return new Until(this.waitForEnd, () => this.ending === 0, "the threads of a pool")
  }

  private start(): PoolThread {
    const thread = new PoolThread({
      freed: (task) => {
        this.source.finished(task)
        if (this.surplus > 0 && !this.source.waiting()) {
          this.surplus--
          this.end(thread)
          return
        }
        this.idle.push(thread)
        this.source.pump()
        this.watchIdle()
      },
      gone: (task) => {
        if (!this.threads.delete(thread)) this.ending--
        else if (this.idle.includes(thread)) this.idle.splice(this.idle.indexOf(thread), 1)
        else if (this.surplus > 0) this.surplus--
        if (task !== null) this.source.finished(task)
        this.source.pump()
        if (this.ending === 0) Until.notify(this.waitForEnd)
      },
    })
    this.threads.add(thread)
    return thread
  }

  private end(thread: PoolThread): void {
    this.threads.delete(thread)
    this.ending++
    thread.terminate()
  }

  /** Ends the threads that had no task for too long, and looks again when the next may be due. */
  private watchIdle(): void {
    if (this.idleTaskTimeout < 0 || this.reaper !== null || this.idle.length === 0) return
    const since = new Map(this.idle.map((thread) => [thread, thread.tasks]))
    this.reaper = new Timer(scheduler.loop, this.idleTaskTimeout, 0, { ref: false })
    this.reaper.start(() => {
      this.reaper = null
      const idle = this.idle.filter((thread) => since.get(thread) === thread.tasks)
      for (const thread of idle) {
        this.idle.splice(this.idle.indexOf(thread), 1)
        this.end(thread)
      }
      this.watchIdle()
    })
  }
}
