import { E } from "../errno.ts"
import {
  IPPROTO_IPV6,
  IPPROTO_TCP,
  IPV6_V6ONLY,
  LINGER_ON,
  SO_KEEPALIVE,
  SO_LINGER,
  SO_REUSEADDR,
  SO_REUSEPORT,
  SOL_SOCKET,
  TCP_KEEPIDLE,
  TCP_NODELAY,
} from "../options.ts"
import { OptionShadow } from "../optionshadow.ts"
import type { Wire } from "../wire.ts"
import { canReusePort } from "./binding.ts"

// their value is true or false, whatever number it is given as
const SWITCHES: readonly (readonly [level: number, name: number])[] = [
  [SOL_SOCKET, SO_REUSEADDR],
  [SOL_SOCKET, SO_REUSEPORT],
  [SOL_SOCKET, SO_KEEPALIVE],
  [IPPROTO_TCP, TCP_NODELAY],
  [IPPROTO_IPV6, IPV6_V6ONLY],
]

/** The options of one socket. Node sets some but cannot be asked, so they are remembered here. */
export class SocketOptions extends OptionShadow {
  /** A copy, which an accepted socket gets of its listener's. */
  inherit(): SocketOptions {
    const options = new SocketOptions()
    options.copy(this)
    return options
  }

  /** Whether IPv6 is to stay off IPv4. */
  get ipv6Only(): boolean {
    return this.get(IPPROTO_IPV6, IPV6_V6ONLY) !== 0
  }

  /** Whether the port may be shared. */
  get reusePort(): boolean {
    return this.get(SOL_SOCKET, SO_REUSEPORT) !== 0
  }

  /** Whether close() is to reset the connection. */
  get abortive(): boolean {
    return this.get(SOL_SOCKET, SO_LINGER) === LINGER_ON
  }

  /** Seconds that close() may take in the background, or undefined when it is not bounded. */
  get lingerSeconds(): number | undefined {
    const linger = this.get(SOL_SOCKET, SO_LINGER)
    return (linger & LINGER_ON) === 0 ? undefined : linger & ~LINGER_ON
  }

  /** Sets an option, on the connection too when there is one. */
  change(level: number, name: number, value: number, socket: Wire | undefined): number {
    if (SWITCHES.some((known) => known[0] === level && known[1] === name)) value = Number(value !== 0)
    if (level === SOL_SOCKET && name === SO_REUSEPORT && value !== 0 && !canReusePort) return -E.NOPROTOOPT
    if (level === IPPROTO_TCP && name === TCP_KEEPIDLE && value < 1) return -E.INVAL
    const result = this.set(level, name, value)
    if (result === 0 && socket !== undefined) this.applyOne(level, name, socket)
    return result
  }

  /** Sets what was asked for on a connection that has just come up. */
  apply(socket: Wire): void {
    if (this.get(IPPROTO_TCP, TCP_NODELAY) !== 0) this.applyOne(IPPROTO_TCP, TCP_NODELAY, socket)
    if (this.get(SOL_SOCKET, SO_KEEPALIVE) !== 0) this.applyOne(SOL_SOCKET, SO_KEEPALIVE, socket)
  }

  private applyOne(level: number, name: number, socket: Wire): void {
    if (level === IPPROTO_TCP && name === TCP_NODELAY) socket.setNoDelay(this.get(level, name) !== 0)
    else if ((level === SOL_SOCKET && name === SO_KEEPALIVE) || (level === IPPROTO_TCP && name === TCP_KEEPIDLE)) {
      const on = this.get(SOL_SOCKET, SO_KEEPALIVE) !== 0
      // the time alone changes nothing while there are no probes
      if (on || name === SO_KEEPALIVE) socket.setKeepAlive(on, this.get(IPPROTO_TCP, TCP_KEEPIDLE) * 1000)
    }
  }
}
