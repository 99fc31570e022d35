import { host } from "#host"
import { MemoryUsageThresholdExceeded, MemoryUsageUnderThreshold } from "../events/memoryusage.ts"

/** Compares the process's memory with what it may have. */
export class MemoryMonitor {
  /** How much it had at the last look when that was too much; else 0. */
  private exceeded = 0

  /** Looks at it: the event that is to be published, or null. */
  look(maxAllowed: number): MemoryUsageThresholdExceeded | MemoryUsageUnderThreshold | null {
    const info = host.memoryUsage()
    if (info === null) return null
    const before = this.exceeded
    this.exceeded = info.rss > maxAllowed ? info.rss : 0
    if (this.exceeded > 0)
      return info.rss > before ? new MemoryUsageThresholdExceeded(info.rss, maxAllowed, info) : null
    return before > 0 ? new MemoryUsageUnderThreshold(info.rss, maxAllowed, info, before) : null
  }
}
