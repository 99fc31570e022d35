import type { Engine } from "./engine.ts"

/** Whom the bytes of an engine go to. */
export interface Ends {
  /** Sends sealed bytes, and calls `sent` when there may be more. */
  carry(bytes: Uint8Array, sent?: () => void): void
  /** Takes opened bytes. */
  received(bytes: Buffer): void
}

/** A way to an engine past the streams that would otherwise lie between. */
export interface SealedPort {
  /** Whether the engine begins in the next tick only. */
  readonly late: boolean
  /** Gives the engine sealed bytes that came in. */
  push(bytes: Uint8Array): void
  /**
   * Seals bytes, which are the caller's again when it returns; false when the engine takes no more. Where this is missing, the
   * engine's own `write` does it.
   */
  seal?(bytes: Uint8Array): boolean
  /** Nobody hears of a write any more. */
  close(): void
}

/** Finds the way to an engine; undefined when its host has none. */
export type OpenPort = (engine: Engine, ends: Ends) => SealedPort | undefined
