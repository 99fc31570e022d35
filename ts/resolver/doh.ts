import { host } from "#host"
import { gaierror } from "../exceptions.ts"
import type { Wait } from "../wait.ts"
import { AbstractResolver } from "./abstract.ts"
import { Records, type Found, type FoundAddress } from "./answer.ts"
import { AF_INET, AF_INET6 } from "./constants.ts"
import { exchange, type Request } from "./exchange.ts"
import { Foreign } from "./foreign.ts"
import { hostsOf, type Hosts } from "./hosts.ts"
import { encodeHostname } from "./hostname.ts"
import type { Hostname } from "./interface.ts"
import { readMessage, writeQuery } from "./message.ts"
import { checkNumber } from "./options.ts"
import type { RecordResolver } from "./recordresolver.ts"
import { kindOf, readReply, type AddressRecord, type NameRecord, type RecordType, type RecordTypes } from "./records.ts"
import { reverseName } from "./reverse.ts"
import {
  ARES_ENODATA,
  ARES_ENOTFOUND,
  ARES_SUCCESS,
  namingError,
  ofClass,
  type NameErrorClass,
  unknownHost,
} from "./status.ts"

// seconds
const TIMEOUT = 10
const LONGEST = 2_147_483

/** Options of a DohResolver. */
export interface DohOptions {
  /** Where the service is: `"https://dns.example/dns-query"`. By default the variable GEVENT_RESOLVER_DOH. */
  url?: string | URL | null
  /** What is asked instead of the host's `fetch`. */
  fetch?: Request
  /** Seconds that a request may take, with its answer. Default 10. */
  timeout?: number | null
  /** Names that are known already, and their addresses. */
  hosts?: Hosts
}

/**
 * The resolver for hosts without sockets, such as edge workers: DNS over HTTPS (RFC 8484) with the host's `fetch`. c-ares writes and
 * reads the messages. Redirects are not followed. What is not answered within `timeout` is an error 12, and what is larger than a
 * message 10: a gaierror or a herror, as with AresResolver. The request is aborted then.
 *
 * @example
 * ```ts
 * import { getHub } from "gevent-wasm"
 * import { DohResolver } from "gevent-wasm/resolver"
 * getHub().resolver = new DohResolver({ url: "https://dns.example/dns-query" })
 * ```
 */
export class DohResolver extends AbstractResolver implements RecordResolver {
  /** Where the service is. */
  readonly url: string
  private readonly request: Request
  private readonly timeout: number
  private readonly hosts: ReadonlyMap<string, readonly string[]>

  /** @throws {TypeError} without a URL; {RangeError} for a timeout that is none. */
  constructor({ url = host.env("GEVENT_RESOLVER_DOH") ?? null, fetch, timeout, hosts = {} }: DohOptions = {}) {
    super()
    checkNumber("timeout", timeout, 0, LONGEST)
    this.timeout = timeout ?? TIMEOUT
    if (url === null || url === "") throw new TypeError("a DohResolver needs the URL of a service")
    this.url = new URL(url).href
    if (fetch !== undefined && typeof fetch !== "function") throw new TypeError("fetch must be a function")
    this.request = fetch ?? ((to, init) => globalThis.fetch(to, init))
    this.hosts = new Map(hostsOf(hosts).map(([name, addresses]) => [name.toLowerCase(), addresses]))
  }

  close(): void {
    // it holds nothing
  }

  resolve(hostname: Hostname): Wait<RecordTypes["A"][]>
  resolve<T extends RecordType>(hostname: Hostname, type: T): Wait<RecordTypes[T][]>
  resolve(hostname: Hostname, type: RecordType = "A"): Wait<RecordTypes[RecordType][]> {
    const name = encodeHostname(hostname)
    const kind = kindOf(type)
    return new Foreign(`the ${type} records of ${name}`, (signal) =>
      this.ask(name, type, gaierror, signal, (status, answer) => readReply(kind, name, status, answer)),
    )
  }

