import type { Selectable } from "../select/select.ts"

/** `events` of a selector: there is something to read. */
export const EVENT_READ = 1
/** `events` of a selector: something can be written. */
export const EVENT_WRITE = 2

/** What a selector knows of a file. Python: `selectors.SelectorKey`. */
export interface SelectorKey<D = unknown> {
  /** What was registered. */
  readonly fileobj: Selectable
  /** Its number. */
  readonly fd: number
  /** EVENT_READ, EVENT_WRITE or both. */
  readonly events: number
  /** What was registered with it. */
  readonly data: D
}
