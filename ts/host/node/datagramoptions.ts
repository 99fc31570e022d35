import { E } from "../errno.ts"
import {
  IP_ADD_MEMBERSHIP,
  IP_DROP_MEMBERSHIP,
  IP_MULTICAST_IF,
  IP_MULTICAST_LOOP,
  IP_MULTICAST_TTL,
  IP_TTL,
  IPPROTO_IP,
  IPPROTO_IPV6,
  IPV6_JOIN_GROUP,
  IPV6_LEAVE_GROUP,
  IPV6_MULTICAST_HOPS,
  IPV6_MULTICAST_IF,
  IPV6_MULTICAST_LOOP,
  IPV6_UNICAST_HOPS,
  IPV6_V6ONLY,
  SO_BROADCAST,
  SO_RCVBUF,
  SO_REUSEADDR,
  SO_REUSEPORT,
  SO_SNDBUF,
  SOL_SOCKET,
} from "../options.ts"
import { OptionShadow } from "../optionshadow.ts"
import { canReusePort } from "./binding.ts"
import { errnoOfError } from "./errors.ts"
import { interfaceName } from "./scope.ts"
import type { UdpOptions, UdpSettings } from "./udpport.ts"

// What Linux says of a socket that nobody touched.
const BUFFER = 212992
const HOPS = 64

type Change = (settings: UdpSettings) => unknown

/**
 * The options of one UDP socket. They may be set before there is a socket of the host, and are remembered, since that
 * cannot be asked for most of them.
 */
export class DatagramOptions implements UdpOptions {
  broadcast = false
  reuseAddress = false
  reusePort = false
  ipv6Only = false
  receiveBuffer = BUFFER
  private sendBuffer = BUFFER
  private hops = HOPS
  private multicastHops = 1
  private multicastLoop = true
  private multicastInterface = 0
  private readonly others = new OptionShadow()
  private readonly changes = new Map<string, Change>()

  /** Sets on a new socket of the host what was set before. Returns 0 or the negative errno of what failed. */
  apply(settings: UdpSettings): number {
    for (const change of this.changes.values()) {
      const result = attempt(settings, change)
      if (result < 0) return result
    }
    return 0
  }

  /** Sets an option whose value is a number, on the host's socket too when there is one. */
  set(level: number, name: number, value: number, settings: UdpSettings | undefined): number {
    const on = value !== 0
    if (level === SOL_SOCKET) {
      if (name === SO_REUSEADDR) this.reuseAddress = on
      else if (name === SO_REUSEPORT) {
        if (on && !canReusePort) return -E.NOPROTOOPT
        this.reusePort = on
      } else if (name === SO_BROADCAST) {
        this.broadcast = on
        return this.change("broadcast", settings, (socket) => socket.setBroadcast(on))
      } else if (name === SO_RCVBUF) {
        this.receiveBuffer = value
        return this.change("receiveBuffer", settings, (socket) => {
          socket.setRecvBufferSize?.(value)
          this.receiveBuffer = socket.getRecvBufferSize?.() ?? value
        })
      } else if (name === SO_SNDBUF) {
        this.sendBuffer = value
        return this.change("sendBuffer", settings, (socket) => {
          socket.setSendBufferSize?.(value)
          this.sendBuffer = socket.getSendBufferSize?.() ?? value
        })
      } else return this.others.set(level, name, value)
      return 0
    }
    if (is(level, name, IP_TTL, IPV6_UNICAST_HOPS)) {
      if (value < 1 || value > 255) return -E.INVAL
      this.hops = value
      return this.change("hops", settings, (socket) => socket.setTTL(value))
    }
    if (is(level, name, IP_MULTICAST_TTL, IPV6_MULTICAST_HOPS)) {
      if (value < 0 || value > 255) return -E.INVAL
      this.multicastHops = value
      return this.change("multicastHops", settings, (socket) => socket.setMulticastTTL(value))
    }
    if (is(level, name, IP_MULTICAST_LOOP, IPV6_MULTICAST_LOOP)) {
      this.multicastLoop = on
      return this.change("multicastLoop", settings, (socket) => socket.setMulticastLoopback(on))
    }
    if (level === IPPROTO_IP && name === IP_MULTICAST_IF) return this.setInterface(value, settings)
    if (level !== IPPROTO_IPV6) return -E.NOPROTOOPT
    if (name === IPV6_V6ONLY) {
      if (settings !== undefined) return -E.INVAL
      this.ipv6Only = on
      return 0
    }
    if (name !== IPV6_MULTICAST_IF) return -E.NOPROTOOPT
    const address = interfaceOf(value)
    if (address === undefined && value !== 0) return -E.NODEV
    return this.changeInterface(value, address ?? "::", settings)
  }

