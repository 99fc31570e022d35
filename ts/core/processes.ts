import { host } from "#host"
import { E } from "../host/errno.ts"

/** A process's number and its status as waitpid(2) has it. */
export interface Exit {
  readonly pid: number
  readonly status: number
}

/** Sends a signal to one process: 0, or a negative errno. */
export type Signalled = (signum: number) => number

/** A child that runs. */
interface Running {
  readonly signalled: Signalled
  readonly ended: ((status: number) => void) | undefined
}

/** How long an end is kept for who may ask, in milliseconds. */
const KEPT = 60_000
/** Above all statuses. */
const STATUSES = 2 ** 16
/** Linux gives no process a larger number. */
const FIRST_OWN = (1 << 22) + 1

/**
 * The children of this process as wait(2) sees them. Hosts report exits as events of their own; whoever hears one says so
 * here, libev's child watchers ask here, and so does `waitpid`.
 *
 * Each end is told to who has started the process, to libev, whose watchers all get it, and once to whoever asks with `take` within
 * 60 seconds.
 */
export class ProcessTable {
  private readonly reports: Exit[] = []
  private readonly listeners = new Set<() => void>()
  private readonly alive = new Map<number, Running>()
  // Oldest first: the millisecond and the status in one number, since thousands end in a second and an object for each takes as much
  // again as the rest.
  private readonly ended = new Map<number, number>()
  // no end is older
  private oldest = 0
  private nextOwn = FIRST_OWN

  /** Calls `listener` after each exit: a loop's SIGCHLD. Returns what takes it off again. */
  onExit(listener: () => void): () => void {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  /** How many children run. */
  get running(): number {
    return this.alive.size
  }

  /** How many children run, or have ended and were not asked for. */
  get size(): number {
    this.forgetOld()
    return this.alive.size + this.ended.size
  }

  /**
   * A child of the host's was started.
   *
   * @param ended - Called at its end with its status.
   */
  started(pid: number, signalled: Signalled, ended?: (status: number) => void): void {
    this.forgetOld()
    this.ended.delete(pid)
    this.alive.set(pid, { signalled, ended })
  }

  /** A process that runs inside this one was started. Returns its number, which no process of the host's has. */
  startOwn(signalled: Signalled): number {
    const pid = this.nextOwn++
    this.started(pid, signalled)
    return pid
  }

  /** A child has changed its state; `status` is as waitpid(2) has it. */
  exited(pid: number, status: number): void {
    const running = this.alive.get(pid)
    if (running !== undefined && isEnd(status)) {
      this.alive.delete(pid)
      this.ended.set(pid, Math.floor(host.monotonic()) * STATUSES + status)
      running.ended?.(status)
    }
    this.reports.push({ pid, status })
    for (const listener of this.listeners) listener()
  }

  /** What libev's waitpid(2) gets: a report of `pid`, -1 for any. -E.CHILD when there is none. */
  wait(pid: number): Exit | number {
    if (pid === -1) return this.reports.shift() ?? -E.CHILD
    const index = this.reports.findIndex((report) => report.pid === pid)
    return this.reports.splice(index < 0 ? this.reports.length : index, 1)[0] ?? -E.CHILD
  }

  /** waitpid(2) with WNOHANG: the end of `pid`, -1 for any, which is then forgotten; 0 while it runs; -E.CHILD when there is none. */
  take(pid: number): Exit | number {
    this.forgetOld()
    const number = pid === -1 ? this.ended.keys().next().value : pid
    const end = number === undefined ? undefined : this.ended.get(number)
    if (end === undefined) return (pid === -1 ? this.alive.size > 0 : this.alive.has(pid)) ? 0 : -E.CHILD
    this.ended.delete(number!)
    return { pid: number!, status: end % STATUSES }
  }

  /** Sends a signal to a child: 0, or -E.SRCH when it has ended. Undefined when there is no such child. */
  signal(pid: number, signum: number): number | undefined {
    const running = this.alive.get(pid)
    if (running !== undefined) return running.signalled(signum)
    return this.ended.has(pid) ? -E.SRCH : undefined
  }

  private forgetOld(): void {
    const before = host.monotonic() - KEPT
    if (this.oldest > before) return
    this.oldest = before + KEPT
    for (const [pid, end] of this.ended) {
      const time = end / STATUSES
      if (time > before) {
        this.oldest = time
        return
      }
      this.ended.delete(pid)
    }
  }
}

/** The children of this process. */
export const processes: ProcessTable = new ProcessTable()

/** Whether a status says that the process has ended; else it was stopped or goes on. */
function isEnd(status: number): boolean {
  return (status & 0xff) !== 0x7f && status !== 0xffff
}
