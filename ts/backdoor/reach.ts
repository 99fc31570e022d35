import { AF_UNIX } from "../socket/constants.ts"
import type { SocketAddress } from "../socket/address.ts"

const LOOPBACK = /^(?:(?:::ffff:)?127\.\d+\.\d+\.\d+|::1|localhost)$/i

/** Who can connect to an address: `"local"` is whoever is on this machine. */
export type Reach = "unix" | "local" | "remote"

/** Who can connect to an address of a family. */
export function reachOf(family: number, address: SocketAddress): Reach {
  if (family === AF_UNIX) return "unix"
  return LOOPBACK.test(address[0]) ? "local" : "remote"
}

/** Throws when others than those on this machine could connect. @throws {RangeError} */
export function checkReach(family: number, address: SocketAddress): void {
  if (reachOf(family, address) !== "remote") return
  throw new RangeError(
    `a backdoor has no password, and at ${where(address)} other machines could connect to it: ` +
      "listen at 127.0.0.1, ::1 or a unix socket, or say { allowRemote: true }",
  )
}

/** Who can do what, as the banner says it. */
export function warning(family: number, address: SocketAddress): string {
  const who = {
    unix: `Whoever may open the socket ${where(address)}`,
    local: `Every user and program of this machine can connect to ${where(address)}, and`,
    remote: `OTHER MACHINES can connect to ${where(address)}: whoever reaches it`,
  }[reachOf(family, address)]
  return `There is no password. ${who} can do all that this program can.`
}

function where(address: SocketAddress): string {
  if (typeof address === "string") return JSON.stringify(address)
  const [host, port] = address
  return host.includes(":") ? `[${host}]:${port}` : `${host === "" ? "*" : host}:${port}`
}
