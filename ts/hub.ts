import { host } from "#host"
import { getVersion } from "./core/version.ts"
import { ERROR } from "./core/flags.ts"
import { HomeLocal } from "./core/homelocal.ts"
import { describeError, writeReport } from "./core/report.ts"
import type { Watcher } from "./core/watcher.ts"
import { Loop } from "./core/loop.ts"
import {
  BlockingSwitchOutError,
  GreenletExit,
  HubDestroyed,
  InvalidSwitchError,
  LoopExit,
  SocketError,
  SystemExit,
} from "./exceptions.ts"
import {
  PeriodicMonitorThreadStartedEvent,
  type MonitorOptions,
  type PeriodicMonitorThread,
} from "./events/periodicmonitor.ts"
import { notify } from "./events/subscribers.ts"
import { E } from "./host/errno.ts"
import { limitOf, Timeout, type TimeoutArgument } from "./limit.ts"
import { checkResolver, type Resolver } from "./resolver/interface.ts"
import { currentStrand, mainStrand, scheduler, Strand, type Interrupt, type Main, switchTo } from "./strand.ts"
import { Wait } from "./wait.ts"

export { Waiter } from "./waiter.ts"

/** A class of errors. */
export type ErrorClass = abstract new (...args: never[]) => unknown

/** How many of the blocked a LoopExit names. */
const BLOCKED_SHOWN = 20

const hubs = new HomeLocal<{ hub: Hub | undefined }>(() => ({ hub: undefined }))
scheduler.attend = getHub

/**
 * The hub of this thread, made at the first call. gevent: `gevent.get_hub()`.
 *
 * @example
 * ```ts
 * import { getHub } from "gevent-wasm"
 * console.log(getHub().loop.backend) // epoll
 * ```
 */
export function getHub(): Hub {
  const seat = hubs.get()
  if (seat.hub === undefined || seat.hub.destroyed) seat.hub = new Hub()
  return seat.hub
}

/**
 * The event loop and those who wait in it: where greenlets go on, where their errors are reported and where a program that
 * can never go on is told so. gevent: `gevent.hub.Hub`.
 */
export class Hub extends Strand {
  /** Errors that are not printed when a greenlet ends with them. gevent: `Hub.NOT_ERROR`. */
  static NOT_ERROR: ErrorClass[] = [GreenletExit, SystemExit]
  /** Errors that are thrown into MAIN. gevent: `Hub.SYSTEM_ERROR`. */
  static SYSTEM_ERROR: ErrorClass[] = [SystemExit]

  /** Makes the resolver that a hub has by default; the module `resolver` sets it. gevent: `Hub.resolver_class`. */
  static makeResolver: (() => Resolver) | null = null

  /** Makes what monitors a hub; the module `monitor` sets it. gevent: `Hub.periodic_monitoring_thread`. */
  static makeMonitor: ((hub: Hub, options: MonitorOptions) => PeriodicMonitorThread) | null = null

  /** Errors that are not printed; may be changed for this hub alone. */
  notError: ErrorClass[] = [...Hub.NOT_ERROR]
  /** Errors that are thrown into MAIN; may be changed for this hub alone. */
  systemError: ErrorClass[] = [...Hub.SYSTEM_ERROR]
  /** Where reports of errors go: a function of the text; null silences them. gevent: `Hub.exception_stream`. */
  exceptionStream: ((text: string) => void) | null = writeReport
  private readonly ownLoop: Loop
  private isDestroyed = false
  private ownResolver: Resolver | null = null
  private monitor: PeriodicMonitorThread | null = null
  private joiners: HubJoin[] = []
  private readonly offIdle: () => void

  constructor() {
    super()
    this.ownLoop = Loop.default()
    this.loop.errorHandler = { handleError: (context, error) => this.report(context, error) }
    this.loop.onQuiet = () => this.quiet()
    this.loop.invoke = (callback, args, context) => this.invoke(callback, args, context)
    this.offIdle = host.onIdle(() => this.idle())
  }

  /** The loop that greenlets run in. */
  override get loop(): Loop {
    return this.ownLoop
  }

  /** Whether `destroy` was called. */
  get destroyed(): boolean {
    return this.isDestroyed
  }

