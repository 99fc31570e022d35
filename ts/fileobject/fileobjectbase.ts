import { host } from "#host"
import { UnsupportedOperation } from "../exceptions.ts"
import type { Flow } from "../flow.ts"
import { Immediate } from "../immediate.ts"
import { asyncIterator, each, type Source, type Visitor } from "../iteration.ts"
import { Semaphore } from "../lock/semaphore.ts"
import { bytesOf, writable } from "../socket/bytes.ts"
import type { Endpoint } from "../socket/endpoint.ts"
import { spawn } from "../spawn.ts"
import type { BlockingCall, Wait } from "../wait.ts"
import { DEFAULT_BUFFER_SIZE, openBuffered, type Buffered } from "./buffered.ts"
import { byteLine, byteLineThere } from "./byteline.ts"
import { Closing } from "./closing.ts"
import type { DataOf, InputOf } from "./data.ts"
import { AGAIN, FileWait, type Attempt } from "./filewait.ts"
import type { Opening } from "./opening.ts"
import { positionOf, SEEK_SET, seeking, truncating } from "./position.ts"
import { BLOCKED, Raw } from "./raw.ts"
import { Readline, type LineSource } from "./readline.ts"
import { Text } from "./text.ts"

/**
 * What all FileObjects have: the calls of Python's files. Those that may have to wait return a Wait, for `yield*` in a greenlet and
 * `await` anywhere else, and do not wait when the buffer has what is asked for. A call that ends early, by a timeout or a kill,
 * loses nothing of what was read.
 *
 * Calls of several greenlets take turns, those that read and those that write apart unless the file has a position. gevent:
 * `gevent._fileobjectcommon.FileObjectBase`.
 */
