import type { Event } from "../event/event.ts"
import { EventWait } from "../event/eventwait.ts"
import { Greenlet } from "../greenlet.ts"
import type { TimeoutArgument } from "../limit.ts"
import type { RawGreenlet } from "../rawgreenlet.ts"

/** Waits until a group is empty, and looks whether some greenlets have failed. */
export class Join extends EventWait {
  private readonly checked: readonly RawGreenlet[]

  constructor(vacant: Event, checked: readonly RawGreenlet[], timeout: TimeoutArgument) {
    super(vacant, timeout)
    this.checked = checked
  }

  override notify(): void {
    const failed = this.failedOne
    if (failed === undefined) super.notify()
    else this.resumeWithError(failed.exception)
  }

  protected override begin(): boolean {
    const over = super.begin()
    if (over) this.check()
    return over
  }

  protected override expired(): boolean {
    this.check()
    return false
  }

  private check(): void {
    const failed = this.failedOne
    if (failed !== undefined) throw failed.exception
  }

  private get failedOne(): Greenlet | undefined {
    return this.checked.find((greenlet): greenlet is Greenlet => greenlet instanceof Greenlet && isFailed(greenlet))
  }
}

/** Waits until a group that is being ended is empty. */
export class KillWait extends EventWait {
  private readonly kills: Set<Error>
  private readonly exception: Error

  constructor(vacant: Event, kills: Set<Error>, error: Error, timeout: TimeoutArgument) {
    super(vacant, timeout)
    this.kills = kills
    this.exception = error
  }

  override notify(): void {
    this.kills.delete(this.exception)
    this.resumeWith(undefined as never)
  }

  protected override begin(): boolean {
    const over = super.begin()
    this.value = undefined as never
    if (!over) this.kills.add(this.exception)
    return over
  }

  protected override expired(): never {
    return undefined as never
  }

  protected override cancel(): void {
    this.kills.delete(this.exception)
    super.cancel()
  }
}

function isFailed(greenlet: Greenlet): boolean {
  return greenlet.dead && !greenlet.successful()
}
