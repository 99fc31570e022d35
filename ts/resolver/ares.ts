import type { Loop } from "../core/loop.ts"
import { scheduler } from "../strand.ts"
import type { Wait } from "../wait.ts"
import { AbstractResolver } from "./abstract.ts"
import type { Found } from "./answer.ts"
import { AresChannel } from "./channel.ts"
import { encodeHostname } from "./hostname.ts"
import { AddressSearch, NameSearch } from "./hostsearch.ts"
import type { Hostname } from "./interface.ts"
import { withEnvironment, type AresOptions } from "./options.ts"
import type { AnyRecord, RecordType, RecordTypes } from "./records.ts"
import type { RecordResolver } from "./recordresolver.ts"
import { AnySearch, PointerSearch, RecordSearch } from "./recordsearch.ts"
import { reverseName } from "./reverse.ts"
import type { NameErrorClass } from "./status.ts"

/** Options of an AresResolver. */
export interface AresResolverOptions extends AresOptions {
  /** Whether the variables of the environment count, for what is not given. Default true. gevent: `use_environ`. */
  useEnviron?: boolean
}

/**
 * The resolver that is c-ares, in the hub: the same on every host that has sockets. It reads `/etc/resolv.conf` and `/etc/hosts`,
 * asks over UDP and, for what does not fit, over TCP, keeps answers, and lets go of a query as soon as nobody waits for it.
 *
 * gevent: `gevent.resolver.ares.Resolver(hub=None, use_environ=True, **kwargs)`.
 *
 * @example
 * ```ts
 * import { AresResolver } from "gevent-wasm/resolver"
 * using resolver = new AresResolver({ hosts: { "db.internal": "192.0.2.7" }, timeout: 1, tries: 2 })
 * console.log(await resolver.gethostbyname("db.internal")) // 192.0.2.7
 * ```
 */
export class AresResolver extends AbstractResolver implements RecordResolver, Disposable {
  private readonly channel: AresChannel

  /** @throws {TypeError} {RangeError} for an option that is none; {InvalidIP} for a server that is no numeric address; {NotSupportedError} on a host without UDP, unless all goes over TCP. */
  constructor({ useEnviron = true, ...options }: AresResolverOptions = {}, loop: Loop = scheduler.loop) {
    super()
    if (typeof useEnviron !== "boolean")
      throw new TypeError(`useEnviron must be true or false, not ${String(useEnviron)}`)
    this.channel = new AresChannel(loop, useEnviron ? withEnvironment(options) : options)
  }

  /** The name servers that it asks, with their ports, as `setServers` takes them. @throws {gaierror} when it is closed. */
  get servers(): string[] {
    return this.channel.servers
  }

  /** Asks other name servers from now on. @throws {InvalidIP} for one that is no numeric address. */
  setServers(servers: string | readonly string[]): void {
    this.channel.setServers(servers)
  }

  /**
   * Sends queries from these addresses from now on; by default the system chooses them. A socket that is open already stays where it is.
   *
   * @throws {InvalidIP} for what is no address. {TypeError} for another type.
   */
  setLocalAddress(ipv4 = "0.0.0.0", ipv6 = "::"): void {
    for (const address of [ipv4, ipv6]) {
      if (typeof address !== "string") throw new TypeError(`an address must be a string, not ${String(address)}`)
    }
    this.channel.setLocalAddress(ipv4, ipv6)
  }

  /** How many queries wait for an answer. */
  get pending(): number {
    return this.channel.queries
  }

  /** Whether it was closed. */
  get closed(): boolean {
    return this.channel.closed
  }

  resolve(hostname: Hostname): Wait<RecordTypes["A"][]>
  resolve<T extends RecordType>(hostname: Hostname, type: T): Wait<RecordTypes[T][]>
  resolve(hostname: Hostname, type: RecordType = "A"): Wait<RecordTypes[RecordType][]> {
    return new RecordSearch(this.channel, encodeHostname(hostname), type)
  }

  /** The records of all types that a name server cares to tell, each with its type; many tell next to nothing (RFC 8482). */
  resolveAny(hostname: Hostname): Wait<AnyRecord[]> {
    return new AnySearch(this.channel, encodeHostname(hostname))
  }

  reverse(address: string): Wait<string[]> {
    return new PointerSearch(this.channel, address, reverseName(address))
  }

  /** Lets go of its sockets. Searches that are under way fail with gaierror or herror 16, and so do later ones. */
  close(): void {
    this.channel.close()
  }

  /** `using` closes it. */
  [Symbol.dispose](): void {
    this.channel.close()
  }

  protected search<T>(
    name: string,
    family: number,
    aliases: boolean,
    type: NameErrorClass,
    finish: (found: Found) => T,
  ): Wait<T> {
    return new AddressSearch(this.channel, name, family, aliases, type, finish)
  }

  protected searchAddress<T>(address: string, _family: number, finish: (found: Found) => T): Wait<T> {
    return new NameSearch(this.channel, address, finish)
  }
}