  reverse(address: string): Wait<string[]> {
    const name = reverseName(address)
    return new Foreign(`the names of ${address}`, (signal) =>
      this.ask(name, "PTR", gaierror, signal, (status, answer) =>
        readReply(kindOf("PTR"), name, status, answer).map(({ value }: NameRecord) => value),
      ),
    )
  }

  protected search<T>(
    name: string,
    family: number,
    _aliases: boolean,
    type: NameErrorClass,
    finish: (found: Found) => T,
  ): Wait<T> {
    return new Foreign(`the addresses of ${name}`, async (signal) => {
      const known = this.known(name)?.filter((one) => family === 0 || one.family === family)
      if (known !== undefined) return finish({ name, aliases: [], addresses: known })
      const wanted = ([AF_INET6, AF_INET] as const).filter((one) => family === 0 || family === one)
      const replies = await Promise.all(wanted.map((one) => this.reply(name, one, type, signal)))
      const addresses = replies.flatMap((reply) => reply.addresses)
      if (addresses.length === 0) {
        const statuses = replies.map(({ status }) => status)
        const worst = statuses.find((status) => status !== ARES_ENODATA && status !== ARES_ENOTFOUND) ?? statuses[0]!
        throw namingError(worst, type)
      }
      const { aliases } = replies.find((reply) => reply.addresses.length > 0)!
      return finish({ name: aliases.at(-1)?.value ?? name, aliases: aliases.map((alias) => alias.name), addresses })
    })
  }

  protected searchAddress<T>(address: string, family: number, finish: (found: Found) => T): Wait<T> {
    return new Foreign(`the name of ${address}`, async (signal) => {
      const asked = reverseName(address)
      let records: NameRecord[]
      try {
        records = await this.ask(asked, "PTR", gaierror, signal, (status, answer) =>
          readReply(kindOf("PTR"), asked, status, answer),
        )
      } catch (error) {
        // as c-ares has it, whatever went wrong
        throw error instanceof gaierror ? Object.assign(unknownHost(), { cause: error }) : error
      }
      const [name, ...aliases] = records.map(({ value }) => value)
      return finish({ name: name!, aliases, addresses: [{ family, address, ttl: 0 }] })
    })
  }

  private known(name: string): FoundAddress[] | undefined {
    const plain = name.toLowerCase().replace(/\.$/, "")
    const local = plain === "localhost" || plain.endsWith(".localhost") ? ["::1", "127.0.0.1"] : undefined
    return (this.hosts.get(plain) ?? local)?.map((address) => ({
      family: address.includes(":") ? AF_INET6 : AF_INET,
      address,
      ttl: 0,
    }))
  }

  private async reply(
    name: string,
    family: typeof AF_INET | typeof AF_INET6,
    errors: NameErrorClass,
    signal: AbortSignal,
  ): Promise<{ status: number; addresses: FoundAddress[]; aliases: NameRecord[] }> {
    const type = family === AF_INET ? "A" : "AAAA"
    return this.ask(name, type, errors, signal, (status, answer) => {
      if (status !== ARES_SUCCESS) return { status, addresses: [], aliases: [] }
      const found = has(answer, type) ? readReply(kindOf(type), name, status, answer) : []
      const aliases = has(answer, "CNAME") ? readReply(kindOf("CNAME"), name, status, answer) : []
      const addresses = found.map(({ address, ttl }: AddressRecord) => ({ family, address, ttl }))
      return { status: addresses.length === 0 ? ARES_ENODATA : status, addresses, aliases }
    })
  }

  private async ask<T>(
    name: string,
    type: RecordType,
    errors: NameErrorClass,
    signal: AbortSignal,
    finish: (status: number, answer: number) => T,
  ): Promise<T> {
    let message: Uint8Array
    try {
      message = await exchange(this.request, this.url, writeQuery(name, kindOf(type)[0]), this.timeout, signal)
    } catch (error) {
      throw ofClass(error, errors)
    }
    return readMessage(message, finish)
  }
}

function has(answer: number, type: RecordType): boolean {
  const wanted = kindOf(type)[0]
  const records = new Records(answer, "")
  while (records.next()) if (records.type === wanted) return true
  return false
}
