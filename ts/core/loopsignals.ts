import { host } from "#host"

/** The signal that tells of the end of a child. */
export const SIGCHLD = 17

/** libev gives each signal to one loop. */
const owners = new Map<number, LoopSignals>()

/** The signals that one loop has the host catch, and how many watchers wait for each. */
export class LoopSignals {
  private readonly counts = new Map<number, number>()
  private readonly isDefault: boolean
  private readonly feed: (signum: number) => void

  /**
   * @param isDefault - Whether the loop is the default one, which alone may have SIGCHLD.
   * @param feed - Called with each signal that came.
   */
  constructor(isDefault: boolean, feed: (signum: number) => void) {
    this.isDefault = isDefault
    this.feed = feed
  }

  /**
   * A signal watcher starts: the host catches the signal while one is active.
   *
   * @throws {RangeError} when the host cannot catch it, or another loop has it.
   */
  acquire(signum: number): void {
    const count = this.counts.get(signum) ?? 0
    if (count === 0) {
      if (signum === SIGCHLD && !this.isDefault) throw new RangeError("SIGCHLD belongs to the default loop")
      if (owners.has(signum)) throw new RangeError(`signal ${signum} is watched by another loop`)
      // the ends of children are told by the process table, in which they stand by then
      if (signum !== SIGCHLD && host.signal(signum, true, this.feed) < 0) {
        throw new RangeError(`signal ${signum} cannot be caught on this host`)
      }
      owners.set(signum, this)
    }
    this.counts.set(signum, count + 1)
  }

  /** A signal watcher has stopped: with the last one the signal's default action is back. */
  release(signum: number): void {
    const count = this.counts.get(signum)! - 1
    if (count > 0) {
      this.counts.set(signum, count)
      return
    }
    this.counts.delete(signum)
    owners.delete(signum)
    if (signum !== SIGCHLD) host.signal(signum, false, this.feed)
  }
}
