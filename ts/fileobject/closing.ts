import type { Semaphore } from "../lock/semaphore.ts"
import { AGAIN, FileWait } from "./filewait.ts"
import type { Buffered } from "./buffered.ts"

/** Writes what waits to be written, and closes the file in any case: also when that fails, takes too long or is killed. */
export class Closing extends FileWait<void> {
  private readonly closefd: boolean
  private over = false

  constructor(buffered: Buffered, locks: readonly Semaphore[], closefd: boolean) {
    super(buffered.raw, "close", locks, () => (buffered.flush() ? undefined : AGAIN))
    this.closefd = closefd
  }

  protected override check(): void {
    // closed is what it is to be
  }

  /** There is nothing to wait for. */
  closeNow(): void {
    this.finish()
  }

  protected override finish(): void {
    super.finish()
    if (this.over) return
    this.over = true
    const { endpoint } = this.raw
    if (this.closefd) endpoint.close()
    else endpoint.release()
  }
}
