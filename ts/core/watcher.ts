import { CUSTOM, MAXPRI, MINPRI, READ, WRITE } from "./flags.ts"
import { GONE, hubModule, type EventSink } from "./hubmodule.ts"
import type { Loop } from "./loop.ts"

type AnyFunction = (...args: never[]) => unknown

/** Options that every watcher takes. */
export interface WatcherOptions {
  /** Whether it keeps its loop alive while active. Default true. */
  ref?: boolean
  /** From MINPRI to MAXPRI; higher ones are called first. Default 0. */
  priority?: number
}

/**
 * What all watchers have in common. A watcher holds memory of the hub only between `start` and `stop`, and a started one
 * stays alive without references to it.
 *
 * gevent: `gevent.core.watcher`.
 */
export abstract class Watcher implements EventSink {
  /** The loop it belongs to. */
  readonly loop: Loop
  /** The function that `start` was given; null while there is none. */
  protected currentCallback: AnyFunction | null = null
  private currentArgs: unknown[] | null = null
  protected handle = 0
  private passEvents = false
  private keepsAlive: boolean
  private level: number

  /** @throws {RangeError} for a priority outside MINPRI … MAXPRI. */
  constructor(loop: Loop, options: WatcherOptions = {}) {
    this.loop = loop
    this.keepsAlive = options.ref ?? true
    this.level = checkPriority(options.priority ?? 0)
  }

  /** Starts libev's watcher for the handle and returns its pointer. */
  protected abstract startNative(loop: number, handle: number, priority: number, ref: number): number
  /** libev's kind, as in wasm/watcher.c. */
  protected abstract readonly kind: number

  /**
   * Waits for events and calls `callback(...args)` on each. A second start of an active watcher replaces the callback only.
   *
   * @throws {TypeError} when `callback` is not a function.
   */
  start<A extends unknown[]>(callback: (...args: A) => unknown, ...args: A): void {
    this.setCallback(callback, args)
    this.passEvents = false
    this.activate()
  }

  /** Like `start`; the callback gets the event bits before its arguments. gevent: `start(…, pass_events=True)`. */
  startWithEvents<A extends unknown[]>(callback: (events: number, ...args: A) => unknown, ...args: A): void {
    this.setCallback(callback, args)
    this.passEvents = true
    this.activate()
  }

  /** Stops it and forgets the callback. Nothing happens when it is not active. */
  stop(): void {
    this.forgetCallback()
    if (this.handle === 0) return
    const handle = this.handle
    this.handle = 0
    this.stopped()
    this.loop.stopWatcher(handle)
    this.loop.touch()
  }

  /** The same as `stop`. gevent: `watcher.close()`. */
  close(): void {
    this.stop()
  }

  /** `using` stops it. */
  [Symbol.dispose](): void {
    this.stop()
  }

  /** Whether it waits for events. */
  get active(): boolean {
    return this.handle !== 0 && hubModule().exports.watcher_active(hubModule().pointer(this.handle)) !== 0
  }

  /** Whether an event is waiting to be delivered. */
  get pending(): boolean {
    return this.handle !== 0 && hubModule().exports.watcher_pending(hubModule().pointer(this.handle)) !== 0
  }

  /** Whether it keeps its loop alive while it is active; may change at any time. */
  get ref(): boolean {
    return this.keepsAlive
  }

  set ref(value: boolean) {
    this.keepsAlive = value
    if (this.handle === 0) return
    const module = hubModule()
    module.exports.watcher_set_ref(this.loop.live(), module.pointer(this.handle), value ? 1 : 0)
    this.loop.touch()
  }

  /** Its priority. @throws {TypeError} when set while it is active, {RangeError} outside MINPRI … MAXPRI. */
  get priority(): number {
    return this.level
  }

  set priority(value: number) {
    if (this.handle !== 0) throw new TypeError("Cannot set priority of an active watcher")
    this.level = checkPriority(value)
  }

