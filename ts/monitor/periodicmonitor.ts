import { host } from "#host"
import { writeReport } from "../core/report.ts"
import { Timer } from "../core/timer.ts"
import { EventLoopBlocked } from "../events/eventloopblocked.ts"
import type { MemoryUsageThresholdExceeded, MemoryUsageUnderThreshold } from "../events/memoryusage.ts"
import type { MonitorOptions, PeriodicMonitorThread } from "../events/periodicmonitor.ts"
import { notify } from "../events/subscribers.ts"
import type { Watchdog } from "../host/watchdog.ts"
import type { Hub } from "../hub.ts"
import { blockReport } from "../runinfo/blockreport.ts"
import { currentStrand, type Strand } from "../strand.ts"
import { SwitchTracer } from "../switchtracer.ts"
import { trace, untrace } from "../trace.ts"
import { MemoryMonitor } from "./memorymonitor.ts"

const MAX_BLOCKING_TIME = 0.1
const MEMORY_PERIOD = 5

type MonitoringFunction = (hub: Hub) => unknown

/**
 * Looks after a hub: reports who blocks its loop, and calls functions now and then. `hub.startPeriodicMonitoringThread()` makes it.
 *
 * A report goes to `hub.exceptionStream`, and to whoever subscribes to `EventLoopBlocked`. Where the host can interrupt a thread, which
 * is Node's main thread, it comes while the loop is blocked, with the stack; elsewhere when the loop goes on.
 *
 * gevent: `gevent._monitor.PeriodicMonitoringThread`.
 *
 * @example
 * ```ts
 * import { getHub, run, sleep } from "gevent-wasm"
 * const hub = getHub()
 * hub.exceptionStream = (report) => console.log(report) // … Greenlet <Greenlet "…"> appears to be blocked …
 * const monitor = hub.startPeriodicMonitoringThread()
 * await run(function* () {
 *   const end = Date.now() + 300
 *   while (Date.now() < end);
 *   yield* sleep(0.01)
 * })
 * monitor.kill()
 * ```
 */
export class PeriodicMonitor implements PeriodicMonitorThread {
  /** The hub that it looks after. */
  readonly hub: Hub
  /** How many seconds may pass without a switch. */
  readonly maxBlockingTime: number
  /** How many bytes of memory the process may have; null = any. */
  maxMemoryUsage: number | null
  private readonly timers = new Map<MonitoringFunction, Timer>()
  private readonly tracer: SwitchTracer
  private readonly watchdog: Watchdog | null
  private readonly memory = new MemoryMonitor()
  private isAlive = true
  private reported = false
  private readonly switched = (): void => this.sign()

  /**
   * @throws {TypeError} when an option is no number. @throws {RangeError} when it is not positive.
   */
  constructor(hub: Hub, options: MonitorOptions = {}) {
    const { maxBlockingTime = MAX_BLOCKING_TIME, maxMemoryUsage = null, memoryMonitorPeriod = MEMORY_PERIOD } = options
    checkPositive("maxBlockingTime", maxBlockingTime)
    checkPositive("memoryMonitorPeriod", memoryMonitorPeriod)
    if (maxMemoryUsage !== null) checkPositive("maxMemoryUsage", maxMemoryUsage)
    this.hub = hub
    this.maxBlockingTime = maxBlockingTime
    this.maxMemoryUsage = maxMemoryUsage
    const watchdog = host.watchdog({
      limit: maxBlockingTime,
      notice:
        hub.exceptionStream === writeReport
          ? `The thread of ${String(hub)} has not switched for ${maxBlockingTime} seconds\n`
          : "",
      interrupted: (stack) => this.interrupted(stack),
    })
    this.watchdog = typeof watchdog === "number" ? null : watchdog
    this.tracer = new SwitchTracer(hub, maxBlockingTime, false, (strand, seconds) => this.blocked(strand, seconds))
    trace(this.switched)
    if (this.canMonitorMemoryUsage()) this.addMonitoringFunction(() => this.monitorMemoryUsage(), memoryMonitorPeriod)
  }

