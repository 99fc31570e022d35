import fs, { type Stats } from "node:fs"
import { isatty } from "node:tty"
import { Descriptor, IN, OUT } from "../descriptor.ts"
import { E } from "../errno.ts"
import type { FileMode } from "../host.ts"
import { errnoOfError } from "./errors.ts"
import { Polled } from "./polled.ts"

/** How many bytes a call writes at most. */
const LARGEST_WRITE = 1 << 20
const NEW_FILE = 0o666
const empty = new Uint8Array(0)

const FLAGS: Readonly<Record<FileMode, string>> = {
  r: "r",
  "r+": "r+",
  w: "w",
  "w+": "w+",
  x: "wx",
  "x+": "wx+",
  a: "a",
  "a+": "a+",
}

/** `Host.open`. What exists is looked at first, since opening a fifo waits for its other end. */
export function openFile(path: string | URL, mode: FileMode, blocking: boolean): Descriptor | number {
  let fd: number | undefined
  try {
    if (!blocking && !mode.startsWith("x")) {
      if (fs.statSync(path, { throwIfNoEntry: false })?.isFIFO() === true) return new Polled(path, mode)
    }
    fd = fs.openSync(path, FLAGS[mode], NEW_FILE)
    const stat = fs.fstatSync(fd)
    if (!blocking && stat.isCharacterDevice() && isatty(fd)) {
      fs.closeSync(fd)
      return new Polled(path, mode)
    }
    if (stat.isDirectory()) {
      fs.closeSync(fd)
      return -E.ISDIR
    }
    const file = blocking ? new BlockingFile(fd, stat, mode) : new File(fd, stat, mode)
    if (mode.startsWith("a")) file.seek(0, 2)
    return file
  } catch (error) {
    if (fd !== undefined) fs.closeSync(fd)
    return -errnoOfError(error)
  }
}

/** A file that is open in the system. The position is its own: every call says where it reads or writes. */
abstract class HostFile extends Descriptor {
  protected readonly fd: number
  protected position = 0
  protected open = true
  /** Whether it has positions. */
  protected readonly regular: boolean
  protected readonly readable: boolean
  protected readonly writable: boolean
  private readonly appending: boolean
  // a child has it too, so the system's position counts, which moves for both
  private shared = false

  constructor(fd: number, stat: Stats, mode: FileMode) {
    super()
    this.fd = fd
    this.regular = stat.isFile() || stat.isBlockDevice()
    this.readable = mode === "r" || mode.endsWith("+")
    this.writable = mode !== "r"
    this.appending = mode.startsWith("a")
  }

  override get terminal(): boolean {
    return this.open && isatty(this.fd)
  }

  override seek(offset: number, whence: 0 | 1 | 2): number {
    if (!this.open) return -E.BADF
    if (!this.regular) return -E.SPIPE
    let start = whence === 1 ? this.position : 0
    if (whence === 2) {
      try {
        start = fs.fstatSync(this.fd).size
      } catch (error) {
        return -errnoOfError(error)
      }
    }
    const target = start + offset
    if (target < 0) return -E.INVAL
    if (target !== this.position) this.moved()
    this.shared = false
    return (this.position = target)
  }

  override inherit(): number {
    if (!this.open) return -E.BADF
    // the system's position is still at the start
    if (this.regular && this.position !== 0 && !this.appending && !this.shared) return -1
    this.shared = true
    return this.fd
  }

  /** Where the next call reads; null where the system knows. */
  protected get readingAt(): number | null {
    return this.regular && !this.shared ? this.position : null
  }

  /** Where the next call writes; null where the system knows. */
  protected get writingAt(): number | null {
    return this.regular && !this.appending && !this.shared ? this.position : null
  }

  /** The position has changed. */
  protected moved(): void {
    // a blocking file keeps nothing
  }
}

/** A file whose calls run in the host's thread pool, one at a time. */
class File extends HostFile {
  // what was read and not taken yet begins at the position
  private arrived: Uint8Array = empty
  private ended = false
  private busy = false
  private error = 0
  // a read that began before the position changed is not wanted any more
  private moves = 0

  override readiness(): number {
    return this.busy ? 0 : IN | OUT
  }

