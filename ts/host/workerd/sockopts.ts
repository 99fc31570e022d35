import { E } from "../errno.ts"
import {
  IPPROTO_IPV6,
  IPPROTO_TCP,
  IPV6_V6ONLY,
  SO_KEEPALIVE,
  SO_LINGER,
  SO_RCVBUF,
  SO_REUSEADDR,
  SO_SNDBUF,
  SOL_SOCKET,
  TCP_KEEPIDLE,
  TCP_NODELAY,
} from "../options.ts"

// What Linux says of a socket that nobody touched.
const DEFAULTS = new Map([
  [key(SOL_SOCKET, SO_REUSEADDR), 0],
  [key(SOL_SOCKET, SO_KEEPALIVE), 0],
  [key(SOL_SOCKET, SO_LINGER), 0],
  [key(SOL_SOCKET, SO_RCVBUF), 131072],
  [key(SOL_SOCKET, SO_SNDBUF), 16384],
  [key(IPPROTO_TCP, TCP_NODELAY), 0],
  [key(IPPROTO_TCP, TCP_KEEPIDLE), 7200],
  [key(IPPROTO_IPV6, IPV6_V6ONLY), 0],
])

/** The options of one socket: workerd has none, so they are only remembered. */
export class SocketOptions {
  private readonly values = new Map<number, number>()

  /** Sets an option: 0, or -E.NOPROTOOPT for one that nobody knows. */
  set(level: number, name: number, value: number): number {
    const option = key(level, name)
    if (!DEFAULTS.has(option)) return -E.NOPROTOOPT
    if (option === key(IPPROTO_TCP, TCP_KEEPIDLE) && value < 1) return -E.INVAL
    const flag = DEFAULTS.get(option) === 0 && option !== key(SOL_SOCKET, SO_LINGER)
    this.values.set(option, flag ? Number(value !== 0) : value)
    return 0
  }

  /** Reads an option. */
  get(level: number, name: number): number {
    const option = key(level, name)
    return this.values.get(option) ?? DEFAULTS.get(option) ?? -E.NOPROTOOPT
  }
}

function key(level: number, name: number): number {
  return level * 65536 + name
}
