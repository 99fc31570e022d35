import net from "node:net"
import process from "node:process"
import type { Wire, WireUser } from "../wire.ts"
import { HIGH_WATER_MARK } from "../wire.ts"
import type { Address } from "../descriptor.ts"
import { hasHandles, type Binding } from "./binding.ts"
import type { Domain } from "./domain.ts"
import { Reader } from "./reader.ts"

/** What a handle says of the other end. */
export interface PeerName {
  address?: string
  port?: number
}

/** The part of libuv's handle that is used; Node does not document it, so each use has a fallback. */
export interface Handle {
  readonly fd?: number
  readonly writeQueueSize?: number
  getpeername?(into: PeerName): number
  close(): void
  /** Of a listening one: gets each connection, or the error of an accept. */
  onconnection?: (status: number, handle?: Handle) => void
}

const deno = process.versions["deno"] !== undefined

// Deno reads into memory of its own in any case and copies from there, so that its own chunks come cheaper.
const readsInto = hasHandles && !deno

interface WithHandle {
  _handle: Handle | null | undefined
}

/** The handle of a socket or a server that is open, where the host shows one. */
export function handleOf(owner: object): Handle | undefined {
  return hasHandles ? ((owner as WithHandle)._handle ?? undefined) : undefined
}

/** The number by which write(2) reaches a connection; -1 where there is none. */
export function fdOf(handle: Handle | undefined): number {
  // the numbers of Deno's handles are the system's, while its `fs` has its own
  return deno ? -1 : (handle?.fd ?? -1)
}

/** The socket of a connection whose handle Node's TLS can have for itself; undefined for any other. */
export function nativeSocket(wire: Wire | undefined): net.Socket | undefined {
  return !deno && wire instanceof net.Socket && handleOf(wire) !== undefined ? wire : undefined
}

/**
 * Makes a socket for a connection that is yet to be made.
 *
 * @param source - The bound handle to connect from, or undefined.
 */
export function openWire(source: unknown, user: WireUser): net.Socket {
  const socket = makeSocket(hasHandles ? source : undefined, user)
  socket.once("connect", () => {
    socket.unref()
    user.connected()
  })
  return socket
}

/**
 * Has a socket connect, from the bound address if there is one, which it takes over. It does not keep the process alive. Throws what
 * the host throws.
 */
export function beginConnect(
  socket: net.Socket,
  domain: Domain,
  address: Address,
  binding: Binding | undefined,
): net.Socket {
  const nameless = binding !== undefined && binding.source === undefined
  if (nameless) binding.close()
  try {
    socket.connect(domain.target(address, nameless ? binding.address : undefined))
  } catch (error) {
    socket.destroy()
    throw error
  }
  return socket.unref()
}

/** Whether a connection is a socket of Node's already. `instanceof` takes a hundredth of the time of accepting one. */
export function isSocket(connection: net.Socket | Handle): connection is net.Socket {
  return "destroySoon" in connection
}

/** Makes the socket of an accepted handle. Nothing is read before `resume()`. */
export function adoptHandle(handle: Handle, user: WireUser): net.Socket {
  return makeSocket(handle, user)
}

/**
 * Makes the reading socket of a connection that a server accepted paused.
 *
 * A server cannot be told to read into a given buffer, so the handle moves to a socket that does. Where there is no
 * handle to move, the server's own socket serves.
 */
export function adoptSocket(shell: net.Socket, user: WireUser): net.Socket {
  const handle = takeHandle(shell)
  return handle === undefined ? tell(deliverData(shell, user), user) : makeSocket(handle, user)
}

/** Like `adoptHandle` for a pipe, whose reads are of any size: the host's own chunks fit them. */
export function adoptPipe(handle: Handle, user: WireUser): net.Socket {
  return tell(deliverData(readChunks(handle), user), user)
}

/** Takes the handle out of a socket, which is of no use afterwards; undefined where there is none. */
export function takeHandle(shell: net.Socket): Handle | undefined {
  const handle = handleOf(shell)
  if (handle !== undefined) (shell as unknown as WithHandle)._handle = null
  return handle
}

function makeSocket(handle: unknown, user: WireUser): net.Socket {
  return tell(readsInto ? readInto(handle, user) : deliverData(readChunks(handle), user), user)
}

/** A socket that reads into a buffer of ours. */
function readInto(handle: unknown, user: WireUser): net.Socket {
  const reader = new Reader()
  const options = {
    handle,
    // Reading begins when the connection does; a bound handle has nothing to read from yet.
    manualStart: true,
    allowHalfOpen: true,
    writableHighWaterMark: HIGH_WATER_MARK,
    onread: { buffer: reader.next, callback: (count: number) => user.received(reader.chunk(count)) },
  }
  return new net.Socket(options)
}

/** A socket that gives the host's own chunks. It keeps none back but the one that is read when it has been paused. */
function readChunks(handle: unknown): net.Socket {
  const options = {
    handle,
    manualStart: true,
    allowHalfOpen: true,
    writableHighWaterMark: HIGH_WATER_MARK,
    readableHighWaterMark: 1,
  }
  return new net.Socket(options)
}

function deliverData(socket: net.Socket, user: WireUser): net.Socket {
  return socket.on("data", (data: Buffer) => {
    if (!user.received(new Uint8Array(data.buffer, data.byteOffset, data.length))) socket.pause()
  })
}

function tell(socket: net.Socket, user: WireUser): net.Socket {
  const wire: Wire = socket
  socket.on("error", (error) => user.failed(error))
  socket.on("end", () => user.ended())
  socket.on("close", () => user.closed(wire))
  socket.on("drain", () => user.drained())
  return socket
}
