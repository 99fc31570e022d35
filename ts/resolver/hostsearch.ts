import type { HubModule } from "../core/hubmodule.ts"
import { herror } from "../exceptions.ts"
import { readFound, type Found } from "./answer.ts"
import type { AresChannel } from "./channel.ts"
import { Search } from "./search.ts"
import { ARES_SUCCESS, aresError, namingError, type NameErrorClass } from "./status.ts"

// c-ares' flags of a search: with aliases; without the sockets that it would open to find an order, which is ours anyway
const CANONNAME = 1 << 0
const NOSORT = 1 << 7

/** Searches for the addresses of a name. */
export class AddressSearch<T> extends Search<T> {
  private readonly name: string
  private readonly family: number
  private readonly flags: number
  private readonly errors: NameErrorClass
  private readonly make: (found: Found) => T

  /**
   * @param errors - The class of errors other than that there is no such name.
   * @param make - Makes the value of what was found, or throws.
   */
  constructor(
    channel: AresChannel,
    name: string,
    family: number,
    aliases: boolean,
    errors: NameErrorClass,
    make: (found: Found) => T,
  ) {
    super(channel)
    this.name = name
    this.family = family
    this.flags = NOSORT | (aliases ? CANONNAME : 0)
    this.errors = errors
    this.make = make
  }

  protected start(module: HubModule, channel: number, id: number): number {
    return module.exports.resolver_getaddrinfo(channel, id, module.scratch(this.name), this.family, this.flags)
  }

  protected finish(status: number, answer: number): T {
    if (status !== ARES_SUCCESS) throw namingError(status, this.errors)
    return this.make(readFound(answer, this.name))
  }

  override describe(): string {
    return `the addresses of ${this.name}`
  }
}

/** Searches for the name of an address. */
export class NameSearch<T> extends Search<T> {
  private readonly address: string
  private readonly make: (found: Found) => T

  /** @param make - Makes the value of what was found, or throws. */
  constructor(channel: AresChannel, address: string, make: (found: Found) => T) {
    super(channel)
    this.address = address
    this.make = make
  }

  protected start(module: HubModule, channel: number, id: number): number {
    return module.exports.resolver_gethostbyaddr(channel, id, module.scratch(this.address))
  }

  protected finish(status: number, answer: number): T {
    if (status !== ARES_SUCCESS) throw aresError(status, herror)
    return this.make(readFound(answer, ""))
  }

  override describe(): string {
    return `the name of ${this.address}`
  }
}
