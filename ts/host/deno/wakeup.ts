import { AsyncResource } from "node:async_hooks"
import { performance } from "node:perf_hooks"
import { DeadlineTimer } from "../node/timer.ts"

// Deno polls its I/O when it has nothing else to do, and at every 61st round if it has. So what wakes the loop may come
// without a look at the sockets before; where that matters, a timer makes Deno wait and look.

// Within this many rounds it has looked.
const ROUNDS = 64
// How long a stretch of busy rounds may keep sockets waiting, in milliseconds.
const LONGEST = 20
// By how many milliseconds a deadline is missed when other work and not a wait came before it. Data that has arrived by the
// deadline goes first.
const LATE = 3

class WatchedTimer extends DeadlineTimer {
  private firing = -Infinity

  /** By how much the deadline is missed. */
  get late(): number {
    return Math.max(this.firing, performance.now() - this.deadline)
  }

  protected override fire(late: number): void {
    this.firing = late
    super.fire(late)
    this.firing = -Infinity
  }
}

// What the loop runs belongs to nobody's asynchronous context, whoever woke it.
const root = new AsyncResource("gevent-wasm")
const timer = new WatchedTimer()
let running = false
let rounds = 0
let since = 0

/** See `Host.immediate`. */
export function immediate(fn: () => void): void {
  const run = (): void => root.runInAsyncScope(call, undefined, fn)
  const now = performance.now()
  if (!running || ++rounds >= ROUNDS) {
    rounds = 0
    since = now
  }
  if (timer.late < LATE && now - since < LONGEST) setImmediate(run)
  else {
    rounds = 0
    since = now
    // the first may be due before Deno gets to waiting for it
    setTimeout(() => setTimeout(run, 1), 1)
  }
}

/** See `Host.arm`. */
export function arm(ms: number, fn: () => void, ref: boolean): void {
  timer.arm(ms, fn, ref)
}

function call(fn: () => void): void {
  running = true
  try {
    fn()
  } finally {
    running = false
  }
}
