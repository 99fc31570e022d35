import { hubModule, type HubModule, type Searcher } from "../core/hubmodule.ts"
import { Wait } from "../wait.ts"
import type { AresChannel } from "./channel.ts"

/** Waits for c-ares. Who does not wait any more has its queries freed at once. */
export abstract class Search<T> extends Wait<T> implements Searcher {
  private readonly channel: AresChannel
  private id = -1
  private pointer = 0
  private beginning = false
  private thrown: unknown = undefined

  constructor(channel: AresChannel) {
    super()
    this.channel = channel
  }

  /** Begins it with a channel of c-ares: what `resolver_cancel` takes, 0 when it is over already. */
  protected abstract start(module: HubModule, channel: number, id: number): number

  /** Makes the value of c-ares' answer, or throws. */
  protected abstract finish(status: number, answer: number): T

  protected begin(): boolean {
    const { channel } = this
    const pointer = channel.live()
    const module = hubModule()
    this.id = module.searches.add(this)
    this.beginning = true
    this.pointer = this.start(module, pointer, this.id)
    this.beginning = false
    if (this.pointer !== 0) {
      channel.loop.touch()
      return false
    }
    if (this.thrown !== undefined) throw this.thrown
    return true
  }

  protected cancel(): void {
    // a channel that was closed has ended it
    if (this.channel.closed) return
    const module = hubModule()
    module.searches.take(this.id)
    module.exports.resolver_cancel(this.pointer)
    this.channel.loop.touch()
  }

  resolved(status: number, answer: number): void {
    let value: T
    try {
      value = this.finish(status, answer)
    } catch (error) {
      if (this.beginning) this.thrown = error
      else this.fail(error)
      return
    }
    if (this.beginning) this.value = value
    else this.wake(value)
  }
}
