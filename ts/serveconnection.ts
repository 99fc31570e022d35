import { host } from "#host"
import { closeClient } from "./baseserver/closeclient.ts"
import { Handler } from "./baseserver/handler.ts"
import { descriptors } from "./core/descriptors.ts"
import { need, SocketError } from "./exceptions.ts"
import { Flow } from "./flow.ts"
import { AF_INET, AF_INET6, SOCK_STREAM } from "./socket/constants.ts"
import type { SocketAddress } from "./socket/address.ts"
import { Socket } from "./socket/socket.ts"
import { wait } from "./waiting.ts"

/**
 * Handles a connection that the host has accepted: what a worker's `connect` handler gets. It is for hosts on which nobody can
 * listen, what a `StreamServer` does with each connection: runs the handler in a greenlet, and closes the socket when that has
 * ended in whichever way. The error of a handler is reported.
 *
 * @param connection - The connection in the host's own form.
 * @param handle - What handles it: a generator, async or plain function.
 * @returns Nothing, when the handler has ended, the connection is closed and what was sent is delivered, or the client has not taken it
 *   within 30 seconds, or those that SO_LINGER says. Who stops waiting kills the handler, and what is not delivered yet may be lost.
 * @throws {NotSupportedError} ENOTSUP on a host that hands over no connections; {TypeError} without a handler; both at the call.
 *   {SocketError} ENOTSOCK when it is no connection, ECONNABORTED when it has gone already.
 * @example
 * ```ts
 * import { serveConnection } from "gevent-wasm/server"
 * export default {
 *   async connect(connection: unknown) {
 *     await serveConnection(connection, function* (socket) {
 *       yield* socket.sendall("hello\n")
 *     })
 *   },
 * }
 * ```
 */
export function serveConnection(
  connection: unknown,
  handle: (socket: Socket, address: SocketAddress) => unknown,
): Flow<void> {
  need("inbound", "accept")
  if (typeof handle !== "function") throw new TypeError("'handle' must be provided")
  return new Flow(function* () {
    const inbound = yield* wait(host.adopt(connection))
    if (typeof inbound === "number") throw new SocketError(inbound, "accept")
    const { descriptor, over } = inbound
    const fd = descriptors.install(descriptor)
    if (fd < 0) {
      descriptor.close()
      throw new SocketError(fd, "accept")
    }
    const peer = descriptor.peerAddress()
    const v6 = typeof peer !== "number" && peer.family === "inet6"
    const socket = new Socket(v6 ? AF_INET6 : AF_INET, SOCK_STREAM, 0, fd)
    const address: SocketAddress = typeof peer === "number" || peer.family === "unix" ? ["", 0] : [peer.host, peer.port]
    const handler = new Handler(handle, closeClient, [socket, address])
    handler.start()
    try {
      yield* handler.join()
    } finally {
      yield* handler.kill()
    }
    // the host takes the connection away when its own handler, which waits here, is over
    yield* wait(over)
  })
}
