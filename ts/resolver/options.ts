import { host } from "#host"
import type { Hosts } from "./hosts.ts"

/** How c-ares asks. What is left out comes from resolv.conf, or is c-ares' own default. */
export interface AresOptions {
  /** The name servers, in order: a list, or a text with commas. `"192.0.2.1"`, `"192.0.2.1:5353"`, `"[2001:db8::1]:53"`. */
  servers?: string | readonly string[] | null
  /** Seconds that the first try of a server may take; one that has answered fast is given less, but 0.25 at least. Default 2. */
  timeout?: number | null
  /** Seconds that a later try, which waits longer, may take at most. */
  maxTimeout?: number | null
  /** How often each server is asked. Default 3. */
  tries?: number | null
  /** A name with fewer dots is tried with the search domains first. Default 1. */
  ndots?: number | null
  /** Whether each search begins with another server. Default false. */
  rotate?: boolean | null
  /** What is appended to a name that is not found as it is. */
  domains?: readonly string[] | null
  /** The port of servers that are given without one, over UDP. Default 53. */
  udpPort?: number | null
  /** The same over TCP. */
  tcpPort?: number | null
  /** The largest datagram that servers may send, in bytes. Default 1232. */
  ednsSize?: number | null
  /** Seconds that an answer is kept at most; 0 keeps none. Default 3600. */
  cache?: number | null
  /** How many queries go out of one UDP port before another one is taken. Default: no limit. */
  udpMaxQueries?: number | null
  /** Networks whose addresses come first, as in resolv.conf: `"192.0.2.0/24 198.51.100.0/24"`. */
  sortlist?: string | null
  /** Where to look: `"f"` is the hosts file, `"b"` the name servers. Default `"fb"`. */
  lookups?: string | null
  /** c-ares' flags, `ARES_FLAG_…`. Default ARES_FLAG_EDNS, and ARES_FLAG_DNS0x20 unless `dns0x20` says no. */
  flags?: number | null
  /** Whether the case of names in queries is random, and must be the same in the answers. Default true. */
  dns0x20?: boolean | null
  /** The path of resolv.conf; null is as if there were none. Default `/etc/resolv.conf`. */
  resolvConf?: string | null
  /** The path of the hosts file, or a table of names and their addresses; null is as if there were none. Default `/etc/hosts`. */
  hosts?: string | Hosts | null
}

/** c-ares: ask over TCP only. */
export const ARES_FLAG_USEVC = 1 << 0
/** c-ares: ask the first server only. */
export const ARES_FLAG_PRIMARY = 1 << 1
/** c-ares: take an answer that was cut short as it is. */
export const ARES_FLAG_IGNTC = 1 << 2
/** c-ares: the server shall not ask others. */
export const ARES_FLAG_NORECURSE = 1 << 3
/** c-ares: keep sockets open while nobody asks. */
export const ARES_FLAG_STAYOPEN = 1 << 4
/** c-ares: no search domains. */
export const ARES_FLAG_NOSEARCH = 1 << 5
/** c-ares: no aliases of the environment. */
export const ARES_FLAG_NOALIASES = 1 << 6
/** c-ares: hand over answers with an error code too. */
export const ARES_FLAG_NOCHECKRESP = 1 << 7
/** c-ares: say that larger datagrams are welcome. */
export const ARES_FLAG_EDNS = 1 << 8
/** c-ares: random case in queries. */
export const ARES_FLAG_DNS0x20 = 1 << 10

/** How the host's variables set options, unless they are given. gevent: `GEVENTARES_*`, `GEVENT_RESOLVER_*`. */
export function withEnvironment(options: AresOptions): AresOptions {
  const number = (...names: string[]): number | null => {
    const text = variable(names)
    if (text === null) return null
    const value = Number(text)
    if (text.trim() === "" || Number.isNaN(value)) throw new RangeError(`${names[0]} must be a number, not ${text}`)
    return value
  }
  const found: AresOptions = {
    servers: variable(["GEVENT_RESOLVER_NAMESERVERS", "GEVENT_RESOLVER_SERVERS", "GEVENTARES_SERVERS"]),
    timeout: number("GEVENT_RESOLVER_TIMEOUT", "GEVENTARES_TIMEOUT"),
    tries: number("GEVENTARES_TRIES"),
    ndots: number("GEVENTARES_NDOTS"),
    udpPort: number("GEVENTARES_UDP_PORT"),
    tcpPort: number("GEVENTARES_TCP_PORT"),
    flags: number("GEVENTARES_FLAGS"),
  }
  return { ...given(found), ...given(options) }
}

