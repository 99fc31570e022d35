import { host } from "#host"
import { Timer } from "./core/timer.ts"
import type { Hub } from "./hub.ts"
import { currentStrand, Main, scheduler, type Strand } from "./strand.ts"
import { trace, untrace } from "./trace.ts"

const TICKS = 4

/**
 * Measures for how long nobody switches. A timer has the hub run now and then, so that a thread that has nothing to do switches too,
 * and one that does not is blocked. gevent: `gevent._tracer`.
 */
export class SwitchTracer {
  /** Whose time it is; null when nobody is to be blamed. */
  active: Strand | null = currentStrand()
  private readonly hub: Hub
  private readonly limit: number
  private readonly hubOnly: boolean
  private readonly blocked: (strand: Strand, seconds: number) => void
  private readonly tick: number
  private readonly timer: Timer
  private since = host.monotonic()
  private switches = 0
  private readonly iteration: number
  private readonly switched = (strand: Strand): void => this.mark(strand)

  /**
   * @param limit - Seconds.
   * @param hubOnly - Whether only a switch to the hub counts.
   * @param blocked - Called at the switch that comes too late, with who ran until then, and for how many seconds.
   */
  constructor(hub: Hub, limit: number, hubOnly: boolean, blocked: (strand: Strand, seconds: number) => void) {
    this.hub = hub
    this.limit = limit
    this.hubOnly = hubOnly
    this.blocked = blocked
    this.iteration = hub.loop.iteration
    this.tick = limit / TICKS
    this.timer = new Timer(hub.loop, this.tick, this.tick, { ref: false })
    this.timer.start(nothing)
    trace(this.switched)
  }

  /** Whether anybody has switched; what MAIN and async functions await shows by the turns of the loop. */
  get hasSwitched(): boolean {
    return this.switches > 0 || this.hub.loop.iteration !== this.iteration
  }

  /** Seconds since the last switch. */
  get elapsed(): number {
    return (host.monotonic() - this.since) / 1000
  }

  /** Looks at a switch, or at the time that has passed without one. */
  mark(strand: Strand = scheduler.current): void {
    const { active } = this
    this.active = strand
    this.switches++
    if (this.hubOnly && strand !== this.hub) return
    const now = host.monotonic()
    const seconds = (now - this.since) / 1000
    this.since = now
    if (active === null || seconds <= this.limit) return
    // outside of the greenlets the thread may have had nothing to do until the timer was due
    const idle = this.hubOnly || active instanceof Main ? this.tick : 0
    if (seconds - idle > this.limit) this.blocked(active, seconds - idle)
  }

  /** The time until the next switch does not count. */
  ignore(): void {
    this.active = null
  }

  /** Whoever runs now is measured from now on. */
  restart(): void {
    this.active = scheduler.current
    this.since = host.monotonic()
  }

  /** Measures no more. */
  close(): void {
    untrace(this.switched)
    this.timer.close()
  }
}

function nothing(): void {
  // that the hub runs is what the timer is for
}
