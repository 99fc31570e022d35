import { UnicodeDecodeError } from "../exceptions.ts"
import type { Encoding, ErrorHandler } from "./encoding.ts"

/** The text of one chunk of bytes after another. A character that a chunk breaks off comes with the next one. */
export interface Decoder {
  /**
   * @param last - There are no more bytes: what is broken off is an error.
   * @throws {UnicodeDecodeError} for what is no text, when it is strict.
   */
  decode(bytes: Uint8Array, last: boolean): string
  /** How many bytes are kept for the next chunk. */
  readonly pending: number
  /** Another one in the same state. */
  clone(): Decoder
  /** The next bytes are others than those that follow; `start`: those at the start of the file. */
  reset(start: boolean): void
}

type HostTextDecoder = InstanceType<typeof TextDecoder>

const empty = new Uint8Array(0)
const BYTE_ORDER_MARK = "\uFEFF"
const REPLACEMENT = "\uFFFD"

export function createDecoder(encoding: Encoding, errors: ErrorHandler): Decoder {
  switch (encoding.kind) {
    case "utf-8":
      return new Utf8Decoder(errors, encoding.mark)
    case "bytes":
      return new ByteDecoder(encoding.name, encoding.limit, errors)
    case "utf-16":
      return new Utf16Decoder(encoding.name, errors, encoding.mark, encoding.littleEndian)
    case "other":
      return new HostDecoder(encoding.name, errors)
  }
}

/** Keeps the end of a chunk that breaks off a character, since the host decodes whole texts several times faster than streams. */
abstract class ChunkDecoder implements Decoder {
  protected readonly errors: ErrorHandler
  private readonly marked: boolean
  private atStart = true
  protected rest: Uint8Array = empty

  constructor(errors: ErrorHandler, marked: boolean) {
    this.errors = errors
    this.marked = marked
  }

  abstract clone(): Decoder
  /** How many bytes at the end of a chunk belong to a character that is not complete. */
  protected abstract incomplete(bytes: Uint8Array): number
  protected abstract convert(bytes: Uint8Array): string

  get pending(): number {
    return this.rest.length
  }

  decode(bytes: Uint8Array, last: boolean): string {
    const { rest } = this
    const whole = rest.length === 0 ? bytes : concat(rest, bytes)
    const kept = last ? 0 : this.incomplete(whole)
    const text = this.convert(kept === 0 ? whole : whole.subarray(0, whole.length - kept))
    this.rest = kept === 0 ? empty : whole.slice(whole.length - kept)
    if (!this.atStart || text === "") return text
    this.atStart = false
    return this.marked && text.startsWith(BYTE_ORDER_MARK) ? text.slice(1) : text
  }

  reset(start: boolean): void {
    this.rest = empty
    this.atStart = start
  }

  protected copyTo<D extends ChunkDecoder>(other: D): D {
    other.rest = this.rest
    other["atStart"] = this.atStart
    return other
  }
}

class Utf8Decoder extends ChunkDecoder {
  private readonly host: HostTextDecoder
  private readonly mark: boolean

  constructor(errors: ErrorHandler, mark: boolean) {
    super(errors, mark)
    this.mark = mark
    this.host = new TextDecoder("utf-8", { fatal: errors !== "replace", ignoreBOM: true })
  }

  clone(): Decoder {
    return this.copyTo(new Utf8Decoder(this.errors, this.mark))
  }

  protected incomplete(bytes: Uint8Array): number {
    const { length } = bytes
    for (let back = 1; back <= 3 && back <= length; back++) {
      const byte = bytes[length - back]!
      if ((byte & 0xc0) !== 0x80) return sizeOf(byte) > back ? back : 0
    }
    return 0
  }

  protected convert(bytes: Uint8Array): string {
    try {
      return this.host.decode(bytes)
    } catch (error) {
      if (this.errors === "strict") throw new UnicodeDecodeError("utf-8", { cause: error })
      return this.host.decode(validUtf8(bytes))
    }
  }
}

class Utf16Decoder extends ChunkDecoder {
  private readonly name: string
  private readonly mark: boolean
  private readonly byDefault: boolean
  private littleEndian: boolean
  private known: boolean

  constructor(name: string, errors: ErrorHandler, mark: boolean, littleEndian: boolean) {
    super(errors, mark)
    this.name = name
    this.mark = mark
    this.littleEndian = this.byDefault = littleEndian
    this.known = !mark
  }

  clone(): Decoder {
    const other = this.copyTo(new Utf16Decoder(this.name, this.errors, this.mark, this.byDefault))
    other.littleEndian = this.littleEndian
    other.known = this.known
    return other
  }

  override reset(start: boolean): void {
    super.reset(start)
    if (start) this.known = !this.mark
  }

