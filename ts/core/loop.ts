import { host } from "#host"
import { Callback, type ErrorHandler } from "./callback.ts"
import { descriptors } from "./descriptors.ts"
import type { Epoll } from "./epoll.ts"
import type { Home } from "../host/host.ts"
import { HomeLocal } from "./homelocal.ts"
import { backends, flagsToInt, flagsToList } from "./flags.ts"
import { hubModule, type EventSink, type HubModule } from "./hubmodule.ts"
import { printError } from "./report.ts"
import type { EpollOwner } from "./imports.ts"
import { LoopSignals, SIGCHLD } from "./loopsignals.ts"
import { processes } from "./processes.ts"
import { RunQueue } from "./runqueue.ts"
import { getswitchinterval } from "./switchinterval.ts"
import { turns, type Turnable, type Turns } from "./turns.ts"

const EPOLL_BACKEND = 4
// Two readings of a coarse clock may be the same, and libev's heap does not keep the order of equal deadlines.
const CLOCK_STEP = 4e-9

/** What `new Loop()` takes. */
export interface LoopOptions {
  /** libev flags: see `flagsToInt`. Only the `epoll` backend is there. */
  flags?: number | string | readonly (string | number)[] | null
  /** The loop that has child watchers; there is one. */
  default?: boolean
}

/** A `run` that has not ended. */
interface Run {
  readonly resolve: () => void
  readonly once: boolean
  broken: boolean
}

