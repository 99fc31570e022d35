import type { Hub } from "../hub.ts"

/** How a hub is monitored. */
export interface MonitorOptions {
  /** How many seconds may pass without a switch; default 0.1. gevent: `config.max_blocking_time`. */
  maxBlockingTime?: number
  /** How many bytes of memory the process may have; default null, any. gevent: `config.max_memory_usage`. */
  maxMemoryUsage?: number | null
  /** How many seconds pass between two looks at the memory; default 5. gevent: `config.memory_monitor_period`. */
  memoryMonitorPeriod?: number
}

/** What monitors a hub. gevent: `gevent.events.IPeriodicMonitorThread`. */
export interface PeriodicMonitorThread {
  /** The hub. */
  readonly hub: Hub
  /** Has a function called with the hub every so many seconds; null takes it back. See `PeriodicMonitor`. */
  addMonitoringFunction(fn: (hub: Hub) => unknown, period: number | null): void
  /** The greenlet that runs now may block until it waits. */
  ignoreCurrentGreenletBlocking(): void
  /** Takes back `ignoreCurrentGreenletBlocking`. */
  monitorCurrentGreenletBlocking(): void
  /** Ends the monitoring. */
  kill(): void
}

/**
 * A hub is monitored from now on: the time to add functions of one's own. gevent: `gevent.events.PeriodicMonitorThreadStartedEvent`.
 *
 * @example
 * ```ts
 * import { PeriodicMonitorThreadStartedEvent, subscribe } from "gevent-wasm/events"
 * subscribe(PeriodicMonitorThreadStartedEvent, ({ monitor }) => {
 *   monitor.addMonitoringFunction((hub) => console.log(hub.loop.activecnt), 10)
 * })
 * ```
 */
export class PeriodicMonitorThreadStartedEvent {
  /** What was started. */
  readonly monitor: PeriodicMonitorThread

  constructor(monitor: PeriodicMonitorThread) {
    this.monitor = monitor
  }
}
