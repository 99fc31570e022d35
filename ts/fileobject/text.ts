import type { Buffered } from "./buffered.ts"
import { createEncoder, type Encoder } from "./encoder.ts"
import { translated, type Newline } from "./newline.ts"
import type { Opening } from "./opening.ts"
import { TextReader } from "./textreader.ts"

const empty = new Uint8Array(0)

/** The text of a file, over its bytes. Python: `io.TextIOWrapper`. */
export class Text {
  readonly reader: TextReader
  readonly newline: Newline
  private readonly buffered: Buffered
  private readonly encoder: Encoder | null

  constructor(buffered: Buffered, { encoding, errors, newline }: NonNullable<Opening["text"]>) {
    const { raw } = buffered
    const start = !raw.seekable || raw.seek(0, 1) === 0
    this.buffered = buffered
    this.reader = new TextReader(buffered, encoding, errors, newline)
    this.encoder = raw.canWrite ? createEncoder(encoding, errors, start) : null
    this.newline = newline
  }

  /** The bytes of what is to be written. @throws {TypeError} {UnicodeEncodeError} */
  encode(data: unknown): Uint8Array {
    if (typeof data !== "string") throw new TypeError(`a file of text takes a string, not ${typeof data}`)
    return data === "" ? empty : this.encoder!.encode(translated(data, this.newline))
  }

  /** Text goes to where the reader is, and not behind what was read ahead. */
  place(): void {
    const { buffered, reader } = this
    if (!buffered.raw.canRead || !buffered.raw.seekable || buffered.unwritten > 0) return
    buffered.seek(reader.tell(), 0)
    reader.reset(false)
  }
}
