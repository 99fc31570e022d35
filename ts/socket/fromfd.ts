import { descriptors } from "../core/descriptors.ts"
import { checked } from "./endpoint.ts"
import { checkKind, openedSocket } from "./kind.ts"
import { Socket } from "./socket.ts"

/**
 * A socket for an open number, which stays open by itself.
 *
 * gevent: `socket.fromfd(fd, family, type, proto=0)`.
 *
 * @param fd - Of this thread's fd table.
 * @throws {SocketError} EBADF when it is not open, ENOTSOCK when it is no socket, EMFILE when there are too many; for `family`, `type`
 *   and `proto` as `new Socket`.
 * @example
 * ```ts
 * import { AF_INET, fromfd, SOCK_STREAM, Socket } from "gevent-wasm/socket"
 * using socket = new Socket()
 * using other = fromfd(socket.fileno(), AF_INET, SOCK_STREAM)
 * console.log(other.fileno() !== socket.fileno()) // true
 * ```
 */
export function fromfd(fd: number, family: number, type: number, proto = 0): Socket {
  checkKind(family, type, proto)
  return new Socket(family, type, proto, checked(descriptors.install(openedSocket(fd, "fromfd")), "fromfd"))
}
