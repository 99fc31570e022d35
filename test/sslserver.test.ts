import { host } from "#host"
import { run, sleep, type Wait } from "gevent-wasm"
import { descriptors } from "gevent-wasm/core"
import { StreamServer, type SecureServerOptions } from "gevent-wasm/server"
import { createConnection, type SocketError, type SocketAddress } from "gevent-wasm/socket"
import { CERT_NONE, CERT_REQUIRED, createDefaultContext, Purpose, SSLSocket } from "gevent-wasm/ssl"
import { execFile } from "node:child_process"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { test } from "uvu"
import * as assert from "uvu/assert"
import { Certificates } from "./certificates.ts"
import { reported } from "./reports.ts"
import { listening, openDescriptors, readAll, settled, text } from "./sockets.ts"

const LOOPBACK = "127.0.0.1:0"
const certificates = new Certificates()
const { cert: certfile, key: keyfile } = certificates.server

const loopback = listening()
await createConnection(loopback.getsockname()).then((socket) => socket.close())
loopback.close()
await sleep(0.05)
/** What is open while no test runs; the hub and the host have opened what they need. */
const idle = openDescriptors()

/** How the sockets of a test's servers are wrapped: as they are by default, or so that they can be unwrapped. */
let way: SecureServerOptions = {}

/** Makes a test of each way. */
function testBothWays(title: string, body: () => Promise<void>): void {
  for (const unwrap of [false, true]) {
    test(unwrap ? `${title} (with unwrap)` : title, async () => {
      way = unwrap ? { unwrap } : {}
      try {
        await body()
      } finally {
        way = {}
      }
    })
  }
}

function* greet(socket: SSLSocket): Generator<Wait<unknown>, void, unknown> {
  yield* socket.sendall(`hello over ${socket.version()!}`)
}

function* ask(address: SocketAddress): Generator<Wait<unknown>, string, unknown> {
  const context = createDefaultContext(Purpose.SERVER_AUTH, { cafile: certificates.ca })
  const socket = yield* createConnection(address, 10)
  using secure = yield* context.wrapSocket(socket, { serverHostname: "localhost", suppressRaggedEofs: false })
  return text(yield* readAll(secure))
}

test("SV-03: a socket with TLS is no listener", async () => {
  await run(function* () {
    const context = createDefaultContext(Purpose.CLIENT_AUTH)
    context.loadCertChain(certfile, keyfile)
    using listener = yield* context.wrapSocket(listening(), { serverSide: true })
    assert.throws(() => new StreamServer(listener, greet), /Expected a regular socket, not SSLSocket/)
    assert.throws(() => new StreamServer(listener, greet), TypeError)
  })
  await settled(idle)
})

testBothWays("SV-24: with a certificate handlers get sockets with TLS", async () => {
  const context = createDefaultContext(Purpose.CLIENT_AUTH)
  context.loadCertChain(certfile, keyfile)
  const forms: SecureServerOptions[] = [
    { ...way, certfile, keyfile },
    { ...way, sslContext: context },
    { ...way, sslContext: context, spawn: 10 },
  ]
  await run(function* () {
    for (const options of forms) {
      using server = new StreamServer(LOOPBACK, greet, options)
      assert.ok(server.sslEnabled)
      server.start()
      assert.match(yield* ask(server.address), /^hello over TLSv1\.[23]$/)
    }
    using asynchronous = new StreamServer(LOOPBACK, async (socket: SSLSocket) => socket.sendall("async"), {
      ...way,
      certfile,
      keyfile,
    })
    asynchronous.start()
    assert.is(yield* ask(asynchronous.address), "async")
    class Greeter extends StreamServer {
      override *handle(socket: SSLSocket): Generator<Wait<unknown>, void, unknown> {
        assert.instance(socket, SSLSocket)
        yield* greet(socket)
      }
    }
    using method = new Greeter(LOOPBACK, null, { ...way, sslContext: context })
    method.start()
    assert.match(yield* ask(method.address), "hello")
    using plain = new StreamServer(LOOPBACK, () => {})
    assert.not(plain.sslEnabled)
  })
  await settled(idle)
})

test("SV-24: wrong certificates are refused at once", () => {
  assert.throws(() => new StreamServer(LOOPBACK, greet, { keyfile }), /certfile must be specified/)
  assert.throws(() => new StreamServer(LOOPBACK, greet, { certfile: "/nowhere" }), /ENOENT/)
  assert.throws(() => new StreamServer(LOOPBACK, greet, { sslContext: {} as never }), TypeError)
  assert.throws(() => new StreamServer(LOOPBACK, greet, { certfile, keyfile, handshakeTimeout: 0 }), RangeError)
  assert.throws(() => new StreamServer(LOOPBACK, greet, { certfile, keyfile, handshakeTimeout: -1 }), RangeError)
  const client = createDefaultContext()
  assert.throws(() => new StreamServer(LOOPBACK, greet, { sslContext: client }), /a context for clients cannot serve/)
})

test("SV-24: options for TLS never make a server without it", () => {
  const forms: SecureServerOptions[] = [
    { caCerts: certificates.ca, certReqs: CERT_REQUIRED },
    { ciphers: "ALL" },
    { password: "secret" },
    { certReqs: CERT_NONE },
    { handshakeTimeout: 5 },
    { unwrap: true },
  ]
  for (const options of forms) {
    const needed = (error: Error): boolean => error instanceof RangeError && /certfile must be/.test(error.message)
    assert.throws(() => new StreamServer(LOOPBACK, greet, options), needed)
  }
  const misspelt = { certFile: certfile, keyFile: keyfile } as SecureServerOptions
  assert.throws(
    () => new StreamServer(LOOPBACK, greet, misspelt),
    (error: Error) => error instanceof TypeError && /no option certFile/.test(error.message),
  )
  using plain = new StreamServer(LOOPBACK, greet, { certfile: null, sslContext: null, ciphers: null })
  assert.not(plain.sslEnabled)
})