  /** The callback; null once a one-shot watcher has fired or any was stopped. @throws {TypeError} when set to what is no function. */
  get callback(): AnyFunction | null {
    return this.currentCallback
  }

  set callback(value: AnyFunction | null) {
    if (value !== null && typeof value !== "function") throw new TypeError(`Expected a function, not ${String(value)}`)
    this.currentCallback = value
  }

  /** The callback's arguments, or null. @throws {TypeError} when set to another thing than an array or null. */
  get args(): unknown[] | null {
    return this.currentArgs
  }

  set args(value: unknown[] | null) {
    if (value !== null && !Array.isArray(value))
      throw new TypeError(`args must be an array or null, not ${String(value)}`)
    this.currentArgs = value
  }

  /**
   * Delivers `revents` to the callback as if they had happened, in the next iteration. gevent: `watcher.feed`.
   *
   * @throws {TypeError} when `callback` is not a function.
   */
  feed<A extends unknown[]>(revents: number, callback: (...args: A) => unknown, ...args: A): void {
    this.setCallback(callback, args)
    const module = hubModule()
    if (this.handle !== 0) module.exports.watcher_feed(this.loop.live(), module.pointer(this.handle), revents)
    else {
      const handle = module.reserve(this)
      this.handle = module.bind(
        handle,
        module.exports.watcher_feed_new(this.loop.live(), handle, this.level, this.kind, revents || CUSTOM),
      )
    }
    this.loop.touch()
  }

  event(revents: number): void {
    const callback = this.currentCallback
    const args = this.currentArgs ?? []
    if ((revents & GONE) !== 0) {
      this.handle = 0
      this.stopped()
    }
    if (callback !== null && !this.loop.invoke(callback, this.passEvents ? [revents & ~GONE, ...args] : args, this)) {
      // a descriptor stays ready: the callback would fail again at once, and for ever
      if ((revents & (READ | WRITE)) !== 0) this.stop()
    }
    if (this.handle === 0) this.forgetCallback()
  }

  abandoned(): void {
    this.handle = 0
    this.stopped()
    this.forgetCallback()
  }

  /** What the console shows. */
  toString(): string {
    const state = this.active ? " active" : this.pending ? " pending" : ""
    const callback = this.currentCallback === null ? "" : ` callback=${this.currentCallback.name || "(anonymous)"}`
    return `<${this.constructor.name}${state}${callback}${this.keepsAlive ? "" : " ref=false"}>`
  }

  /** Called when it is not active any more. */
  protected stopped(): void {
    // kinds that hold more than libev's watcher let go of it here
  }

  protected activate(): void {
    const module = hubModule()
    let events = 0
    if (this.handle !== 0) {
      if (this.active) return
      // it has events to deliver and is not started: they stay
      const { handle } = this
      events = module.exports.watcher_clear_pending(this.loop.live(), module.pointer(handle))
      this.handle = 0
      this.stopped()
      this.loop.stopWatcher(handle)
    }
    const handle = module.reserve(this)
    let pointer = 0
    try {
      pointer = this.startNative(this.loop.live(), handle, this.level, this.keepsAlive ? 1 : 0)
    } catch (error) {
      module.forget(handle)
      this.stopped()
      this.forgetCallback()
      throw error
    }
    if (pointer === 0) this.stopped()
    this.handle = module.bind(handle, pointer)
    if (events !== 0) module.exports.watcher_feed(this.loop.live(), pointer, events)
    this.loop.touch()
  }

  private forgetCallback(): void {
    this.currentCallback = null
    this.currentArgs = null
  }

  private setCallback(callback: AnyFunction, args: unknown[]): void {
    if (typeof callback !== "function") throw new TypeError(`Expected a function, not ${String(callback)}`)
    this.currentCallback = callback
    this.currentArgs = args
  }
}

function checkPriority(priority: number): number {
  if (!Number.isInteger(priority) || priority < MINPRI || priority > MAXPRI) {
    throw new RangeError(`the priority must be a whole number from ${MINPRI} to ${MAXPRI}, not ${String(priority)}`)
  }
  return priority
}
