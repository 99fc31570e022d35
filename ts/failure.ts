import { Wait } from "./wait.ts"

/** A wait that fails at once. */
export class Failure<T> extends Wait<T> {
  private readonly reason: Error

  constructor(reason: Error) {
    super()
    this.reason = reason
  }

  protected begin(): boolean {
    throw this.reason
  }

  protected cancel(): void {
    // it never waits
  }
}
