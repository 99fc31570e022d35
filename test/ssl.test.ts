import { host } from "#host"
import { run, sleep, spawn, type Op, type Wait } from "gevent-wasm"
import {
  AF_UNIX,
  createConnection,
  LINGER_ON,
  SHUT_WR,
  SO_LINGER,
  SOL_SOCKET,
  Socket,
  SocketError,
  SocketTimeout,
  type SocketAddress,
} from "gevent-wasm/socket"
import {
  CERT_NONE,
  CERT_OPTIONAL,
  CERT_REQUIRED,
  certTimeToSeconds,
  createDefaultContext,
  DERCertToPEMCert,
  getServerCertificate,
  PEMCertToDERCert,
  PROTOCOL_TLS,
  PROTOCOL_TLS_CLIENT,
  PROTOCOL_TLS_SERVER,
  Purpose,
  SSLCertVerificationError,
  SSLContext,
  SSLEOFError,
  SSLError,
  SSLSocket,
  SSLWantReadError,
  SSLWantWriteError,
  SSLZeroReturnError,
  TLSVersion,
  wrapSocket,
} from "gevent-wasm/ssl"
import { execFile, execFileSync, spawn as startProcess } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import { test } from "uvu"
import * as assert from "uvu/assert"
import { connectedPair, failure, listening, openDescriptors, readAll, settled, text } from "./sockets.ts"
import { certificates, clientContext, securePair, serverContext, testBothWays, way, type Ends } from "./tls.ts"

const loopback = listening()
await createConnection(loopback.getsockname()).then((socket) => socket.close())
loopback.close()
await sleep(0.05)
/** What is open while no test runs; the hub and the host have opened what they need. */
const idle = openDescriptors()

/** How both ends of a handshake fail. */
function* failedPair(ends: Ends): Generator<Wait<unknown>, [client: Error, server: Error | null], unknown> {
  const { client = clientContext(), server = serverContext() } = ends
  const [near, far] = yield* connectedPair()
  const accepting = spawn(function* () {
    try {
      const secure = yield* server.wrapSocket(far, { ...way, serverSide: true, ...ends.serverOptions })
      secure.settimeout(5)
      try {
        yield* secure.recv(1)
      } finally {
        secure.close()
      }
      return null
    } catch (error) {
      return error as Error
    }
  })
  const error = yield* failure(
    (function* () {
      using secure = yield* client.wrapSocket(near, { ...way, serverHostname: "localhost", ...ends.clientOptions })
      secure.settimeout(5)
      // with TLS 1.3 a server refuses a client when that has finished already
      yield* secure.recv(1)
      throw new Error("the handshake went well")
    })(),
  )
  return [error, yield* accepting.get()]
}

const isSSLError = (error: unknown): boolean => error instanceof SSLError

/** Everything that a program prints, until it ends. */
async function output(command: string, args: readonly string[], input = ""): Promise<string> {
  const child = startProcess(command, [...args], { stdio: ["pipe", "pipe", "pipe"] })
  let printed = ""
  child.stdout.on("data", (data: Buffer) => (printed += data.toString()))
  child.stderr.on("data", (data: Buffer) => (printed += data.toString()))
  child.stdin.on("error", () => {})
  child.stdin.end(input)
  await new Promise((resolve) => child.on("close", resolve))
  return printed
}

testBothWays("SS-01: TLS takes over the socket's number and timeout, and detaches it", async () => {
  await run(function* () {
    const [near, far] = yield* connectedPair()
    near.settimeout(7)
    const fd = near.fileno()
    const accepting = spawn(() => serverContext().wrapSocket(far, { ...way, serverSide: true }))
    const wrapping = clientContext().wrapSocket(near, { ...way, serverHostname: "localhost" })
    assert.is(near.fileno(), fd, "not before it is waited for")
    using client = yield* wrapping
    using server = yield* accepting.get()
    assert.instance(client, SSLSocket)
    assert.instance(client, Socket)
    assert.is(client.fileno(), fd)
    assert.ok(near.closed)
    assert.is(client.gettimeout(), 7)
    assert.is(server.gettimeout(), null)
    assert.not(client.serverSide)
    assert.ok(server.serverSide)
    assert.is(client.serverHostname, "localhost")
    assert.equal(client.getpeername(), server.getsockname())
    assert.match(String(client), `<SSLSocket fd=${fd} AF_INET`)
    assert.throws(
      () => clientContext().wrapSocket(client, { ...way, serverHostname: "localhost" }),
      /expected a regular socket, not SSLSocket/,
    )
  })
  await settled(idle)
})

testBothWays("SS-01: a socket that is not connected gets TLS when it connects", async () => {
  await run(function* () {
    using listener = listening()
    const accepting = spawn(function* () {
      const [socket] = yield* listener.accept()
      using secure = yield* serverContext().wrapSocket(socket, { ...way, serverSide: true })
      yield* secure.sendall("hello")
    })
    using client = yield* clientContext().wrapSocket(new Socket(), { ...way, serverHostname: "localhost" })
    assert.is(client.version(), null)
    assert.throws(
      () => client.doHandshake(),
      (error: SocketError) => error.code === "ENOTCONN",
    )
    yield* client.connect(listener.getsockname())
    assert.match(client.version()!, /^TLSv1\.[23]$/)
    assert.is(text(yield* readAll(client)), "hello")
    assert.throws(
      () => client.connect(listener.getsockname()),
      (error: SocketError) => error.code === "EISCONN",
    )
    yield* accepting.join()
  })
  await settled(idle)
})

