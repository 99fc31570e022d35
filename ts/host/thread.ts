/** What may be handed over with a message instead of being copied: buffers, ports, streams. */
export type Transferred = object

/**
 * The end of a thread's messages that is in the thread.
 *
 * @example
 * ```ts
 * host.thread((port) => port.listen((message) => port.post(message, [])), events)
 * ```
 */
export interface ThreadPort {
  /** Sends a message to whoever started the thread. Throws the host's error when it cannot be copied. */
  post(message: unknown, transfer: readonly Transferred[]): void
  /** The next message that has come, in an array of its own; null when none has. */
  take(): readonly [message: unknown] | null
  /** Blocks the thread until a message comes, `ms` milliseconds at most. Nothing happens where a thread cannot be blocked. */
  block(ms: number): void
  /** Calls `fn` with each message that nobody takes. */
  listen(fn: (message: unknown) => void): void
}

/** What a thread tells whoever started it. */
export interface ThreadEvents {
  /** It has sent a message. */
  message(message: unknown): void
  /** An error that nobody caught ends it. */
  error(error: unknown): void
  /** It has ended, with the code that it gave to `process.exit`. Called once, and last. */
  exit(code: number): void
}

/**
 * A thread as whoever started it sees it.
 *
 * @example
 * ```ts
 * const thread = host.thread(main, events)
 * if (typeof thread !== "number") thread.post("work", [])
 * ```
 */
export interface Thread {
  /** Sends a message. Throws the host's error when it cannot be copied. */
  post(message: unknown, transfer: readonly Transferred[]): void
  /** Whether the process lives on for it. At first it does not. */
  keepAlive(on: boolean): void
  /** Ends it, whatever it does. */
  terminate(): void
}
