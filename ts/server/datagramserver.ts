import { BaseServer, type ListenAddress, type ServerOptions } from "../baseserver.ts"
import { openAt } from "../baseserver/open.ts"
import { SocketError } from "../exceptions.ts"
import { Flow } from "../flow.ts"
import { E } from "../host/errno.ts"
import { Semaphore } from "../lock.ts"
import { fromAddress, type AnyAddress, type SocketAddress } from "../socket/address.ts"
import type { Data } from "../socket/bytes.ts"
import { SOCK_DGRAM } from "../socket/constants.ts"
import { Socket } from "../socket/socket.ts"

/** What handles a datagram: a generator, async or plain function. */
export type DatagramHandle = (data: Uint8Array, address: SocketAddress) => unknown

// gevent's; what is longer is cut
const LARGEST = 8192

/**
 * A UDP server: runs a handler for each datagram, with its bytes and the address of who sent it; 8192 bytes at most. Answers go
 * out by `sendto`. The error of a handler is reported, and the server goes on.
 *
 * gevent: `gevent.server.DatagramServer(listener, handle=None, spawn="default")`.
 *
 * @example
 * ```ts
 * import { run } from "gevent-wasm"
 * import { DatagramServer } from "gevent-wasm/server"
 * import { AF_INET, SOCK_DGRAM, Socket } from "gevent-wasm/socket"
 * await run(function* () {
 *   const server: DatagramServer = new DatagramServer("127.0.0.1:0", (data, address) => server.sendto(data, address))
 *   server.start()
 *   using client = new Socket(AF_INET, SOCK_DGRAM)
 *   yield* client.connect(server.address)
 *   yield* client.send("hello")
 *   console.log((yield* client.recv(100)).length) // 5
 *   yield* server.stop()
 * })
 * ```
 */
export class DatagramServer extends BaseServer<[data: Uint8Array, address: SocketAddress]> {
  private readonly lock = new Semaphore()

  /**
   * @param listener - An address, or a datagram socket that is bound. With an address, nothing is bound before `start`.
   * @param handle - The handler. Needed unless the class has a method of that name.
   * @throws {TypeError} without a handler, for a wrong type, and for a socket of another kind; {RangeError} for a bad address.
   */
  constructor(listener: ListenAddress | Socket, handle?: DatagramHandle | null, options: ServerOptions = {}) {
    super(listener, handle, options)
  }

  /** Sets where to listen from the next `start` on. @throws as the constructor; {TypeError} when it has started. */
  override setListener(listener: ListenAddress | Socket): void {
    if (listener instanceof Socket && listener.type !== SOCK_DGRAM) {
      throw new TypeError("a DatagramServer needs a datagram socket (SOCK_DGRAM)")
    }
    super.setListener(listener)
  }

  /**
   * Sends a datagram from the server's address. Greenlets that send at once do so one after the other.
   *
   * @returns How many bytes were taken: all.
   * @throws as `Socket.sendto`; EBADF unless the server has started.
   */
  sendto(data: Data, address: AnyAddress): Flow<number> {
    return new Flow(() => this.sendInTurn(data, address))
  }

  protected initSocket(): void {
    if (this.socket !== null) return
    if (this.listenAt === null) throw new TypeError("a server that was given a socket cannot start again")
    this.socket = openAt(this.family, this.listenAt, SOCK_DGRAM, (socket, address) => socket.bind(address))
    this.family = this.socket.family
    this.address = this.socket.getsockname()
  }

  protected doRead(): [Uint8Array, SocketAddress] | null {
    const received = this.socket!.endpoint.live("recvfrom").recvfrom(LARGEST, false)
    if (received === -E.AGAIN || received === 0) return null
    if (typeof received === "number") throw new SocketError(received, "recvfrom")
    const { data, address } = received
    return [data.length > LARGEST ? data.subarray(0, LARGEST) : data, fromAddress(address!)]
  }

  protected doClose(): void {
    // a datagram has nothing to close
  }

  private *sendInTurn(data: Data, address: AnyAddress) {
    const { lock } = this
    yield* lock.acquire()
    try {
      const { socket } = this
      if (socket === null) throw new SocketError(E.BADF, "sendto")
      return yield* socket.sendto(data, address)
    } finally {
      lock.release()
    }
  }
}