test("SS-01: wrapSocket without a context makes one of its options", async () => {
  await run(function* () {
    const [near, far] = yield* connectedPair()
    const { cert, key } = certificates.server
    const accepting = spawn(() => wrapSocket(far, { ...way, serverSide: true, certfile: cert, keyfile: key }))
    using client = yield* wrapSocket(near, { ...way, serverHostname: "localhost", caCerts: certificates.ca })
    using server = yield* accepting.get()
    yield* client.sendall("x")
    assert.is(text(yield* server.recv(1)), "x")
    using plain = new Socket()
    assert.throws(() => wrapSocket(plain, { ...way, serverSide: true }), /certfile must be specified/)
    assert.throws(() => wrapSocket(plain, { keyfile: key }), /certfile must be specified/)
    assert.throws(() => wrapSocket(plain, { context: {} as never }), TypeError)
    assert.throws(() => wrapSocket("socket" as never, { serverHostname: "x" }), TypeError)
  })
  await settled(idle)
})

test("SS-02: options that do not go together are refused at the call", () => {
  using socket = new Socket()
  assert.throws(() => clientContext().wrapSocket(socket), /checkHostname requires serverHostname/)
  assert.throws(() => clientContext().wrapSocket(socket, { serverHostname: "" }), RangeError)
  assert.throws(() => clientContext().wrapSocket(socket, { serverHostname: 1 as never }), TypeError)
  assert.throws(
    () => clientContext().wrapSocket(socket, { ...way, serverSide: true }),
    /a context for clients cannot serve/,
  )
  assert.throws(() => serverContext().wrapSocket(socket), /a context for servers cannot connect/)
  const server = serverContext()
  assert.throws(
    () => server.wrapSocket(socket, { ...way, serverSide: true, serverHostname: "x" }),
    /only be specified in client/,
  )
  socket.setblocking(false)
  assert.throws(() => server.wrapSocket(socket, { ...way, serverSide: true }), /non-blocking sockets/)
  assert.not(socket.closed)
})

testBothWays("SS-02: others run while a handshake waits, and its time is limited", async () => {
  await run(function* () {
    const [near, far] = yield* connectedPair()
    using _far = far
    near.settimeout(0.1)
    let turns = 0
    const other = spawn(function* () {
      for (;;) {
        turns++
        yield* sleep(0.01)
      }
    })
    const error = yield* failure(clientContext().wrapSocket(near, { ...way, serverHostname: "localhost" }))
    yield* other.kill()
    assert.instance(error, SocketTimeout)
    assert.match(error.message, "The handshake operation timed out")
    assert.ok(turns > 1)
  })
  await settled(idle)
})

testBothWays("SS-02: a kill in the middle of a handshake leaves nothing open", async () => {
  await run(function* () {
    for (const serverSide of [false, true]) {
      for (const begun of [false, true]) {
        const [near, far] = yield* connectedPair()
        using _far = far
        const context = serverSide ? serverContext() : clientContext()
        const options = { ...way, ...(serverSide ? { serverSide } : { serverHostname: "localhost" }) }
        const wrapping = spawn(() => context.wrapSocket(near, options))
        yield* sleep(0.02)
        if (begun) yield* far.sendall(Uint8Array.of(22, 3, 1))
        yield* sleep(0.01)
        yield* wrapping.kill()
        assert.ok(near.closed)
        // the peer sees the end, or a reset of what it had sent
        far.settimeout(5)
        try {
          yield* readAll(far)
        } catch (error) {
          assert.is((error as SocketError).code, "ECONNRESET")
        }
      }
    }
  })
  await settled(idle)
})

testBothWays(
  "SS-02: doHandshakeOnConnect false leaves the handshake to doHandshake, or to the first call",
  async () => {
    await run(function* () {
      const [near, far] = yield* connectedPair()
      const options = { doHandshakeOnConnect: false }
      using server = yield* serverContext().wrapSocket(far, { ...way, serverSide: true, ...options })
      using client = yield* clientContext().wrapSocket(near, { ...way, serverHostname: "localhost", ...options })
      assert.is(client.version(), null)
      assert.is(client.cipher(), null)
      assert.throws(() => client.getpeercert(), /handshake not done yet/)
      const shaking = spawn(() => client.doHandshake())
      const sending = spawn(() => server.sendall("hello"))
      yield* shaking.get()
      assert.match(client.version()!, "TLSv1")
      assert.is(text(yield* client.recv(100)), "hello")
      yield* sending.get()
      yield* client.doHandshake()
    })
    await settled(idle)
  },
)

testBothWays("SS-02: a server is verified by default", async () => {
  await run(function* () {
    const [untrusted, server] = yield* failedPair({ client: createDefaultContext() })
    assert.instance(untrusted, SSLCertVerificationError)
    assert.is((untrusted as SSLError).reason, "CERTIFICATE_VERIFY_FAILED")
    assert.match(untrusted.message, "certificate verify failed")
    assert.is((untrusted as SSLError).code, "EPROTO")
    assert.instance(server ?? new SSLError("", ""), SocketError)
    const [selfSigned] = yield* failedPair({ server: serverContext(certificates.stranger) })
    assert.instance(selfSigned, SSLCertVerificationError)
    assert.is((selfSigned as SSLCertVerificationError).verifyCode, 18)
    const [nobody] = yield* failedPair({ client: new SSLContext(PROTOCOL_TLS_CLIENT) })
    assert.instance(nobody, SSLCertVerificationError, "a context that trusts nobody")
  })
  await settled(idle)
})

testBothWays("SS-02: the certificate has to be for the name that was asked for", async () => {
  await run(function* () {
    for (const serverHostname of ["wrong.example", "127.0.0.2", "sub.localhost"]) {
      const [error] = yield* failedPair({ clientOptions: { serverHostname } })
      assert.instance(error, SSLCertVerificationError, serverHostname)
      assert.is((error as SSLCertVerificationError).verifyCode, 62)
    }
    for (const serverHostname of ["localhost", "127.0.0.1"]) {
      const [client, server] = yield* securePair({ clientOptions: { serverHostname } })
      client.close()
      server.close()
    }
    const context = clientContext()
    context.checkHostname = false
    const [client, server] = yield* securePair({ client: context, clientOptions: { serverHostname: "wrong.example" } })
    client.close()
    server.close()
  })
  await settled(idle)
})

