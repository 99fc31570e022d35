import { E } from "../errno.ts"
import {
  IPPROTO_IPV6,
  IPPROTO_TCP,
  IPV6_V6ONLY,
  LINGER_ON,
  SO_KEEPALIVE,
  SO_LINGER,
  SO_RCVBUF,
  SO_REUSEADDR,
  SO_REUSEPORT,
  SO_SNDBUF,
  SOL_SOCKET,
  TCP_KEEPIDLE,
  TCP_NODELAY,
} from "../options.ts"
import type { Wire } from "../wire.ts"
import { canReusePort } from "./binding.ts"

// What Linux says of a socket that nobody touched.
const RECEIVE_BUFFER = 131072
const SEND_BUFFER = 16384
const KEEP_IDLE = 7200

/** The options of one socket. Node sets them but cannot be asked, so they are remembered here. */
export class SocketOptions {
  noDelay = false
  keepAlive = false
  keepIdle = KEEP_IDLE
  reuseAddress = false
  reusePort = false
  ipv6Only = false
  linger = 0
  receiveBuffer = RECEIVE_BUFFER
  sendBuffer = SEND_BUFFER

  /** A copy, which an accepted socket gets of its listener's. */
  inherit(): SocketOptions {
    return Object.assign(new SocketOptions(), this)
  }

  /** Whether close() is to reset the connection. */
  get abortive(): boolean {
    return this.linger === LINGER_ON
  }

  /** Seconds that close() may take in the background, or undefined when it is not bounded. */
  get lingerSeconds(): number | undefined {
    return (this.linger & LINGER_ON) === 0 ? undefined : this.linger & ~LINGER_ON
  }

  /** Sets an option, on the connection too when there is one. */
  set(level: number, name: number, value: number, socket: Wire | undefined): number {
    const on = value !== 0
    if (level === SOL_SOCKET) {
      if (name === SO_REUSEADDR) this.reuseAddress = on
      else if (name === SO_LINGER) this.linger = value
      else if (name === SO_RCVBUF) this.receiveBuffer = value
      else if (name === SO_SNDBUF) this.sendBuffer = value
      else if (name === SO_REUSEPORT && (canReusePort || !on)) this.reusePort = on
      else if (name === SO_KEEPALIVE) {
        this.keepAlive = on
        this.applyKeepAlive(socket)
      } else return -E.NOPROTOOPT
      return 0
    }
    if (level === IPPROTO_TCP && name === TCP_NODELAY) {
      this.noDelay = on
      socket?.setNoDelay(on)
      return 0
    }
    if (level === IPPROTO_TCP && name === TCP_KEEPIDLE) {
      if (value < 1) return -E.INVAL
      this.keepIdle = value
      if (this.keepAlive) this.applyKeepAlive(socket)
      return 0
    }
    if (level === IPPROTO_IPV6 && name === IPV6_V6ONLY) {
      this.ipv6Only = on
      return 0
    }
    return -E.NOPROTOOPT
  }

  /** Reads an option. */
  get(level: number, name: number): number {
    if (level === SOL_SOCKET) {
      if (name === SO_REUSEADDR) return Number(this.reuseAddress)
      if (name === SO_REUSEPORT) return Number(this.reusePort)
      if (name === SO_KEEPALIVE) return Number(this.keepAlive)
      if (name === SO_LINGER) return this.linger
      if (name === SO_RCVBUF) return this.receiveBuffer
      if (name === SO_SNDBUF) return this.sendBuffer
    } else if (level === IPPROTO_TCP) {
      if (name === TCP_NODELAY) return Number(this.noDelay)
      if (name === TCP_KEEPIDLE) return this.keepIdle
    } else if (level === IPPROTO_IPV6 && name === IPV6_V6ONLY) return Number(this.ipv6Only)
    return -E.NOPROTOOPT
  }

  /** Sets what was asked for on a connection that has just come up. */
  apply(socket: Wire): void {
    if (this.noDelay) socket.setNoDelay(true)
    if (this.keepAlive) this.applyKeepAlive(socket)
  }

  private applyKeepAlive(socket: Wire | undefined): void {
    socket?.setKeepAlive(this.keepAlive, this.keepIdle * 1000)
  }
}
