import type { EventSink } from "../core/hubmodule.ts"
import { SocketTimeout } from "../exceptions.ts"
import { E } from "../host/errno.ts"
import { scheduler } from "../strand.ts"

// data that is ready in the same iteration wins
const PRIORITY = -1

let defaultTimeout: number | null = null

/** Whose time is limited. */
interface Limited {
  /** The time has passed. */
  interrupted(error: Error): void
}

/** The end of the time that a socket's call may take. It does not keep the loop alive: what is waited for does. */
export class Deadline implements EventSink {
  private readonly wait: Limited
  private readonly syscall: string
  private readonly message: string
  private handle: number

  /**
   * @param seconds - From now.
   * @param message - What the error says.
   */
  constructor(wait: Limited, seconds: number, syscall: string, message = "timed out") {
    this.wait = wait
    this.syscall = syscall
    this.message = message
    this.handle = scheduler.loop.startTimer(this, PRIORITY, false, seconds, 0)
  }

  event(): void {
    this.handle = 0
    this.wait.interrupted(new SocketTimeout(E.TIMEDOUT, this.syscall, this.message))
  }

  cancel(): void {
    if (this.handle !== 0) scheduler.loop.stopWatcher(this.handle)
    this.handle = 0
  }
}

/**
 * Throws unless it is a timeout.
 *
 * @throws {TypeError} unless it is a number or null, {RangeError} for a negative number.
 */
export function checkTimeout(seconds: number | null): void {
  if (seconds === null) return
  if (typeof seconds !== "number" || Number.isNaN(seconds)) {
    throw new TypeError(`a timeout must be a number of seconds or null, not ${String(seconds)}`)
  }
  if (seconds < 0) throw new RangeError(`a timeout must not be negative: ${seconds}`)
}

/** The timeout in seconds that new sockets get; null = none. gevent: `socket.getdefaulttimeout()`. */
export function getdefaulttimeout(): number | null {
  return defaultTimeout
}

/**
 * Sets the timeout in seconds that new sockets get, accepted ones included; null = none, 0 = non-blocking.
 * gevent: `socket.setdefaulttimeout(timeout)`.
 *
 * @throws {TypeError} unless it is a number or null, {RangeError} for a negative number.
 * @example
 * ```ts
 * import { setdefaulttimeout } from "gevent-wasm/socket"
 * setdefaulttimeout(30)
 * ```
 */
export function setdefaulttimeout(seconds: number | null): void {
  checkTimeout(seconds)
  defaultTimeout = seconds
}
