import { scheduler } from "../strand.ts"
import { Wait } from "../wait.ts"

/** Waits for a promise of the host's. Who does not wait any more aborts its signal. */
export class Foreign<T> extends Wait<T> {
  private readonly start: (signal: AbortSignal) => Promise<T>
  private readonly what: string
  private controller: AbortController | null = null

  constructor(what: string, start: (signal: AbortSignal) => Promise<T>) {
    super()
    this.what = what
    this.start = start
  }

  protected begin(): boolean {
    const controller = (this.controller = new AbortController())
    scheduler.foreign++
    this.start(controller.signal).then(
      (value) => void (this.end() && this.wake(value)),
      (error: unknown) => void (this.end() && this.fail(error)),
    )
    return false
  }

  protected cancel(): void {
    const { controller } = this
    this.end()
    controller?.abort()
  }

  override describe(): string {
    return this.what
  }

  private end(): boolean {
    if (this.controller === null) return false
    this.controller = null
    scheduler.foreign--
    scheduler.loop.touch()
    return true
  }
}
