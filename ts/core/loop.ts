import { host } from "#host"
import { Callback, type ErrorHandler } from "./callback.ts"
import type { Epoll } from "./epoll.ts"
import { backends, flagsToInt, flagsToList } from "./flags.ts"
import { hubModule, type EventSink, type HubModule } from "./hubmodule.ts"
import type { EpollOwner } from "./imports.ts"
import { processes } from "./processes.ts"
import { RunQueue } from "./runqueue.ts"
import { turns, type Turnable } from "./turns.ts"
import { lastClock } from "./wasi.ts"

const SIGCHLD = 17
const encoder = new TextEncoder()
const EPOLL_BACKEND = 4

/** How many seconds callbacks run before I/O gets its turn; gevent: `gevent.setswitchinterval`. */
let switchInterval = 0.005

/** The seconds that callbacks and greenlets may run before I/O is polled. gevent: `gevent.getswitchinterval()`. */
export function getswitchinterval(): number {
  return switchInterval
}

/**
 * Sets the seconds that callbacks and greenlets may run before I/O is polled. gevent: `gevent.setswitchinterval(s)`.
 *
 * @throws {RangeError} unless `seconds` is a positive finite number.
 * @example
 * ```ts
 * import { setswitchinterval } from "gevent-wasm"
 * setswitchinterval(0.005)
 * ```
 */
export function setswitchinterval(seconds: number): void {
  if (typeof seconds !== "number" || !(seconds > 0) || seconds === Infinity) {
    throw new RangeError(`the switch interval must be a positive number of seconds, not ${String(seconds)}`)
  }
  switchInterval = seconds
}

/** What `new Loop()` takes. */
export interface LoopOptions {
  /** libev flags: see `flagsToInt`. Only the `epoll` backend is there. */
  flags?: number | string | readonly (string | number)[] | null
  /** The loop that has child watchers; there is one. */
  default?: boolean
}

let defaultLoop: Loop | undefined

/**
 * An event loop: libev's `ev_loop`, and the run queue of callbacks. It never blocks: the host wakes it, once per turn.
 *
 * gevent: `gevent.core.loop`.
 *
 * @example
 * ```ts
 * import { Loop, Timer } from "gevent-wasm/core"
 * const loop = new Loop()
 * new Timer(loop, 0.1).start(() => console.log("tick"))
 * await loop.run()
 * ```
 */
export class Loop implements Turnable, EpollOwner {
  /** What waits to run, in order. The hub puts its greenlets in the same line. */
  readonly queue: RunQueue
  /** Who is told of errors in callbacks; the hub. Without one they are printed on standard error. */
  errorHandler: ErrorHandler | null = null
  /** Called after each turn in which nothing was left that could ever wake the loop. */
  onQuiet: (() => void) | null = null
  private readonly module: HubModule
  private readonly isDefault: boolean
  private pointer: number
  private epoll: Epoll | null = null
  private stopped = false
  private turning = false
  private waiters: (() => void)[] = []
  private readonly signals = new Map<number, number>()
  private offExit: (() => void) | undefined
  private readonly clock = (): number => host.monotonic()

  /** @throws {RangeError} for an unknown flag or a backend that is not there. @throws {TypeError} for another type. */
  constructor(options: LoopOptions = {}) {
    const flags = flagsToInt(options.flags)
    const wanted = flags & Object.values(backends).reduce((a, b) => a | b, 0)
    if (wanted !== 0 && (wanted & EPOLL_BACKEND) === 0) {
      throw new RangeError(`unsupported backend: ${flagsToList(wanted).join(", ")}; only epoll is there`)
    }
    this.module = hubModule()
    this.isDefault = options.default ?? false
    this.queue = new RunQueue(() => this.touch())
    this.queue.awake = true
    this.pointer = this.module.createLoop(this, EPOLL_BACKEND | (flags & ~wanted), this.isDefault)
    this.queue.awake = false
    if (this.pointer === 0) throw new RangeError("libev could not make the loop")
    if (this.isDefault) this.offExit = processes.onExit(() => this.feedSignal(SIGCHLD))
    turns.add(this)
  }

  /** The default loop of this thread, made at the first call and again after it was destroyed. */
  static default(): Loop {
    if (defaultLoop === undefined || defaultLoop.destroyed) defaultLoop = new Loop({ default: true })
    return defaultLoop
  }

