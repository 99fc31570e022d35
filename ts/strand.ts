import { host } from "#host"
import type { Belongings } from "./belongings.ts"
import { Loop } from "./core/loop.ts"
import type { Context } from "./host/host.ts"
import type { Wait } from "./wait.ts"

/** Something to be thrown into a strand at the place where it waits. */
export interface Interrupt {
  /** What is thrown. */
  readonly error: unknown
  /** Whether it ends the strand: a generator then runs its `finally` blocks and no `catch`. */
  readonly kill: boolean
  /** It is being thrown now, or never will be. */
  thrown(): void
}

/** Whoever can wait: a greenlet, MAIN (the code outside all greenlets) or the hub, which only may not. */
export abstract class Strand {
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

  /** Throws into everything that is awaited; false when nothing is. */
  protected interruptAwaiting(interrupt: Interrupt): boolean {
    if (this.awaiting === null) return false
    let thrown = false
    const { error } = interrupt
    // one that is settled already keeps its result: nothing that was handed over is lost
    for (const wait of [...this.awaiting]) thrown = wait.reject(error) || thrown
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

/** MAIN of this thread. */
export const MAIN: Main = new Main()

/** Who runs now. */
export const scheduler: {
  /** The strand whose code is running; MAIN also while an async function runs outside the hub's turn. */
  current: Strand
  /** Which async greenlet the host is in; made with the first one. */
  context: Context<Strand> | null
  /** MAIN begins to wait: makes the hub, which finds out when nothing is left that could wake it. */
  attend: () => void
  /** How many are busy with what the loop does not see: promises of others, async functions that run. */
  foreign: number
  /** The loop that greenlets run in. */
  readonly loop: Loop
  /** The strands that have started and not ended, oldest first. */
  strands(): Iterable<Strand>
} = {
  current: MAIN,
  context: null,
  attend: () => {},
  foreign: 0,
  get loop() {
    return Loop.default()
  },
  *strands() {
    for (let strand = ends.oldest; strand !== null; strand = strand.younger) yield strand
  },
}

/** Both ends of the list of living strands. */
const ends: { oldest: Strand | null; youngest: Strand | null } = { oldest: null, youngest: null }

/** A strand has started. */
export function enlist(strand: Strand): void {
  strand.older = ends.youngest
  if (ends.youngest === null) ends.oldest = strand
  else ends.youngest.younger = strand
  ends.youngest = strand
}

/** A strand has ended. */
export function delist(strand: Strand): void {
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

/** Tells MAIN and async greenlets apart, which all run while `scheduler.current` is MAIN: by the host's context that we are in. */
export function inContext(strand: Strand): Strand {
  const { context } = scheduler
  if (strand !== MAIN || context === null) return strand
  const found = context.get()
  return found === undefined || found.dead ? MAIN : found
}

/** The host's context, which tells async greenlets apart; made when the first one starts. */
export function asyncContext(): Context<Strand> {
  return (scheduler.context ??= host.createContext<Strand>())
}
