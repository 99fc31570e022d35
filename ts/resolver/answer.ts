import { hubModule } from "../core/hubmodule.ts"

/** An address that was found, and for how many seconds it holds. */
export interface FoundAddress {
  readonly family: number
  readonly address: string
  readonly ttl: number
}

/** What is known of a host. */
export interface Found {
  readonly name: string
  readonly aliases: string[]
  readonly addresses: FoundAddress[]
}

/** An option of a record: its number and its value. */
export type Option = readonly [option: number, value: Uint8Array]

const NUMBER = 0
const STRING = 1
const STRINGS = 2
// a length that no field has: the name that was asked for
const ASKED = 65535

const decoder = new TextDecoder()

/** The text of a few bytes, which mostly are ASCII. */
export function textOf(bytes: Uint8Array, start = 0, end: number = bytes.length): string {
  let text = ""
  let at = start
  // by eights: a decoder costs more for names, and each call for one more byte makes a string
  for (; at + 8 <= end; at += 8) {
    const a = bytes[at]!
    const b = bytes[at + 1]!
    const c = bytes[at + 2]!
    const d = bytes[at + 3]!
    const e = bytes[at + 4]!
    const f = bytes[at + 5]!
    const g = bytes[at + 6]!
    const h = bytes[at + 7]!
    if ((a | b | c | d | e | f | g | h) > 127) return decoder.decode(bytes.subarray(start, end))
    text += String.fromCharCode(a, b, c, d, e, f, g, h)
  }
  for (; at < end; at++) {
    if (bytes[at]! > 127) return decoder.decode(bytes.subarray(start, end))
    text += String.fromCharCode(bytes[at]!)
  }
  return text
}

/** Reads what wasm/answer.c writes. It is void after the call that brings it, so what is read is a copy. */
class AnswerReader {
  protected at: number
  private readonly bytes: Uint8Array = hubModule().memory.bytes
  private readonly asked: string

  /**
   * @param answer - Where it is in the module.
   * @param asked - The name that was asked for.
   */
  constructor(answer: number, asked: string) {
    this.at = answer
    this.asked = asked
  }

  byte(): number {
    return this.bytes[this.at++]!
  }

  short(): number {
    const { bytes, at } = this
    this.at = at + 2
    return bytes[at]! | (bytes[at + 1]! << 8)
  }

  word(): number {
    return this.short() + this.short() * 65536
  }

  text(): string {
    const length = this.short()
    if (length === ASKED) return this.asked
    const start = this.at
    this.at = start + length
    return textOf(this.bytes, start, this.at)
  }

  data(): Uint8Array {
    const length = this.short()
    const start = this.at
    this.at = start + length
    return this.bytes.slice(start, this.at)
  }

  list<T>(item: () => T): T[] {
    const items: T[] = []
    for (let left = this.short(); left > 0; left--) items.push(item())
    return items
  }

  protected skip(): void {
    const length = this.short()
    if (length !== ASKED) this.at += length
  }
}

/** What a search for a host has found. */
export function readFound(answer: number, asked: string): Found {
  const reader = new AnswerReader(answer, asked)
  const name = reader.text()
  const aliases = reader.list(() => reader.text())
  const addresses = reader.list(() => {
    const ttl = reader.word()
    return { ttl, family: reader.byte(), address: reader.text() }
  })
  return { name, aliases, addresses }
}

/** The records of a reply, one after the other. A field is read by the number that c-ares has for it. */
export class Records extends AnswerReader {
  /** The type of the record. */
  type = 0
  /** For how many seconds it holds. */
  ttl = 0
  private left: number
  private end: number
  private nameAt = 0
  private fieldsAt = 0

  constructor(answer: number, asked: string) {
    super(answer, asked)
    this.short() // the reply's code, which the status has told
    this.left = this.short()
    this.end = this.at
  }

  /** Goes to the next record; false when there is none. */
  next(): boolean {
    if (this.left === 0) return false
    this.left--
    this.at = this.end
    this.type = this.short()
    this.short() // its class, which is always the one that was asked for
    this.ttl = this.word()
    this.nameAt = this.at
    this.skip()
    this.fieldsAt = this.at
    for (let left = this.byte(); left > 0; left--) {
      this.at++
      this.skipField()
    }
    this.end = this.at
    return true
  }

  /** The name that it belongs to. */
  get name(): string {
    this.at = this.nameAt
    return this.text()
  }

  number(field: number): number {
    this.goTo(field)
    return this.word()
  }

  string(field: number): string {
    this.goTo(field)
    return this.text()
  }

  binary(field: number): Uint8Array {
    this.goTo(field)
    return this.data()
  }

  binaries(field: number): Uint8Array[] {
    this.goTo(field)
    return this.list(() => this.data())
  }

  options(field: number): Option[] {
    this.goTo(field)
    return this.list((): Option => [this.short(), this.data()])
  }

  /** Goes to the value of a field, of which a record has few; each record has all that its type has. */
  private goTo(field: number): void {
    this.at = this.fieldsAt + 1
    while (this.byte() !== field) this.skipField()
    this.at++
  }

  private skipField(): void {
    const kind = this.byte()
    if (kind === NUMBER) this.at += 4
    else if (kind === STRING) this.skip()
    else {
      for (let left = this.short(); left > 0; left--) {
        if (kind !== STRINGS) this.at += 2
        this.skip()
      }
    }
  }
}
