// What test/edgetls.test.ts runs in workerd: a route per test. `port` is that of the peer, `name` the one to connect to.
import { joinall, run, sleep, spawn, Timeout, type Op, type Wait } from "gevent-wasm"
import { Event } from "gevent-wasm/event"
import { capabilities } from "gevent-wasm/host"
import { select } from "gevent-wasm/select"
import { createConnection, SHUT_WR, Socket, socketpair, waitWrite } from "gevent-wasm/socket"
import {
  CERT_NONE,
  createDefaultContext,
  getServerCertificate,
  OP_NO_TICKET,
  PROTOCOL_TLS_CLIENT,
  SSLContext,
  TLSVersion,
  wrapSocket,
  type SSLSocket,
  type WrapOptions,
} from "gevent-wasm/ssl"
import { answering, codeOf, described, failureOf, readAll, type Route } from "./routes.ts"

const decoder = new TextDecoder()

/** What an operation fails with; `"nothing thrown"` when it works. */
function* failure(op: Op<unknown>): Generator<Wait<unknown>, unknown, unknown> {
  try {
    yield* op
    return "nothing thrown"
  } catch (error) {
    return described(error)
  }
}

/** Connects, and starts TLS. */
function* secured(
  name: string,
  port: number,
  options: WrapOptions = {},
  context = createDefaultContext(),
): Generator<Wait<unknown>, SSLSocket, unknown> {
  const socket = yield* createConnection([name, port])
  return yield* context.wrapSocket(socket, { serverHostname: name, ...options })
}

/** A route that is given the peer's name and port. */
function withPeer(body: (name: string, port: number) => Generator<Wait<unknown>, unknown, unknown>): Route {
  return (parameters) => run(() => body(parameters.get("name") ?? "localhost", Number(parameters.get("port"))))
}

/** Asks for something that workerd cannot do. */
function refused(options: WrapOptions, change: (context: SSLContext) => void = () => undefined) {
  return function* (name: string, port: number): Generator<Wait<unknown>, unknown, unknown> {
    const socket = yield* createConnection([name, port])
    try {
      return yield* failure(
        (function* () {
          const context = createDefaultContext()
          change(context)
          yield* context.wrapSocket(socket, { serverHostname: name, ...options })
        })(),
      )
    } finally {
      socket.close()
    }
  }
}

const PEM = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"

const REFUSED = {
  anotherName: refused({ serverHostname: "other.example" }),
  noName: refused({}, (context) => (context.checkHostname = false)),
  noVerification: refused({ serverHostname: null }, (context) => {
    context.checkHostname = false
    context.verifyMode = CERT_NONE
  }),
  authorities: refused({}, (context) => context.loadVerifyLocations({ cadata: PEM })),
  certificate: refused({}, (context) => context.loadCertChain(PEM)),
  ciphers: refused({}, (context) => context.setCiphers("HIGH")),
  curves: refused({}, (context) => context.setEcdhCurve("prime256v1")),
  minimum: refused({}, (context) => (context.minimumVersion = TLSVersion.TLSv1_3)),
  maximum: refused({}, (context) => (context.maximumVersion = TLSVersion.TLSv1_2)),
  options: refused({}, (context) => (context.options = OP_NO_TICKET)),
  protocols: refused({}, (context) => context.setAlpnProtocols(["h2"])),
  ragged: refused({ suppressRaggedEofs: false }),
  *nobody(name: string, port: number): Generator<Wait<unknown>, unknown, unknown> {
    using socket = yield* createConnection([name, port])
    return yield* failure(new SSLContext(PROTOCOL_TLS_CLIENT).wrapSocket(socket, { serverHostname: name }))
  },
  *pair(): Generator<Wait<unknown>, unknown, unknown> {
    const [one, other] = socketpair()
    using _other = other
    return yield* failure(createDefaultContext().wrapSocket(one, { serverHostname: "localhost" }))
  },
  *serverCertificate(name: string, port: number): Generator<Wait<unknown>, unknown, unknown> {
    return yield* failure(getServerCertificate([name, port]))
  },
  *server(name: string, port: number): Generator<Wait<unknown>, unknown, unknown> {
    using socket = yield* createConnection([name, port])
    return failureOf(() => wrapSocket(socket, { serverSide: true, certfile: PEM }))
  },
}

