import type net from "node:net"

const SIZE = 65536
// Below this a new array costs less than the call that tells when it is free again.
const SMALL = 4096
// How many buffers are kept for later.
const KEPT = 64

const free: Uint8Array[] = []

/**
 * Gives a socket copies of bytes: the host writes later, when the caller has long used its memory for something else. The
 * buffers are used again, since new memory costs more than copying: the system has to clear it first.
 */
export function writeCopy(socket: net.Socket, bytes: Uint8Array): void {
  if (bytes.length < SMALL) {
    socket.write(bytes.slice())
    return
  }
  for (let at = 0; at < bytes.length; at += SIZE) {
    const count = Math.min(SIZE, bytes.length - at)
    const buffer = free.pop() ?? new Uint8Array(SIZE)
    buffer.set(count === bytes.length ? bytes : bytes.subarray(at, at + count))
    socket.write(count === SIZE ? buffer : buffer.subarray(0, count), (error) => {
      // after an error the host may still read from it
      if (!error && free.length < KEPT) free.push(buffer)
    })
  }
}
