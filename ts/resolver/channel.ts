import { host } from "#host"
import { hubModule, type HubModule } from "../core/hubmodule.ts"
import type { Loop } from "../core/loop.ts"
import { gaierror, InvalidIP, need } from "../exceptions.ts"
import { hostsOf, type Hosts } from "./hosts.ts"
import { ARES_FLAG_DNS0x20, ARES_FLAG_EDNS, ARES_FLAG_USEVC, checkOptions, type AresOptions } from "./options.ts"
import { serverList, usableServers } from "./servers.ts"
import { ARES_EDESTRUCTION, ARES_SUCCESS, rawError } from "./status.ts"

const RESOLV_CONF = "/etc/resolv.conf"
const HOSTS = "/etc/hosts"
const ABSENT = "gevent:absent"
// seconds between two looks whether a file has changed
const LOOK_INTERVAL = 1
const SYMBOLIC_LINK = 0o120000

let lastFile = 0

/** A channel of c-ares on a loop: its servers, its sockets and its cache. It goes with its loop. */
export class AresChannel {
  readonly loop: Loop
  private readonly module: HubModule = hubModule()
  private pointer: number
  private readonly hostsFile: string | undefined
  private readonly watched: readonly string[]
  private seen: string
  private looked: number
  private iteration = -1
  private readonly leave = (): void => this.close()

  /** @throws {TypeError} {RangeError} for an option that is none; {InvalidIP} for a server that is no address; {NotSupportedError}. */
  constructor(loop: Loop, options: AresOptions) {
    checkOptions(options)
    need(((options.flags ?? 0) & ARES_FLAG_USEVC) === 0 ? "udp" : "tcp")
    this.loop = loop
    const { resolvConf = RESOLV_CONF, hosts = HOSTS } = options
    const servers = serversOf(options, resolvConf ?? ABSENT)
    const table = typeof hosts !== "string" && hosts !== null
    this.hostsFile = table ? this.publish(hosts) : undefined
    const paths = [resolvConf, table ? null : hosts]
    this.watched = paths.filter((path): path is string => path !== null)
    this.seen = this.look()
    this.looked = host.monotonic()
    this.pointer = this.open(
      options,
      servers,
      resolvConf ?? ABSENT,
      this.hostsFile ?? (hosts as string | null) ?? ABSENT,
    )
    const tenants = this.module.tenants
    const key = loop.live()
    if (!tenants.has(key)) tenants.set(key, new Set())
    tenants.get(key)!.add(this.leave)
  }

  /** Whether it was closed, or its loop destroyed. */
  get closed(): boolean {
    return this.pointer === 0
  }

  /** Its pointer, with its files read anew when they have changed. @throws {gaierror} ARES_EDESTRUCTION when it is closed. */
  live(): number {
    if (this.pointer === 0) throw rawError(ARES_EDESTRUCTION, gaierror)
    this.refresh()
    return this.pointer
  }

  /** How many queries wait for an answer. */
  get queries(): number {
    return this.pointer === 0 ? 0 : this.module.exports.resolver_queries(this.pointer)
  }

  /** The name servers, with their ports. */
  get servers(): string[] {
    const { exports, memory } = this.module
    const text = exports.resolver_servers(this.live())
    if (text === 0) return []
    const servers = memory.string(text >>> 0)
    exports.release(text)
    return servers === "" ? [] : servers.split(",")
  }

  /** Sets the name servers. @throws {InvalidIP} for one that is no address. */
  setServers(servers: string | readonly string[]): void {
    const list = serverList(servers)
    const text = this.store(list)
    const status = this.module.exports.resolver_set_servers(this.live(), text)
    this.module.exports.release(text)
    if (status !== ARES_SUCCESS) throw new InvalidIP(`c-ares does not take the servers ${list}`)
    this.loop.touch()
  }

  /** Sets the addresses that its sockets are bound to. @throws {InvalidIP} for what is no address. */
  setLocalAddress(ipv4: string, ipv6: string): void {
    const { exports } = this.module
    const [four, six] = [this.store(ipv4), this.store(ipv6)]
    const set = exports.resolver_set_local_address(this.live(), four, six)
    exports.release(four)
    exports.release(six)
    if (set === 0)
      throw new InvalidIP(`${JSON.stringify(ipv4)} and ${JSON.stringify(ipv6)} must be IPv4 and IPv6 addresses`)
  }

