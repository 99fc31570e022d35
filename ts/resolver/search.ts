import { hubModule, type HubExports, type Searcher } from "../core/hubmodule.ts"
import { Wait } from "../wait.ts"
import type { Channel } from "./channel.ts"

let lastId = 0

/** Begins a search with a channel: what `resolver_cancel` takes, 0 when it is over already. */
export type Start = (exports: HubExports, channel: number, id: number) => number

/** Waits for c-ares. Who does not wait any more has its queries freed at once. */
export class Search<T> extends Wait<T> implements Searcher {
  private readonly channel: Channel
  private readonly start: Start
  private readonly finish: (status: number, answer: Uint8Array) => T
  private readonly what: string
  private id = 0
  private pointer = 0
  private beginning = false
  private thrown: unknown = undefined

  /** @param finish - Makes the value of c-ares' answer, or throws. */
  constructor(channel: Channel, what: string, start: Start, finish: (status: number, answer: Uint8Array) => T) {
    super()
    this.channel = channel
    this.what = what
    this.start = start
    this.finish = finish
  }

  protected begin(): boolean {
    const { channel } = this
    const pointer = channel.live()
    this.id = ++lastId
    hubModule().searches.set(this.id, this)
    this.beginning = true
    this.pointer = this.start(channel.exports, pointer, this.id)
    this.beginning = false
    if (this.pointer !== 0) {
      channel.loop.touch()
      return false
    }
    if (this.thrown !== undefined) throw this.thrown
    return true
  }

  protected cancel(): void {
    hubModule().searches.delete(this.id)
    // a channel that was closed has ended it
    if (this.channel.closed) return
    this.channel.exports.resolver_cancel(this.pointer)
    this.channel.loop.touch()
  }

  resolved(status: number, answer: Uint8Array): void {
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

  override describe(): string {
    return this.what
  }
}
