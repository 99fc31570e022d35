import { spawn, type Op, type Wait } from "gevent-wasm"
import { StreamServer, type SecureServerOptions } from "gevent-wasm/server"
import { AF_INET, AF_UNIX, Socket, type AnyAddress } from "gevent-wasm/socket"
import { SSLSocket } from "gevent-wasm/ssl"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import process from "node:process"
import { listening } from "./sockets.ts"
import { certificates, clientContext, serverContext } from "./tls.ts"

type Steps<T> = Generator<Wait<unknown>, T, unknown>

/** A kind of stream sockets, all of which have to be equally robust. */
export interface Kind {
  readonly name: string
  /** How many come and go in a test; 10,000 is the number that the specification of the project names. */
  readonly connections: number
  /** Seconds after which nothing is open any more. */
  readonly seconds: number
  /** Bytes that two of them may hold when one sends and the other one takes nothing. */
  readonly held: number
  /** One that is not connected. */
  open(): Steps<Socket>
  /** One that listens. */
  listen(): Steps<Socket>
  /** Two that are connected. */
  pair(): Steps<[client: Socket, server: Socket]>
  /** A server that has not started. */
  serve(handle: (socket: Socket) => Op<unknown>): StreamServer
  /** Where one may be bound. */
  address(): AnyAddress
}

const folder = mkdtempSync(join(tmpdir(), "gevent-robust-"))
process.on("exit", () => rmSync(folder, { recursive: true, force: true }))
let paths = 0

function freshPath(): string {
  return join(folder, `socket${++paths}`)
}

function* listenAtPath(): Steps<Socket> {
  const socket = new Socket(AF_UNIX)
  socket.bind(freshPath())
  socket.listen()
  return socket
}

function* pairOf(kind: Kind): Steps<[client: Socket, server: Socket]> {
  using listener = yield* kind.listen()
  const client = yield* kind.open()
  const connecting = spawn(() => client.connect(listener.getsockname()))
  const [server] = yield* listener.accept()
  yield* connecting.get()
  return [client, server]
}

export const TCP: Kind = {
  name: "TCP",
  connections: 10_000,
  seconds: 5,
  held: 8 << 20,
  *open() {
    return new Socket()
  },
  *listen() {
    return listening()
  },
  pair: () => pairOf(TCP),
  serve: (handle) => new StreamServer("127.0.0.1:0", handle),
  address: () => ["127.0.0.1", 0],
}

export const UNIX: Kind = {
  name: "unix",
  connections: 10_000,
  seconds: 5,
  held: 8 << 20,
  *open() {
    return new Socket(AF_UNIX)
  },
  listen: listenAtPath,
  pair: () => pairOf(UNIX),
  serve: (handle) => new StreamServer(freshPath(), handle),
  address: freshPath,
}

const trusting = clientContext()
const proving = serverContext()
const secure: SecureServerOptions = { certfile: certificates.server.cert, keyfile: certificates.server.key }

export const TLS: Kind = {
  name: "TLS",
  // each takes the time of ten
  connections: 1000,
  // a host may keep one that was reset while it sent, for as long as a peer that takes nothing: 30 seconds
  seconds: 40,
  // the host's TLS has buffers of its own at both ends
  held: 32 << 20,
  *open() {
    return yield* trusting.wrapSocket(new Socket(AF_INET), { serverHostname: "localhost" })
  },
  *listen() {
    return yield* proving.wrapSocket(listening(), { serverSide: true })
  },
  pair: () => pairOf(TLS),
  serve: (handle) => new StreamServer("127.0.0.1:0", handle, secure),
  address: () => ["127.0.0.1", 0],
}

export const KINDS: readonly Kind[] = [TCP, UNIX, TLS]

/** Whether it has the server's side of TLS, which cannot connect. */
export function isServerSide(socket: Socket): boolean {
  return socket instanceof SSLSocket && socket.serverSide
}