testBothWays("SS-02: what is no TLS, and what has no version in common, fails with its reason", async () => {
  await run(function* () {
    const [near, far] = yield* connectedPair()
    using _far = far
    yield* far.sendall("HTTP/1.0 400 Bad Request\r\n\r\n")
    const garbage = yield* failure(clientContext().wrapSocket(near, { ...way, serverHostname: "localhost" }))
    assert.instance(garbage, SSLError)
    assert.is((garbage as SSLError).reason, "WRONG_VERSION_NUMBER")
    assert.is((garbage as SSLError).library, "SSL")
    const client = clientContext()
    client.maximumVersion = TLSVersion.TLSv1_2
    const server = serverContext()
    server.minimumVersion = TLSVersion.TLSv1_3
    const errors = yield* failedPair({ client, server })
    for (const error of errors) assert.instance(error, SSLError)
  })
  await settled(idle)
})

testBothWays("SS-02: a peer that goes during the handshake is an SSLEOFError", async () => {
  await run(function* () {
    const [near, far] = yield* connectedPair()
    const wrapping = spawn(() => failure(clientContext().wrapSocket(near, { ...way, serverHostname: "localhost" })))
    yield* far.recv(65536)
    far.close()
    const error = yield* wrapping.get()
    assert.instance(error, SSLEOFError)
    assert.match(error.message, "EOF occurred in violation of protocol")
  })
  await settled(idle)
})

testBothWays("SS-03: read, recv, recvInto, write, send and sendall", async () => {
  await run(function* () {
    const [client, server] = yield* securePair()
    using _client = client
    using _server = server
    assert.is(yield* client.send("héllo"), 6)
    assert.is(text(yield* server.recv(100)), "héllo")
    assert.is(yield* client.write(Uint8Array.of(1, 2, 3)), 3)
    assert.equal([...(yield* server.read(2))], [1, 2])
    const buffer = new Uint8Array(10)
    assert.is(yield* server.recvInto(buffer), 1)
    assert.is(buffer[0], 3)
    yield* server.sendall("abcdef")
    assert.is(yield* client.read(4, buffer), 4)
    assert.is(text(buffer.subarray(0, 4)), "abcd")
    assert.is(text(yield* client.read()), "ef")
    assert.is((yield* client.recv(0)).length, 0)
    yield* client.sendall("")
    assert.is(yield* client.send(""), 0)
    assert.throws(() => client.recv(-1), RangeError)
    assert.throws(() => client.send(1 as never), TypeError)
    assert.throws(() => client.recvInto([] as never), TypeError)
  })
  await settled(idle)
})

testBothWays("SS-03: who receives bytes has their memory alone, to keep or to transfer", async () => {
  await run(function* () {
    const [client, server] = yield* securePair()
    using _client = client
    using _server = server
    for (const word of ["one", "two", "three"]) {
      yield* client.sendall(word)
      const chunk = yield* server.recv(100)
      assert.is(chunk.buffer.byteLength, word.length)
      assert.is(text(structuredClone(chunk, { transfer: [chunk.buffer as ArrayBuffer] })), word)
    }
  })
  await settled(idle)
})

testBothWays("SS-03: what was sent is the sender's again at once", async () => {
  await run(function* () {
    const [client, server] = yield* securePair()
    using _client = client
    using _server = server
    for (const size of [1, 64, 65, 5000, 200_000]) {
      const bytes = new Uint8Array(size)
      const receiving = spawn(function* () {
        const all = new Uint8Array(3 * size)
        for (let count = 0; count < all.length;) count += yield* server.recvInto(all.subarray(count))
        return all
      })
      for (const value of [1, 2, 3]) yield* client.sendall(bytes.fill(value))
      bytes.fill(9)
      const all = yield* receiving.get()
      for (const value of [1, 2, 3])
        assert.ok(all.subarray((value - 1) * size, value * size).every((byte) => byte === value))
    }
  })
  await settled(idle)
})

testBothWays("SS-03: a socket that lingers for no time is reset by close", async () => {
  await run(function* () {
    const [client, server] = yield* securePair()
    using _client = client
    yield* server.sendall("x")
    assert.is(text(yield* client.recv(1)), "x")
    const reading = spawn(() => failure(client.recv(1)))
    server.setsockopt(SOL_SOCKET, SO_LINGER, LINGER_ON)
    server.close()
    assert.is((yield* reading.get()).code, "ECONNRESET")
  })
  await settled(idle)
})

testBothWays("SS-03: a connection with a second number, and one of a unix socket, get TLS", async () => {
  const folder = mkdtempSync(join(tmpdir(), "tls-"))
  await run(function* () {
    const [near, far] = yield* connectedPair()
    using second = near.dup()
    using listener = new Socket(AF_UNIX)
    listener.bind(join(folder, "socket"))
    listener.listen()
    const local = new Socket(AF_UNIX)
    yield* local.connect(join(folder, "socket"))
    const [accepted] = yield* listener.accept()
    for (const [one, other] of [
      [near, far],
      [local, accepted],
    ] as const) {
      const accepting = spawn(() => serverContext().wrapSocket(other, { ...way, serverSide: true }))
      using client = yield* clientContext().wrapSocket(one, { ...way, serverHostname: "localhost" })
      using server = yield* accepting.get()
      yield* client.sendall("hello")
      assert.is(text(yield* server.recv(100)), "hello")
    }
    assert.not(second.closed)
  })
  rmSync(folder, { recursive: true })
  await settled(idle)
})

