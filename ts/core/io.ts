import { eventsToString, READ, WRITE } from "./flags.ts"
import { hubModule } from "./hubmodule.ts"
import type { Loop } from "./loop.ts"
import { Watcher, type WatcherOptions } from "./watcher.ts"

/**
 * Calls its callback whenever a descriptor of this thread's fd table is readable or writable. When the descriptor is closed,
 * or there is none, the watcher stops and its callback gets ERROR with all other bits: it never waits for nothing.
 *
 * gevent: `loop.io(fd, events, ref=True, priority=None)`.
 *
 * @example
 * ```ts
 * import { Io, Loop, READ } from "gevent-wasm/core"
 * import { Socket } from "gevent-wasm/socket"
 * const loop = new Loop()
 * using socket = new Socket()
 * const watcher = new Io(loop, socket.fileno(), READ)
 * watcher.start(() => console.log("readable"))
 * watcher.stop()
 * ```
 */
export class Io extends Watcher {
  protected readonly kind = 1
  private number: number
  private mask: number

  /** @throws {RangeError} for a negative fd or a mask that is not READ, WRITE or both. */
  constructor(loop: Loop, fd: number, events: number, options: WatcherOptions = {}) {
    super(loop, options)
    this.number = checkFd(fd)
    this.mask = checkEvents(events)
  }

  /** The descriptor. @throws {TypeError} when set while active, {RangeError} when negative. */
  get fd(): number {
    return this.number
  }

  set fd(value: number) {
    this.mustBeInactive("fd")
    this.number = checkFd(value)
  }

  /** READ, WRITE or both. @throws {TypeError} when set while active, {RangeError} for another mask. */
  get events(): number {
    return this.mask
  }

  set events(value: number) {
    this.mustBeInactive("events")
    this.mask = checkEvents(value)
  }

  /** The events by name. gevent: `io.events_str`. */
  get eventsStr(): string {
    return eventsToString(this.mask)
  }

  protected startNative(loop: number, handle: number, priority: number, ref: number): number {
    return hubModule().exports.io_start(loop, handle, priority, ref, this.number, this.mask)
  }

  private mustBeInactive(name: string): void {
    if (this.active) throw new TypeError(`'${name}' of an active watcher cannot be changed`)
  }
}

function checkFd(fd: number): number {
  if (!Number.isInteger(fd) || fd < 0) throw new RangeError(`fd must be a non-negative integer, not ${String(fd)}`)
  return fd
}

function checkEvents(events: number): number {
  if (!Number.isInteger(events) || events === 0 || (events & ~(READ | WRITE)) !== 0) {
    throw new RangeError(`illegal event mask: ${String(events)}`)
  }
  return events
}