test("Node's TLS has the connections of a server to itself, which are no sockets of Node's yet when they are accepted", async () => {
  if (host.name !== "node") return
  const layers: (string | undefined)[] = []
  await run(function* () {
    for (const options of [{}, { unwrap: true }]) {
      const look = (socket: SSLSocket): void => void layers.push(descriptors.get(socket.fileno())?.constructor.name)
      const server = new StreamServer(LOOPBACK, look, { certfile, keyfile, ...options })
      server.start()
      assert.is(yield* ask(server.address), "")
      yield* server.stop()
    }
  })
  assert.equal(layers, ["DirectStream", "CarriedStream"])
  await settled(idle)
})

test("SV-24: the sockets of a server can be unwrapped if that is asked for", async () => {
  await run(function* () {
    for (const options of [{}, { unwrap: true }, { suppressRaggedEofs: false }]) {
      let said = ""
      const server = new StreamServer(
        LOOPBACK,
        function* (socket: SSLSocket) {
          try {
            using plain = yield* socket.unwrap()
            yield* plain.sendall("plain")
          } catch (error) {
            said = String(error)
          }
        },
        { certfile, keyfile, ...options },
      )
      server.start()
      const context = createDefaultContext(Purpose.SERVER_AUTH, { cafile: certificates.ca })
      const socket = yield* createConnection(server.address, 10)
      const secure = yield* context.wrapSocket(socket, { serverHostname: "localhost" })
      const asked = Object.keys(options).length > 0
      using client = asked ? yield* secure.unwrap() : secure
      assert.is(text(yield* readAll(client)), asked ? "plain" : "")
      assert.is(said.includes("unwrap: true"), !asked, said)
      yield* server.stop()
    }
    const options = { certfile, keyfile, suppressRaggedEofs: false, unwrap: false }
    assert.throws(() => new StreamServer(LOOPBACK, greet, options), /suppressRaggedEofs: false needs unwrap: true/)
  })
  await settled(idle)
})

testBothWays("SV-24: curl gets a page", async () => {
  const body = "over TLS"
  const server = new StreamServer(
    LOOPBACK,
    function* (socket: SSLSocket) {
      yield* socket.recv(4096)
      yield* socket.sendall(`HTTP/1.0 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`)
    },
    { ...way, certfile, keyfile },
  )
  server.start()
  const url = `https://localhost:${server.serverPort}/`
  const { stdout } = await promisify(execFile)("curl", ["-s", "--ipv4", "--cacert", certificates.ca, url])
  assert.is(stdout, body)
  server.close()
  await settled(idle)
})

testBothWays("SV-16: when TLS fails the client is closed, and that is reported once", async () => {
  await run(function* () {
    let handled = 0
    using server = new StreamServer(LOOPBACK, () => handled++, { ...way, certfile, keyfile })
    server.start()
    const reports = yield* reported(function* () {
      using client = yield* createConnection(server.address, 10)
      yield* client.sendall("GET / HTTP/1.0\r\n\r\n")
      try {
        yield* readAll(client)
      } catch (error) {
        assert.is((error as SocketError).code, "ECONNRESET")
      }
      yield* sleep(0.05)
    })
    assert.is(reports.match(/failed with/g)?.length, 1, reports)
    assert.match(reports, "SSLError")
    assert.is(handled, 0)
    assert.match(yield* ask(server.address), "")
    assert.is(handled, 1)
  })
  await settled(idle)
})

testBothWays("slow clients and half-open handshakes keep nobody waiting, and have an end", async () => {
  await run(function* () {
    using server = new StreamServer(LOOPBACK, greet, { ...way, certfile, keyfile, handshakeTimeout: 1 })
    server.start()
    const reports = yield* reported(function* () {
      const slow = []
      for (let i = 0; i < 20; i++) {
        const client = yield* createConnection(server.address, 10)
        if (i % 2 === 0) yield* client.sendall(Uint8Array.of(22, 3, 1, 2))
        slow.push(client)
      }
      const started = performance.now()
      assert.match(yield* ask(server.address), "hello")
      assert.ok(performance.now() - started < 900, "it did not wait for the slow ones")
      for (const client of slow) {
        client.settimeout(10)
        try {
          assert.is((yield* client.recv(1)).length, 0)
        } catch (error) {
          assert.is((error as SocketError).code, "ECONNRESET")
        }
        client.close()
      }
    })
    assert.match(reports, "The handshake operation timed out")
  })
  await settled(idle)
})

test("the example echoes over TLS on this host", async () => {
  const example = fileURLToPath(new URL("../examples/tls_echo.mjs", import.meta.url))
  const flags = host.name === "deno" ? ["run", "--allow-all", "--no-prompt"] : []
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [...flags, example])
  assert.match(stdout, /speaks TLSv1\.[23] with /)
  assert.match(stdout, "echo: Hello over TLS.\necho: Nobody else can read this.\necho: Good-bye.\n")
  assert.is(stderr, "")
})

testBothWays("stop kills handlers in the middle of their handshake", async () => {
  await run(function* () {
    const server = new StreamServer(LOOPBACK, greet, { ...way, certfile, keyfile, spawn: 10 })
    server.start()
    using client = yield* createConnection(server.address, 10)
    yield* client.sendall(Uint8Array.of(22, 3, 1, 2))
    yield* sleep(0.05)
    yield* server.stop(0)
    try {
      assert.is((yield* client.recv(1)).length, 0)
    } catch (error) {
      assert.is((error as SocketError).code, "ECONNRESET")
    }
  })
  await settled(idle)
})

test.run()