testBothWays("SS-03: megabytes go both ways at once, unharmed", async () => {
  await run(function* () {
    const [client, server] = yield* securePair()
    using _client = client
    using _server = server
    const bytes = Uint8Array.from({ length: 3_000_000 }, (_, i) => i * 31 + (i >> 11))
    const transfer = function* (from: SSLSocket, to: SSLSocket): Generator<Wait<unknown>, void, unknown> {
      const sending = spawn(() => from.sendall(bytes))
      let received = 0
      while (received < bytes.length) {
        const chunk = yield* to.recv(65536)
        assert.ok(chunk.length > 0)
        if (Buffer.compare(chunk, bytes.subarray(received, received + chunk.length)) !== 0)
          assert.unreachable("damaged")
        received += chunk.length
      }
      yield* sending.get()
    }
    const back = spawn(transfer, server, client)
    yield* transfer(client, server)
    yield* back.get()
  })
  await settled(idle)
})

testBothWays("SS-03: a writer is held up while the reader does not read", async () => {
  await run(function* () {
    const [client, server] = yield* securePair()
    using _server = server
    client.settimeout(0.2)
    const error = yield* failure(client.sendall(new Uint8Array(1 << 26)))
    assert.instance(error, SocketTimeout)
    assert.match(error.message, "The write operation timed out")
    client.close()
  })
  await settled(idle)
})

testBothWays("SS-03: the time of a read is limited", async () => {
  await run(function* () {
    const [client, server] = yield* securePair()
    using _client = client
    using _server = server
    client.settimeout(0.05)
    const error = yield* failure(client.recv(1))
    assert.instance(error, SocketTimeout)
    assert.match(error.message, "The read operation timed out")
    yield* server.sendall("x")
    client.settimeout(5)
    assert.is(text(yield* client.recv(1)), "x", "it can be used afterwards")
  })
  await settled(idle)
})

testBothWays("SS-03: what was sent before close is delivered, and the end is a clean one", async () => {
  await run(function* () {
    const clientOptions = { suppressRaggedEofs: false, unwrap: true }
    const [client, server] = yield* securePair({ clientOptions })
    using _client = client
    const bytes = new Uint8Array(300_000).fill(7)
    const sending = spawn(function* () {
      yield* server.sendall(bytes)
      server.close()
    })
    assert.is((yield* readAll(client)).length, bytes.length)
    assert.is((yield* client.recv(1)).length, 0)
    yield* sending.join()
  })
  await settled(idle)
})

test("SS-03: an end that the peer did not announce is one, or an SSLEOFError", async () => {
  await run(function* () {
    for (const suppressRaggedEofs of [true, false]) {
      const [near, far] = yield* connectedPair()
      using relayed = listening()
      // between the two stands one who cuts the connection
      const relay = spawn(function* () {
        const [middle] = yield* relayed.accept()
        const copy = function* (from: Socket, to: Socket): Generator<Wait<unknown>, void, unknown> {
          try {
            for (let chunk = yield* from.recv(65536); chunk.length > 0; chunk = yield* from.recv(65536))
              yield* to.sendall(chunk)
          } catch (error) {
            assert.is((error as SocketError).code, "EBADF")
          }
        }
        const both = [spawn(copy, middle, near), spawn(copy, near, middle)]
        yield* sleep(0.3)
        for (const one of both) yield* one.kill()
        middle.close()
        near.close()
      })
      const accepting = spawn(() => serverContext().wrapSocket(far, { ...way, serverSide: true }))
      const plain = yield* createConnection(relayed.getsockname())
      using client = yield* clientContext().wrapSocket(plain, {
        ...way,
        serverHostname: "localhost",
        suppressRaggedEofs,
      })
      using server = yield* accepting.get()
      yield* server.sendall("last words")
      assert.is(text(yield* client.recv(100)), "last words")
      if (suppressRaggedEofs) assert.is((yield* client.recv(1)).length, 0)
      else {
        const error = yield* failure(client.recv(1))
        assert.instance(error, SSLEOFError)
        assert.is((error as SSLError).reason, "UNEXPECTED_EOF_WHILE_READING")
        assert.instance(yield* failure(client.recvInto(new Uint8Array(1))), SSLEOFError)
      }
      yield* relay.join()
    }
  })
  await settled(idle)
})

testBothWays("SS-03: writing to a peer that has gone is an error, and reading gives what it had sent", async () => {
  await run(function* () {
    const [client, server] = yield* securePair()
    using _client = client
    yield* server.sendall("last words")
    yield* sleep(0.05)
    server.close()
    const error = yield* failure(
      (function* () {
        for (;;) {
          yield* client.sendall(new Uint8Array(65536))
          yield* sleep(0.001)
        }
      })(),
    )
    assert.instance(error, SocketError)
    assert.ok(["EPIPE", "ECONNRESET"].includes((error as SocketError).code), String(error))
    assert.is(text(yield* client.recv(100)), "last words")
  })
  await settled(idle)
})

testBothWays("SS-03: one end can stop sending while the other goes on", async () => {
  await run(function* () {
    const [client, server] = yield* securePair()
    using _client = client
    using _server = server
    client.shutdown(SHUT_WR)
    assert.instance(yield* failure(client.send("x")), SSLZeroReturnError)
    assert.is((yield* server.recv(1)).length, 0)
    // Bun ends what it sends when the peer has ended, but for a server that never unwraps
    if (host.name === "bun" && way.unwrap !== false)
      assert.instance(yield* failure(server.sendall("still")), SSLZeroReturnError)
    else {
      yield* server.sendall("still")
      server.shutdown(SHUT_WR)
      assert.is(text(yield* readAll(client)), "still")
    }
  })
  await settled(idle)
})

