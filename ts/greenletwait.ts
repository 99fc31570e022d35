import type { Greenlet } from "./greenlet.ts"
import { limitOf, Timeout, type TimeoutArgument } from "./limit.ts"
import type { Link } from "./link.ts"
import { Wait } from "./wait.ts"

/** Waits for the end of a greenlet. */
export class GreenletJoin extends Wait<void> implements Link {
  private readonly greenlet: Greenlet<unknown>

  constructor(greenlet: Greenlet<unknown>, timeout: TimeoutArgument) {
    super()
    this.greenlet = greenlet
    this.limit = limitOf(timeout)
  }

  get target(): unknown {
    return this
  }

  notify(): void {
    this.wake(undefined)
  }

  protected begin(): boolean {
    if (this.greenlet.ready()) return true
    this.greenlet.addLink(this)
    return false
  }

  protected cancel(): void {
    this.greenlet.removeLink(this)
  }

  protected override expired(): void {}

  override describe(): string {
    return `join of ${String(this.greenlet)}`
  }
}

/** Waits for the result of a greenlet. */
export class GreenletGet<T> extends Wait<T> implements Link {
  private readonly greenlet: Greenlet<T>
  private readonly block: boolean

  constructor(greenlet: Greenlet<T>, block: boolean, timeout: TimeoutArgument) {
    super()
    this.greenlet = greenlet
    this.block = block
    this.limit = limitOf(timeout)
  }

  get target(): unknown {
    return this
  }

  notify(greenlet: Greenlet<unknown>): void {
    if (greenlet.successful()) this.wake(greenlet.value as T)
    else this.fail(greenlet.exception)
  }

  protected begin(): boolean {
    const { greenlet } = this
    if (!greenlet.ready()) {
      if (!this.block) throw new Timeout()
      greenlet.addLink(this)
      return false
    }
    if (!greenlet.successful()) throw greenlet.exception
    this.value = greenlet.value as T
    return true
  }

  protected cancel(): void {
    this.greenlet.removeLink(this)
  }

  override describe(): string {
    return `get of ${String(this.greenlet)}`
  }
}
