import { E } from "./errno.ts"
import * as option from "./options.ts"

const { SOL_SOCKET, IPPROTO_IP, IPPROTO_TCP, IPPROTO_IPV6 } = option

/** What Linux says of a socket that nobody touched. */
const defaults = new Map<number, number>()
/** Those of them that can be set to something else, if only to be read again. */
const settable = new Set<number>()

define(SOL_SOCKET, [
  [option.SO_REUSEADDR, 0],
  [option.SO_REUSEPORT, 0],
  [option.SO_BROADCAST, 0],
  [option.SO_KEEPALIVE, 0],
  [option.SO_LINGER, 0],
  [option.SO_RCVBUF, 131072],
  [option.SO_SNDBUF, 16384],
  [option.SO_RCVTIMEO, 0],
  [option.SO_SNDTIMEO, 0],
])
define(IPPROTO_TCP, [
  [option.TCP_NODELAY, 0],
  [option.TCP_KEEPIDLE, 7200],
])
define(IPPROTO_IPV6, [[option.IPV6_V6ONLY, 0]])
for (const key of defaults.keys()) settable.add(key)

define(SOL_SOCKET, [
  [option.SO_DEBUG, 0],
  [option.SO_DONTROUTE, 0],
  [option.SO_OOBINLINE, 0],
  [option.SO_PRIORITY, 0],
  [option.SO_RCVLOWAT, 1],
  [option.SO_SNDLOWAT, 1],
  [option.SO_TIMESTAMP, 0],
])
define(IPPROTO_IP, [
  [option.IP_TOS, 0],
  [option.IP_TTL, 64],
])
define(IPPROTO_TCP, [
  [option.TCP_CORK, 0],
  [option.TCP_KEEPINTVL, 75],
  [option.TCP_KEEPCNT, 9],
  [option.TCP_SYNCNT, 6],
  [option.TCP_LINGER2, 60],
  [option.TCP_DEFER_ACCEPT, 0],
  [option.TCP_QUICKACK, 1],
  [option.TCP_USER_TIMEOUT, 0],
])
define(IPPROTO_IPV6, [
  [option.IPV6_UNICAST_HOPS, 64],
  [option.IPV6_TCLASS, 0],
])

/**
 * The options of one socket, remembered: no host can be asked for them. Those that no host can change keep the system's
 * value, and setting them to that is no error.
 */
export class OptionShadow {
  private values: Map<number, number> | undefined = undefined
  // Whether the values may be another one's too: a server's connections take over what it has, and few set anything.
  private shared = false

  /** Sets an option: 0, or -E.NOPROTOOPT when there is no such option or it cannot have that value. */
  set(level: number, name: number, value: number): number {
    const key = keyOf(level, name)
    const standard = defaults.get(key)
    if (standard === undefined) return -E.NOPROTOOPT
    if (!settable.has(key)) return value === standard ? 0 : -E.NOPROTOOPT
    if (this.values === undefined || this.shared) {
      this.values = new Map(this.values)
      this.shared = false
    }
    this.values.set(key, value)
    return 0
  }

  /** Reads an option, or -E.NOPROTOOPT. */
  get(level: number, name: number): number {
    const key = keyOf(level, name)
    return this.values?.get(key) ?? defaults.get(key) ?? -E.NOPROTOOPT
  }

  /** Takes over what another one remembers. */
  copy(other: OptionShadow): void {
    if (other.values === undefined) return
    this.values = other.values
    this.shared = other.shared = true
  }
}

function define(level: number, entries: readonly (readonly [name: number, value: number])[]): void {
  for (const [name, value] of entries) defaults.set(keyOf(level, name), value)
}

function keyOf(level: number, name: number): number {
  return level * 65536 + name
}
