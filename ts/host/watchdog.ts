/** What a watchdog does. */
export interface WatchdogOptions {
  /** How many seconds may pass without a sign of life. */
  readonly limit: number
  /** What it writes to standard error when it cannot interrupt; empty: nothing. */
  readonly notice: string
  /**
   * Is called by the thread that is watched, in the midst of what it does, with the stack of that. It may use nothing but memory and
   * `Host.write`. Only where the host can interrupt a thread; once each time that no sign of life comes.
   */
  readonly interrupted: (stack: string) => void
}

/** Another thread that looks whether this one goes on. It does not keep the process alive. */
export interface Watchdog {
  /** Shared with it: a number that changes as a sign of life, and then whether it looks away (1) until that changes. */
  readonly signs: Int32Array
  /** It looks no more. */
  close(): void
}
