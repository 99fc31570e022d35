import { NotSupportedError, SocketError } from "../exceptions.ts"
import { errnoOf, errorMessage } from "../host/errno.ts"
import { AF_INET, AF_INET6 } from "../socket/constants.ts"
import type { SocketAddress } from "../socket/address.ts"
import { Socket } from "../socket/socket.ts"

/**
 * A socket at the address of a server. A host without IPv6 serves any address with IPv4.
 *
 * @param prepare - Binds it, and what else it takes.
 * @throws {SocketError} what that threw, with the address in the message.
 */
export function openAt(
  family: number,
  address: SocketAddress,
  type: number,
  prepare: (socket: Socket, address: SocketAddress) => void,
): Socket {
  try {
    return prepared(family, address, type, prepare)
  } catch (error) {
    if (family !== AF_INET6 || address[0] !== "" || !isMissingFamily(error)) throw withAddress(error, address)
  }
  try {
    return prepared(AF_INET, address, type, prepare)
  } catch (error) {
    throw withAddress(error, address)
  }
}

function prepared(
  family: number,
  address: SocketAddress,
  type: number,
  prepare: (socket: Socket, address: SocketAddress) => void,
): Socket {
  const socket = new Socket(family, type)
  try {
    prepare(socket, address)
    return socket
  } catch (error) {
    socket.close()
    throw error
  }
}

function isMissingFamily(error: unknown): boolean {
  return error instanceof SocketError && (error.code === "EAFNOSUPPORT" || error.code === "EADDRNOTAVAIL")
}

function withAddress(error: unknown, address: SocketAddress): unknown {
  if (error instanceof NotSupportedError) return error
  const errno = error instanceof SocketError ? errnoOf(error.code) : undefined
  if (errno === undefined) return error
  const [host, port] = typeof address === "string" ? [address, undefined] : address
  const where = `${JSON.stringify(host)}${port === undefined ? "" : ` port ${port}`}`
  return new SocketError(errno, "listen", `${errorMessage(errno)}: ${where}`)
}