test("SS-04: a closed or unwrapped socket is neither read nor written", async () => {
  await run(function* () {
    const [client, server] = yield* securePair()
    const other = spawn(function* () {
      using plain = yield* server.unwrap()
      yield* plain.recv(1)
    })
    using plain = yield* client.unwrap()
    for (const socket of [client, server]) {
      assert.throws(() => socket.read(), /Read on closed or unwrapped SSL socket\./)
      assert.throws(() => socket.write("x"), /Write on closed or unwrapped SSL socket\./)
      assert.throws(() => socket.unwrap(), /No SSL wrapper around/)
      assert.is((yield* failure(socket.recv(1))).code, "EBADF")
      assert.is((yield* failure(socket.send("x"))).code, "EBADF")
      assert.is((yield* failure(socket.sendall("x"))).code, "EBADF")
      assert.throws(
        () => socket.doHandshake(),
        (error: SocketError) => error.code === "EBADF",
      )
    }
    plain.close()
    yield* other.join()
    const [third, fourth] = yield* securePair()
    using _fourth = fourth
    const waiting = spawn(() => failure(third.recv(1)))
    yield* sleep(0)
    third.close()
    third.close()
    assert.match((yield* waiting.get()).message, "File descriptor was closed in another greenlet")
    assert.throws(() => third.read(), /Read on closed/)
    assert.is(third.version(), null)
    assert.is(third.pending(), 0)
  })
  await settled(idle)
})

testBothWays("SS-06: a socket with timeout 0 says what it would wait for", async () => {
  await run(function* () {
    const [near, far] = yield* connectedPair()
    for (const socket of [near, far]) socket.setblocking(false)
    const options = { doHandshakeOnConnect: false }
    using client = yield* clientContext().wrapSocket(near, { ...way, serverHostname: "localhost", ...options })
    using server = yield* serverContext().wrapSocket(far, { ...way, serverSide: true, ...options })
    const waiting = new Set<SSLSocket>([client, server])
    for (let i = 0; i < 1000 && waiting.size > 0; i++) {
      for (const socket of waiting) {
        try {
          yield* socket.doHandshake()
          waiting.delete(socket)
        } catch (error) {
          assert.instance(error, SSLWantReadError)
          assert.is((error as SSLError).code, "EAGAIN")
        }
      }
      yield* sleep(0.005)
    }
    assert.is(waiting.size, 0)
    assert.instance(yield* failure(client.recv(1)), SSLWantReadError)
    assert.instance(yield* failure(client.recvInto(new Uint8Array(1))), SSLWantReadError)
    assert.instance(yield* failure(client.sendall(new Uint8Array(1 << 26))), SSLWantWriteError)
  })
  await settled(idle)
})

test("SS-07: unwrap ends TLS and gives back a plain socket with the number", async () => {
  await run(function* () {
    const [client, server] = yield* securePair()
    const fd = client.fileno()
    client.settimeout(9)
    const other = spawn(function* () {
      // the peer's end of TLS is an end of the stream
      assert.is((yield* server.recv(1)).length, 0)
      return yield* server.unwrap()
    })
    using near = yield* client.unwrap()
    using far = yield* other.get()
    assert.is(near.fileno(), fd)
    assert.is(near.gettimeout(), 9)
    assert.not.instance(near, SSLSocket)
    assert.ok(client.closed)
    yield* near.sendall("in the clear")
    assert.is(text(yield* far.recv(100)), "in the clear")
    yield* far.sendall("indeed")
    assert.is(text(yield* near.recv(100)), "indeed")
    // and once more
    const accepting = spawn(() => serverContext().wrapSocket(far, { ...way, serverSide: true }))
    using again = yield* clientContext().wrapSocket(near, { ...way, serverHostname: "localhost" })
    using _peer = yield* accepting.get()
    yield* again.sendall("x")
    assert.is(text(yield* _peer.recv(1)), "x")
  })
  await settled(idle)
})

test("SS-07: unwrap fails when the peer sends data, or goes", async () => {
  await run(function* () {
    const [client, server] = yield* securePair()
    yield* server.sendall("data")
    const error = yield* failure(client.unwrap())
    assert.instance(error, SSLError)
    assert.is((error as SSLError).reason, "APPLICATION_DATA_AFTER_CLOSE_NOTIFY")
    client.close()
    server.close()
    const [third, fourth] = yield* securePair()
    third.settimeout(0.05)
    // Bun answers the end of TLS by itself
    if (host.name === "bun") (yield* third.unwrap()).close()
    else assert.instance(yield* failure(third.unwrap()), SocketTimeout)
    third.close()
    fourth.close()
  })
  await settled(idle)
})

test("SS-07: a socket that was wrapped with unwrap: false cannot be unwrapped, and says so", async () => {
  await run(function* () {
    const [client, server] = yield* securePair({ clientOptions: { unwrap: false } })
    using _server = server
    assert.throws(
      () => client.unwrap(),
      (error: SocketError) => error.code === "ENOTSUP" && error.message.includes("unwrap: true"),
    )
    yield* client.sendall("x")
    assert.is(text(yield* server.recv(1)), "x", "it goes on")
    client.close()
    assert.throws(() => client.unwrap(), RangeError)
    using socket = new Socket()
    const options = { serverHostname: "localhost", suppressRaggedEofs: false, unwrap: false }
    assert.throws(() => clientContext().wrapSocket(socket, options), /suppressRaggedEofs: false needs unwrap: true/)
  })
  await settled(idle)
})

