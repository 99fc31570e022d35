import { Wait } from "./wait.ts"

/** Waits until a condition holds. Who makes it hold calls `notify`, which wakes all who wait on the same list. */
export class Until extends Wait<void> {
  private readonly list: Set<Until>
  private readonly holds: () => boolean
  private readonly text: string

  constructor(list: Set<Until>, holds: () => boolean, text: string) {
    super()
    this.list = list
    this.holds = holds
    this.text = text
  }

  protected begin(): boolean {
    if (this.holds()) return true
    this.list.add(this)
    return false
  }

  protected cancel(): void {
    this.list.delete(this)
  }

  override describe(): string {
    return this.text
  }

  static notify(list: Set<Until>): void {
    for (const one of list) one.wake(undefined)
    list.clear()
  }
}