  override recv(into: Uint8Array): number {
    const { arrived } = this
    if (!this.readable) return -E.BADF
    if (arrived.length === 0 || !this.open) return this.read(into.length)
    const count = Math.min(arrived.length, into.length)
    into.set(arrived.subarray(0, count))
    this.arrived = arrived.subarray(count)
    this.position += count
    return count
  }

  override take(max: number): Uint8Array | number {
    const { arrived } = this
    if (arrived.length > max || !this.readable) return super.take(max)
    if (arrived.length === 0 || !this.open) {
      const result = this.read(max)
      return result < 0 ? result : empty
    }
    this.arrived = empty
    this.position += arrived.length
    return arrived
  }

  override send(from: Uint8Array): number {
    if (!this.writable) return -E.BADF
    const refusal = this.refusal()
    if (refusal < 0 || from.length === 0) return refusal
    this.moved()
    const bytes = from.slice(0, LARGEST_WRITE)
    this.busy = true
    this.write(bytes, this.writingAt)
    this.position += bytes.length
    return bytes.length
  }

  override truncate(size: number): number {
    const refusal = this.refusal()
    if (refusal < 0) return refusal
    this.moved()
    this.busy = true
    fs.ftruncate(this.fd, size, (error) => this.done(error))
    return 0
  }

  override sync(): number {
    const refusal = this.refusal()
    if (refusal < 0) return refusal
    this.busy = true
    fs.fsync(this.fd, (error) => this.done(error))
    return 0
  }

  override flush(): number {
    return this.refusal()
  }

  override close(): void {
    if (!this.open) return
    this.open = false
    this.arrived = empty
    if (!this.busy) this.release()
  }

  protected override moved(): void {
    if (!this.regular) return
    this.arrived = empty
    this.ended = false
    this.moves++
  }

  /** Why a call cannot begin: 0 when it can. */
  private refusal(): number {
    if (!this.open) return -E.BADF
    if (this.busy) return -E.AGAIN
    const { error } = this
    this.error = 0
    return -error
  }

  private read(max: number): number {
    const refusal = this.refusal()
    if (refusal < 0 || max === 0) return refusal
    if (this.ended) {
      this.ended = false
      return 0
    }
    const { moves } = this
    const buffer = new Uint8Array(max)
    this.busy = true
    fs.read(this.fd, buffer, 0, max, this.readingAt, (error, count) => {
      if (error === null && moves === this.moves) {
        this.arrived = buffer.subarray(0, count)
        this.ended = count === 0
      }
      this.done(moves === this.moves ? error : null)
    })
    return -E.AGAIN
  }

  private write(bytes: Uint8Array, position: number | null): void {
    fs.write(this.fd, bytes, 0, bytes.length, position, (error, count) => {
      if (error !== null || count === bytes.length) this.done(error)
      else this.write(bytes.subarray(count), position === null ? null : position + count)
    })
  }

  private done(error: Error | null): void {
    this.busy = false
    if (error !== null) this.error = errnoOfError(error)
    if (this.open) this.notify()
    else this.release()
  }

  private release(): void {
    fs.close(this.fd, ignore)
  }
}

/** A file whose calls block the thread. */
class BlockingFile extends HostFile {
  override readiness(): number {
    return IN | OUT
  }

  override recv(into: Uint8Array): number {
    const { length } = into
    if (!this.readable) return -E.BADF
    return this.call(() => (length === 0 ? 0 : fs.readSync(this.fd, into, 0, length, this.readingAt)), true)
  }

  override send(from: Uint8Array): number {
    if (!this.writable) return -E.BADF
    return this.call(() => fs.writeSync(this.fd, from, 0, from.length, this.writingAt), true)
  }

  override truncate(size: number): number {
    return this.call(() => fs.ftruncateSync(this.fd, size))
  }

  override sync(): number {
    return this.call(() => fs.fsyncSync(this.fd))
  }

  override close(): void {
    if (!this.open) return
    this.open = false
    fs.closeSync(this.fd)
  }

  private call(operation: () => number | void, moves = false): number {
    if (!this.open) return -E.BADF
    try {
      const count = operation() ?? 0
      if (moves) this.position += count
      return count
    } catch (error) {
      return -errnoOfError(error)
    }
  }
}

// close(2) reports what an earlier write may have failed with, which nobody waits for any more
function ignore(): void {}