  /** Sets an option whose value is a struct. Undefined when there is no such option. */
  setBytes(level: number, name: number, value: Uint8Array, settings: UdpSettings | undefined): number | undefined {
    const view = new DataView(value.buffer, value.byteOffset, value.length)
    if (level === IPPROTO_IP && name === IP_MULTICAST_IF) {
      // an in_addr, or the one that follows the group in an ip_mreq
      const offset = value.length >= 8 ? 4 : 0
      if (value.length < 4) return -E.INVAL
      return this.setInterface(view.getInt32(offset, true), settings)
    }
    if (is(level, name, IP_ADD_MEMBERSHIP, IPV6_JOIN_GROUP)) {
      const member = membership(level, view)
      if (typeof member === "number") return member
      const [group, address] = member
      return this.change(`member ${member.join()}`, settings, (socket) => socket.addMembership(group, address))
    }
    if (is(level, name, IP_DROP_MEMBERSHIP, IPV6_LEAVE_GROUP)) {
      const member = membership(level, view)
      if (typeof member === "number") return member
      const [group, address] = member
      if (!this.changes.delete(`member ${member.join()}`)) return -E.ADDRNOTAVAIL
      return settings === undefined ? 0 : attempt(settings, (socket) => socket.dropMembership(group, address))
    }
    return undefined
  }

  /** Reads an option. */
  get(level: number, name: number): number {
    if (level === SOL_SOCKET) {
      if (name === SO_BROADCAST) return Number(this.broadcast)
      if (name === SO_REUSEADDR) return Number(this.reuseAddress)
      if (name === SO_REUSEPORT) return Number(this.reusePort)
      if (name === SO_RCVBUF) return this.receiveBuffer
      if (name === SO_SNDBUF) return this.sendBuffer
      return this.others.get(level, name)
    }
    if (is(level, name, IP_TTL, IPV6_UNICAST_HOPS)) return this.hops
    else if (is(level, name, IP_MULTICAST_TTL, IPV6_MULTICAST_HOPS)) return this.multicastHops
    else if (is(level, name, IP_MULTICAST_LOOP, IPV6_MULTICAST_LOOP)) return Number(this.multicastLoop)
    else if (is(level, name, IP_MULTICAST_IF, IPV6_MULTICAST_IF)) return this.multicastInterface
    else if (level === IPPROTO_IPV6 && name === IPV6_V6ONLY) return Number(this.ipv6Only)
    return -E.NOPROTOOPT
  }

  // The number is an in_addr: the first byte of the address is the lowest.
  private setInterface(value: number, settings: UdpSettings | undefined): number {
    const address = [0, 8, 16, 24].map((shift) => (value >>> shift) & 255).join(".")
    return this.changeInterface(value, address, settings)
  }

  private changeInterface(value: number, address: string, settings: UdpSettings | undefined): number {
    const result = this.change("multicastInterface", settings, (socket) => socket.setMulticastInterface(address))
    if (result === 0) this.multicastInterface = value
    return result
  }

  private change(key: string, settings: UdpSettings | undefined, change: Change): number {
    const result = settings === undefined ? 0 : attempt(settings, change)
    if (result === 0) this.changes.set(key, change)
    return result
  }
}

function attempt(settings: UdpSettings, change: Change): number {
  try {
    change(settings)
    return 0
  } catch (error) {
    return -errnoOfError(error)
  }
}

// IPv6 sockets have most options of IPv4 under a name of their own.
function is(level: number, name: number, inet: number, inet6: number): boolean {
  return (level === IPPROTO_IP && name === inet) || (level === IPPROTO_IPV6 && name === inet6)
}

/** The group and the interface of an ip_mreq, an ip_mreqn or an ipv6_mreq; a negative errno when it is none. */
function membership(level: number, value: DataView): [group: string, address: string | undefined] | number {
  const bytes = new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
  if (level === IPPROTO_IP) {
    if (bytes.length < 8 || bytes[0]! >>> 4 !== 14) return -E.INVAL
    const address = bytes.subarray(4, 8).join(".")
    return [bytes.subarray(0, 4).join("."), address === "0.0.0.0" ? undefined : address]
  }
  if (bytes.length < 20 || bytes[0] !== 255) return -E.INVAL
  const groups: string[] = []
  for (let i = 0; i < 16; i += 2) groups.push(value.getUint16(i).toString(16))
  const index = value.getUint32(16, true)
  const address = interfaceOf(index)
  return index !== 0 && address === undefined ? -E.NODEV : [groups.join(":"), address]
}

/** The IPv6 address by which hosts name the interface of a number; undefined when there is none. */
function interfaceOf(index: number): string | undefined {
  const name = index === 0 ? undefined : interfaceName(index)
  return name === undefined ? undefined : `::%${name}`
}
