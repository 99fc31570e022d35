import { descriptors } from "../core/descriptors.ts"
import { filenoOf } from "../fileobject/source.ts"
import type { Wait } from "../wait.ts"
import { POLLERR, POLLHUP, POLLIN, POLLNVAL, POLLOUT } from "./constants.ts"
import { ReadinessWait } from "./readiness.ts"
import type { Selectable } from "./select.ts"

/** A number and what holds for it, as POLLIN and the like. */
export type PollEvent = [fd: number, events: number]

const ALWAYS = POLLERR | POLLHUP
const MASK_LIMIT = 0xffff

class PollWait extends ReadinessWait<PollEvent[]> {
  private readonly masks: ReadonlyMap<number, number>

  constructor(masks: ReadonlyMap<number, number>, timeout: number | null) {
    super(timeout)
    this.masks = masks
  }

  protected fds(): Iterable<number> {
    return this.masks.keys()
  }

  protected collect(): PollEvent[] | null {
    const ready: PollEvent[] = []
    for (const [fd, mask] of this.masks) {
      const descriptor = descriptors.get(fd)
      // the bits are those of epoll
      const events = descriptor === undefined ? POLLNVAL : descriptor.readiness(mask) & (mask | ALWAYS)
      if (events !== 0) ready.push([fd, events])
    }
    return ready.length > 0 ? ready : null
  }

  protected nothing(): PollEvent[] {
    return []
  }

  override describe(): string {
    return `poll of ${this.masks.size} descriptors`
  }
}

/**
 * Descriptors that are waited for together, each with its events. gevent: `gevent.select.poll()`.
 *
 * @example
 * ```ts
 * import { run } from "gevent-wasm"
 * import { Poll, POLLIN } from "gevent-wasm/select"
 * import { createConnection } from "gevent-wasm/socket"
 * await run(function* () {
 *   using socket = yield* createConnection(["example.org", 80])
 *   const poll = new Poll()
 *   poll.register(socket, POLLIN)
 *   for (const [fd, events] of yield* poll.poll(1000)) console.log(fd === socket.fileno(), events & POLLIN)
 * })
 * ```
 */
export class Poll {
  private readonly masks = new Map<number, number>()

  /**
   * Adds a descriptor, or gives it other events.
   *
   * @param fd - A socket, a file or a number of the fd table.
   * @param eventmask - POLLIN, POLLOUT, POLLRDHUP; by default the first two.
   * @throws {TypeError} for what has no number or a mask that is no number; {RangeError} for a mask that is none.
   */
  register(fd: Selectable, eventmask: number = POLLIN | POLLOUT): void {
    if (typeof eventmask !== "number") throw new TypeError(`a mask must be a number, not ${String(eventmask)}`)
    if (!Number.isInteger(eventmask) || eventmask < 0 || eventmask > MASK_LIMIT) {
      throw new RangeError(`illegal event mask: ${eventmask}`)
    }
    this.masks.set(filenoOf(fd), eventmask)
  }

  /** The same as `register`. @throws as `register`. */
  modify(fd: Selectable, eventmask: number): void {
    this.register(fd, eventmask)
  }

  /** Takes a descriptor out. @throws {RangeError} when it is not in. {TypeError} for what has no number. */
  unregister(fd: Selectable): void {
    const number = filenoOf(fd)
    if (!this.masks.delete(number)) throw new RangeError(`fd ${number} is not registered`)
  }

  /**
   * Waits until something happens to one of them.
   *
   * @param timeout - Milliseconds, as poll(2) has it; null or a negative number: any time. 0 looks without waiting.
   * @returns The numbers to which something has happened, and what: POLLERR, POLLHUP and POLLNVAL also when they were not asked for.
   * @throws {TypeError} unless the timeout is a number or null.
   */
  poll(timeout: number | null = null): Wait<PollEvent[]> {
    if (timeout !== null && (typeof timeout !== "number" || Number.isNaN(timeout))) {
      throw new TypeError(`a timeout must be a number of milliseconds or null, not ${String(timeout)}`)
    }
    return new PollWait(new Map(this.masks), timeout === null || timeout < 0 ? null : timeout / 1000)
  }
}

/** A new {@link Poll}. gevent: `gevent.select.poll()`. */
export function poll(): Poll {
  return new Poll()
}
