import { AresResolver } from "../resolver/ares.ts"
import type { AresOptions } from "../resolver/options.ts"
import type { AnyRecord, CaaRecord, RecordType, RecordTypes, SrvRecord, TlsaRecord } from "../resolver/records.ts"
import type { Wait } from "../wait.ts"

/** Options of a Resolver: Node's, and those of an AresResolver. */
export interface DnsResolverOptions extends Omit<AresOptions, "timeout" | "maxTimeout"> {
  /** Milliseconds, as Node has them; -1 is the default. */
  timeout?: number
  /** The longest timeout of a later try, in milliseconds. */
  maxTimeout?: number
}

type Callback<T> = (error: (Error & { code?: string }) | null, result?: T) => void
type Rest = [callback: Callback<never>] | [options: object, callback: Callback<never>]
type Records<T extends RecordType> = RecordTypes[T][]

/**
 * The shape of Node's `dns.Resolver`, over c-ares in the hub: for programs that were written for that. Each call takes a callback, or
 * returns a promise without one. Results are those of Node; errors have its codes.
 *
 * @example
 * ```ts
 * import { Resolver } from "gevent-wasm/dns"
 * const resolver = new Resolver({ timeout: 1000, tries: 2 })
 * resolver.setServers(["192.0.2.53"])
 * console.log(resolver.getServers()) // ["192.0.2.53"]
 * ```
 */
export class Resolver {
  private readonly ares: AresResolver
  private cancelled = new AbortController()

  /** @throws {TypeError} {RangeError} for an option that is none. */
  constructor({ timeout = -1, maxTimeout = -1, ...options }: DnsResolverOptions = {}) {
    const seconds = (milliseconds: number): number | null => (milliseconds < 0 ? null : milliseconds / 1000)
    this.ares = new AresResolver({ ...options, timeout: seconds(timeout), maxTimeout: seconds(maxTimeout) })
  }

  /** The name servers; port 53 is left out. */
  getServers(): string[] {
    return this.ares.servers.map((server) => server.replace(/^\[?([^[\]/]*)\]?:53$/, "$1"))
  }

  /** Asks other name servers from now on. @throws {InvalidIP} for one that is no numeric address. */
  setServers(servers: readonly string[]): void {
    this.ares.setServers(servers)
  }

  /**
   * Sends queries from these addresses from now on; the unspecified ones leave that to the system.
   *
   * @throws {InvalidIP} for what is no address. {TypeError} for another type.
   */
  setLocalAddress(ipv4: string, ipv6 = "::"): void {
    if (typeof ipv4 === "string" && ipv4.includes(":")) this.ares.setLocalAddress("0.0.0.0", ipv4)
    else this.ares.setLocalAddress(ipv4, ipv6)
  }

  /** Ends all that is under way, with ECANCELLED. */
  cancel(): void {
    this.cancelled.abort()
    this.cancelled = new AbortController()
  }

  /** The records of a name, in Node's form for the type; A by default. */
  resolve(
    hostname: string,
    ...rest: [type?: string, callback?: Callback<never>] | [callback: Callback<never>]
  ): unknown {
    const [type, callback] = typeof rest[0] === "function" ? ["A", rest[0]] : [rest[0] ?? "A", rest[1]]
    const method = METHODS[type]
    if (method === undefined) throw new RangeError(`there are no records of type ${type}`)
    return (this[method] as (hostname: string, callback?: unknown) => unknown).call(this, hostname, callback)
  }

  /** IPv4 addresses, with `{ ttl: true }` as objects. */
  resolve4(hostname: string, ...rest: Partial<Rest>): unknown {
    return this.addresses(hostname, "A", rest)
  }

  /** IPv6 addresses, with `{ ttl: true }` as objects. */
  resolve6(hostname: string, ...rest: Partial<Rest>): unknown {
    return this.addresses(hostname, "AAAA", rest)
  }

  /** What a name server cares to tell, each record with its `type`; many tell next to nothing (RFC 8482). */
  resolveAny(hostname: string, callback?: Callback<never>): unknown {
    return this.answer(this.ares.resolveAny(hostname), hostname, "queryAny", callback, (records) => {
      return records.flatMap((record) => shapeOf(record) ?? [])
    })
  }

  /** CAA records: `{ critical, issue: … }`. */
  resolveCaa(hostname: string, callback?: Callback<never>): unknown {
    return this.records(hostname, "CAA", callback, (records) => records.map(caa))
  }

  /** Canonical names. */
  resolveCname(hostname: string, callback?: Callback<never>): unknown {
    return this.records(hostname, "CNAME", callback, values)
  }

  /** MX records. */
  resolveMx(hostname: string, callback?: Callback<never>): unknown {
    return this.records(hostname, "MX", callback, bare)
  }

  /** NAPTR records. */
  resolveNaptr(hostname: string, callback?: Callback<never>): unknown {
    return this.records(hostname, "NAPTR", callback, bare)
  }

  /** Name servers. */
  resolveNs(hostname: string, callback?: Callback<never>): unknown {
    return this.records(hostname, "NS", callback, values)
  }

