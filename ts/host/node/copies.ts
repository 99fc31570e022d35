import type net from "node:net"

const SIZE = 65536
// Below this a new array costs less than the call that tells when it is free again.
const SMALL = 4096
// How many buffers are kept for later.
const KEPT = 64

const free: Uint8Array<ArrayBuffer>[] = []
let next = new Uint8Array(SIZE)
let nextSmall = new Uint8Array(SMALL)

/**
 * Gives a socket copies of bytes: what the kernel does not take at once the host writes later, when the caller has long used
 * its memory for something else. The buffers are used again, since new memory costs more than copying: the system has to clear
 * it first. One that the kernel has taken all of is free as soon as the call returns, and is still in the processor's cache.
 */
export function writeCopy(socket: net.Socket, bytes: Uint8Array): void {
  if (bytes.length < SMALL) {
    writeSmall(socket, bytes)
    return
  }
  for (let at = 0; at < bytes.length; at += SIZE) {
    const count = Math.min(SIZE, bytes.length - at)
    const buffer = next
    let held = false
    buffer.set(count === bytes.length ? bytes : bytes.subarray(at, at + count))
    socket.write(count === SIZE ? buffer : buffer.subarray(0, count), (error) => {
      // after an error the host may still read from it
      if (held && !error && free.length < KEPT) free.push(buffer)
    })
    if (socket.writableLength === 0) continue
    held = true
    next = free.pop() ?? new Uint8Array(SIZE)
  }
}

function writeSmall(socket: net.Socket, bytes: Uint8Array): void {
  if (socket.writableLength > 0) {
    socket.write(bytes.slice())
    return
  }
  nextSmall.set(bytes)
  socket.write(nextSmall.subarray(0, bytes.length))
  if (socket.writableLength > 0) nextSmall = new Uint8Array(SMALL)
}
