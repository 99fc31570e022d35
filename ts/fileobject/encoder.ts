import { UnicodeEncodeError, UnsupportedOperation } from "../exceptions.ts"
import type { Encoding, ErrorHandler } from "./encoding.ts"

/** The bytes of one text after another. */
export interface Encoder {
  /** @throws {UnicodeEncodeError} for a character that the encoding does not have, when it is strict. */
  encode(text: string): Uint8Array
}

const utf8 = new TextEncoder()
const LONE_SURROGATE = /\p{Surrogate}/u
const QUESTION_MARK = 63
const BYTE_ORDER_MARK = "\uFEFF"

/** @param start - The text begins: what has a mark of the byte order gets it. */
export function createEncoder(encoding: Encoding, errors: ErrorHandler, start: boolean): Encoder {
  switch (encoding.kind) {
    case "utf-8":
      return new Utf8Encoder(errors, start && encoding.mark)
    case "bytes":
      return new ByteEncoder(encoding.name, encoding.limit, errors)
    case "utf-16":
      return new Utf16Encoder(encoding.littleEndian, errors, start && encoding.mark)
    case "other":
      throw new UnsupportedOperation(`${encoding.name} cannot be written`)
  }
}

class Utf8Encoder implements Encoder {
  private readonly errors: ErrorHandler
  private mark: boolean

  constructor(errors: ErrorHandler, mark: boolean) {
    this.errors = errors
    this.mark = mark
  }

  encode(text: string): Uint8Array {
    if (this.mark) text = BYTE_ORDER_MARK + text
    const whole = wellFormed("utf-8", text, this.errors)
    this.mark &&= text === ""
    return utf8.encode(whole)
  }
}

/** A byte for each character: latin-1, ascii. */
class ByteEncoder implements Encoder {
  private readonly name: string
  private readonly limit: number
  private readonly errors: ErrorHandler

  constructor(name: string, limit: number, errors: ErrorHandler) {
    this.name = name
    this.limit = limit
    this.errors = errors
  }

  encode(text: string): Uint8Array {
    const bytes = new Uint8Array(text.length)
    let count = 0
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i)
      if (code < this.limit) bytes[count++] = code
      else {
        if (this.errors === "strict") throw new UnicodeEncodeError(this.name, text, i)
        if (this.errors === "replace") bytes[count++] = QUESTION_MARK
        if (text.codePointAt(i)! > 0xffff) i++
      }
    }
    return bytes.subarray(0, count)
  }
}

class Utf16Encoder implements Encoder {
  private readonly littleEndian: boolean
  private readonly errors: ErrorHandler
  private mark: boolean

  constructor(littleEndian: boolean, errors: ErrorHandler, mark: boolean) {
    this.littleEndian = littleEndian
    this.errors = errors
    this.mark = mark
  }

  encode(text: string): Uint8Array {
    let whole = wellFormed("utf-16", text, this.errors)
    if (this.mark && whole !== "") {
      whole = BYTE_ORDER_MARK + whole
      this.mark = false
    }
    const bytes = new Uint8Array(whole.length * 2)
    const view = new DataView(bytes.buffer)
    for (let i = 0; i < whole.length; i++) view.setUint16(i * 2, whole.charCodeAt(i), this.littleEndian)
    return bytes
  }
}

/** Deals with halves of pairs, which are no characters. */
function wellFormed(encoding: string, text: string, errors: ErrorHandler): string {
  const at = text.search(LONE_SURROGATE)
  if (at < 0) return text
  if (errors === "strict") throw new UnicodeEncodeError(encoding, text, at)
  return text.replace(new RegExp(LONE_SURROGATE, "gu"), errors === "replace" ? "?" : "")
}
