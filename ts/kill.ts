import { GreenletExit } from "./exceptions.ts"
import type { Interrupt } from "./strand.ts"

/** What `kill` throws: an error, or a class of errors. */
export type KillError = Error | (new () => Error)

/** A killed or limited greenlet's interrupt. */
export class Kill implements Interrupt {
  readonly error: unknown
  readonly kill: boolean

  constructor(error: unknown) {
    this.error = error
    this.kill = error instanceof GreenletExit
  }

  thrown(): void {
    // it is thrown once and then forgotten
  }
}

/** The error that a kill throws. @throws {TypeError} when it is none. */
export function toError(exception: unknown): Error {
  if (exception instanceof Error) return exception
  if (typeof exception === "function" && exception.prototype instanceof Error) {
    return new (exception as new () => Error)()
  }
  throw new TypeError(`kill takes an Error or a class of errors, not ${String(exception)}`)
}