  /** The hub lives as long as it is not destroyed. */
  get dead(): boolean {
    return this.isDestroyed
  }

  /**
   * Who resolves names; made at the first use. Another one may be set, and null makes a new one at the next use: the one before is
   * not closed.
   *
   * @throws {TypeError} for what is no resolver; {Error} as long as the module `resolver` is not loaded; `gevent-wasm` and
   *   `gevent-wasm/socket` load it.
   */
  get resolver(): Resolver {
    if (this.ownResolver !== null) return this.ownResolver
    this.live()
    if (Hub.makeResolver === null) throw new Error('there is no resolver: import "gevent-wasm/resolver"')
    return (this.ownResolver = Hub.makeResolver())
  }

  set resolver(resolver: Resolver | null) {
    this.ownResolver = resolver === null ? null : checkResolver(resolver)
  }

  /** What monitors the hub since `startPeriodicMonitoringThread`, or null. gevent: `Hub.periodic_monitoring_thread`. */
  get periodicMonitoringThread(): PeriodicMonitorThread | null {
    return this.monitor
  }

  /**
   * Has the hub monitored: who blocks the loop is reported, see `PeriodicMonitor`. Whoever subscribes to
   * `PeriodicMonitorThreadStartedEvent` is told. A hub that is monitored already stays as it is.
   * gevent: `Hub.start_periodic_monitoring_thread()`.
   *
   * @throws {Error} as long as the module `monitor` is not loaded; `gevent-wasm` loads it.
   * @throws {TypeError} when an option is no number. @throws {RangeError} when it is not positive.
   * @example
   * ```ts
   * import { getHub } from "gevent-wasm"
   * getHub().startPeriodicMonitoringThread({ maxBlockingTime: 0.2 })
   * ```
   */
  startPeriodicMonitoringThread(options: MonitorOptions = {}): PeriodicMonitorThread {
    this.live()
    if (this.monitor !== null) return this.monitor
    if (Hub.makeMonitor === null) throw new Error('there is no monitor: import "gevent-wasm/monitor"')
    this.monitor = Hub.makeMonitor(this, options)
    notify(new PeriodicMonitorThreadStartedEvent(this.monitor))
    return this.monitor
  }

  /** The monitor has ended; it calls this itself. */
  monitorEnded(monitor: PeriodicMonitorThread): void {
    if (this.monitor === monitor) this.monitor = null
  }

  /**
   * Starts a watcher, waits until it fires, and stops it in any case. gevent: `Hub.wait(watcher)`.
   *
   * @returns The event bits.
   * @throws {TypeError} when the watcher is active already. @throws {SocketError} EBADF when its descriptor was closed.
   * @example
   * ```ts
   * import { getHub } from "gevent-wasm"
   * import { Timer } from "gevent-wasm/core"
   * const hub = getHub()
   * await hub.wait(new Timer(hub.loop, 0.01))
   * ```
   */
  wait(watcher: Watcher): Wait<number> {
    this.live()
    return new WatcherWait(watcher)
  }

  /**
   * Throws `error` into the greenlet that waits for the watcher, from the run queue. Nothing happens when nobody does.
   * gevent: `Hub.cancel_wait(watcher, error, close_watcher=False)`.
   */
  cancelWait(watcher: Watcher, error: Error): void {
    this.loop.runCallback(() => {
      const wait = watcher.args?.[0]
      if (watcher.active && wait instanceof WatcherWait) wait.interrupted(error)
    })
  }

  /**
   * Waits until nothing in the loop keeps it alive. Only MAIN may. gevent: `Hub.join(timeout=None)`.
   *
   * @returns Whether that was so; false when the timeout, in seconds, passed first.
   * @throws {Error} in a greenlet.
   */
  join(timeout: TimeoutArgument = null): Wait<boolean> {
    this.live()
    if (currentStrand() !== this.main) throw new Error("only possible from the MAIN greenlet")
    return new HubJoin(this.joiners, this.loop, timeout)
  }

