import fs from "node:fs"
import { isatty } from "node:tty"
import { ChunkQueue } from "../chunks.ts"
import { Descriptor, ERR, HUP, IN, OUT } from "../descriptor.ts"
import { E } from "../errno.ts"
import { errnoOfError } from "./errors.ts"
import { scratch } from "./scratch.ts"

const { O_RDONLY, O_WRONLY, O_RDWR, O_NONBLOCK, O_NOCTTY, O_APPEND } = fs.constants
const FLAGS: Readonly<Record<string, number>> = {
  r: O_RDONLY,
  "r+": O_RDWR,
  w: O_WRONLY,
  "w+": O_RDWR,
  a: O_WRONLY | O_APPEND,
  "a+": O_RDWR | O_APPEND,
}
// A pipe takes up to so many bytes whole or not at all; of more, Deno does not say how many it took when it is full.
const ATOMIC = 4096
/** Milliseconds between two looks, from the first to the last. */
const SHORTEST = 1
const LONGEST = 16

/**
 * A fifo or a terminal. Not every host can wait for one without a thread of its pool, which nothing could take back, so it is
 * looked at again and again, and less often the longer nothing happens, while somebody waits for it.
 */
export class Polled extends Descriptor {
  private readonly path: string | URL
  private readonly flags: number
  private fd = -1
  private closed = false
  private readonly inbox = new ChunkQueue()
  private error = 0
  // a fifo without a writer is at its end already: before the first byte that means that nobody has come yet
  private begun = false
  private ended = false
  private full = false
  private timer: ReturnType<typeof setTimeout> | null = null
  private pause = SHORTEST

  /** @throws the host's error when it cannot be opened. */
  constructor(path: string | URL, mode: string) {
    super()
    this.path = path
    this.flags = FLAGS[mode]! | O_NONBLOCK | O_NOCTTY
    this.open()
    this.begun = this.terminal
  }

  override get terminal(): boolean {
    return this.fd >= 0 && isatty(this.fd)
  }

  override readiness(): number {
    if (this.closed) return 0
    let bits = this.inbox.size > 0 || this.ended ? IN : 0
    if (this.fd >= 0 && !this.full && this.writes) bits |= OUT
    if (this.error !== 0) bits |= ERR | HUP | IN | OUT
    if (this.full || this.fd < 0 || (this.reads && (bits & IN) === 0)) this.look()
    return bits
  }

  override recv(into: Uint8Array): number {
    if (this.closed || !this.reads) return -E.BADF
    if (this.inbox.size === 0) this.fill()
    if (this.inbox.size > 0 || into.length === 0) return this.inbox.copyTo(into)
    if (this.error !== 0) return -this.takeError()
    if (!this.ended) return -E.AGAIN
    this.ended = false
    return 0
  }

  override send(from: Uint8Array): number {
    if (this.closed || !this.writes) return -E.BADF
    if (this.fd < 0) return this.error === 0 ? -E.AGAIN : -this.takeError()
    let done = 0
    try {
      while (done < from.length) done += fs.writeSync(this.fd, from, done, Math.min(from.length - done, ATOMIC), null)
    } catch (error) {
      const errno = errnoOfError(error)
      if (errno === E.AGAIN) this.full = true
      if (done === 0) return -errno
    }
    return done
  }

  override close(): void {
    if (this.closed) return
    this.closed = true
    if (this.timer !== null) clearTimeout(this.timer)
    this.inbox.clear()
    if (this.fd >= 0) fs.closeSync(this.fd)
  }

  private get reads(): boolean {
    return (this.flags & O_WRONLY) === 0
  }

  private get writes(): boolean {
    return (this.flags & (O_WRONLY | O_RDWR)) !== 0
  }

  /** Opens it; a fifo that has no reader yet cannot be opened for writing. */
  private open(): void {
    try {
      this.fd = fs.openSync(this.path, this.flags)
    } catch (error) {
      if (errnoOfError(error) !== E.NXIO) throw error
    }
  }

  private fill(): void {
    if (this.fd < 0 || !this.reads || this.ended || this.error !== 0) return
    try {
      const count = fs.readSync(this.fd, scratch, 0, scratch.length, null)
      if (count > 0) this.begun = true
      else this.ended = this.begun
      this.inbox.push(scratch.slice(0, count))
    } catch (error) {
      const errno = errnoOfError(error)
      if (errno !== E.AGAIN) this.error = errno
    }
  }

  /** Looks again in a while. */
  private look(): void {
    this.timer ??= setTimeout(() => this.looked(), this.pause)
    this.timer.unref?.()
  }

  private looked(): void {
    this.timer = null
    if (this.observers.length === 0) return
    try {
      if (this.fd < 0) this.open()
    } catch (error) {
      this.error = errnoOfError(error)
    }
    if (this.inbox.size === 0) this.fill()
    this.full = false
    const found = this.inbox.size > 0 || this.ended || this.error !== 0
    this.pause = found ? SHORTEST : Math.min(this.pause * 2, LONGEST)
    this.notify()
    // who waits is not told when nothing has risen, and would not ask again
    if (!this.closed) this.readiness()
  }

  private takeError(): number {
    const { error } = this
    this.error = 0
    return error
  }
}
