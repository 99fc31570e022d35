import type { Socket } from "../socket/socket.ts"

/** Seconds that a client may take for what the files of its socket still hold. */
const FLUSH_TIMEOUT = 5

/**
 * Closes the socket of a client, and the files that its handler left open: what they hold goes out in greenlets of their own, within
 * the socket's timeout and five seconds, and the connection ends with the last of them.
 */
export function closeClient(socket: Socket): void {
  const { endpoint } = socket
  if (endpoint.files !== null) {
    endpoint.timeout = Math.min(endpoint.timeout || FLUSH_TIMEOUT, FLUSH_TIMEOUT)
    for (const file of endpoint.files) file[Symbol.dispose]()
  }
  socket.close()
}
