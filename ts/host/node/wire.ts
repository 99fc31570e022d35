import net from "node:net"
import process from "node:process"
import { hasHandles } from "./binding.ts"
import { Reader } from "./reader.ts"

/** Bytes that a connection may hold on either side: queued for `recv`, or accepted by `send` and not yet sent. */
export const HIGH_WATER_MARK = 256 * 1024

/** Gets each chunk that arrives and owns it; false stops the reading until `resume()`. */
export type Deliver = (chunk: Uint8Array) => boolean

/** The part of libuv's handle that is used; Node does not document it, so each use has a fallback. */
export interface Handle {
  readonly fd?: number
  readonly writeQueueSize?: number
}

interface WithHandle {
  _handle: Handle | null | undefined
}

/** The handle of a socket that is open, where the host shows one. */
export function handleOf(socket: net.Socket): Handle | undefined {
  return hasHandles ? ((socket as unknown as WithHandle)._handle ?? undefined) : undefined
}

/** The number by which write(2) reaches a connection; -1 where there is none. */
export function fdOf(socket: net.Socket): number {
  // the numbers of Deno's handles are the system's, while its `fs` has its own
  return process.versions["deno"] === undefined ? (handleOf(socket)?.fd ?? -1) : -1
}

/**
 * Makes a socket for a connection that is yet to be made.
 *
 * @param source - The bound handle to connect from, or undefined.
 */
export function openWire(source: unknown, deliver: Deliver): net.Socket {
  if (hasHandles) return new net.Socket(wireOptions(source, deliver))
  const options: object = { allowHalfOpen: true, writableHighWaterMark: HIGH_WATER_MARK }
  return deliverData(new net.Socket(options), deliver)
}

/**
 * Makes the reading socket of a connection that a server accepted paused.
 *
 * A server cannot be told to read into a given buffer, so the handle moves to a socket that does. Where there is no
 * handle to move, the server's own socket serves, one allocation per chunk dearer.
 */
export function adoptWire(shell: net.Socket, deliver: Deliver): net.Socket {
  const handle = handleOf(shell)
  if (handle === undefined) return deliverData(shell, deliver)
  ;(shell as unknown as WithHandle)._handle = null
  return new net.Socket(wireOptions(handle, deliver))
}

function deliverData(socket: net.Socket, deliver: Deliver): net.Socket {
  return socket.on("data", (data: Buffer) => {
    if (!deliver(new Uint8Array(data.buffer, data.byteOffset, data.length))) socket.pause()
  })
}

function wireOptions(handle: unknown, deliver: Deliver): net.SocketConstructorOpts {
  const reader = new Reader()
  const options = {
    handle,
    // Reading begins when the connection does; a bound handle has nothing to read from yet.
    manualStart: true,
    allowHalfOpen: true,
    writableHighWaterMark: HIGH_WATER_MARK,
    onread: { buffer: reader.next, callback: (count: number) => deliver(reader.chunk(count)) },
  }
  return options
}