export abstract class FileObjectBase<M extends string = "r">
  implements Source<DataOf<M>>, LineSource<DataOf<M>>, Disposable, AsyncDisposable
{
  /** The path or the number that it was made of, also once it is closed. */
  readonly name: string | number
  /** Such as `"rb"`. */
  readonly mode: string
  /** Of text; null when it is bytes. */
  readonly encoding: string | null
  /** What happens to what is no text in the encoding; null when it is bytes. */
  readonly errors: string | null
  private readonly buffered: Buffered
  private readonly text: Text | null
  private readonly opening: Opening
  private readonly unbuffered: boolean
  private readonly lineBuffering: boolean
  private readonly readLocks: readonly Semaphore[]
  private readonly writeLocks: readonly Semaphore[]

  /**
   * @param limits - Whose timeout limits each call.
   * @param lock - Taken around each call as well.
   */
  protected constructor(
    name: string | number,
    endpoint: Endpoint,
    opening: Opening,
    limits: { readonly timeout: number | null } = endpoint,
    lock: Semaphore | null = null,
  ) {
    const { reads, writes, text, buffering } = opening
    const raw = new Raw(endpoint, reads, writes, limits)
    this.name = name
    this.mode = opening.mode
    this.encoding = text === null ? null : text.encoding.name
    this.errors = text === null ? null : text.errors
    this.opening = opening
    this.unbuffered = buffering === 0
    this.lineBuffering = text !== null && (buffering === 1 || (buffering < 0 && endpoint.descriptor.terminal))
    this.buffered = openBuffered(raw, buffering, text !== null)
    this.text = text === null ? null : new Text(this.buffered, text)
    const outer = lock === null ? [] : [lock]
    this.readLocks = [...outer, new Semaphore()]
    this.writeLocks = raw.seekable ? this.readLocks : [...outer, new Semaphore()]
  }

  /** Whether `close` was called. */
  get closed(): boolean {
    return this.buffered.raw.closed
  }

  /** How lines of text end: see {@link FileOptions.newline}; null for bytes, too. */
  get newline(): string | null {
    return this.text === null ? null : this.text.newline
  }

  /** Its number in the fd table. @throws {FileObjectClosed} */
  fileno(): number {
    const { raw } = this.buffered
    raw.checkOpen()
    return raw.endpoint.fd
  }

  /** Whether it was opened for reading. @throws {FileObjectClosed} */
  readable(): boolean {
    this.buffered.raw.checkOpen()
    return this.buffered.raw.canRead
  }

  /** Whether it was opened for writing. @throws {FileObjectClosed} */
  writable(): boolean {
    this.buffered.raw.checkOpen()
    return this.buffered.raw.canWrite
  }

  /** Whether it has a position. @throws {FileObjectClosed} */
  seekable(): boolean {
    this.buffered.raw.checkOpen()
    return this.buffered.raw.seekable
  }

  /** Whether it is a terminal. @throws {FileObjectClosed} */
  isatty(): boolean {
    this.buffered.raw.checkOpen()
    return this.buffered.raw.endpoint.descriptor.terminal
  }

  // --- reading ---

  /**
   * Reads `size` bytes or UTF-16 units of text, fewer only at the end of the file; without `size` all up to the end. A file
   * without a buffer reads once, and gives what comes.
   *
   * @returns Nothing, an empty array or text, at the end.
   * @throws {UnsupportedOperation} unless it was opened for reading. {UnicodeDecodeError} {SocketError} {SocketTimeout} {FileObjectClosed}
   */
  read(size: number | null = null): Wait<DataOf<M>> {
    const wanted = sizeOf(size)
    const { buffered, text } = this
    if (text !== null)
      return this.reading("read", () => unblocked(text.reader.read(wanted) as DataOf<M> | typeof BLOCKED))
    const { input } = buffered
    if (this.unbuffered && wanted !== Infinity) {
      return this.reading("read", () => {
        if (input.length === 0 && wanted > 0 && buffered.fill(wanted) === BLOCKED) return AGAIN
        return input.take(Math.min(wanted, input.length)) as DataOf<M>
      })
    }
    return this.reading("read", () => {
      const count = buffered.gather(wanted)
      return count === BLOCKED ? AGAIN : (input.take(count) as DataOf<M>)
    })
  }

  /**
   * Reads what is there, and reads from the descriptor once at most. Only of bytes.
   *
   * @param size - How many bytes at most.
   * @throws as `read`.
   */
  read1(size: number | null = null): Wait<Uint8Array> {
    const wanted = sizeOf(size)
    const { buffered } = this
    const { input } = buffered
    this.binary("read1")
    return this.reading("read", () => {
      const once = Math.min(wanted, DEFAULT_BUFFER_SIZE)
      if (input.length === 0 && wanted > 0 && buffered.fill(once) === BLOCKED) return AGAIN
      return input.take(Math.min(wanted, input.length))
    })
  }

  /**
   * What is read next, which stays; reads from the descriptor once when nothing was read ahead. Only of bytes, with a buffer.
   *
   * @param size - How many bytes at most; by default all that are there.
   * @throws as `read`.
   */
  peek(size: number | null = null): Wait<Uint8Array> {
    const wanted = sizeOf(size)
    const { buffered } = this
    this.binary("peek")
    if (this.unbuffered) throw new UnsupportedOperation("peek needs a buffer")
    return this.reading("read", () => {
      if (buffered.input.length === 0 && buffered.fill() === BLOCKED) return AGAIN
      return buffered.input.peek(wanted)
    })
  }

  /** What was read from the descriptor and not taken yet, which stays. It never waits. */
  readAhead(): DataOf<M> {
    const { text, buffered } = this
    return (text === null ? buffered.input.peek(Infinity) : text.reader.ahead) as DataOf<M>
  }

  /**
   * Fills a buffer, up to the end of the file; without a buffer of its own the file reads once.
   *
   * @returns How many bytes; 0 at the end.
   * @throws as `read`.
   */
  readinto(buffer: ArrayBufferView): Wait<number> {
    const into = writable(buffer)
    const { buffered } = this
    this.binary("readinto")
    let done = 0
    return this.reading("read", () => {
      while (done < into.length) {
        const count = buffered.readInto(done === 0 ? into : into.subarray(done))
        if (count === BLOCKED) return AGAIN
        done += count
        if (count === 0 || this.unbuffered) break
      }
      return done
    })
  }

  /**
   * Reads a line, with its end.
   *
   * @param limit - How many bytes or UTF-16 units at most; a longer line comes in parts. Without it a peer can have it take all memory.
   * @returns The rest of the file when it does not end with a line; nothing at the end.
   * @throws as `read`.
   */
  readline(limit: number | null = null): BlockingCall<DataOf<M>> {
    this.buffered.raw.checkReadable()
    return new Readline(this, sizeOf(limit))
  }

  /**
   * Reads lines, with their ends, to the end of the file.
   *
   * @param hint - It ends with the line that makes them so many bytes or units.
   * @throws as `read`.
   */
  readlines(hint: number | null = null): Wait<DataOf<M>[]> {
    const enough = sizeOf(hint) || Infinity
    const lines: DataOf<M>[] = []
    let total = 0
    const attempt = this.line(Infinity)
    return this.reading("readline", () => {
      for (;;) {
        const line = attempt()
        if (line === AGAIN) return AGAIN
        if (line.length === 0) return lines
        lines.push(line)
        total += line.length
        if (total >= enough) return lines
      }
    })
  }

  /** Reads the next line, as an iterator does: `done` at the end of the file. Python: `next(file)`. @throws as `read`. */
  next(): Wait<IteratorResult<DataOf<M>, undefined>> {
    const attempt = this.line(Infinity)
    return this.reading("readline", () => {
      const line = attempt()
      if (line === AGAIN) return AGAIN
      return line.length === 0 ? { done: true, value: undefined } : { done: false, value: line }
    })
  }

  /**
   * Calls a function with each line, and waits for what it returns before it reads the next one. It ends with the file, or when the
   * function returns the class `StopIteration`. Python: `for line in file`.
   *
   * @throws {TypeError} when `fn` is no function; as `read`.
   */
  each(fn: Visitor<DataOf<M>>): Flow<void> {
    return each(this, fn)
  }

  /** `for await` gives the lines. */
  [Symbol.asyncIterator](): AsyncIterator<DataOf<M>, undefined> {
    return asyncIterator(this)
  }

  // --- writing ---

  /**
   * Writes all of a text or of bytes; it waits only when the buffer is full. A file of bytes without a buffer writes once, and
   * maybe not all.
   *
   * @returns How many units of the text or bytes were taken.
   * @throws {UnsupportedOperation} unless it was opened for writing. {TypeError} for bytes instead of text, or the other way.
   *   {UnicodeEncodeError} {SocketError} EPIPE, ENOSPC …, maybe for what was written before. {SocketTimeout} {FileObjectClosed}
   */
  write(data: InputOf<M>): Wait<number> {
    const { buffered } = this
    buffered.raw.checkWritable()
    const bytes = this.encoded(data)
    const { length } = this.text === null ? bytes : (data as string)
    const once = this.unbuffered && this.text === null
    const flushing = this.text !== null && (this.unbuffered || (this.lineBuffering && /[\r\n]/.test(data as string)))
    let done = -1
    return this.writing("write", () => {
      if (done < 0) {
        this.text?.place()
        done = 0
      }
      done = buffered.write(bytes, done)
      if (once && done > 0) return done
      if (done < bytes.length) return AGAIN
      return flushing && !buffered.flush() ? AGAIN : length
    })
  }

  /** Writes all of them one after the other; no ends of lines are added. @throws as `write`. */
  writelines(lines: Iterable<InputOf<M>>): Wait<void> {
    const { buffered } = this
    buffered.raw.checkWritable()
    const parts = [...lines].map((line) => this.encoded(line))
    let done = -1
    return this.writing("write", () => {
      if (done < 0) this.text?.place()
      done = Math.max(done, 0)
      for (let part = parts[0]; part !== undefined; part = parts[0]) {
        done = buffered.write(part, done)
        if (done < part.length) return AGAIN
        parts.shift()
        done = 0
      }
      return (this.unbuffered || this.lineBuffering) && !buffered.flush() ? AGAIN : undefined
    })
  }

  /** Writes what waits in the buffer, and waits until the system has it. @throws as `write`. */
  flush(): Wait<void> {
    const { buffered } = this
    buffered.raw.checkOpen()
    return this.writing("flush", () => (!buffered.raw.canWrite || buffered.flush() ? undefined : AGAIN))
  }

  /** Flushes, and waits until the device has it. Python: `os.fsync(file.fileno())`. @throws as `write`; EINVAL for what is no file. */
  fsync(): Wait<void> {
    const { buffered } = this
    buffered.raw.checkOpen()
    let begun = false
    return this.writing("fsync", () => {
      if (!buffered.flush()) return AGAIN
      if (!begun) {
        if (buffered.raw.change("sync") === BLOCKED) return AGAIN
        begun = true
      }
      return buffered.flush() ? undefined : AGAIN
    })
  }

  // --- the position ---

  /**
   * Moves the position, after what waits to be written was.
   *
   * @param offset - In bytes. Text takes what `tell` gave, or 0 from the position or the end.
   * @param whence - SEEK_SET, SEEK_CUR or SEEK_END.
   * @returns The new position.
   * @throws {SocketError} ESPIPE for what has none, EINVAL before the start. {UnsupportedOperation} {TypeError} {RangeError}
   */
  seek(offset: number, whence: number = SEEK_SET): Wait<number> {
    const { buffered, text } = this
    buffered.raw.checkOpen()
    return this.writing("seek", seeking(buffered, text, offset, whence))
  }

  /**
   * The position, in bytes. It never waits.
   *
   * @throws {SocketError} ESPIPE for what has none. {UnsupportedOperation} for a text in an encoding that only the host knows.
   */
  tell(): number {
    return positionOf(this.buffered, this.text)
  }

  /**
   * Gives the file another size, after what waits to be written was; the position stays.
   *
   * @param size - In bytes; by default the position.
   * @returns The size.
   * @throws {SocketError} EINVAL for what is no file. {UnsupportedOperation} {TypeError} {RangeError}
   */
  truncate(size: number | null = null): Wait<number> {
    const { buffered, text } = this
    buffered.raw.checkWritable()
    return this.writing("truncate", truncating(buffered, text, size))
  }

  // --- the end ---

  /**
   * Writes what waits in the buffer and closes the descriptor, unless `closefd` is false. Calls of others that read get EBADF ("closed
   * in another greenlet"), and every call from now on FileObjectClosed. The descriptor is closed in any case, also when writing
   * fails or is killed. When there is nothing to write it is closed already when this returns. A second call does nothing.
   *
   * @throws as `write`.
   */
  close(): Wait<void> {
    const { buffered, opening } = this
    const { raw } = buffered
    if (raw.closed) return new Immediate<void>(undefined)
    raw.closed = true
    raw.endpoint.input.close()
    const locks = raw.canWrite ? this.writeLocks : []
    const closing = new Closing(buffered, locks, opening.closefd)
    // a file tells only when it is asked what became of the last bytes
    if (raw.canWrite && (raw.seekable || buffered.unwritten > 0 || locks.some((lock) => lock.locked()))) return closing
    closing.closeNow()
    return new Immediate<void>(undefined)
  }

  /** `await using` closes it. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close().then()
  }

  /** `using` closes it; what has to be waited for goes on in a greenlet of its own. */
  [Symbol.dispose](): void {
    const closing = this.close()
    if (closing instanceof Closing) spawn(() => closing)
  }

  /** What the console shows. */
  toString(): string {
    return `<${this.constructor.name} ${this.closed ? "closed " : ""}name=${JSON.stringify(this.name)} mode=${JSON.stringify(this.mode)}>`
  }

  [host.inspect](): string {
    return this.toString()
  }

  // --- for its calls ---

  /** A line that is in the buffer, at most `limit` long; null when there is none, or others read. */
  bufferedLine(limit: number): DataOf<M> | null {
    const { buffered, text } = this
    if (buffered.raw.closed) return null
    for (const lock of this.readLocks) if (lock.locked()) return null
    if (text !== null) return text.reader.decodedLine(limit) as DataOf<M> | null
    return byteLineThere(buffered, limit) as DataOf<M> | null
  }

  /** Reads a line, and waits for it. */
  waitForLine(limit: number): Wait<DataOf<M>> {
    return new FileWait(this.buffered.raw, "readline", this.readLocks, this.line(limit))
  }

  private reading<T>(call: string, attempt: Attempt<T>): Wait<T> {
    this.buffered.raw.checkReadable()
    return new FileWait(this.buffered.raw, call, this.readLocks, attempt)
  }

  private writing<T>(call: string, attempt: Attempt<T>): Wait<T> {
    return new FileWait(this.buffered.raw, call, this.writeLocks, attempt)
  }

  private line(limit: number): Attempt<DataOf<M>> {
    const { buffered, text } = this
    if (text !== null) return () => unblocked(text.reader.readline(limit) as DataOf<M> | typeof BLOCKED)
    return byteLine(buffered, limit) as Attempt<DataOf<M>>
  }

  /** The bytes of what is to be written. */
  private encoded(data: unknown): Uint8Array {
    if (this.text !== null) return this.text.encode(data)
    if (ArrayBuffer.isView(data)) return bytesOf(data)
    throw new TypeError(`a file of bytes takes bytes, not ${data === null ? "null" : typeof data}`)
  }

  private binary(call: string): void {
    if (this.text !== null) throw new UnsupportedOperation(`${call} is for files of bytes`)
  }
}

/** A number of bytes or units; null, undefined and negative numbers are all of them. */
function sizeOf(size: number | null | undefined): number {
  if (size === null || size === undefined) return Infinity
  if (typeof size !== "number" || !(Number.isInteger(size) || size === Infinity)) {
    throw new TypeError(`a size must be a whole number or null, not ${String(size)}`)
  }
  return size < 0 ? Infinity : size
}

function unblocked<T>(result: T | typeof BLOCKED): T | typeof AGAIN {
  return result === BLOCKED ? AGAIN : result
}
