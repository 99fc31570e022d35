import { ERR, type Descriptor, type Observer } from "../host/descriptor.ts"
import { E } from "../host/errno.ts"
import { descriptors } from "./descriptors.ts"
import { Loop } from "./loop.ts"

const CHUNK = 65536

/**
 * Carries all bytes from one descriptor to another as they come, no faster than the other takes them. It holds both under numbers of
 * its own and closes those when it ends: at the end of the stream, when nobody reads any more, or with `stop`. The process stays
 * alive for it.
 */
export class Pump implements Observer {
  private readonly loop = Loop.default()
  private readonly from: number
  private readonly to: number
  private readonly finishes: boolean
  // what the other end has not taken yet
  private rest: Uint8Array | null = null
  private moving = false
  private ended = false

  private constructor(from: number, to: number, finishes: boolean) {
    this.from = from
    this.to = to
    this.finishes = finishes
  }

  /**
   * Starts to carry bytes. -E.MFILE when the fd table is full.
   *
   * @param finishes - Whether the end of the one is to be that of the other, also while others hold that.
   */
  static start(from: Descriptor, to: Descriptor, finishes = false): Pump | number {
    const source = descriptors.install(from)
    if (source < 0) return source
    const target = descriptors.install(to)
    if (target < 0) {
      descriptors.close(source)
      return target
    }
    const pump = new Pump(source, target, finishes)
    pump.loop.hold()
    from.observers.push(pump)
    to.observers.push(pump)
    pump.ready()
    return pump
  }

  ready(): void {
    if (this.moving || this.ended) return
    this.moving = true
    if (this.move(descriptors.get(this.from)!, descriptors.get(this.to)!)) this.moving = false
    // not now: those who observe are being told, and who leaves would have the next one skipped
    else queueMicrotask(() => this.stop())
  }

  closed(): void {
    // nobody else closes its numbers
  }

  /** Carries no more. A second call does nothing. */
  stop(): void {
    if (this.ended) return
    this.ended = true
    this.rest = null
    for (const fd of [this.from, this.to]) {
      const { observers } = descriptors.get(fd)!
      observers.splice(observers.indexOf(this), 1)
      descriptors.close(fd)
    }
    if (!this.loop.destroyed) this.loop.unhold()
  }

  /** Moves what there is and what there is room for: whether more may come. */
  private move(from: Descriptor, to: Descriptor): boolean {
    for (;;) {
      if (this.rest === null) {
        const chunk = from.take(CHUNK)
        if (typeof chunk === "number") {
          if (chunk !== -E.AGAIN) return false
          // some descriptors look only when they are asked; and maybe nobody reads any more
          from.readiness()
          return (to.readiness() & ERR) === 0
        }
        if (chunk.length === 0) {
          if (this.finishes) to.shutdown(1)
          return false
        }
        this.rest = chunk
      }
      const count = to.send(this.rest)
      if (count < 0) return count === -E.AGAIN
      this.rest = count === this.rest.length ? null : this.rest.subarray(count)
    }
  }
}