testBothWays(
  "SS-02: who ends before the handshake does is an SSLEOFError, and what is no TLS has its reason",
  async () => {
    await run(function* () {
      for (const [said, reason] of [
        ["", "UNEXPECTED_EOF_WHILE_READING"],
        ["GET / HTTP/1.0\r\n\r\n", "HTTP_REQUEST"],
      ] as const) {
        const [near, far] = yield* connectedPair()
        using _near = near
        yield* near.sendall(said)
        near.shutdown(SHUT_WR)
        yield* sleep(0.05)
        const error = yield* failure(serverContext().wrapSocket(far, { ...way, serverSide: true }))
        assert.instance(error, said === "" ? SSLEOFError : SSLError)
        if (host.name === "node") assert.is((error as SSLError).reason, reason)
      }
    })
    await settled(idle)
  },
)

testBothWays("SS-07: STARTTLS: what was read ahead belongs to TLS", async () => {
  await run(function* () {
    const [near, far] = yield* connectedPair()
    const server = spawn(function* () {
      assert.is(text(yield* far.recv(8)), "STARTTLS")
      // the greeting of TLS has come behind it by now
      yield* sleep(0.1)
      using secure = yield* serverContext().wrapSocket(far, { ...way, serverSide: true })
      yield* secure.sendall(yield* secure.recv(100))
    })
    yield* near.sendall("STARTTLS")
    using client = yield* clientContext().wrapSocket(near, { ...way, serverHostname: "localhost" })
    yield* client.sendall("secret")
    assert.is(text(yield* readAll(client)), "secret")
    yield* server.get()
  })
  await settled(idle)
})

testBothWays("SS-08: getpeercert is what Python shows", async () => {
  const script = "import json, ssl, sys; print(json.dumps(ssl._ssl._test_decode_cert(sys.argv[1])))"
  await run(function* () {
    const server = serverContext()
    server.loadVerifyLocations(certificates.ca)
    server.verifyMode = CERT_REQUIRED
    const client = clientContext()
    client.loadCertChain(certificates.client.cert, certificates.client.key)
    const [near, far] = yield* securePair({ client, server })
    using _near = near
    using _far = far
    for (const [socket, file] of [
      [near, certificates.server.cert],
      [far, certificates.client.cert],
    ] as const) {
      const python = JSON.parse(execFileSync("python3", ["-c", script, file], { encoding: "utf8" })) as object
      assert.equal(JSON.parse(JSON.stringify(socket.getpeercert())), python)
      assert.is(DERCertToPEMCert(socket.getpeercert(true)!), readFileSync(file, "utf8"))
    }
  })
  await settled(idle)
})

testBothWays("SS-08: an unverified certificate is {}, and none is null", async () => {
  await run(function* () {
    const context = clientContext()
    context.checkHostname = false
    context.verifyMode = CERT_NONE
    const [client, server] = yield* securePair({ client: context, server: serverContext(certificates.stranger) })
    assert.equal(client.getpeercert(), {})
    assert.ok(client.getpeercert(true)!.length > 100)
    assert.is(server.getpeercert(), null)
    assert.is(server.getpeercert(true), null)
    client.close()
    server.close()
  })
  await settled(idle)
})

testBothWays("SS-08: a server can ask for a certificate, and refuse a bad one", async () => {
  await run(function* () {
    const asking = (mode: number): SSLContext => {
      const context = serverContext()
      context.loadVerifyLocations(certificates.ca)
      context.verifyMode = mode
      return context
    }
    const withoutOne = clientContext()
    const bad = clientContext()
    bad.loadCertChain(certificates.stranger.cert, certificates.stranger.key)
    const good = clientContext()
    good.loadCertChain(certificates.client.cert, certificates.client.key)
    for (const mode of [CERT_OPTIONAL, CERT_REQUIRED]) {
      const [client, server] = yield* securePair({ client: good, server: asking(mode) })
      assert.equal((server.getpeercert() as { subject: unknown }).subject, [
        [["organizationName", "gevent-wasm"]],
        [["commonName", "a client"]],
      ])
      client.close()
      server.close()
      const [, error] = yield* failedPair({ client: bad, server: asking(mode) })
      assert.instance(error, SSLCertVerificationError, String(mode))
    }
    const [client, server] = yield* securePair({ client: withoutOne, server: asking(CERT_OPTIONAL) })
    client.close()
    server.close()
    const [, error] = yield* failedPair({ client: withoutOne, server: asking(CERT_REQUIRED) })
    assert.instance(error, SSLError)
    assert.is((error as SSLError).reason, "PEER_DID_NOT_RETURN_A_CERTIFICATE")
  })
  await settled(idle)
})

testBothWays("SS-08: version, cipher, protocol, pending, compression", async () => {
  await run(function* () {
    for (const [version, name] of [
      [TLSVersion.TLSv1_2, "TLSv1.2"],
      [TLSVersion.TLSv1_3, "TLSv1.3"],
    ] as const) {
      const client = clientContext()
      client.minimumVersion = client.maximumVersion = version
      client.setAlpnProtocols(["h2", "http/1.1"])
      const server = serverContext()
      server.setAlpnProtocols(["http/1.1"])
      const [near, far] = yield* securePair({ client, server })
      for (const socket of [near, far]) {
        assert.is(socket.version(), name)
        const [cipher, , bits] = socket.cipher()!
        assert.match(cipher, /GCM|CHACHA20/)
        assert.ok(bits === 128 || bits === 256)
        assert.is(socket.selectedAlpnProtocol(), "http/1.1")
        assert.is(socket.compression(), null)
        assert.is(socket.sessionReused, false)
        assert.is(socket.pending(), 0)
      }
      yield* near.sendall("hello")
      assert.is(text(yield* far.recv(1)), "h")
      assert.is(far.pending(), 4)
      near.close()
      far.close()
    }
    const [client, server] = yield* securePair()
    assert.is(client.selectedAlpnProtocol(), null)
    client.close()
    server.close()
  })
  await settled(idle)
})

