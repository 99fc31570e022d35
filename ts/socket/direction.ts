import { GONE, type EventSink } from "../core/hubmodule.ts"
import type { Loop } from "../core/loop.ts"
import { ConcurrentObjectUseError, SocketError } from "../exceptions.ts"
import { E } from "../host/errno.ts"
import { scheduler } from "../strand.ts"

/** Who waits for a direction of a socket. Both calls come from the loop. */
export interface Waiter {
  /** It became ready. */
  ready(): void
  /** It never will: the descriptor was closed. */
  interrupted(error: Error): void
  /** What is waited for, for messages. */
  describe(): string
}

/**
 * One direction of a socket: the one greenlet that may wait for it, and its io watcher.
 *
 * The watcher may stay between two waits, which saves starting it for each; the loop counts who waits, not the watcher. It
 * stops when it fires with nobody waiting, since readiness would be reported in each iteration from then on.
 */
export class Direction implements EventSink {
  private readonly fd: number
  private readonly events: number
  private readonly stays: boolean
  private waiter: Waiter | null = null
  private handle = 0
  private watching = false
  private keepsAlive = true
  private loop: Loop | null = null

  /** @param stays - Whether the watcher stays between waits; it should where readiness ends with a wait. */
  constructor(fd: number, events: number, stays: boolean) {
    this.fd = fd
    this.events = events
    this.stays = stays
  }

  /** Whether who waits keeps the loop alive; may change at any time. */
  get ref(): boolean {
    return this.keepsAlive
  }

  set ref(value: boolean) {
    if (value === this.keepsAlive) return
    this.keepsAlive = value
    if (!this.watching) return
    if (value) this.loop!.hold()
    else this.loop!.unhold()
  }

  /** Throws when somebody waits. @throws {ConcurrentObjectUseError} */
  checkFree(): void {
    if (this.waiter !== null) {
      throw new ConcurrentObjectUseError(`This socket is already used by another greenlet: ${this.waiter.describe()}`)
    }
  }

  /** Somebody waits, without being told of readiness yet. */
  claim(waiter: Waiter): void {
    this.waiter = waiter
  }

  /** Who has claimed it is told of readiness from now on. */
  watch(): void {
    const loop = (this.loop = scheduler.loop)
    this.watching = true
    if (this.keepsAlive) loop.hold()
    if (this.handle === 0) this.handle = loop.startIo(this, 0, false, this.fd, this.events)
  }

  /** Nobody waits any more. */
  leave(): void {
    this.waiter = null
    if (this.watching) {
      this.watching = false
      if (this.keepsAlive) this.loop!.unhold()
    }
    if (!this.stays) this.stop()
  }

  /** Whoever waits gets the error that the descriptor was closed. */
  close(): void {
    const { waiter } = this
    this.stop()
    waiter?.interrupted(closedElsewhere())
  }

  event(revents: number): void {
    if ((revents & GONE) !== 0) {
      this.handle = 0
      this.waiter?.interrupted(closedElsewhere())
    } else if (this.waiter === null) this.stop()
    else this.waiter.ready()
  }

  private stop(): void {
    if (this.handle === 0) return
    const handle = this.handle
    this.handle = 0
    this.loop!.stopWatcher(handle)
  }
}

function closedElsewhere(): SocketError {
  return new SocketError(E.BADF, undefined, "File descriptor was closed in another greenlet")
}