  /**
   * Has a function called with the hub every so many seconds, as a callback of the loop: it must not wait. One that is called already
   * gets the new period, and null takes it back. gevent: `add_monitoring_function(function, period)`.
   *
   * @throws {TypeError} when `fn` is no function or `period` neither a number nor null. @throws {RangeError} when it is not positive.
   */
  addMonitoringFunction(fn: MonitoringFunction, period: number | null): void {
    if (typeof fn !== "function") throw new TypeError(`a monitoring function must be a function, not ${String(fn)}`)
    if (period !== null) checkPositive("period", period)
    this.timers.get(fn)?.close()
    this.timers.delete(fn)
    if (period === null || !this.isAlive) return
    const timer = new Timer(this.hub.loop, period, period, { ref: false })
    this.timers.set(fn, timer)
    timer.start(fn, this.hub)
  }

  /** The greenlet that runs now may block until it waits. gevent: `ignore_current_greenlet_blocking()`. */
  ignoreCurrentGreenletBlocking(): void {
    if (!this.isAlive) return
    this.tracer.ignore()
    if (this.watchdog !== null) this.watchdog.signs[1] = 1
  }

  /** Takes back `ignoreCurrentGreenletBlocking`: its time counts from now on. gevent: `monitor_current_greenlet_blocking()`. */
  monitorCurrentGreenletBlocking(): void {
    if (!this.isAlive) return
    this.tracer.restart()
    this.sign()
  }

  /** Whether the host tells how much memory the process has. gevent: `can_monitor_memory_usage()`. */
  canMonitorMemoryUsage(): boolean {
    return host.memoryUsage() !== null
  }

  /**
   * Compares the process's memory with `maxMemoryUsage` and publishes an event: when it is more than that and has grown since the look
   * before, and once when it is less again. It is called every `memoryMonitorPeriod` seconds. gevent: `monitor_memory_usage(hub)`.
   *
   * @returns The event; null when there was none.
   */
  monitorMemoryUsage(): MemoryUsageThresholdExceeded | MemoryUsageUnderThreshold | null {
    if (this.maxMemoryUsage === null) return null
    const event = this.memory.look(this.maxMemoryUsage)
    if (event !== null) notify(event)
    return event
  }

  /** Ends the monitoring. A second call does nothing. gevent: `kill()`. */
  kill(): void {
    if (!this.isAlive) return
    this.isAlive = false
    untrace(this.switched)
    this.tracer.close()
    this.watchdog?.close()
    for (const timer of this.timers.values()) timer.close()
    this.timers.clear()
    this.hub.monitorEnded(this)
  }

  /** The hub that it looks after. */
  toString(): string {
    return `<PeriodicMonitor for ${String(this.hub)}>`
  }

  /** Tells the watchdog that the thread goes on. */
  private sign(): void {
    this.reported = false
    if (this.watchdog === null) return
    this.watchdog.signs[0]!++
    this.watchdog.signs[1] = 0
  }

  /** The loop goes on. */
  private blocked(strand: Strand, seconds: number): void {
    if (!this.reported) this.report(strand, seconds, null)
  }

  /** The watchdog has found no sign of life: this comes in the midst of the code that blocks. */
  private interrupted(stack: string): void {
    if (!this.isAlive || this.reported) return
    this.reported = true
    this.report(currentStrand(), this.tracer.elapsed, stack)
  }

  private report(strand: Strand, seconds: number, stack: string | null): void {
    const lines = blockReport(strand, this, stack)
    try {
      this.hub.exceptionStream?.(`${lines.join("\n")}\n`)
      notify(new EventLoopBlocked(strand, seconds, lines))
    } catch (error) {
      this.hub.report(this, error)
    }
  }
}

function checkPositive(name: string, value: unknown): void {
  if (typeof value !== "number" || Number.isNaN(value))
    throw new TypeError(`${name} must be a number, not ${String(value)}`)
  if (value <= 0) throw new RangeError(`${name} must be positive: ${value}`)
}