  /**
   * Gets every error that nobody caught, once: prints it. May be replaced on the instance. Errors of the classes in `systemError` are
   * thrown into MAIN, and so is any error without a context. gevent: `Hub.handle_error(context, type, value, tb)`.
   */
  handleError(context: unknown, error: unknown): void {
    if (!this.notError.some((type) => error instanceof type)) this.printException(context, error)
    if (context === null || this.systemError.some((type) => error instanceof type)) this.handleSystemError(error)
  }

  /** Hands an error to `handleError`; one that is thrown there is printed, and takes nobody with it. */
  report(context: unknown, error: unknown): void {
    try {
      this.handleError(context, error)
    } catch (second) {
      writeReport(`${describeError(error)}\n\nhandleError failed: ${describeError(second)}\n`)
    }
  }

  /**
   * Deals with what a callback in the hub has returned: a generator or a wait runs to its end, and may not block; the error of
   * an async function is reported.
   */
  complete(result: unknown, context: unknown): void {
    if (typeof result !== "object" || result === null) return
    if (Symbol.iterator in result && isAwaitable(result)) runToEnd(result as Iterable<unknown>)
    else if (isIterator(result)) runToEnd({ [Symbol.iterator]: () => result })
    else if (isAwaitable(result)) result.then(undefined, (error: unknown) => this.report(context, error))
  }

  /** Throws an error into MAIN. gevent: `Hub.handle_system_error(type, value)`. */
  handleSystemError(error: unknown): void {
    this.loop.runCallback(() => this.main.interrupt({ error, kill: false, thrown: nothing }))
  }

  /** Writes an error's stack and where it comes from. gevent: `Hub.print_exception(context, type, value, tb)`. */
  printException(context: unknown, error: unknown): void {
    const name = error instanceof Error ? error.name : typeof error
    const where =
      context === null || context === undefined ? "" : `${this.formatContext(context)} failed with ${name}\n`
    this.exceptionStream?.(`${describeError(error)}\n${new Date().toISOString()} ${where}\n`)
  }

  /** How a context is named in reports. gevent: `Hub.format_context`. */
  formatContext(context: unknown): string {
    return typeof context === "function" ? `<function ${context.name || "(anonymous)"}>` : String(context)
  }

  /**
   * Ends the hub. Who waits in it gets HubDestroyed. The next `getHub()` makes a new one, on the same loop unless that is to be
   * destroyed too. gevent: `Hub.destroy(destroy_loop=None)`.
   */
  destroy(options: { destroyLoop?: boolean } = {}): void {
    if (this.isDestroyed) return
    this.isDestroyed = true
    this.monitor?.kill()
    this.offIdle()
    this.loop.errorHandler = this.loop.onQuiet = null
    // a list of its own: who gets the error may end and leave the list of the living
    for (const strand of [...blocked()]) {
      strand.interrupt({ error: new HubDestroyed("the hub was destroyed"), kill: false, thrown: nothing })
    }
    this.ownResolver?.close()
    this.ownResolver = null
    if (options.destroyLoop === true) this.loop.destroy()
  }

  interrupt(interrupt: Interrupt): void {
    this.report(this, interrupt.error)
  }

  resume(): void {
    throw new InvalidSwitchError("the hub does not wait")
  }

  refusal(): Error {
    return new BlockingSwitchOutError()
  }

  override toString(): string {
    return `<Hub ${getVersion()} ${this.loop.destroyed ? "destroyed" : this.loop.backend}>`
  }

  /** Calls a callback of the loop as the hub; whether there was no error. */
  private invoke(callback: (...args: never[]) => unknown, args: unknown[], context: unknown): boolean {
    const previous = scheduler.current
    switchTo(this)
    try {
      this.complete(callback(...(args as never[])), context)
      return true
    } catch (error) {
      this.report(context, error)
      return false
    } finally {
      switchTo(previous)
    }
  }

  private get main(): Main {
    return mainStrand(this.home)
  }

  /** @throws {HubDestroyed} when it is destroyed. */
  private live(): void {
    if (this.isDestroyed) throw new HubDestroyed("the hub was destroyed; getHub() gives the new one")
  }

  private quiet(): void {
    if (scheduler.foreign > 0) return
    for (const joiner of this.joiners.splice(0)) joiner.wake(true)
  }