  /** PTR records. */
  resolvePtr(hostname: string, callback?: Callback<never>): unknown {
    return this.records(hostname, "PTR", callback, values)
  }

  /** The SOA record. */
  resolveSoa(hostname: string, callback?: Callback<never>): unknown {
    return this.records(hostname, "SOA", callback, (records) => bare(records)[0])
  }

  /** SRV records. */
  resolveSrv(hostname: string, callback?: Callback<never>): unknown {
    return this.records(hostname, "SRV", callback, (records) => records.map(srv))
  }

  /** TLSA records. */
  resolveTlsa(hostname: string, callback?: Callback<never>): unknown {
    return this.records(hostname, "TLSA", callback, (records) => records.map(tlsa))
  }

  /** TXT records, each a list of its texts. */
  resolveTxt(hostname: string, callback?: Callback<never>): unknown {
    return this.records(hostname, "TXT", callback, (records) => records.map(({ entries }) => [...entries]))
  }

  /** The names of an address. */
  reverse(ip: string, callback?: Callback<never>): unknown {
    return this.answer(this.ares.reverse(ip), ip, "getHostByAddr", callback, (names) => names)
  }

  /** Lets go of its sockets. Node has no such call. */
  close(): void {
    this.ares.close()
  }

  private addresses(hostname: string, type: "A" | "AAAA", rest: Partial<Rest>): unknown {
    const [first, second] = rest
    const callback = typeof first === "function" ? (first as Callback<never>) : second
    const { ttl } = (typeof first === "function" ? {} : (first ?? {})) as { ttl?: boolean }
    return this.records(hostname, type, callback, (records) =>
      records.map((record) => (ttl === true ? { address: record.address, ttl: record.ttl } : record.address)),
    )
  }

  private records<T extends RecordType>(
    hostname: string,
    type: T,
    callback: Callback<never> | undefined,
    shape: (records: Records<T>) => unknown,
  ): unknown {
    const syscall = `query${type[0]}${type.slice(1).toLowerCase()}`
    return this.answer(this.ares.resolve(hostname, type), hostname, syscall, callback, shape)
  }

  private answer<R>(
    wait: Wait<R>,
    hostname: string,
    syscall: string,
    callback: Callback<never> | undefined,
    shape: (result: R) => unknown,
  ): unknown {
    const { signal } = this.cancelled
    const promise = new Promise<unknown>((resolve, reject) => {
      const named = (error: Error & { code?: string }): void => {
        const text = `${syscall} ${error.code} ${hostname}`
        reject(Object.assign(new Error(text), { code: error.code, errno: error.code, syscall, hostname }))
      }
      const abort = (): void => {
        wait.reject(new Error("cancelled"))
        named(Object.assign(new Error(), { code: "ECANCELLED" }))
      }
      signal.addEventListener("abort", abort, { once: true })
      Promise.resolve<R>(wait as PromiseLike<R>)
        .then((result): void => resolve(shape(result)), named)
        .finally(() => signal.removeEventListener("abort", abort))
    })
    if (callback === undefined) return promise
    promise.then(
      (result) => (callback as Callback<unknown>)(null, result),
      (error: Error) => callback(error),
    )
    return undefined
  }
}

const METHODS: Readonly<Record<string, keyof Resolver>> = {
  A: "resolve4",
  AAAA: "resolve6",
  ANY: "resolveAny",
  CAA: "resolveCaa",
  CNAME: "resolveCname",
  MX: "resolveMx",
  NAPTR: "resolveNaptr",
  NS: "resolveNs",
  PTR: "resolvePtr",
  SOA: "resolveSoa",
  SRV: "resolveSrv",
  TLSA: "resolveTlsa",
  TXT: "resolveTxt",
}

function values(records: readonly { readonly value: string }[]): string[] {
  return records.map(({ value }) => value)
}

/** A record among those of all types; undefined for a type that Node does not know. */
function shapeOf(record: AnyRecord): object | undefined {
  const { type } = record
  switch (type) {
    case "A":
    case "AAAA":
      return { type, address: record.address, ttl: record.ttl }
    case "CNAME":
    case "NS":
    case "PTR":
      return { type, value: record.value }
    case "TXT":
      return { type, entries: [...record.entries] }
    case "CAA":
      return { type, ...caa(record) }
    case "SRV":
      return { type, ...srv(record) }
    case "TLSA":
      return { type, ...tlsa(record) }
    case "MX":
    case "NAPTR":
    case "SOA":
      return { type, ...bare([record])[0] }
    default:
      return undefined
  }
}

function caa({ critical, tag, value }: CaaRecord): object {
  return { critical, [tag]: value }
}

function srv({ target, port, priority, weight }: SrvRecord): object {
  return { name: target, port, priority, weight }
}

function tlsa({ certUsage, selector, match, data }: TlsaRecord): object {
  return { certUsage, selector, match, data: data.slice().buffer }
}

/** Records without what Node's have not. */
function bare(records: readonly { readonly name: string; readonly ttl: number }[]): object[] {
  return records.map(({ name: _name, ttl: _ttl, ...fields }) => fields)
}
