export { EventLoopBlocked } from "./events/eventloopblocked.ts"
export { MemoryUsageThresholdExceeded, MemoryUsageUnderThreshold, type MemoryInfo } from "./events/memoryusage.ts"
export {
  PeriodicMonitorThreadStartedEvent,
  type MonitorOptions,
  type PeriodicMonitorThread,
} from "./events/periodicmonitor.ts"
export { notify, subscribe, subscribers, type Subscriber } from "./events/subscribers.ts"
