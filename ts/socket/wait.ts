import { ERROR, READ, WRITE } from "../core/flags.ts"
import { Io } from "../core/io.ts"
import { ConcurrentObjectUseError, SocketError } from "../exceptions.ts"
import { E } from "../host/errno.ts"
import { getHub, WatcherWait } from "../hub.ts"
import type { Wait } from "../wait.ts"
import { checkTimeout, Deadline } from "./deadline.ts"

/** What a wait that takes too long throws: an error or a class of errors; null for a SocketTimeout. */
export type TimeoutError = Error | (new (message: string) => Error) | null

/** Waits for a watcher of a descriptor, for some time. */
class IoReady extends WatcherWait {
  private readonly io: Io
  private readonly timeout: number | null
  private readonly timeoutExc: TimeoutError
  private deadline: Deadline | null = null

  constructor(io: Io, timeout: number | null, timeoutExc: TimeoutError) {
    super(io)
    this.io = io
    this.timeout = timeout
    this.timeoutExc = timeoutExc
  }

  protected override begin(): boolean {
    const { io, timeout } = this
    if (io.callback !== null) {
      throw new ConcurrentObjectUseError(`This socket is already used by another greenlet: ${String(io)}`)
    }
    super.begin()
    if (timeout !== null) this.deadline = new Deadline({ interrupted: (error) => this.late(error) }, timeout, "wait")
    return false
  }

  protected override cancel(): void {
    this.deadline?.cancel()
    super.cancel()
  }

  override interrupted(error: unknown): void {
    this.deadline?.cancel()
    super.interrupted(error)
  }

  override fired(events: number): void {
    this.deadline?.cancel()
    if ((events & ERROR) !== 0) super.interrupted(closedElsewhere())
    else super.fired(events)
  }

  private late(timedOut: Error): void {
    const { timeoutExc } = this
    if (timeoutExc === null) super.interrupted(timedOut)
    else super.interrupted(typeof timeoutExc === "function" ? new timeoutExc("timed out") : timeoutExc)
  }
}

/**
 * Waits for an io watcher, which starts now and is stopped in any case.
 *
 * gevent: `socket.wait(io, timeout=None, timeout_exc=timeout('timed out'))`.
 *
 * @param timeout - Seconds; null waits as long as it takes.
 * @param timeoutExc - What is thrown when they have passed.
 * @returns The events: READ, WRITE or both.
 * @throws {SocketTimeout} {ConcurrentObjectUseError} when another greenlet waits for the watcher, {SocketError} EBADF when the
 *   descriptor is closed, {TypeError} {RangeError} for a bad timeout, at the call.
 * @example
 * ```ts
 * import { getHub } from "gevent-wasm"
 * import { Io, WRITE } from "gevent-wasm/core"
 * import { socketpair, wait } from "gevent-wasm/socket"
 * const [left] = socketpair()
 * await wait(new Io(getHub().loop, left.fileno(), WRITE), 5)
 * ```
 */
export function wait(io: Io, timeout: number | null = null, timeoutExc: TimeoutError = null): Wait<number> {
  if (!(io instanceof Io)) throw new TypeError(`wait takes an io watcher, not ${String(io)}`)
  checkTimeout(timeout)
  return new IoReady(io, timeout, timeoutExc)
}

/**
 * Waits until a descriptor is readable.
 *
 * gevent: `socket.wait_read(fileno, timeout=None, timeout_exc=timeout('timed out'))`.
 *
 * @param fileno - A number of this thread's fd table.
 * @returns READ. @throws as `wait`.
 * @example
 * ```ts
 * import { socketpair, waitRead } from "gevent-wasm/socket"
 * const [left, right] = socketpair()
 * await right.send("x")
 * await waitRead(left.fileno(), 5)
 * ```
 */
export function waitRead(fileno: number, timeout: number | null = null, timeoutExc: TimeoutError = null): Wait<number> {
  return wait(new Io(getHub().loop, fileno, READ), timeout, timeoutExc)
}

/**
 * Waits until a descriptor is writable.
 *
 * gevent: `socket.wait_write(fileno, timeout=None, timeout_exc=timeout('timed out'))`.
 *
 * @returns WRITE. @throws as `wait`.
 * @example
 * ```ts
 * import { socketpair, waitWrite } from "gevent-wasm/socket"
 * const [left] = socketpair()
 * await waitWrite(left.fileno(), 5)
 * ```
 */
export function waitWrite(
  fileno: number,
  timeout: number | null = null,
  timeoutExc: TimeoutError = null,
): Wait<number> {
  return wait(new Io(getHub().loop, fileno, WRITE), timeout, timeoutExc)
}

/**
 * Waits until a descriptor is readable or writable.
 *
 * gevent: `socket.wait_readwrite(fileno, timeout=None, timeout_exc=timeout('timed out'))`.
 *
 * @returns READ, WRITE or both. @throws as `wait`.
 * @example
 * ```ts
 * import { socketpair, waitReadwrite } from "gevent-wasm/socket"
 * const [left] = socketpair()
 * await waitReadwrite(left.fileno(), 5)
 * ```
 */
export function waitReadwrite(
  fileno: number,
  timeout: number | null = null,
  timeoutExc: TimeoutError = null,
): Wait<number> {
  return wait(new Io(getHub().loop, fileno, READ | WRITE), timeout, timeoutExc)
}

/**
 * Throws an error into the greenlet that waits for a watcher with `wait`. Nothing happens when nobody does.
 *
 * gevent: `socket.cancel_wait(watcher, error=cancel_wait_ex)`.
 *
 * @param error - Without one it is EBADF, as for a descriptor that was closed.
 * @example
 * ```ts
 * import { getHub, sleep, spawn } from "gevent-wasm"
 * import { Io, READ } from "gevent-wasm/core"
 * import { cancelWait, socketpair, wait } from "gevent-wasm/socket"
 * const [left] = socketpair()
 * const watcher = new Io(getHub().loop, left.fileno(), READ)
 * const waiting = spawn(function* () {
 *   try {
 *     yield* wait(watcher)
 *   } catch (error) {
 *     console.log((error as Error).message)
 *   }
 * })
 * await sleep(0.01)
 * cancelWait(watcher)
 * await waiting.join()
 * ```
 */
export function cancelWait(watcher: Io, error: Error | null = null): void {
  getHub().cancelWait(watcher, error ?? closedElsewhere())
}

function closedElsewhere(): SocketError {
  return new SocketError(E.BADF, undefined, "File descriptor was closed in another greenlet")
}
