import type net from "node:net"
import type { Address } from "../descriptor.ts"
import { E } from "../errno.ts"
import type { Domain } from "./domain.ts"
import { bindPath, checkPath } from "./path.ts"

const unnamed: Address = { family: "unix", path: "" }

/** Unix stream sockets, with a path or an abstract name. */
export const unix: Domain = {
  number: 1,
  protocol: 0,
  unbound: unnamed,
  any: undefined,
  levels: [],
  remembersFailure: false,
  retries: true,
  bind: (address) => (address.family === "unix" ? bindPath(address.path) : -E.AFNOSUPPORT),
  check(address: Address): number {
    if (address.family !== "unix") return -E.AFNOSUPPORT
    return address.path === "" ? -E.INVAL : checkPath(address.path)
  },
  target: (address): net.SocketConnectOpts => ({ path: address.family === "unix" ? address.path : "" }),
  // the host knows no more than what it was told, and the stream remembers that
  listening: () => undefined,
  local: () => undefined,
  peer: (_wire, target) => target ?? unnamed,
  reset: (wire) => void wire.destroy(),
}
