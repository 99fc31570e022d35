import { host } from "#host"
import type { Belongings } from "./belongings.ts"
import { HomeLocal } from "./core/homelocal.ts"
import { Loop } from "./core/loop.ts"
import type { Context, Home } from "./host/host.ts"
import type { Wait } from "./wait.ts"

/** Something to be thrown into a strand at the place where it waits. */
export interface Interrupt {
  /** What is thrown. */
  readonly error: unknown
  /** Whether it ends the strand: a generator then runs its `finally` blocks and no `catch`. */
  readonly kill: boolean
  /** Whether it is the limit of a wait, and does not concern what is awaited beside that. */
  readonly limitsWait?: boolean
  /** It is being thrown now, or never will be. */
  thrown(): void
}

/** Whoever can wait: a greenlet, MAIN (the code outside all greenlets) or the hub, which only may not. */
export abstract class Strand {
  /** Where its code runs: only there it may go on. */
  readonly home: Home
  /** What a generator waits for. */
  waiting: Wait<unknown> | null = null
  /** What MAIN or an async function waits for; it may be several things at once. */
  awaiting: Set<Wait<unknown>> | null = null
  /** What came while it could not be thrown; the next wait throws it. */
  interrupts: Interrupt[] | null = null

  /** What it has of its own, such as locals; null until it needs any. */
  belongings: Belongings | null = null

  /** The next in the list of living strands. */
  younger: Strand | null = null
  /** The one before it in the list of living strands. */
  older: Strand | null = null

  constructor(home: Home = host.home()) {
    this.home = home
  }

  /** Whether it has ended. */
  abstract readonly dead: boolean
  /** Throws into it, now if it waits, else at its next wait. Called from the run queue. */
  abstract interrupt(interrupt: Interrupt): void
  /** Its wait, in a generator, has ended: goes on. Called from the run queue. */
  abstract resume(wait: Wait<unknown>): void
  /** Why it may not wait now; undefined when it may. */
  abstract refusal(): Error | undefined

  /** What the console shows. */
  abstract toString(): string

  /** The loop that it runs in. */
  get loop(): Loop {
    return Loop.default(this.home)
  }

  /** Who gets the interrupts of what is awaited in its code: not a generator greenlet, which waits with `yield*`. */
  get awaiter(): Strand {
    return this
  }

  /** It awaits one thing more. */
  addAwaited(wait: Wait<unknown>): void {
    ;(this.awaiting ??= new Set()).add(wait)
  }

  /** It awaits one thing less. */
  removeAwaited(wait: Wait<unknown>): void {
    this.awaiting?.delete(wait)
  }

  /** An interrupt that has not been thrown is not to be thrown any more. */
  withdraw(interrupt: Interrupt): void {
    const index = this.interrupts?.indexOf(interrupt) ?? -1
    if (index < 0) return
    this.interrupts!.splice(index, 1)
    if (this.interrupts!.length === 0) this.interrupts = null
  }

  /** Keeps an interrupt for the next wait. */
  protected defer(interrupt: Interrupt): void {
    ;(this.interrupts ??= []).push(interrupt)
  }

  /** Drops the interrupts that were kept: there is no next wait. */
  protected dropInterrupts(): void {
    const { interrupts } = this
    this.interrupts = null
    if (interrupts !== null) for (const interrupt of interrupts) interrupt.thrown()
  }

  /** Takes the oldest interrupt that was kept. */
  takeInterrupt(): Interrupt | undefined {
    const interrupt = this.interrupts?.shift()
    interrupt?.thrown()
    if (this.interrupts?.length === 0) this.interrupts = null
    return interrupt
  }

  /** Throws into everything that is awaited, or that it limits; false when nothing is. */
  protected interruptAwaiting(interrupt: Interrupt): boolean {
    if (this.awaiting === null) return false
    let thrown = false
    const { error, limitsWait = false } = interrupt
    for (const wait of [...this.awaiting]) {
      if (limitsWait && !wait.isLimitedBy(interrupt)) continue
      // one that is settled already keeps its result: nothing that was handed over is lost
      thrown = wait.reject(error) || thrown
    }
    if (thrown) interrupt.thrown()
    return thrown
  }
}

