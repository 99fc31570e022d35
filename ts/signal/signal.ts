import { Signal } from "../core/signal.ts"
import { need } from "../exceptions.ts"
import { Greenlet } from "../greenlet.ts"
import { getHub } from "../hub.ts"
import type { Op } from "../wait.ts"
import { NSIG, SIGCHLD } from "./numbers.ts"

/** The signal's default action: for most signals the end of the process. */
export const SIG_DFL = 0
/** The signal does nothing. */
export const SIG_IGN = 1

/**
 * What a signal calls, in a greenlet of its own, so it may wait. It gets the signal's number, and null where Python has the
 * frame that was interrupted.
 */
export type Handler = (signum: number, frame: null) => Op<unknown> | Promise<unknown> | void

/** What a signal does. */
export type SignalAction = Handler | typeof SIG_DFL | typeof SIG_IGN

interface Setting {
  readonly action: SignalAction
  readonly watcher: Signal
}

const settings = new Map<number, Setting>()

/**
 * Sets what a signal does from now on. A handler does not keep the process alive; its errors are printed.
 *
 * SIGCHLD tells of children that `subprocess` has started. Those that end in the same turn of the loop are told of once, so a
 * handler asks `waitpid(-1, WNOHANG)` until there is none; no child is lost to a `Popen` that waits for it too.
 *
 * gevent: `gevent.signal.signal(signalnum, handler)`.
 *
 * @returns What it did before.
 * @throws {TypeError} when `handler` is neither a function nor SIG_DFL nor SIG_IGN.
 * @throws {RangeError} unless 1 <= signum < NSIG, and for a signal that cannot be caught, such as SIGKILL.
 * @throws {NotSupportedError} EINVAL on a host without signals, unless it is SIGCHLD.
 * @example
 * ```ts
 * import { sleep } from "gevent-wasm"
 * import { SIG_DFL, SIGHUP, signal } from "gevent-wasm/signal"
 * signal(SIGHUP, function* () {
 *   yield* sleep(0.01)
 *   console.log("reloaded")
 * })
 * signal(SIGHUP, SIG_DFL)
 * ```
 */
export function signal(signum: number, handler: SignalAction): SignalAction {
  checkNumber(signum)
  if (typeof handler !== "function" && handler !== SIG_DFL && handler !== SIG_IGN) {
    throw new TypeError(`signal handler must be SIG_IGN, SIG_DFL or a function, not ${String(handler)}`)
  }
  if (signum !== SIGCHLD && handler !== SIG_DFL) need("signals", "signal")
  const before = settings.get(signum)
  if (handler === SIG_DFL) settings.delete(signum)
  else {
    const watcher = new Signal(getHub().loop, signum, { ref: false })
    watcher.start(handler === SIG_IGN ? ignore : () => new Greenlet(handler, signum, null).start())
    settings.set(signum, { action: handler, watcher })
  }
  // the new one is there already: in between the signal would have its default action
  before?.watcher.stop()
  return before?.action ?? SIG_DFL
}

/**
 * What a signal does, as `signal` has set it. gevent: `gevent.signal.getsignal(signalnum)`.
 *
 * @throws {RangeError} unless 1 <= signum < NSIG.
 * @example
 * ```ts
 * import { getsignal, SIG_DFL, SIGUSR1 } from "gevent-wasm/signal"
 * console.log(getsignal(SIGUSR1) === SIG_DFL) // true
 * ```
 */
export function getsignal(signum: number): SignalAction {
  checkNumber(signum)
  return settings.get(signum)?.action ?? SIG_DFL
}

function checkNumber(signum: number): void {
  if (!Number.isInteger(signum) || signum < 1 || signum >= NSIG) {
    throw new RangeError(`a signal number must be from 1 to ${NSIG - 1}, not ${String(signum)}`)
  }
}

function ignore(): void {
  // that it is caught is all
}
