import type { Linked } from "../linkable.ts"
import type { Strand } from "../strand.ts"

/** What can be acquired: a semaphore, an RLock. */
export interface Lockable {
  /** Acquires it for a strand if that is possible now; whether it was. */
  take(strand: Strand): boolean
  release(): unknown
  /** Somebody waits for it. */
  addLink(link: Linked): void
  /** Somebody does not wait any more. */
  removeLink(link: Linked): void
  toString(): string
}