/** The default loop of each home. libev has one default loop, which is that of the first home that needs one. */
const defaults = new HomeLocal<{ loop: Loop | undefined }>(() => ({ loop: undefined }))
let libevDefault: Loop | undefined

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
  private readonly clockIndex: number
  private latest = 0
  private doomed = 0
  private turning = false
  private iterating = 0
  private runs: Run[] = []
  /** The signals that its watchers wait for. */
  readonly signals: LoopSignals
  private offExit: (() => void) | undefined
  private holds = 0
  private readonly clock = (): number => host.monotonic()
  private readonly turns: Turns

  /**
   * With `default` it is the default loop that there is, or a new one. Flags are libev's; `noenv` is always among them.
   *
   * @param home - Where it gets its turns.
   * @throws {RangeError} for an unknown flag or a backend that is not there. @throws {TypeError} for another type.
   */
  constructor(options: LoopOptions = {}, home: Home = host.home()) {
    const flags = flagsToInt(options.flags)
    const wanted = flags & Object.values(backends).reduce((a, b) => a | b, 0)
    if (wanted !== 0 && (wanted & EPOLL_BACKEND) === 0) {
      throw new RangeError(`unsupported backend: ${flagsToList(wanted).join(", ")}; only epoll is there`)
    }
    this.module = hubModule()
    this.isDefault = options.default ?? false
    this.signals = new LoopSignals(this.isDefault, (signum) => this.feedSignal(signum))
    this.queue = new RunQueue(() => this.touch())
    this.turns = turns.get(home)
    const defaultLoop = defaults.get(home)
    if (this.isDefault) {
      if (defaultLoop.loop?.destroyed === false) {
        this.pointer = this.clockIndex = 0
        return defaultLoop.loop
      }
      if (defaultLoop.loop !== undefined && defaultLoop.loop.doomed !== 0) {
        throw new RangeError("the default loop is being destroyed; a new one can be made after this callback")
      }
    }
    this.queue.awake = true
    const first =
      this.isDefault && (libevDefault === undefined || (libevDefault.destroyed && libevDefault.doomed === 0))
    this.pointer = this.module.createLoop(this, EPOLL_BACKEND | (flags & ~wanted), first)
    this.queue.awake = false
    if (this.pointer === 0) throw new RangeError("libev could not make the loop")
    this.clockIndex = this.module.exports.loop_clock(this.pointer) >>> 3
    this.turns.add(this)
    if (this.isDefault) {
      defaultLoop.loop = this
      // eslint-disable-next-line @typescript-eslint/no-this-alias -- the one that libev has as its default loop
      if (first) libevDefault = this
      this.offExit = processes.onExit(() => this.feedSignal(SIGCHLD))
    }
    home.onEnd(() => {
      this.destroy()
      descriptors.closeOf(home)
    })
  }

  /**
   * The default loop of this thread, made at the first call and again after it was destroyed.
   *
   * @param home - Whose default loop it is.
   */
  static default(home: Home = host.home()): Loop {
    const { loop } = defaults.get(home)
    return loop === undefined || loop.destroyed ? new Loop({ default: true }, home) : loop
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
    return this.module.exports.loop_active_count(this.live()) + this.holds
  }

  /** The smallest delay of a timer that makes a difference, in seconds. gevent: `approx_timer_resolution`. */
  get approxTimerResolution(): number {
    return 0.001
  }

  /** How many watchers hold memory of the hub, in all loops: those that are started and those that are pending. */
  get handles(): number {
    return this.module.handles
  }

  /** Whether the process has to stay for this loop. */
  get alive(): boolean {
    if (this.pointer === 0) return false
    return this.queue.length > 0 || this.activecnt > 0 || this.module.exports.loop_pending_count(this.pointer) > 0
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

  /** As `ref`, and cheaper: for waits whose watchers do not count. */
  hold(): void {
    this.holds++
    this.touch()
  }

  /** Takes back `hold`. */
  unhold(): void {
    this.holds--
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

  /** Calls a callback and hands its error to the error handler; whether there was none. The hub replaces it. */
  invoke = (callback: (...args: never[]) => unknown, args: unknown[], context: unknown): boolean => {
    try {
      callback(...(args as never[]))
      return true
    } catch (error) {
      this.handleError(context, error)
      return false
    }
  }

  /**
   * Hands an error to the error handler, or prints it when there is none or it throws. Never throws itself: an error must
   * not cross libev.
   */
  handleError(context: unknown, error: unknown): void {
    if (this.errorHandler === null) {
      printError(error)
      return
    }
    try {
      this.errorHandler.handleError(context, error)
    } catch (second) {
      printError(error)
      printError(second)
    }
  }

  /**
   * Runs the loop until nothing keeps it alive or `break` is called.
   *
   * @param options - `nowait`: one turn without waiting, and done; in a callback, one nested iteration of the watchers, while
   *   the run queue waits. `once`: until the first events or callbacks were handled.
   * @returns With `nowait` nothing to wait for; otherwise a promise of the end.
   * @throws {RangeError} when the loop is destroyed.
   */
  run(options: { nowait: true; once?: boolean }): void
  run(options?: { nowait?: false; once?: boolean }): Promise<void>
  run(options: { nowait?: boolean; once?: boolean } = {}): Promise<void> | void {
    const pointer = this.live()
    if (options.nowait === true) {
      if (this.turning) this.iterate(pointer)
      else this.turn()
      return undefined
    }
    return new Promise((resolve) => {
      this.runs.push({ resolve, once: options.once === true, broken: false })
      this.touch()
    })
  }

  /** Ends every `run` that is under way, after this turn. gevent: `loop.break_`. */
  break(): void {
    for (const run of this.runs) run.broken = true
    this.touch()
  }

  /**
   * Stops its watchers for ever and frees it; a second call does nothing. A new default loop comes at the next need, but not
   * within the callback of a watcher of the old one.
   */
  destroy(): void {
    if (this.pointer === 0) return
    const { pointer } = this
    const { exports } = this.module
    this.module.abandon(pointer)
    this.offExit?.()
    this.pointer = 0
    this.turns.remove(this)
    if (this.iterating > 0) {
      // libev is on the stack below
      exports.loop_break(pointer)
      this.doomed = pointer
    } else exports.loop_destroy(pointer)
    this.release(false)
  }

  /** One turn: callbacks, events, and the callbacks that these queued. The host's wake-up calls it. */
  turn(): number {
    if (this.pointer === 0 || this.turning) return Infinity
    this.turning = this.queue.awake = true
    const { exports } = this.module
    const slice = getswitchinterval() * 1000
    const { events } = this.module
    let delay = Infinity
    let called = false
    try {
      if (this.queue.length > 0) {
        called = true
        this.queue.drain(this.clock, slice)
      }
      if (this.pointer !== 0) delay = this.iterate(this.pointer)
      if (this.pointer !== 0 && this.queue.length > 0) {
        called = true
        this.queue.drain(this.clock, slice)
        if (this.pointer !== 0) delay = exports.loop_timeout(this.pointer)
      }
    } finally {
      this.turning = this.queue.awake = false
    }
    if (this.runs.length > 0) this.release(called || this.module.events !== events)
    if (this.pointer === 0) return Infinity
    // what is ready now, or was when its interest changed, wakes nobody later
    if (this.queue.length > 0 || this.epoll!.hot) return 0
    if (this.onQuiet !== null && !this.alive) this.onQuiet()
    return delay < 0 ? Infinity : delay * 1000
  }

  /** Something changed that the next turn has to see. */
  touch(): void {
    if (this.queue.awake) return
    this.queue.awake = true
    this.turns.wake(this)
  }

  watched(epoll: Epoll): void {
    this.epoll = epoll
  }

  ready(): void {
    this.touch()
  }

  closed(fd: number): void {
    if (this.pointer === 0) return
    this.module.exports.loop_fd_closed(this.pointer, fd)
    this.touch()
  }

  /** Seconds since the loop's time was updated: what a timer that starts now adds. Each call returns a later time. */
  late(): number {
    const now = host.monotonic() / 1000
    this.latest = now > this.latest ? now : this.latest + CLOCK_STEP
    return this.latest - this.module.memory.doubles[this.clockIndex]!
  }

  /** Starts a timer; `sink` gets its events. Seconds are counted from now, not from the start of the turn. */
  startTimer(sink: EventSink, priority: number, ref: boolean, after: number, repeat: number): number {
    const { module } = this
    const loop = this.live()
    const handle = module.reserve(sink)
    const pointer = module.exports.timer_start(loop, handle, priority, ref ? 1 : 0, after + this.late(), repeat)
    this.touch()
    return module.bind(handle, pointer)
  }

  /** Starts an io watcher; `sink` gets its events. */
  startIo(sink: EventSink, priority: number, ref: boolean, fd: number, events: number): number {
    const { module } = this
    const loop = this.live()
    const handle = module.reserve(sink)
    const pointer = module.exports.io_start(loop, handle, priority, ref ? 1 : 0, fd, events)
    this.touch()
    return module.bind(handle, pointer)
  }

  /** Stops a watcher and forgets its handle. Nothing happens when its loop was destroyed. */
  stopWatcher(handle: number): void {
    this.module.stop(handle)
  }

  /** The pointer of libev's loop. @throws {RangeError} when it is destroyed. */
  live(): number {
    if (this.pointer === 0) throw new RangeError("operation on a destroyed loop")
    return this.pointer
  }

  private feedSignal(signum: number): void {
    if (this.pointer === 0) return
    this.module.exports.loop_feed_signal(this.pointer, signum)
    this.touch()
  }

  private iterate(pointer: number): number {
    this.iterating++
    let delay: number
    try {
      delay = this.module.exports.loop_turn(pointer)
    } finally {
      this.iterating--
    }
    if (this.doomed !== 0 && this.iterating === 0) {
      this.module.exports.loop_destroy(this.doomed)
      this.doomed = 0
    }
    return delay
  }

  private release(handled: boolean): void {
    const { alive } = this
    this.runs = this.runs.filter((run) => {
      if (alive && !run.broken && !(run.once && handled)) return true
      run.resolve()
      return false
    })
  }
}
