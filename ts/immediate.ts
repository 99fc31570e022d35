import { Wait } from "./wait.ts"

/** A wait for what is there already. */
export class Immediate<T> extends Wait<T> {
  constructor(value: T) {
    super()
    this.value = value
  }

  protected begin(): boolean {
    return true
  }

  protected cancel(): void {
    // it never waits
  }
}
