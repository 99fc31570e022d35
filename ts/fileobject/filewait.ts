import { SocketError } from "../exceptions.ts"
import { E } from "../host/errno.ts"
import type { Linked } from "../linkable.ts"
import type { Semaphore } from "../lock/semaphore.ts"
import { Deadline } from "../socket/deadline.ts"
import type { Direction, Waiter } from "../socket/direction.ts"
import { ListedWait } from "../waitlist.ts"
import type { Raw } from "./raw.ts"

/** What a call returns that has to wait: `Raw.blocked` says for what. */
export const AGAIN: unique symbol = Symbol("again")

/** Tries a call: its result, or AGAIN. It is called again when it may get on, and must be where it was. */
export type Attempt<T> = () => T | typeof AGAIN

/**
 * A blocking call of a file. It takes the locks of the file, tries, and waits for the descriptor and tries again until it works,
 * fails or takes too long. Bytes leave the file's buffer only with a result, so that a call that ends early loses none.
 */
export class FileWait<T> extends ListedWait<T> implements Waiter, Linked {
  round = 0
  protected readonly raw: Raw
  private readonly call: string
  private readonly locks: readonly Semaphore[]
  private readonly attempt: Attempt<T>
  private held = 0
  private direction: Direction | null = null
  private deadline: Deadline | null = null

  /**
   * @param call - Its name, for errors.
   * @param locks - Taken in order, while it runs.
   */
  constructor(raw: Raw, call: string, locks: readonly Semaphore[], attempt: Attempt<T>) {
    super()
    this.raw = raw
    this.call = call
    this.locks = locks
    this.attempt = attempt
  }

  protected begin(): boolean {
    if (this.enter()) return true
    const { timeout } = this.raw
    if (timeout !== null) {
      if (timeout === 0) {
        this.cancel()
        throw new SocketError(E.AGAIN, this.call)
      }
      this.deadline = new Deadline(this, timeout, this.call)
    }
    return false
  }

  protected cancel(): void {
    this.locks[this.held]?.removeLink(this)
    this.finish()
  }

  /** A lock is free. */
  notify(): void {
    let over: boolean
    try {
      over = this.enter()
    } catch (error) {
      this.deadline?.cancel()
      this.resumeWithError(error)
      return
    }
    if (!over) return
    this.deadline?.cancel()
    this.resumeWith(this.value)
  }

  ready(): void {
    let over: boolean
    try {
      over = this.step()
    } catch (error) {
      this.deadline?.cancel()
      this.fail(error)
      return
    }
    if (!over) return
    this.deadline?.cancel()
    this.wake(this.value)
  }

  interrupted(error: Error): void {
    this.cancel()
    this.fail(error)
  }

  override describe(): string {
    return `${this.call} of the file with fd ${this.raw.endpoint.fd}`
  }

  /** Throws when the call makes no sense any more, before it begins. */
  protected check(): void {
    this.raw.checkOpen()
  }

  /** It has ended in whatever way. */
  protected finish(): void {
    this.deadline?.cancel()
    this.direction?.leave()
    this.direction = null
    while (this.held > 0) this.locks[--this.held]!.release()
  }

  /** Takes the locks that are left, and tries. */
  private enter(): boolean {
    for (let lock = this.locks[this.held]; lock !== undefined; lock = this.locks[++this.held]) {
      if (!lock.take()) {
        lock.addLink(this)
        return false
      }
    }
    try {
      this.check()
    } catch (error) {
      this.finish()
      throw error
    }
    return this.step()
  }

  /** Tries: whether it is over, with `value` set. */
  private step(): boolean {
    try {
      const result = this.attempt()
      if (result !== AGAIN) {
        this.value = result
        this.finish()
        return true
      }
      this.watch(this.raw.blocked)
    } catch (error) {
      this.finish()
      throw error
    }
    return false
  }

  private watch(direction: Direction): void {
    if (direction === this.direction) return
    this.direction?.leave()
    this.direction = null
    direction.checkFree()
    direction.claim(this)
    direction.watch()
    this.direction = direction
  }
}
