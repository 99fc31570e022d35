import { SocketError } from "../exceptions.ts"
import type { Descriptor } from "../host/descriptor.ts"
import { E } from "../host/errno.ts"
import { Wait } from "../wait.ts"
import { MSG_DONTWAIT } from "./constants.ts"
import { Deadline } from "./deadline.ts"
import type { Direction, Waiter } from "./direction.ts"
import type { Endpoint } from "./endpoint.ts"

/** A blocking call of a socket: tries, and waits and tries again until it works, fails or takes too long. */
export abstract class IoWait<T> extends Wait<T> implements Waiter {
  protected readonly endpoint: Endpoint
  protected readonly direction: Direction
  private readonly flags: number
  private deadline: Deadline | null = null

  /**
   * @param direction - What it waits for.
   * @param flags - With MSG_DONTWAIT it does not.
   */
  constructor(endpoint: Endpoint, direction: Direction, flags = 0) {
    super()
    this.endpoint = endpoint
    this.direction = direction
    this.flags = flags
  }

  /** The call's name, for errors. */
  protected abstract readonly syscall: string

  /** Tries: whether it is over, with `value` set. Throws when it failed. */
  protected abstract attempt(descriptor: Descriptor): boolean

  protected begin(): boolean {
    const { endpoint, direction } = this
    const descriptor = endpoint.live(this.syscall)
    direction.checkFree()
    if (this.attempt(descriptor)) return true
    if (endpoint.timeout === 0 || (this.flags & MSG_DONTWAIT) !== 0) throw this.wouldWait()
    direction.claim(this)
    direction.watch()
    this.arm()
    return false
  }

  /** Starts the socket's timeout. */
  protected arm(): void {
    const { timeout } = this.endpoint
    if (timeout !== null) this.deadline = new Deadline(this, timeout, this.syscall, this.late)
  }

  /** What is thrown when it would have to wait, and may not. */
  protected wouldWait(): Error {
    return new SocketError(E.AGAIN, this.syscall)
  }

  /** What the error says when the time has passed. */
  protected get late(): string {
    return "timed out"
  }

  protected cancel(): void {
    this.direction.leave()
    this.deadline?.cancel()
  }

  ready(): void {
    try {
      if (!this.attempt(this.endpoint.descriptor)) return
    } catch (error) {
      this.cancel()
      this.fail(error)
      return
    }
    this.cancel()
    this.wake(this.value)
  }

  interrupted(error: Error): void {
    this.cancel()
    this.fail(error)
  }

  override describe(): string {
    return `${this.syscall} on fd ${this.endpoint.fd}`
  }
}