// these are shared by all requests
const over = new Event()
const shared: { socket?: Socket } = {}

const routes: Record<string, Route> = {
  "/share": withPeer(function* (name, port) {
    shared.socket = yield* createConnection([name, port])
    return yield* over.wait()
  }),
  "/use-shared": withPeer(function* (name) {
    while (shared.socket === undefined) yield* sleep(0.01)
    using secure = yield* createDefaultContext().wrapSocket(shared.socket, { serverHostname: name })
    yield* secure.sendall("from another request")
    const text = decoder.decode(yield* secure.recv(100))
    over.set()
    return text
  }),

  "/capability": () => [capabilities.tlsClient, capabilities.tlsServer],

  "/echo": withPeer(function* (name, port) {
    const bytes = Uint8Array.from({ length: 1_000_000 }, (_, i) => (i * 7) % 251)
    const one = function* () {
      using secure = yield* secured(name, port)
      const sender = spawn(() => secure.sendall(bytes))
      let received = 0
      while (received < bytes.length) {
        for (const byte of yield* secure.recv(65536)) if (byte !== bytes[received++]) return `wrong at ${received - 1}`
      }
      yield* sender.get()
      return received
    }
    const greenlets = [spawn(one), spawn(one), spawn(one)]
    yield* joinall(greenlets, null, { raiseError: true })
    return greenlets.map(({ value }) => value)
  }),

  "/wrap": withPeer(function* (name, port) {
    const socket = yield* createConnection([name, port])
    socket.settimeout(5)
    const fd = socket.fileno()
    using secure = yield* createDefaultContext().wrapSocket(socket, { serverHostname: name.toUpperCase() })
    yield* secure.sendall("hello")
    return [
      secure.fileno() === fd,
      socket.fileno(),
      secure.gettimeout(),
      secure.getpeername()[1] === port,
      decoder.decode(yield* secure.recv(100)),
    ]
  }),

  "/connect": withPeer(function* (name, port) {
    const context = createDefaultContext()
    using secure = yield* context.wrapSocket(new Socket(), { serverHostname: name })
    yield* secure.connect([name, port])
    yield* secure.sendall("hello")
    const first = decoder.decode(yield* secure.recv(100))
    using other = yield* context.wrapSocket(new Socket(), { serverHostname: name })
    const connected = yield* other.connectEx([name, port])
    yield* other.sendall("again")
    return [first, connected, decoder.decode(yield* other.recv(100))]
  }),

  "/handshake": withPeer(function* (name, port) {
    const socket = yield* createConnection([name, port])
    const started = Date.now()
    const error = yield* failure(createDefaultContext().wrapSocket(socket, { serverHostname: name }))
    return [error, socket.closed, Date.now() - started < 5000]
  }),

  "/late": withPeer(function* (name, port) {
    const socket = yield* createConnection([name, port], 0.1)
    const context = createDefaultContext()
    const error = (yield* failure(context.wrapSocket(socket, { serverHostname: name }))) as Error
    const killed = spawn(() => secured(name, port))
    const limited = spawn(function* () {
      using _limit = Timeout.startNew(0.05)
      yield* secured(name, port)
    })
    yield* sleep(0.1)
    yield* killed.kill()
    yield* limited.join()
    return [error.name, error.message, String(killed.value), (limited.exception as Error).name]
  }),

  "/by-hand": withPeer(function* (name, port) {
    using secure = yield* secured(name, port, { doHandshakeOnConnect: false })
    const before = [secure.version(), failureOf(() => secure.getpeercert())]
    secure.setblocking(false)
    const first = yield* codeOf(secure.doHandshake())
    yield* waitWrite(secure.fileno())
    yield* secure.doHandshake()
    const empty = (yield* failure(secure.recv(1))) as Error
    secure.settimeout(0.02)
    const late = yield* codeOf(secure.recv(1))
    secure.settimeout(null)
    // the first call makes the handshake
    using second = yield* secured(name, port, { doHandshakeOnConnect: false })
    yield* second.sendall("hello")
    return [
      before[0],
      (before[1] as { code: string }).code,
      first,
      empty.name,
      late,
      decoder.decode(yield* second.recv(10)),
    ]
  }),

  "/calls": withPeer(function* (name, port) {
    using secure = yield* secured(name, port)
    yield* secure.sendall("0123456789")
    const first = decoder.decode(yield* secure.read(4))
    const into = new Uint8Array(4)
    const count = yield* secure.recvInto(into)
    const pending = secure.pending()
    const rest = decoder.decode(yield* secure.recv(10))
    return [
      [first, count, decoder.decode(into), pending, rest, yield* secure.write("x")],
      failureOf(() => secure.recv(1, 2)),
      [secure.version(), secure.cipher(), secure.selectedAlpnProtocol(), secure.sessionReused, secure.compression()],
      failureOf(() => secure.getpeercert()),
      failureOf(() => secure.getChannelBinding("tls-exporter")),
      yield* failure(secure.unwrap()),
    ]
  }),

  "/ends": withPeer(function* (name, port) {
    using secure = yield* secured(name, port)
    // the peer answers when this end has ended
    yield* secure.sendall("to the end")
    secure.shutdown(SHUT_WR)
    const sending = (yield* failure(secure.send("x"))) as Error
    const text = yield* readAll(secure)
    secure.close()
    return [
      sending.name,
      text,
      yield* codeOf(secure.recv(1)),
      yield* codeOf(secure.sendall("x")),
      (failureOf(() => secure.read(1)) as Error).name,
      secure.fileno(),
    ]
  }),

  "/cut": withPeer(function* (name, port) {
    using secure = yield* secured(name, port)
    yield* secure.sendall("x")
    return yield* readAll(secure)
  }),

  "/close-with-data": withPeer(function* (name, port) {
    const secure = yield* secured(name, port)
    yield* secure.sendall("y".repeat(200_000))
    secure.close()
    return "closed"
  }),

  "/files": withPeer(function* (name, port) {
    using secure = yield* secured(name, port)
    using file = secure.makefile("rw")
    yield* file.write("one\ntwo\n")
    yield* file.flush()
    const lines = [yield* file.readline(), yield* file.readline()]
    const [none] = yield* select([secure], [], [], 0)
    yield* secure.sendall("x")
    const [readable] = yield* select([secure], [], [], 1)
    return [lines, none.length, readable.length]
  }),

  // the peer says hello and waits for a line before it starts TLS
  "/starttls": withPeer(function* (name, port) {
    const socket = yield* createConnection([name, port])
    const greeting = decoder.decode(yield* socket.recv(100))
    yield* socket.sendall("capabilities\n")
    const answer = decoder.decode(yield* socket.recv(100))
    yield* socket.sendall("starttls\n")
    const go = decoder.decode(yield* socket.recv(100))
    using secure = yield* createDefaultContext().wrapSocket(socket, { serverHostname: name })
    yield* secure.sendall("hello")
    return [greeting, answer, go, decoder.decode(yield* secure.recv(10))]
  }),

  "/starttls-with-file": withPeer(function* (name, port) {
    const socket = yield* createConnection([name, port])
    const file = socket.makefile("r")
    const lines = [yield* file.readline()]
    for (const line of ["capabilities\n", "starttls\n"]) {
      yield* socket.sendall(line)
      lines.push(yield* file.readline())
    }
    using secure = yield* createDefaultContext().wrapSocket(socket, { serverHostname: name })
    yield* secure.sendall("hello")
    return [...lines, decoder.decode(yield* secure.recv(10))]
  }),

  "/starttls-while-reading": withPeer(function* (name, port) {
    const socket = yield* createConnection([name, port])
    const received = [decoder.decode(yield* socket.recv(100))]
    const reader = spawn(() => codeOf(socket.recv(1)))
    yield* sleep(0.02)
    const error = yield* failure(createDefaultContext().wrapSocket(socket, { serverHostname: name }))
    return [...received, yield* reader.get(), error]
  }),

  // something that an attacker has put behind the peer's last words
  "/injected": withPeer(function* (name, port) {
    const socket = yield* createConnection([name, port])
    yield* socket.sendall("starttls\n")
    const go = decoder.decode(yield* socket.recv(3))
    return [go, yield* failure(createDefaultContext().wrapSocket(socket, { serverHostname: name }))]
  }),

  "/refused": (parameters) =>
    run(() =>
      REFUSED[parameters.get("what") as keyof typeof REFUSED](
        parameters.get("name") ?? "localhost",
        Number(parameters.get("port")),
      ),
    ),
}

export default { fetch: answering(routes) }
