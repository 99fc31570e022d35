import { E } from "../host/errno.ts"

/**
 * The children of this process as wait(2) sees them. Hosts report exits as events of their own; whoever hears one says so
 * here, and libev's child watchers ask here.
 */
export class ProcessTable {
  private readonly ended: { pid: number; status: number }[] = []
  private readonly listeners = new Set<() => void>()

  /** Calls `listener` after each exit: a loop's SIGCHLD. Returns what takes it off again. */
  onExit(listener: () => void): () => void {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  /** A child has changed its state; `status` is as waitpid(2) has it. */
  exited(pid: number, status: number): void {
    this.ended.push({ pid, status })
    for (const listener of this.listeners) listener()
  }

  /** waitpid(2) with WNOHANG: takes the pid and status of an ended child, `pid` -1 for any. -E.CHILD when there is none. */
  wait(pid: number): { pid: number; status: number } | number {
    const index = pid === -1 ? 0 : this.ended.findIndex((child) => child.pid === pid)
    return this.ended.splice(index < 0 ? this.ended.length : index, 1)[0] ?? -E.CHILD
  }
}

/** The children of this process. */
export const processes: ProcessTable = new ProcessTable()
