// Forwards the connections of a port to another place until SIGINT or SIGTERM; then it accepts no more and ends with the last
// connection. A second signal ends it at once.
//   node build/examples/portforwarder.mjs [host:]port host:port
import { joinall, run, signalHandler, spawn } from "gevent-wasm"
import { parseAddress } from "gevent-wasm/baseserver"
import { StreamServer } from "gevent-wasm/server"
import {
  createConnection,
  SHUT_WR,
  SocketError,
  type AddressArgument,
  type Socket,
  type SocketAddress,
} from "gevent-wasm/socket"
import { constants } from "node:os"

const { SIGINT, SIGTERM } = constants.signals

class PortForwarder extends StreamServer {
  private readonly destination: AddressArgument
  private connections = 0

  constructor(listener: string, destination: AddressArgument) {
    super(listener)
    this.destination = destination
  }

  override *handle(source: Socket, [host, port]: SocketAddress) {
    const name = `${host}:${port}`
    try {
      using target = yield* createConnection(this.destination, 10)
      target.settimeout(null)
      log(`${name} connected`)
      yield* this.forwardBoth(source, target)
      log(`${name} disconnected`)
    } catch (error) {
      log(`${name}: cannot connect to ${this.destination.join(":")}: ${String(error)}`)
    }
  }

  /** Waits for both directions: the sockets are closed afterwards. */
  private *forwardBoth(source: Socket, target: Socket) {
    const both = [spawn(forward, source, target), spawn(forward, target, source)]
    this.connections++
    try {
      yield* joinall(both)
    } finally {
      this.connections--
      for (const one of both) one.kill(undefined, false)
    }
  }

  override close() {
    if (this.started) log(`accepting no more; ${this.connections} connections are left`)
    super.close()
  }
}

/** Copies one direction up to its end, and passes the end on. */
function* forward(from: Socket, to: Socket) {
  try {
    for (;;) {
      const chunk = yield* from.recv(65536)
      if (chunk.length === 0) break
      yield* to.sendall(chunk)
    }
    to.shutdown(SHUT_WR)
  } catch (error) {
    // either side is gone: the other direction ends too
    if (!(error instanceof SocketError)) throw error
    for (const socket of [from, to]) socket.close()
  }
}

function log(message: string) {
  console.log(`${new Date().toISOString()} ${message}`)
}

const [source, destination] = process.argv.slice(2)
if (source === undefined || destination === undefined || !destination.includes(":")) {
  console.error("usage: portforwarder [host:]port host:port")
  process.exit(2)
}

await run(function* main() {
  const server = new PortForwarder(source, parseAddress(destination).address)
  server.start()
  log(`forwarding ${server.address.join(":")} to ${destination}`)
  for (const signum of [SIGINT, SIGTERM]) {
    signalHandler(signum, function* () {
      if (server.closed) process.exit(1)
      server.close()
    })
  }
  yield* server.serveForever()
})
