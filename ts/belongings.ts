import type { Scope } from "./contextvars/scope.ts"
import type { Interrupt, Strand } from "./strand.ts"

/** What a strand has of its own. Few have any, so that it is made when it is needed first. */
export class Belongings {
  /** The value of each local; a local that nobody has any more does not stay for it. */
  locals: WeakMap<object, unknown> | null = null
  /** The values of the context variables. */
  scope: Scope | null = null
  /** What it was killed with. */
  kill: Interrupt | null = null
  /** What aborts when it is killed. */
  controller: AbortController | null = null

  /** The greenlet has ended: its values are let go of. Its signal stays as it is. */
  drop(): void {
    this.locals = null
    this.scope = null
  }
}

/** What a strand has of its own. */
export function belongingsOf(strand: Strand): Belongings {
  return (strand.belongings ??= new Belongings())
}
