import { TimeoutExpired } from "../exceptions.ts"
import { limitOf, type TimeoutArgument } from "../limit.ts"
import type { Linked } from "../linkable.ts"
import { scheduler } from "../strand.ts"
import { ListedWait } from "../waitlist.ts"
import type { Popen } from "./popen.ts"

/** Waits for the end of a process. */
export class ExitWait extends ListedWait<number> implements Linked {
  round = 0
  private readonly popen: Popen
  private readonly timeout: TimeoutArgument

  constructor(popen: Popen, timeout: TimeoutArgument) {
    super()
    this.popen = popen
    this.timeout = timeout
    this.limit = limitOf(timeout)
  }

  notify(): void {
    scheduler.loop.unhold()
    this.resumeWith(this.popen.returncode!)
  }

  protected begin(): boolean {
    const { popen } = this
    if (popen.returncode !== null) {
      this.value = popen.returncode
      return true
    }
    popen.addLink(this)
    // who waits keeps the program alive, whatever the process does
    scheduler.loop.hold()
    return false
  }

  protected cancel(): void {
    this.popen.removeLink(this)
    scheduler.loop.unhold()
  }

  protected override expired(limit: unknown): number {
    throw typeof this.timeout === "number" ? new TimeoutExpired(this.popen.args, this.timeout) : limit
  }

  override describe(): string {
    return `wait for ${String(this.popen)}`
  }
}