  /** Whether it is the loop with child watchers. */
  get default(): boolean {
    return this.isDefault
  }

  /** Whether `destroy` was called. */
  get destroyed(): boolean {
    return this.pointer === 0
  }

  /** The name of the backend: `"epoll"`. */
  get backend(): string {
    return String(flagsToList(this.backendInt)[0])
  }

  /** The number of the backend. */
  get backendInt(): number {
    return this.module.exports.loop_backend(this.live())
  }

  /** How many iterations there were. */
  get iteration(): number {
    return this.module.exports.loop_iteration(this.live())
  }

  /** How deep `run` calls are nested now. */
  get depth(): number {
    return this.module.exports.loop_depth(this.live())
  }

  /** How many events wait to be delivered. */
  get pendingcnt(): number {
    return this.module.exports.loop_pending_count(this.live())
  }

  /** How many active watchers keep the loop alive. @throws {RangeError} when it is destroyed. */
  get activecnt(): number {
    return this.module.exports.loop_active_count(this.live())
  }

  /** The smallest delay of a timer that makes a difference, in seconds. gevent: `approx_timer_resolution`. */
  get approxTimerResolution(): number {
    return 0.001
  }

  /** Whether the process has to stay for this loop. */
  get alive(): boolean {
    return this.pointer !== 0 && (this.queue.length > 0 || this.module.exports.loop_active_count(this.pointer) > 0)
  }

  /** The loop's time at its last update: seconds since 1970. */
  now(): number {
    return this.module.exports.loop_now(this.live())
  }

  /** Brings the loop's time up to date. gevent: `update_now`. */
  updateNow(): void {
    this.module.exports.loop_now_update(this.live())
  }

  /** Counts as one more active watcher: the loop stays alive. */
  ref(): void {
    this.module.exports.loop_ref(this.live())
    this.touch()
  }

  /** Takes back `ref`. */
  unref(): void {
    this.module.exports.loop_unref(this.live())
    this.touch()
  }

  /** Checks libev's data structures. @throws {Error} (PanicError) when they are damaged. */
  verify(): void {
    this.module.exports.loop_verify(this.live())
  }

  /**
   * Queues a call of `callback`. It does not run now, but before the loop looks for events again, after what is queued
   * already. gevent: `loop.run_callback`.
   */
  runCallback<A extends unknown[]>(callback: (...args: A) => unknown, ...args: A): Callback {
    this.live()
    const entry = new Callback(callback, args, this.invoke)
    this.queue.push(entry)
    return entry
  }

  /** Calls a callback and hands its error to the error handler; the hub replaces it. */
  invoke = (callback: (...args: never[]) => unknown, args: unknown[], context: unknown): void => {
    try {
      callback(...(args as never[]))
    } catch (error) {
      this.handleError(context, error)
    }
  }

  /** Hands an error to the error handler. Never throws: a callback's error must not cross libev. */
  handleError(context: unknown, error: unknown): void {
    if (this.errorHandler !== null) this.errorHandler.handleError(context, error)
    else host.write(2, encoder.encode(`${error instanceof Error ? (error.stack ?? String(error)) : String(error)}\n`))
  }

  /**
   * Runs the loop until nothing keeps it alive or `break` is called.
   *
   * @param options - `nowait`: one turn without waiting, and done. `once`: until the first events were handled.
   * @returns With `nowait` nothing to wait for; otherwise a promise of the end.
   */
  run(options: { nowait: true; once?: boolean }): void
  run(options?: { nowait?: false; once?: boolean }): Promise<void>
  run(options: { nowait?: boolean; once?: boolean } = {}): Promise<void> | void {
    this.live()
    this.stopped = false
    if (options.nowait === true) {
      this.turn()
      return undefined
    }
    return new Promise((resolve) => {
      const iteration = this.iteration
      const check = (): void => {
        if (this.stopped || !this.alive || (options.once === true && this.iteration > iteration)) resolve()
        else this.waiters.push(check)
      }
      this.waiters.push(check)
      this.touch()
    })
  }

  /** Ends `run`. gevent: `loop.break_`. */
  break(): void {
    this.stopped = true
    this.touch()
  }

