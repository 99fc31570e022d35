/** An entry of a run queue. */
export interface Runnable {
  run(): void
}

const INITIAL_CAPACITY = 256
const CHECK_CLOCK_EVERY = 50
// Some hosts stop their clock while code runs. So many readings without a change end the slice too.
const STANDSTILL = 200

/** What is ready to run, first in first out: greenlets that are to be resumed and callbacks stand in one line. */
export class RunQueue {
  /** Set while somebody is going to drain the queue without being woken. */
  awake = false
  private readonly wake: () => void
  private ring: (Runnable | undefined)[] = new Array<Runnable | undefined>(INITIAL_CAPACITY).fill(undefined)
  private head = 0
  private tail = 0

  /** @param wake - Called when an entry comes and `awake` is not set. */
  constructor(wake: () => void) {
    this.wake = wake
  }

  get length(): number {
    return this.tail - this.head
  }

  push(entry: Runnable): void {
    if (this.tail - this.head === this.ring.length) this.grow()
    this.ring[this.tail++ & (this.ring.length - 1)] = entry
    if (!this.awake) this.wake()
  }

  /**
   * Runs what is queued and what comes meanwhile, until the queue is empty, the slice has passed or the clock stands still.
   *
   * @param clock - The time in milliseconds; asked now and then.
   * @param slice - Milliseconds to run for.
   */
  drain(clock: () => number, slice: number): void {
    let left = CHECK_CLOCK_EVERY
    let until = 0
    let last = -1
    let standstill = 0
    while (this.head !== this.tail) {
      const slot = this.head++ & (this.ring.length - 1)
      const entry = this.ring[slot]!
      this.ring[slot] = undefined
      entry.run()
      if (--left === 0) {
        left = CHECK_CLOCK_EVERY
        const now = clock()
        if (until === 0) until = now + slice
        else if (now >= until) return
        if (now !== last) standstill = 0
        else if (++standstill === STANDSTILL) return
        last = now
      }
    }
    this.head = this.tail = 0 // positions start over, so that they stay small integers for ever
  }

  private grow(): void {
    const mask = this.ring.length - 1
    const ring = new Array<Runnable | undefined>(this.ring.length * 2).fill(undefined)
    const length = this.length
    for (let i = 0; i < length; i++) ring[i] = this.ring[(this.head + i) & mask]
    this.ring = ring
    this.head = 0
    this.tail = length
  }
}