  protected incomplete(bytes: Uint8Array): number {
    const odd = bytes.length % 2
    if (bytes.length < 2) return odd
    // a mark of the other order is no half of a pair in either one
    const high = bytes[bytes.length - odd - (this.littleEndian ? 1 : 2)]!
    return odd + ((high & 0xfc) === 0xd8 ? 2 : 0)
  }

  protected convert(bytes: Uint8Array): string {
    if (!this.known && bytes.length >= 2) {
      this.known = true
      if (bytes[0] === 0xfe && bytes[1] === 0xff) this.littleEndian = false
      else if (bytes[0] === 0xff && bytes[1] === 0xfe) this.littleEndian = true
      else this.littleEndian = this.byDefault
    }
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    let text = ""
    for (let at = 0; at + 1 < bytes.length; at += 2) text += String.fromCharCode(view.getUint16(at, this.littleEndian))
    const broken = bytes.length % 2 === 1
    if (!broken && !LONE_SURROGATE.test(text)) return text
    if (this.errors === "strict") throw new UnicodeDecodeError(this.name)
    const replacement = this.errors === "replace" ? REPLACEMENT : ""
    return text.replace(EVERY_LONE_SURROGATE, replacement) + (broken ? replacement : "")
  }
}

const LONE_SURROGATE = /\p{Surrogate}/u
const EVERY_LONE_SURROGATE = /\p{Surrogate}/gu

/** A character for each byte: latin-1, ascii. */
class ByteDecoder implements Decoder {
  readonly pending = 0
  private readonly name: string
  private readonly limit: number
  private readonly errors: ErrorHandler

  constructor(name: string, limit: number, errors: ErrorHandler) {
    this.name = name
    this.limit = limit
    this.errors = errors
  }

  clone(): Decoder {
    return this
  }

  reset(): void {
    // each byte stands for itself
  }

  decode(bytes: Uint8Array): string {
    const { limit } = this
    if (limit < 0x100 && bytes.some((byte) => byte >= limit)) {
      if (this.errors === "strict") throw new UnicodeDecodeError(this.name)
      if (this.errors === "ignore") bytes = bytes.filter((byte) => byte < limit)
    }
    let text = ""
    for (let at = 0; at < bytes.length; at += 4096) text += String.fromCharCode(...bytes.subarray(at, at + 4096))
    // only ascii has bytes that are none, and none above them is left unless they are replaced
    return limit === 0x80 ? text.replace(/[^\0-\x7f]/g, REPLACEMENT) : text
  }
}

/** What the host alone knows: its decoder keeps what is broken off, and does not say how much. */
class HostDecoder implements Decoder {
  readonly pending = Number.NaN
  private readonly name: string
  private readonly errors: ErrorHandler
  private host: HostTextDecoder

  constructor(name: string, errors: ErrorHandler) {
    this.name = name
    this.errors = errors
    this.host = this.create()
  }

  clone(): Decoder {
    return new HostDecoder(this.name, this.errors)
  }

  reset(): void {
    this.host = this.create()
  }

  decode(bytes: Uint8Array, last: boolean): string {
    try {
      const text = this.host.decode(bytes, { stream: !last })
      return this.errors === "ignore" ? text.replaceAll(REPLACEMENT, "") : text
    } catch (error) {
      throw new UnicodeDecodeError(this.name, { cause: error })
    }
  }

  private create(): HostTextDecoder {
    return new TextDecoder(this.name, { fatal: this.errors === "strict", ignoreBOM: true })
  }
}

function concat(first: Uint8Array, second: Uint8Array): Uint8Array {
  const both = new Uint8Array(first.length + second.length)
  both.set(first)
  both.set(second, first.length)
  return both
}

/** How many bytes the character has that begins with this one. */
function sizeOf(byte: number): number {
  return byte >= 0xf5 ? 1 : byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc2 ? 2 : 1
}

/** The bytes without those that are in no character. */
function validUtf8(bytes: Uint8Array): Uint8Array {
  const valid = new Uint8Array(bytes.length)
  let count = 0
  for (let at = 0; at < bytes.length;) {
    const size = validSize(bytes, at)
    valid.set(bytes.subarray(at, at + size), count)
    count += size
    at += Math.max(size, 1)
  }
  return valid.subarray(0, count)
}

/** The size of the character at a place; 0 when there is none. */
function validSize(bytes: Uint8Array, at: number): number {
  const first = bytes[at]!
  const size = sizeOf(first)
  if (size === 1) return first < 0x80 ? 1 : 0
  // neither longer than need be, nor half of a pair, nor beyond the last character
  const lowest = first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80
  const highest = first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf
  const second = bytes[at + 1] ?? 0
  if (second < lowest || second > highest) return 0
  for (let i = at + 2; i < at + size; i++) if (((bytes[i] ?? 0) & 0xc0) !== 0x80) return 0
  return size
}
