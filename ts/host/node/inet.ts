import type net from "node:net"
import type { Address } from "../descriptor.ts"
import { E } from "../errno.ts"
import { IPPROTO_IP, IPPROTO_IPV6, IPPROTO_TCP } from "../options.ts"
import { bindTcp, isTcpAddress, type TcpAddress } from "./binding.ts"
import type { Domain } from "./domain.ts"
import { nameScope, scopeOf, withScope } from "./scope.ts"

function inetDomain(family: TcpAddress["family"], number: number, any: string, levels: readonly number[]): Domain {
  const unspecified: TcpAddress = { family, host: any, port: 0 }
  const addressOf = (host: string | undefined, port: number | undefined): TcpAddress | undefined =>
    host === undefined || port === undefined ? undefined : { family, host, port }

  return {
    number,
    protocol: IPPROTO_TCP,
    unbound: unspecified,
    any: unspecified,
    levels,
    remembersFailure: true,
    retries: false,
    bind: (address, options) => (address.family === family ? bindTcp(nameScope(address), options) : -E.AFNOSUPPORT),
    check(address: Address): number {
      if (address.family !== family) return -E.AFNOSUPPORT
      return isTcpAddress(address) ? 0 : -E.INVAL
    },
    target(address: Address, local: Address | undefined): net.SocketConnectOpts {
      const { host, port } = nameScope(address as TcpAddress)
      const source = local as TcpAddress | undefined
      return { host, port, autoSelectFamily: false, localAddress: source?.host, localPort: source?.port }
    },
    listening(server: net.Server): TcpAddress | undefined {
      const address = server.address()
      return typeof address === "object" && address !== null ? addressOf(address.address, address.port) : undefined
    },
    local: (wire) => addressOf(wire.localAddress, wire.localPort),
    peer(wire, target) {
      const scope = target === undefined ? "" : scopeOf(nameScope(target as TcpAddress).host)
      const { remoteAddress } = wire
      return addressOf(remoteAddress && withScope(remoteAddress, scope), wire.remotePort)
    },
    reset: (wire) => void wire.resetAndDestroy(),
  }
}

/** TCP over IPv4. */
export const inet = inetDomain("inet", 2, "0.0.0.0", [IPPROTO_IP, IPPROTO_TCP])
/** TCP over IPv6. */
export const inet6 = inetDomain("inet6", 10, "::", [IPPROTO_IP, IPPROTO_TCP, IPPROTO_IPV6])