testBothWays("SS-08: a server chooses by the name that the client asks for", async () => {
  await run(function* () {
    const asked: (string | null)[] = []
    const other = serverContext(certificates.other)
    const server = serverContext()
    server.sniCallback = (socket, name, context) => {
      assert.instance(socket, SSLSocket)
      assert.is(context, server)
      asked.push(name)
      if (name === "other.example") socket.context = other
      return name === "refused.example" ? 112 : null
    }
    for (const serverHostname of ["localhost", "other.example", "127.0.0.1"]) {
      const [near, far] = yield* securePair({ server, clientOptions: { serverHostname } })
      assert.is(far.context === other, serverHostname === "other.example")
      yield* near.sendall("x")
      assert.is(text(yield* far.recv(1)), "x")
      near.close()
      far.close()
    }
    assert.equal(asked, ["localhost", "other.example", null])
    const errors = yield* failedPair({ server, clientOptions: { serverHostname: "refused.example" } })
    for (const error of errors) assert.instance(error, SSLError)
    server.sniCallback = () => {
      throw new Error("no idea")
    }
    const [, thrown] = yield* failedPair({ server })
    assert.match(thrown!.message, "no idea")
    assert.throws(() => (server.sniCallback = "x" as never), TypeError)
    const [near, far] = yield* securePair()
    assert.throws(() => (near.context = {} as never), TypeError)
    near.close()
    far.close()
  })
  await settled(idle)
})

testBothWays("SS-08: both ends have the same channel binding, where the host tells it", async () => {
  const told: Record<string, readonly string[]> = {
    node: ["tls-unique", "tls-exporter"],
    bun: ["tls-exporter"],
    deno: [],
  }
  await run(function* () {
    const [client, server] = yield* securePair()
    for (const type of ["tls-unique", "tls-exporter"] as const) {
      if (told[host.name]!.includes(type)) {
        const binding = client.getChannelBinding(type)!
        assert.ok(binding.length >= 12)
        assert.equal(server.getChannelBinding(type), binding)
      } else {
        assert.throws(
          () => client.getChannelBinding(type),
          (error: SocketError) => error.code === "ENOTSUP",
        )
      }
    }
    assert.throws(() => client.getChannelBinding("tls-server-end-point" as never), RangeError)
    client.close()
    server.close()
    assert.is(client.getChannelBinding(), null)
  })
  await settled(idle)
})

test("SS-08: a context checks what it is given at once, and keeps what it had", () => {
  const context = new SSLContext(PROTOCOL_TLS)
  const { cert, key } = certificates.server
  assert.throws(() => context.loadCertChain(cert, certificates.other.key), isSSLError)
  assert.throws(() => context.loadCertChain(key), isSSLError)
  assert.throws(
    () => context.loadCertChain("-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n", key),
    isSSLError,
  )
  assert.throws(
    () => context.loadCertChain("/nowhere/cert.pem"),
    (error: Error) => error instanceof SocketError && /ENOENT.* certfile \/nowhere\/cert\.pem/.test(error.message),
  )
  assert.throws(() => context.loadCertChain(1 as never), TypeError)
  assert.throws(() => context.loadVerifyLocations("-----BEGIN nothing"), isSSLError)
  assert.throws(() => context.loadVerifyLocations({}), TypeError)
  assert.throws(() => context.setCiphers("NOSUCH"), isSSLError)
  assert.throws(() => context.setAlpnProtocols([""]), RangeError)
  assert.throws(() => context.setAlpnProtocols([1 as never]), TypeError)
  assert.throws(() => (context.verifyMode = 3), RangeError)
  assert.throws(() => (context.minimumVersion = 1), RangeError)
  assert.throws(() => (context.options = 1.5), TypeError)
  assert.throws(() => new SSLContext(99), RangeError)
  context.loadCertChain(readFileSync(cert), readFileSync(key))
  context.loadCertChain(readFileSync(cert, "utf8") + readFileSync(key, "utf8"))
  context.loadVerifyLocations({ cadata: PEMCertToDERCert(readFileSync(certificates.ca, "utf8")) })
  context.setCiphers("ECDHE-ECDSA-AES128-GCM-SHA256")
  assert.ok(context.credentials)
})

test("SS-08: a key may be encrypted", () => {
  const { cert, key } = certificates.server
  const encrypted = execFileSync("openssl", ["ec", "-in", key, "-aes128", "-passout", "pass:secret"], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  })
  const context = new SSLContext(PROTOCOL_TLS_SERVER)
  assert.throws(() => context.loadCertChain(cert, encrypted, "wrong"), isSSLError)
  assert.throws(() => context.loadCertChain(cert, encrypted), isSSLError)
  context.loadCertChain(cert, encrypted, "secret")
})

test("SS-08: checkHostname and verifyMode depend on each other", () => {
  const context = createDefaultContext()
  assert.ok(context.checkHostname)
  assert.is(context.verifyMode, CERT_REQUIRED)
  assert.is(context.minimumVersion, TLSVersion.TLSv1_2)
  assert.throws(() => (context.verifyMode = CERT_NONE), RangeError)
  context.checkHostname = false
  context.verifyMode = CERT_NONE
  context.checkHostname = true
  assert.is(context.verifyMode, CERT_REQUIRED)
  const server = createDefaultContext(Purpose.CLIENT_AUTH)
  assert.is(server.verifyMode, CERT_NONE)
  assert.not(server.checkHostname)
  assert.throws(() => createDefaultContext("x" as never), RangeError)
})

test("SS-08: certificates in text and bytes, and their times", () => {
  const pem = readFileSync(certificates.server.cert, "utf8")
  assert.is(DERCertToPEMCert(PEMCertToDERCert(pem)), pem)
  assert.throws(() => PEMCertToDERCert("x"), RangeError)
  assert.is(certTimeToSeconds("Jan  5 09:34:43 2018 GMT"), 1515144883)
  assert.throws(() => certTimeToSeconds("yesterday"), RangeError)
})