  /** Frees it. Searches that are under way fail with ARES_EDESTRUCTION. */
  close(): void {
    const { pointer, module } = this
    if (pointer === 0) return
    this.pointer = 0
    module.exports.resolver_free(pointer)
    if (this.hostsFile !== undefined) module.files.delete(this.hostsFile)
    for (const tenants of module.tenants.values()) tenants.delete(this.leave)
    if (!this.loop.destroyed) this.loop.touch()
  }

  private refresh(): void {
    // the time is asked for once in a turn of the loop
    const { iteration } = this.loop
    if (iteration === this.iteration) return
    this.iteration = iteration
    const now = host.monotonic()
    if (now - this.looked < LOOK_INTERVAL * 1000) return
    this.looked = now
    const seen = this.look()
    if (seen === this.seen) return
    this.seen = seen
    this.module.exports.resolver_reload(this.pointer)
  }

  private look(): string {
    return this.watched.map(stateOf).join("\n")
  }

  /** A hosts file of our own. */
  private publish(hosts: Hosts): string {
    const lines = hostsOf(hosts).flatMap(([name, addresses]) => addresses.map((address) => `${address} ${name}\n`))
    const file = `gevent:hosts/${++lastFile}`
    this.module.files.set(file, new TextEncoder().encode(lines.join("")))
    return file
  }

  private open(options: AresOptions, servers: string | null, resolvConf: string, hosts: string): number {
    const { module } = this
    const { exports } = module
    module.files.set(ABSENT, new Uint8Array(0))
    const { domains, sortlist, lookups } = options
    const strings: number[] = []
    const text = (value: string | null | undefined): number => {
      if (value === null || value === undefined) return 0
      strings.push(this.store(value))
      return strings.at(-1)!
    }
    const words = (values: readonly number[]): number => {
      const pointer = exports.allocate(values.length * 4) >>> 0
      strings.push(pointer)
      module.memory.words.set(values, pointer >>> 2)
      return pointer
    }
    const list = domains ? words([...domains.map(text), 0]) : 0
    const status = words([0])
    const block = words([
      options.flags ?? (options.dns0x20 === false ? ARES_FLAG_EDNS : ARES_FLAG_EDNS | ARES_FLAG_DNS0x20),
      milliseconds(options.timeout),
      options.tries ?? -1,
      options.ndots ?? -1,
      options.udpPort ?? -1,
      options.tcpPort ?? -1,
      options.ednsSize ?? -1,
      options.cache ?? -1,
      options.udpMaxQueries ?? -1,
      milliseconds(options.maxTimeout),
      options.rotate === true ? 1 : 0,
      domains?.length ?? -1,
      list,
      text(servers),
      text(sortlist),
      text(lookups),
      text(resolvConf),
      text(hosts),
    ])
    const pointer = exports.resolver_new(this.loop.live(), block, status) >>> 0
    const code = module.memory.words[status >>> 2]!
    for (const string of strings) exports.release(string)
    if (pointer === 0) throw rawError(code, gaierror)
    return pointer
  }

  private store(text: string): number {
    const bytes = new TextEncoder().encode(`${text}\0`)
    const pointer = this.module.exports.allocate(bytes.length) >>> 0
    this.module.memory.bytes.set(bytes, pointer)
    return pointer
  }
}

function milliseconds(seconds: number | null | undefined): number {
  return seconds === null || seconds === undefined ? -1 : Math.max(1, Math.round(seconds * 1000))
}

/** The servers that were given, or those that the host knows where there is no resolv.conf. */
function serversOf({ servers }: AresOptions, resolvConf: string): string | null {
  if (servers !== undefined && servers !== null) return serverList(servers)
  if (resolvConf !== RESOLV_CONF || stateOf(resolvConf) !== "") return null
  return usableServers(host.nameServers()) || null
}

/** What changes when a file does; empty when there is none. */
function stateOf(path: string): string {
  const stat = host.lstat(path)
  if (typeof stat === "number") return ""
  if ((stat.mode & 0o170000) !== SYMBOLIC_LINK) return `${stat.ino} ${stat.size} ${stat.mtime}`
  try {
    return new TextDecoder().decode(host.readFile(path))
  } catch {
    return ""
  }
}
