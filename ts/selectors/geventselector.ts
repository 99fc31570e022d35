import { descriptors } from "../core/descriptors.ts"
import { filenoOf } from "../fileobject/source.ts"
import { ERR, HUP, IN, OUT, RDHUP } from "../host/descriptor.ts"
import type { TimeoutArgument } from "../limit.ts"
import { ReadinessWait } from "../select/readiness.ts"
import type { Selectable } from "../select/select.ts"
import type { Wait } from "../wait.ts"
import { EVENT_READ, EVENT_WRITE, type SelectorKey } from "./selectorkey.ts"

const READABLE = IN | RDHUP | HUP | ERR
const WRITABLE = OUT | HUP | ERR

type Ready<D> = [key: SelectorKey<D>, events: number]

class SelectorWait<D> extends ReadinessWait<Ready<D>[]> {
  private readonly keys: readonly SelectorKey<D>[]
  private readonly current: ReadonlyMap<number, SelectorKey<D>>

  constructor(current: ReadonlyMap<number, SelectorKey<D>>, timeout: TimeoutArgument) {
    super(timeout)
    this.current = current
    this.keys = [...current.values()]
  }

  protected fds(): number[] {
    return this.keys.map((key) => key.fd)
  }

  protected collect(): Ready<D>[] | null {
    const ready: Ready<D>[] = []
    for (const key of this.keys) {
      // one that was unregistered meanwhile, and a number that was closed, have no events
      if (this.current.get(key.fd) !== key) continue
      const sought = (key.events & EVENT_READ ? READABLE : 0) | (key.events & EVENT_WRITE ? WRITABLE : 0)
      const bits = descriptors.get(key.fd)?.readiness(sought) ?? 0
      const events = (bits & READABLE ? EVENT_READ : 0) | (bits & WRITABLE ? EVENT_WRITE : 0)
      if ((events & key.events) !== 0) ready.push([key, events & key.events])
    }
    return ready.length > 0 ? ready : null
  }

  protected nothing(): Ready<D>[] {
    return []
  }

  override describe(): string {
    return `select of ${this.keys.length} files`
  }
}

/**
 * Files that are waited for together, each with its events and something of the caller's. gevent:
 * `gevent.selectors.GeventSelector()`.
 *
 * @example
 * ```ts
 * import { run } from "gevent-wasm"
 * import { DefaultSelector, EVENT_READ } from "gevent-wasm/selectors"
 * import { createConnection } from "gevent-wasm/socket"
 * await run(function* () {
 *   using socket = yield* createConnection(["example.org", 80])
 *   using selector = new DefaultSelector<string>()
 *   selector.register(socket, EVENT_READ, "the first")
 *   for (const [key, events] of yield* selector.select(10)) console.log(key.data, events & EVENT_READ)
 * })
 * ```
 */
export class GeventSelector<D = unknown> implements Disposable {
  private readonly keys = new Map<number, SelectorKey<D>>()
  private isClosed = false

  /**
   * Adds a file.
   *
   * @param fileobj - A socket, a file or a number of the fd table.
   * @param events - EVENT_READ, EVENT_WRITE or both.
   * @param data - Comes back with the events.
   * @throws {TypeError} for what has no number; {RangeError} for a negative number, other events, and what is registered already.
   */
  register(fileobj: Selectable, events: number, data: D = null as D): SelectorKey<D> {
    this.checkOpen()
    if (!Number.isInteger(events) || events === 0 || (events & ~(EVENT_READ | EVENT_WRITE)) !== 0) {
      throw new RangeError(`invalid events: ${String(events)}`)
    }
    const fd = filenoOf(fileobj)
    if (fd < 0) throw new RangeError(`invalid file descriptor: ${fd}`)
    if (this.keys.has(fd)) throw new RangeError(`fd ${fd} is already registered`)
    const key: SelectorKey<D> = { fileobj, fd, events, data }
    this.keys.set(fd, key)
    return key
  }

  /** Takes a file out, which may be closed. @returns Its key. @throws {RangeError} when it is not in. */
  unregister(fileobj: Selectable): SelectorKey<D> {
    const key = this.getKey(fileobj)
    this.keys.delete(key.fd)
    return key
  }

  /**
   * Changes the events and the data of a file.
   *
   * @returns The new key.
   * @throws {RangeError} when it is not in, and for other events.
   */
  modify(fileobj: Selectable, events: number, data: D = null as D): SelectorKey<D> {
    const old = this.unregister(fileobj)
    try {
      return this.register(old.fileobj, events, data)
    } catch (error) {
      this.keys.set(old.fd, old)
      throw error
    }
  }

  /**
   * Waits until one of the files is ready. A file that is closed meanwhile has no events.
   *
   * @param timeout - Seconds, or a Timeout; 0 or less looks without waiting, null is any time.
   * @returns The keys of those that are ready, and their events; none when the time has passed.
   * @throws {TypeError} for another type of timeout.
   */
  select(timeout: TimeoutArgument = null): Wait<Ready<D>[]> {
    this.checkOpen()
    return new SelectorWait(this.keys, typeof timeout === "number" && timeout < 0 ? 0 : timeout)
  }

  /** The keys by what was registered; null once it is closed. gevent: `get_map()`. */
  getMap(): ReadonlyMap<Selectable, SelectorKey<D>> | null {
    return this.isClosed ? null : new Map([...this.keys.values()].map((key) => [key.fileobj, key]))
  }

  /** The key of a file, which may be closed. gevent: `get_key(fileobj)`. @throws {RangeError} when it is not in. {Error} once it is closed. */
  getKey(fileobj: Selectable): SelectorKey<D> {
    this.checkOpen()
    for (const key of this.keys.values()) if (key.fileobj === fileobj) return key
    const key = this.keys.get(filenoOf(fileobj))
    if (key === undefined) throw new RangeError(`${String(fileobj)} is not registered`)
    return key
  }

  /** Takes all files out; it cannot be used any more. They stay open. */
  close(): void {
    this.keys.clear()
    this.isClosed = true
  }

  /** `using` closes it. */
  [Symbol.dispose](): void {
    this.close()
  }

  private checkOpen(): void {
    if (this.isClosed) throw new Error("the selector is closed")
  }
}
