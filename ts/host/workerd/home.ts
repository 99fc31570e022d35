import { AsyncLocalStorage } from "node:async_hooks"
import type { Home } from "../host.ts"
import { DeadlineTimer } from "../web/timer.ts"

// How many homes are tried for being the one of the code that runs. A try that fails takes 30 µs.
const RECENT = 64
// A request that has ended takes its timers with it. A home whose heart has been found silent twice, so many milliseconds
// apart, is gone.
const HEARTBEAT = 1000
const SILENCE = 3000
// After so many turns without a pause the host gets to look at its sockets.
const STREAK = 20

// What the loop runs belongs to nobody's asynchronous context, whoever woke it.
const root = AsyncLocalStorage.snapshot()
const homes = new Set<RequestHome>()
/** The latest one first. */
const recent: RequestHome[] = []
let running: RequestHome | undefined

declare const WebSocketPair: new () => [{ readonly readyState: number }]

/**
 * The home of what one request does. workerd throws when a request touches what another one has made, forgets the timers of a
 * request that has ended, and takes a request that waits for others alone as hung. So each has timers of its own, and whoever
 * wakes it from elsewhere does so through a promise, whose continuation runs in the request that has made it.
 */
class RequestHome implements Home {
  readonly values: unknown[] = []
  private readonly mark = new WebSocketPair()[0]
  private readonly timer = new DeadlineTimer()
  private readonly endings: (() => void)[] = []
  private calls: (() => void)[] = []
  private wake: () => void = () => undefined
  private called = this.nextCall()
  private streak = 0
  private lively = false
  private heard = performance.now()
  private silentSince = 0

  constructor() {
    // it also tells workerd that the request waits for something
    setInterval(() => this.beat(), HEARTBEAT)
    void this.serve()
  }

  /** Whether the code that runs belongs to it. */
  get current(): boolean {
    try {
      return this.mark.readyState >= 0
    } catch {
      return false
    }
  }

  /** Whether nothing in it waits for anything. */
  get idle(): boolean {
    return !this.lively && this.calls.length === 0
  }

  /** Whether its request has ended without having ended everything in it, as far as one can tell. */
  gone(now: number): boolean {
    if (now - this.heard < SILENCE) return false
    // many may be silent because something has kept all of them waiting
    if (this.silentSince === 0) this.silentSince = now
    return now - this.silentSince >= SILENCE
  }

  immediate(fn: () => void): void {
    if (this.calls.push(fn) === 1) this.wake()
  }

  arm(ms: number, fn: () => void, ref: boolean): void {
    this.lively = ref
    this.timer.arm(ms, fn)
  }

  onEnd(fn: () => void): void {
    this.endings.push(fn)
  }

  /** Ends what is in it. */
  end(): void {
    homes.delete(this)
    const at = recent.indexOf(this)
    if (at >= 0) recent.splice(at, 1)
    for (const ending of this.endings.splice(0)) ending()
  }

  private async serve(): Promise<void> {
    let pause = false
    for (;;) {
      await this.called
      if (pause || ++this.streak >= STREAK) {
        this.streak = 0
        await new Promise<void>((resolve) => setImmediate(resolve))
      }
      this.called = this.nextCall()
      const calls = this.calls
      this.calls = []
      for (const fn of calls) this.call(fn)
      pause = this.calls.length > 0
    }
  }

  private call(fn: () => void): void {
    const previous = running
    // eslint-disable-next-line @typescript-eslint/no-this-alias -- the one whose code runs
    running = this
    try {
      root(fn)
    } catch (error) {
      queueMicrotask(() => {
        throw error
      })
    } finally {
      running = previous
    }
  }

  private nextCall(): Promise<void> {
    return new Promise((resolve) => (this.wake = resolve))
  }

  private beat(): void {
    this.heard = performance.now()
    this.silentSince = 0
  }
}

/** Code of a module that runs when the worker starts: there is no request. */
const outside: Home = {
  values: [],
  immediate: refuse,
  arm: refuse,
  onEnd() {
    // it has no end
  },
}

function refuse(): never {
  throw new Error("there is no request here: greenlets and timers are started in a handler of the worker")
}

/** The home of the code that runs. */
export function currentHome(): Home {
  if (running !== undefined) return running
  const at = recent.findIndex((home) => home.current)
  if (at < 0) return enter()
  const home = recent[at]!
  if (at > 0) {
    recent.splice(at, 1)
    recent.unshift(home)
  }
  return home
}

function enter(): Home {
  let home: RequestHome
  try {
    home = new RequestHome()
  } catch {
    return outside
  }
  const now = performance.now()
  for (const other of [...homes]) if (other.gone(now)) other.end()
  homes.add(home)
  if (recent.unshift(home) > RECENT) {
    const last = recent.pop()!
    if (last.idle) last.end()
  }
  return home
}
