import type { HubModule } from "../core/hubmodule.ts"
import type { AresChannel } from "./channel.ts"
import { kindOf, readAny, readReply, type AnyRecord, type Kind, type RecordType, type RecordTypes } from "./records.ts"
import { Search } from "./search.ts"

const POINTER = kindOf("PTR")
const ANY = 255

/** Searches for the records of a type that a name has. */
export class RecordSearch<T extends RecordType> extends Search<RecordTypes[T][]> {
  private readonly name: string
  private readonly type: T
  private readonly kind: Kind<T>

  /** @throws {RangeError} when there is no such type. */
  constructor(channel: AresChannel, name: string, type: T) {
    super(channel)
    this.name = name
    this.type = type
    this.kind = kindOf(type)
  }

  protected start(module: HubModule, channel: number, id: number): number {
    return module.exports.resolver_query(channel, id, module.scratch(this.name), this.kind[0])
  }

  protected finish(status: number, answer: number): RecordTypes[T][] {
    return readReply(this.kind, this.name, status, answer)
  }

  override describe(): string {
    return `the ${this.type} records of ${this.name}`
  }
}

/** Searches for whatever records a name has. */
export class AnySearch extends Search<AnyRecord[]> {
  private readonly name: string

  constructor(channel: AresChannel, name: string) {
    super(channel)
    this.name = name
  }

  protected start(module: HubModule, channel: number, id: number): number {
    return module.exports.resolver_query(channel, id, module.scratch(this.name), ANY)
  }

  protected finish(status: number, answer: number): AnyRecord[] {
    return readAny(this.name, status, answer)
  }

  override describe(): string {
    return `all records of ${this.name}`
  }
}

/** Searches for the names that the PTR records of an address give. */
export class PointerSearch extends Search<string[]> {
  private readonly address: string
  private readonly name: string

  /** @param name - Of the records. */
  constructor(channel: AresChannel, address: string, name: string) {
    super(channel)
    this.address = address
    this.name = name
  }

  protected start(module: HubModule, channel: number, id: number): number {
    return module.exports.resolver_query(channel, id, module.scratch(this.name), POINTER[0])
  }

  protected finish(status: number, answer: number): string[] {
    return readReply(POINTER, this.name, status, answer).map(({ value }) => value)
  }

  override describe(): string {
    return `the names of ${this.address}`
  }
}
