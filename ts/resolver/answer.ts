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

/** A field of a record: what c-ares calls a key. */
export type Field = number | Uint8Array | Uint8Array[] | [option: number, value: Uint8Array][]

/** A record of a reply, its fields by their numbers in c-ares. */
export interface RawRecord {
  readonly type: number
  readonly ttl: number
  readonly name: string
  readonly fields: (Field | undefined)[]
}

const NUMBER = 0
const STRING = 1
const STRINGS = 2

const decoder = new TextDecoder()

/** The text of a few bytes, which mostly are ASCII. */
export function textOf(bytes: Uint8Array): string {
  let text = ""
  for (const byte of bytes) {
    if (byte > 127) return decoder.decode(bytes)
    text += String.fromCharCode(byte)
  }
  return text
}

/** Reads what wasm/answer.c writes. */
class Reader {
  private readonly bytes: Uint8Array
  private at = 0

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
  }

  number(size: 1 | 2 | 4): number {
    const { bytes } = this
    let value = 0
    for (let i = size - 1; i >= 0; i--) value = value * 256 + bytes[this.at + i]!
    this.at += size
    return value
  }

  text(): string {
    const length = this.number(2)
    const start = this.at
    this.at += length
    return textOf(this.bytes.subarray(start, start + length))
  }

  /** A copy: the answer is void after the call that brings it. */
  data(): Uint8Array {
    const length = this.number(2)
    const start = this.at
    this.at += length
    return this.bytes.slice(start, start + length)
  }

  list<T>(item: () => T): T[] {
    const items: T[] = []
    for (let left = this.number(2); left > 0; left--) items.push(item())
    return items
  }

  field(): Field {
    const kind = this.number(1)
    if (kind === NUMBER) return this.number(4)
    if (kind === STRING) return this.data()
    if (kind === STRINGS) return this.list(() => this.data())
    return this.list((): [number, Uint8Array] => [this.number(2), this.data()])
  }

  record(): RawRecord {
    const type = this.number(2)
    this.number(2) // its class, which is always the one that was asked for
    const ttl = this.number(4)
    const name = this.text()
    const fields: (Field | undefined)[] = []
    for (let left = this.number(1); left > 0; left--) fields[this.number(1)] = this.field()
    return { type, ttl, name, fields }
  }
}

/** What a search for a host has found. */
export function readFound(answer: Uint8Array): Found {
  const reader = new Reader(answer)
  const name = reader.text()
  const aliases = reader.list(() => reader.text())
  const addresses = reader.list(() => {
    const ttl = reader.number(4)
    return { ttl, family: reader.number(1), address: reader.text() }
  })
  return { name, aliases, addresses }
}

/** The records of a reply. */
export function readRecords(answer: Uint8Array): RawRecord[] {
  const reader = new Reader(answer)
  reader.number(2) // the reply's code, which the status has told
  return reader.list(() => reader.record())
}