  /** The host has nothing left that could wake anybody: whoever waits in MAIN would wait for ever. */
  private idle(): void {
    if (this.loop.alive) return
    const { main } = this
    if (main.awaiting === null || main.awaiting.size === 0) {
      endProgram(main)
      return
    }
    const list = [...blocked()].map((strand) => `  ${describeBlocked(strand)}`)
    if (list.length > BLOCKED_SHOWN) list.splice(BLOCKED_SHOWN, Infinity, `  … and ${list.length - BLOCKED_SHOWN} more`)
    const message = `This operation would block forever\n\t${this.toString()}\nBlocked:\n${list.join("\n")}`
    main.interrupt({ error: new LoopExit(message), kill: false, thrown: nothing })
    this.loop.touch() // the host looks again, for MAIN may wait again
  }
}

/** The program is over: what was to be thrown into MAIN, which waits for nothing any more, decides about its exit code. */
function endProgram(main: Main): void {
  for (let left = main.takeInterrupt(); left !== undefined; left = main.takeInterrupt()) {
    const { error } = left
    const code = error instanceof SystemExit ? error.code : 1
    if (typeof code === "string") writeReport(`${code}\n`)
    host.exitCode(typeof code === "number" ? code : 1)
  }
}

/** Waits for one event of a watcher. */
/** The wait of `Hub.wait`: until a watcher fires. gevent: `Hub.wait(watcher)`. */
export class WatcherWait extends Wait<number> {
  private readonly watcher: Watcher

  constructor(watcher: Watcher) {
    super()
    this.watcher = watcher
  }

  protected begin(): boolean {
    if (this.watcher.active) throw new TypeError(`${String(this.watcher)} is active already; wait for one that is not`)
    this.watcher.startWithEvents(onWatcher, this)
    return false
  }

  protected cancel(): void {
    this.watcher.stop()
  }

  /** Ends the wait with an error. */
  interrupted(error: unknown): void {
    this.watcher.stop()
    this.fail(error)
  }

  /** The watcher has fired. */
  fired(events: number): void {
    this.watcher.stop()
    if ((events & ERROR) !== 0) this.fail(new SocketError(E.BADF, "wait"))
    else this.wake(events)
  }

  override describe(): string {
    return String(this.watcher)
  }
}

function onWatcher(events: number, wait: WatcherWait): void {
  wait.fired(events)
}

class HubJoin extends Wait<boolean> {
  private readonly joiners: HubJoin[]
  private readonly loop: Loop

  constructor(joiners: HubJoin[], loop: Loop, timeout: TimeoutArgument) {
    super()
    this.joiners = joiners
    this.loop = loop
    // the join's own timer must not keep alive what it waits for the end of
    const limit = limitOf(timeout)
    this.limit = typeof timeout === "number" ? new Timeout(timeout, null, { ref: false }) : limit
  }

  protected begin(): boolean {
    this.joiners.push(this)
    this.loop.touch()
    return false
  }

  protected cancel(): void {
    const index = this.joiners.indexOf(this)
    if (index >= 0) void this.joiners.splice(index, 1)
  }

  protected override expired(): boolean {
    return false
  }
}

/** Everybody who waits. */
function* blocked(): Generator<Strand> {
  const main = mainStrand()
  if (main.awaiting !== null && main.awaiting.size > 0) yield main
  yield* scheduler.strands()
}

function describeBlocked(strand: Strand): string {
  const waits = strand.waiting === null ? [...(strand.awaiting ?? [])] : [strand.waiting]
  const what = waits.map((one) => one.describe()).join(", ")
  return `${String(strand)} in ${what === "" ? "code of its own" : what}`
}

function isIterator(value: object): value is Iterator<unknown> {
  return typeof (value as Iterator<unknown>).next === "function"
}

function isAwaitable(value: object): value is PromiseLike<unknown> {
  return typeof (value as PromiseLike<unknown>).then === "function"
}

/** A wait that blocks throws in the hub, so that this ends. */
function runToEnd(operation: Iterable<unknown>): void {
  const { done } = operation[Symbol.iterator]().next()
  if (done !== true) throw new TypeError("a callback of the loop yielded something; use yield*")
}

function nothing(): void {
  // an error that is thrown once needs no bookkeeping
}
