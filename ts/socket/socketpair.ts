import { descriptors } from "../core/descriptors.ts"
import { createSocketPair } from "../core/socketpair.ts"
import { SocketError } from "../exceptions.ts"
import type { Descriptor } from "../host/descriptor.ts"
import { E } from "../host/errno.ts"
import { AF_UNIX, SOCK_STREAM } from "./constants.ts"
import { checked } from "./endpoint.ts"
import { Socket } from "./socket.ts"

/**
 * Two unix sockets that are connected with each other, within this process: the fastest way for bytes between greenlets and C
 * programs.
 *
 * gevent: `socket.socketpair(family=AF_UNIX, type=SOCK_STREAM, proto=0)`.
 *
 * @throws {SocketError} ENOTSUP or EPROTONOSUPPORT for another kind, EMFILE when there are too many.
 * @example
 * ```ts
 * import { socketpair } from "gevent-wasm/socket"
 * const [left, right] = socketpair()
 * await left.sendall("hello")
 * console.log((await right.recv(100)).length) // 5
 * ```
 */
export function socketpair(family: number = AF_UNIX, type: number = SOCK_STREAM, proto = 0): [Socket, Socket] {
  if (family !== AF_UNIX) throw new SocketError(E.NOTSUP, "socketpair")
  if (type !== SOCK_STREAM || proto !== 0) throw new SocketError(E.PROTONOSUPPORT, "socketpair")
  const [left, right] = createSocketPair()
  const first = socketOf(left)
  try {
    return [first, socketOf(right)]
  } catch (error) {
    first.close()
    throw error
  }
}

function socketOf(end: Descriptor): Socket {
  return new Socket(AF_UNIX, SOCK_STREAM, 0, checked(descriptors.install(end), "socketpair"))
}
