import { Hub } from "./hub.ts"
import { PeriodicMonitor } from "./monitor/periodicmonitor.ts"

export type { MonitorOptions } from "./events/periodicmonitor.ts"
export { PeriodicMonitor } from "./monitor/periodicmonitor.ts"

Hub.makeMonitor = (hub, options) => new PeriodicMonitor(hub, options)