  /** Frees it. Its watchers stop for ever; a second call does nothing. A new default loop comes at the next need. */
  destroy(): void {
    if (this.pointer === 0) return
    const pointer = this.pointer
    for (const signum of this.signals.keys()) host.signal(signum, false, this.feed)
    this.offExit?.()
    this.module.exports.loop_destroy(pointer)
    this.pointer = 0
    turns.remove(this)
    this.release()
  }

  /** One turn: callbacks, events, and the callbacks that these queued. The host's wake-up calls it. */
  turn(): number {
    if (this.pointer === 0 || this.turning) return Infinity
    this.turning = this.queue.awake = true
    const { exports } = this.module
    const slice = switchInterval * 1000
    let delay: number
    try {
      if (this.queue.length > 0) this.queue.drain(this.clock, slice)
      delay = exports.loop_turn(this.pointer)
      if (this.pointer !== 0 && this.queue.length > 0) {
        this.queue.drain(this.clock, slice)
        if (this.pointer !== 0) delay = exports.loop_timeout(this.pointer)
      }
    } finally {
      this.turning = this.queue.awake = false
    }
    if (this.waiters.length > 0) this.release()
    if (this.pointer === 0) return Infinity
    // what is ready now, or was when its interest changed, wakes nobody later
    if (this.queue.length > 0 || this.epoll!.hot) return 0
    if (this.onQuiet !== null && exports.loop_active_count(this.pointer) <= 0) this.onQuiet()
    return delay < 0 ? Infinity : delay * 1000
  }

  /** Something changed that the next turn has to see. */
  touch(): void {
    if (this.queue.awake) return
    this.queue.awake = true
    turns.wake(this)
  }

  watched(epoll: Epoll): void {
    this.epoll = epoll
  }

  ready(): void {
    this.touch()
  }

  closed(fd: number): void {
    this.module.exports.loop_fd_closed(this.pointer, fd)
    this.touch()
  }

  /** Starts a timer; `sink` gets its events. Seconds are counted from now, not from the start of the turn. */
  startTimer(sink: EventSink, priority: number, ref: boolean, after: number, repeat: number): number {
    const late = (host.monotonic() - lastClock.monotonic) / 1000
    return this.startTimerAt(sink, priority, ref, after + late, repeat)
  }

  /** Starts a timer; seconds are counted from the loop's own time. */
  startTimerAt(sink: EventSink, priority: number, ref: boolean, after: number, repeat: number): number {
    const { module } = this
    const handle = module.reserve(sink)
    const pointer = module.exports.timer_start(this.live(), handle, priority, ref ? 1 : 0, after, repeat)
    this.touch()
    return module.bind(handle, pointer)
  }

  /** Starts an io watcher; `sink` gets its events. */
  startIo(sink: EventSink, priority: number, ref: boolean, fd: number, events: number): number {
    const { module } = this
    const handle = module.reserve(sink)
    const pointer = module.exports.io_start(this.live(), handle, priority, ref ? 1 : 0, fd, events)
    this.touch()
    return module.bind(handle, pointer)
  }

  /** Stops a watcher and forgets its handle. */
  stopWatcher(handle: number): void {
    const { module } = this
    if (this.pointer !== 0) module.exports.watcher_stop(this.pointer, module.pointer(handle))
    module.forget(handle)
  }

  /** A signal watcher started or stopped: the host catches a signal while one is active. */
  watchSignal(signum: number, change: 1 | -1): number {
    const before = this.signals.get(signum) ?? 0
    if (signum !== SIGCHLD && (before === 0 || before + change === 0)) {
      const rc = host.signal(signum, change === 1, this.feed)
      if (rc < 0) return rc
    }
    if (before + change === 0) this.signals.delete(signum)
    else this.signals.set(signum, before + change)
    return 0
  }

  /** The pointer of libev's loop. @throws {RangeError} when it is destroyed. */
  live(): number {
    if (this.pointer === 0) throw new RangeError("operation on a destroyed loop")
    return this.pointer
  }

  private readonly feed = (signum: number): void => this.feedSignal(signum)

  private feedSignal(signum: number): void {
    if (this.pointer === 0) return
    this.module.exports.loop_feed_signal(this.pointer, signum)
    this.touch()
  }

  private release(): void {
    const waiters = this.waiters
    this.waiters = []
    for (const check of waiters) check()
  }
}