/** What was given: null and undefined are not, where they do not say "none". */
function given(options: AresOptions): AresOptions {
  const entries = Object.entries(options).filter(
    ([name, value]) => value !== undefined && (value !== null || name === "resolvConf" || name === "hosts"),
  )
  return Object.fromEntries(entries)
}

function variable(names: readonly string[]): string | null {
  for (const name of names) {
    const value = host.env(name)
    if (value !== undefined && value !== "") return value
  }
  return null
}

const MANY = 0x7fffffff
// and what they may be; seconds may have fractions
const NUMBERS: Readonly<Record<string, readonly [low: number, high: number]>> = {
  timeout: [0, MANY / 1000],
  maxTimeout: [0, MANY / 1000],
  tries: [1, 1000],
  ndots: [0, 15],
  udpPort: [0, 65535],
  tcpPort: [0, 65535],
  ednsSize: [512, 4096],
  cache: [0, MANY],
  udpMaxQueries: [0, MANY],
  flags: [0, MANY],
}
const SWITCHES = ["rotate", "dns0x20"]
const TEXTS = ["sortlist", "lookups", "resolvConf"]
const OTHERS = ["servers", "domains", "hosts"]

/** @throws {TypeError} for an option that there is not, or of another type; {RangeError} for a value that cannot be. */
export function checkOptions(options: AresOptions): void {
  for (const [name, value] of Object.entries(options) as [string, unknown][]) {
    const range = Object.hasOwn(NUMBERS, name) ? NUMBERS[name] : undefined
    if (range === undefined && ![...SWITCHES, ...TEXTS, ...OTHERS].includes(name)) {
      throw new TypeError(`an AresResolver has no option ${JSON.stringify(name)}`)
    }
    if (value === null || value === undefined) continue
    if (range !== undefined) {
      checkNumber(name, value, ...range)
      if (!/timeout/i.test(name) && !Number.isInteger(value)) {
        throw new RangeError(`${name} must be a whole number, not ${String(value)}`)
      }
    }
    if (SWITCHES.includes(name) && typeof value !== "boolean") {
      throw new TypeError(`${name} must be true or false, not ${String(value)}`)
    }
    if (TEXTS.includes(name) && typeof value !== "string") {
      throw new TypeError(`${name} must be a string, not ${String(value)}`)
    }
  }
  checkDomains(options.domains)
  const { lookups } = options
  if (lookups !== null && lookups !== undefined && !/^[fb]{1,2}$/.test(lookups)) {
    throw new RangeError(`lookups must be made of "f" and "b", not ${JSON.stringify(lookups)}`)
  }
}

function checkDomains(domains: unknown): void {
  if (domains === null || domains === undefined) return
  if (!Array.isArray(domains) || !domains.every((domain) => typeof domain === "string")) {
    throw new TypeError(`domains must be a list of strings, not ${String(domains)}`)
  }
  const wrong = domains.find((domain) => !/^[^\s\0]+$/.test(domain))
  if (wrong !== undefined) throw new RangeError(`a domain must be a name, not ${JSON.stringify(wrong)}`)
}

/** @throws {TypeError} unless it is a number, {RangeError} unless it is in the range. */
export function checkNumber(name: string, value: unknown, low: number, high: number): void {
  if (value === null || value === undefined) return
  if (typeof value !== "number" || Number.isNaN(value))
    throw new TypeError(`${name} must be a number, not ${String(value)}`)
  if (value < low || value > high) throw new RangeError(`${name} must be ${low} to ${high}, not ${value}`)
}