Object.defineProperty(Strand.prototype, host.inspect, {
  value(this: Strand) {
    return this.toString()
  },
})

/** The code outside all greenlets. gevent: the main greenlet. */
export class Main extends Strand {
  readonly dead = false

  override addAwaited(wait: Wait<unknown>): void {
    super.addAwaited(wait)
    scheduler.attend()
  }

  interrupt(interrupt: Interrupt): void {
    if (!this.interruptAwaiting(interrupt)) this.defer(interrupt)
  }

  resume(): void {
    // MAIN awaits promises
  }

  refusal(): Error | undefined {
    return undefined
  }

  override toString(): string {
    return "<MAIN>"
  }
}

/** The code outside all greenlets, whichever home it runs in. On hosts with one home it is the one MAIN that there is. */
export const OUTSIDE: Main = new Main()

/** The strands of one home. */
class Strands {
  readonly main: Main
  /** How many are busy with what the loop does not see. */
  foreign = 0
  /** Both ends of the list of those that have started and not ended. */
  oldest: Strand | null = null
  youngest: Strand | null = null

  constructor(main: Main) {
    this.main = main
  }
}

const strands = new HomeLocal((home) => new Strands(home === OUTSIDE.home ? OUTSIDE : new Main(home)))

/** MAIN of a home; by default of the one that we are in. */
export function mainStrand(home?: Home): Main {
  return strands.get(home).main
}

/** Who runs now. */
export const scheduler: {
  /** The strand whose code is running; outside of the hub's turn a MAIN, also while an async function runs outside the hub's turn. */
  current: Strand
  /** Is told of each switch; null when nobody wants to know. See ts/trace.ts. */
  tracer: ((strand: Strand) => void) | null
  /** Which async greenlet the host is in; made with the first one. */
  context: Context<Strand> | null
  /** MAIN begins to wait: makes the hub, which finds out when nothing is left that could wake it. */
  attend: () => void
  /** How many of this home are busy with what the loop does not see: promises of others, async functions that run. */
  foreign: number
  /** The loop that greenlets run in, in this home. */
  readonly loop: Loop
  /** The strands of this home that have started and not ended, oldest first. */
  strands(): Iterable<Strand>
} = {
  current: OUTSIDE,
  tracer: null,
  context: null,
  attend: () => {},
  get foreign() {
    return strands.get().foreign
  },
  set foreign(count) {
    strands.get().foreign = count
  },
  get loop() {
    return Loop.default()
  },
  *strands() {
    for (let strand = strands.get().oldest; strand !== null; strand = strand.younger) yield strand
  },
}

/** A strand's code runs from now on. */
export function switchTo(strand: Strand): void {
  scheduler.current = strand
  if (scheduler.tracer !== null) scheduler.tracer(strand)
}

/** A strand has started. */
export function enlist(strand: Strand): void {
  const ends = strands.get(strand.home)
  strand.older = ends.youngest
  if (ends.youngest === null) ends.oldest = strand
  else ends.youngest.younger = strand
  ends.youngest = strand
}

/** A strand has ended. */
export function delist(strand: Strand): void {
  const ends = strands.get(strand.home)
  const { younger, older } = strand
  if (older === null) ends.oldest = younger
  else older.younger = younger
  if (younger === null) ends.youngest = older
  else younger.older = older
  strand.younger = strand.older = null
}

/** The strand whose code is running, async greenlets included. */
export function currentStrand(): Strand {
  return inContext(scheduler.current)
}

/** Tells the MAINs and async greenlets apart, which all run while `scheduler.current` is OUTSIDE: by the host's context that we are in. */
export function inContext(strand: Strand): Strand {
  if (strand !== OUTSIDE) return strand
  const found = scheduler.context?.get()
  return found === undefined || found.dead ? mainStrand() : found
}

/** The host's context, which tells async greenlets apart; made when the first one starts. */
export function asyncContext(): Context<Strand> {
  return (scheduler.context ??= host.createContext<Strand>())
}