test("SS-09: getServerCertificate", async () => {
  await run(function* () {
    using listener = listening()
    const context = serverContext()
    const server = spawn(function* () {
      for (;;) {
        const [socket] = yield* listener.accept()
        spawn(function* () {
          try {
            using secure = yield* context.wrapSocket(socket, { ...way, serverSide: true })
            yield* secure.recv(1)
          } catch (error) {
            assert.instance(error, SocketError)
          }
        })
      }
    })
    const address = listener.getsockname()
    const pem = readFileSync(certificates.server.cert, "utf8")
    assert.is(yield* getServerCertificate(address), pem)
    assert.is(yield* getServerCertificate(address, { caCerts: certificates.ca, timeout: 5 }), pem)
    const { cert } = certificates.stranger
    assert.instance(yield* failure(getServerCertificate(address, { caCerts: cert })), SSLCertVerificationError)
    yield* server.kill()
  })
  await settled(idle)
})

testBothWays("SS-10: a socket that listens wraps what it accepts", async () => {
  await run(function* () {
    using listener = yield* serverContext().wrapSocket(listening(), { ...way, serverSide: true })
    const address = listener.getsockname()
    const client = spawn(function* () {
      using secure = yield* clientContext().wrapSocket(yield* createConnection(address), {
        ...way,
        serverHostname: "localhost",
      })
      yield* secure.sendall("hello")
      return text(yield* readAll(secure))
    })
    const [accepted, from] = yield* listener.accept()
    assert.instance(accepted, SSLSocket)
    assert.ok(accepted.serverSide)
    assert.is(from[0], "127.0.0.1")
    yield* accepted.sendall(yield* accepted.recv(100))
    accepted.close()
    assert.is(yield* client.get(), "hello")
    const waiting = spawn(() => listener.accept())
    yield* sleep(0)
    yield* waiting.kill()
    assert.throws(() => listener.connect(address), /server-side mode/)
  })
  await settled(idle)
})

testBothWays("a client talks with openssl s_server", async () => {
  const { cert, key } = certificates.server
  const child = startProcess("openssl", ["s_server", "-accept", "127.0.0.1:0", "-cert", cert, "-key", key, "-rev"], {
    stdio: ["ignore", "pipe", "pipe"],
  })
  try {
    const port = await new Promise<number>((resolve, reject) => {
      let said = ""
      for (const stream of [child.stdout, child.stderr]) {
        stream.on("data", (data: Buffer) => {
          said += data.toString()
          const [, found] = /ACCEPT .*:(\d+)\s/.exec(said) ?? []
          if (found !== undefined) resolve(Number(found))
        })
      }
      child.on("exit", (code) => reject(new Error(`openssl ended with ${code}: ${said}`)))
    })
    await run(function* () {
      const socket = yield* createConnection(["127.0.0.1", port], 10)
      using secure = yield* clientContext().wrapSocket(socket, { ...way, serverHostname: "localhost" })
      yield* secure.sendall("stressed\n")
      assert.is(text(yield* secure.recv(100)), "desserts\n")
    })
  } finally {
    child.kill("SIGKILL")
  }
  await settled(idle)
})

testBothWays("a server talks with openssl s_client and curl", async () => {
  const listener = listening()
  const address: SocketAddress = listener.getsockname()
  const context = serverContext()
  const server = spawn(function* () {
    for (;;) {
      const [socket] = yield* listener.accept()
      spawn(function* () {
        using secure = yield* context.wrapSocket(socket, { ...way, serverSide: true })
        const request = text(yield* secure.recv(4096))
        const body = request.startsWith("GET") ? "over TLS" : request.toUpperCase()
        yield* secure.sendall(`HTTP/1.0 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`)
      })
    }
  })
  const url = `https://localhost:${address[1]}/`
  const { stdout } = await promisify(execFile)("curl", ["-s", "--ipv4", "--cacert", certificates.ca, url])
  assert.is(stdout, "over TLS")
  const refused = await promisify(execFile)("curl", ["-s", "--ipv4", url]).then(
    () => 0,
    (error: { code: number }) => error.code,
  )
  assert.is(refused, 60, "curl does not trust it without the authority")
  const args = [
    "s_client",
    "-connect",
    `127.0.0.1:${address[1]}`,
    "-CAfile",
    certificates.ca,
    "-servername",
    "localhost",
  ]
  const printed = await output("openssl", [...args, "-verify_return_error", "-ign_eof"], "shout\n")
  assert.match(printed, "Verify return code: 0 (ok)")
  assert.match(printed, "SHOUT")
  await server.kill()
  listener.close()
  await settled(idle)
})

testBothWays("handshakes that are killed, reset and timed out at any point leave nothing open", async () => {
  await run(function* () {
    const client = clientContext()
    const server = serverContext()
    for (let i = 0; i < 60; i++) {
      const [near, far] = yield* connectedPair()
      if (i % 3 === 0) near.settimeout(0.001 + (i % 7) / 500)
      const both = [
        spawn(() => failureOrClose(client.wrapSocket(near, { ...way, serverHostname: "localhost" }))),
        spawn(() => failureOrClose(server.wrapSocket(far, { ...way, serverSide: true }))),
      ]
      yield* sleep((i % 13) / 1000)
      yield* both[i % 2]!.kill()
      yield* both[1 - (i % 2)]!.join(5)
      assert.ok(both.every((one) => one.dead))
      near.close()
      far.close()
    }
  })
  await settled(idle)
})

/** Waits for a handshake, and closes what comes of it. */
function* failureOrClose(wrapping: Op<SSLSocket>): Generator<Wait<unknown>, void, unknown> {
  try {
    using secure = yield* wrapping
    yield* secure.recv(1)
  } catch (error) {
    assert.instance(error, SocketError)
  }
}

test.run()
