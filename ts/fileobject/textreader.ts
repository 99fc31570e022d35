import { UnsupportedOperation } from "../exceptions.ts"
import type { Buffered } from "./buffered.ts"
import { createDecoder, type Decoder } from "./decoder.ts"
import type { Encoding, ErrorHandler } from "./encoding.ts"
import { lineEnd, type Newline } from "./newline.ts"
import { BLOCKED } from "./raw.ts"

/** A chunk that was decoded, and the state before it: from there the place of a character in it can be found. */
interface Decoded {
  readonly bytes: Uint8Array
  readonly decoder: Decoder
  readonly carriage: boolean
  /** How many characters came of it. */
  readonly length: number
}

/** Bytes that are decoded at once. A line keeps the text in memory that it was cut from. */
const PIECE = 8192
/** The first of the units that begin a pair; the others differ in the last ten bits. */
const HIGH_SURROGATE = 0xd800

/**
 * The text that is read from a file: bytes are decoded a buffer at a time, and what was not taken yet is kept. Positions count
 * UTF-16 units, as JavaScript's strings do; a pair is not broken. Python: the reading half of `io.TextIOWrapper`.
 */
export class TextReader {
  private readonly buffered: Buffered
  private readonly encoding: Encoding
  private readonly newline: Newline
  private readonly decoder: Decoder
  private text = ""
  private at = 0
  // how far behind it no line ends, so that a long line is searched once
  private scanned = 0
  // a "\r" is the end of a line by itself unless "\n" follows, which the next chunk may begin with
  private carriage = false
  private decoded: Decoded[] = []
  // characters of the first of `decoded` that are in front of `text`
  private before = 0

  constructor(buffered: Buffered, encoding: Encoding, errors: ErrorHandler, newline: Newline) {
    this.buffered = buffered
    this.encoding = encoding
    this.newline = newline
    this.decoder = createDecoder(encoding, errors)
  }

  /** A line with its end, at most `limit` units of it; "" at the end of the file; or BLOCKED. */
  readline(limit: number): string | typeof BLOCKED {
    for (;;) {
      const end = lineEnd(this.text, this.at + this.scanned, this.newline)
      if (end >= 0 && end - this.at <= limit) return this.take(end - this.at)
      const length = this.text.length - this.at
      if (length >= limit) return this.take(limit)
      // the end may be broken by the border
      this.scanned = Math.max(0, length - 1)
      const count = this.fill()
      if (count === BLOCKED) return BLOCKED
      if (count === 0) return this.take(this.text.length - this.at)
    }
  }

  /** A line that was decoded already; null when there is none. */
  decodedLine(limit: number): string | null {
    const end = lineEnd(this.text, this.at + this.scanned, this.newline)
    return end >= 0 && end - this.at <= limit ? this.take(end - this.at) : null
  }

  /** `count` units of text, fewer at the end of the file; or BLOCKED. */
  read(count: number): string | typeof BLOCKED {
    while (this.text.length - this.at < count) {
      const filled = this.fill()
      if (filled === BLOCKED) return BLOCKED
      if (filled === 0) break
    }
    return this.take(count)
  }

  /** What was decoded and not taken yet. */
  get ahead(): string {
    return this.text.slice(this.at)
  }

  /** Where the next character is in the file, in bytes. */
  tell(): number {
    const position = this.buffered.tell()
    if (this.text.length === this.at && this.decoder.pending === 0 && !this.carriage) return position
    let start = position
    for (const { bytes } of this.decoded) start -= bytes.length
    const [first] = this.decoded
    if (first === undefined || Number.isNaN(this.decoder.pending)) {
      throw new UnsupportedOperation(`the position of a character in ${this.encoding.name} is not known`)
    }
    return start + this.measure(first, this.before + this.at)
  }

  /** Forgets what was decoded; `start`: the file is at its start. */
  reset(start: boolean): void {
    this.text = ""
    this.at = this.scanned = this.before = 0
    this.carriage = false
    this.decoded = []
    this.decoder.reset(start)
  }

  /** Decodes some more: false at the end, or BLOCKED. */
  private fill(): typeof BLOCKED | 0 | 1 {
    const { input } = this.buffered
    if (input.length === 0 && this.buffered.fill() === BLOCKED) return BLOCKED
    const bytes = input.view(PIECE)
    const last = bytes.length === 0
    const { carriage } = this
    const decoder = this.buffered.raw.seekable ? this.decoder.clone() : null
    const text = this.translate(this.decoder.decode(bytes, last), last)
    this.append(text)
    if (decoder !== null) this.decoded.push({ bytes, decoder, carriage, length: text.length })
    return last ? 0 : 1
  }

  /** What the readers see of decoded text. */
  private translate(text: string, last: boolean): string {
    if (this.newline !== null && this.newline !== "") return text
    if (this.carriage) text = `\r${text}`
    this.carriage = !last && text.endsWith("\r")
    if (this.carriage) text = text.slice(0, -1)
    return this.newline === null && text.includes("\r") ? text.replace(/\r\n?/g, "\n") : text
  }

  private append(text: string): void {
    let gone = this.before + this.at
    this.text = this.at === this.text.length ? text : this.text.slice(this.at) + text
    this.at = 0
    while (this.decoded.length > 0 && gone >= this.decoded[0]!.length) gone -= this.decoded.shift()!.length
    this.before = gone
  }

  private take(count: number): string {
    const { text, at } = this
    let end = Math.min(at + count, text.length)
    if (end > at && end < text.length && (text.charCodeAt(end - 1) & 0xfc00) === HIGH_SURROGATE) end++
    this.at = end
    this.scanned = 0
    return at === 0 && end === text.length ? text : text.slice(at, end)
  }

  /** How many bytes behind the start of a chunk its `count`th character is. */
  private measure({ bytes, decoder, carriage }: Decoded, count: number): number {
    const probe = new TextReader(this.buffered, this.encoding, "strict", this.newline)
    const copy = decoder.clone()
    probe.carriage = carriage
    let length = 0
    let at = 0
    const kept = decoder.pending + (carriage ? this.carriageSize : 0)
    if (count === 0) return -kept
    while (at < bytes.length) {
      length += probe.translate(copy.decode(bytes.subarray(at, ++at), false), false).length
      const held = copy.pending + (probe.carriage ? this.carriageSize : 0)
      if (length === count) return at - held
      // "\r" and "\n" came together, and only the first one is meant
      if (length > count) return at - (length - count) * this.carriageSize
    }
    return at
  }

  private get carriageSize(): number {
    return this.encoding.kind === "utf-16" ? 2 : 1
  }
}
