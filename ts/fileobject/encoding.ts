/** What happens to what is no text in an encoding, or has no bytes in it. */
export type ErrorHandler = "strict" | "ignore" | "replace"

/** An encoding of text. */
export type Encoding =
  | {
      readonly kind: "utf-8"
      readonly name: string
      /** Whether a text begins with a byte order mark. */
      readonly mark: boolean
    }
  | {
      /** A byte for each character. */
      readonly kind: "bytes"
      readonly name: string
      /** The first code that is none. */
      readonly limit: number
    }
  | {
      readonly kind: "utf-16"
      readonly name: string
      readonly mark: boolean
      readonly littleEndian: boolean
    }
  | {
      /** What the host can decode. */
      readonly kind: "other"
      readonly name: string
    }

const LATIN_1: Encoding = { kind: "bytes", name: "latin-1", limit: 0x100 }
const ASCII: Encoding = { kind: "bytes", name: "ascii", limit: 0x80 }
const UTF_8: Encoding = { kind: "utf-8", name: "utf-8", mark: false }

// by their names without case and punctuation, as Python knows them
const KNOWN: Readonly<Record<string, Encoding>> = {
  utf8: UTF_8,
  u8: UTF_8,
  utf8sig: { kind: "utf-8", name: "utf-8-sig", mark: true },
  latin1: LATIN_1,
  iso88591: LATIN_1,
  "88591": LATIN_1,
  l1: LATIN_1,
  ascii: ASCII,
  usascii: ASCII,
  utf16: { kind: "utf-16", name: "utf-16", mark: true, littleEndian: true },
  utf16le: { kind: "utf-16", name: "utf-16-le", mark: false, littleEndian: true },
  utf16be: { kind: "utf-16", name: "utf-16-be", mark: false, littleEndian: false },
}

/** The encoding of a name. @throws {RangeError} when there is none. */
export function encodingOf(name: string): Encoding {
  const known = KNOWN[name.toLowerCase().replace(/[-_ ]/g, "")]
  if (known !== undefined) return known
  try {
    return { kind: "other", name: new TextDecoder(name).encoding }
  } catch (error) {
    throw new RangeError(`unknown encoding: ${name}`, { cause: error })
  }
}

/** @throws {RangeError} for another name. */
export function errorHandlerOf(name: string): ErrorHandler {
  if (name === "strict" || name === "ignore" || name === "replace") return name
  throw new RangeError(`errors must be strict, ignore or replace, not ${name}`)
}
