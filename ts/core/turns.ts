import { host } from "#host"
import type { Home } from "../host/host.ts"
import { HomeLocal } from "./homelocal.ts"

/** Something with an event loop of its own: a `Loop`, a C program. */
export interface Turnable {
  /** One turn. Returns the milliseconds until it wants the next one: 0 = at once, Infinity = only when woken. */
  turn(): number
  /** Whether the process has to stay for it. */
  readonly alive: boolean
}

interface Seat {
  readonly turnable: Turnable
  woken: boolean
  deadline: number
}

/**
 * Shares the host's one wake-up per event-loop turn, and its one timer, among the loops and programs of a home. The wake-up
 * comes after the host has polled its sockets, so one turn sees all that became ready, as one epoll_wait does.
 */
export class Turns {
  private readonly home: Home
  private readonly seats = new Map<Turnable, Seat>()
  private pending = false
  private running = false
  private readonly errors: { cause: unknown }[] = []
  private readonly run = (): void => this.round()
  // not the turn itself: the host calls timers before it polls, and what has arrived by then comes first
  private readonly due = (): void => this.schedule()

  constructor(home: Home) {
    this.home = home
  }

  /** Gives a loop turns from now on, starting with the next wake-up. */
  add(turnable: Turnable): void {
    this.seats.set(turnable, { turnable, woken: false, deadline: Infinity })
    this.wake(turnable)
  }

  /** The loop gets no turn any more. */
  remove(turnable: Turnable): void {
    this.seats.delete(turnable)
    if (!this.running) this.schedule()
  }

  /** The loop gets a turn at the next wake-up. */
  wake(turnable: Turnable): void {
    const seat = this.seats.get(turnable)
    if (seat === undefined) return
    seat.woken = true
    this.schedule()
  }

  private schedule(): void {
    if (this.pending) return
    this.pending = true
    this.home.immediate(this.run)
  }

  private round(): void {
    this.pending = false
    this.running = true
    let now = host.monotonic()
    let next = Infinity
    let alive = false
    for (const seat of this.seats.values()) {
      if (seat.woken || seat.deadline <= now) {
        seat.woken = false
        const delay = this.turn(seat.turnable)
        now = host.monotonic()
        seat.deadline = now + delay
        if (delay <= 0) seat.woken = true
      }
      if (seat.woken) this.schedule()
      if (seat.deadline < next) next = seat.deadline
      alive ||= seat.turnable.alive
    }
    this.running = false
    this.home.arm(Math.max(0, next - now), this.due, alive)
    if (this.errors.length === 0) return
    const [error] = this.errors.splice(0)
    throw error!.cause
  }

  /** A loop that is lost must not cost the others their turns: its error is thrown when all had theirs. */
  private turn(turnable: Turnable): number {
    try {
      return turnable.turn()
    } catch (cause) {
      this.errors.push({ cause })
      return Infinity
    }
  }
}

/** The turns of each home. */
export const turns: HomeLocal<Turns> = new HomeLocal((home) => new Turns(home))
