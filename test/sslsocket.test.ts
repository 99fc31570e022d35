import { host } from "#host"
import { run, sleep, spawn, type Wait } from "gevent-wasm"
import { E } from "gevent-wasm/host"
import { createConnection, MSG_DONTWAIT, MSG_PEEK, Socket, type SocketError, socketpair } from "gevent-wasm/socket"
import { createDefaultContext, SSLCertVerificationError, SSLError, SSLSocket, TLSVersion } from "gevent-wasm/ssl"
import { test } from "uvu"
import * as assert from "uvu/assert"
import { connectedPair, failure, listening, text } from "./sockets.ts"
import { clientContext, securePair, serverContext, testBothWays, way } from "./tls.ts"

testBothWays("SS-01: the two ends of a socketpair get TLS", async () => {
  for (const version of [TLSVersion.TLSv1_2, TLSVersion.TLSv1_3]) {
    const context = clientContext()
    context.maximumVersion = version
    await run(function* () {
      const [near, far] = socketpair()
      const accepting = spawn(() => serverContext().wrapSocket(far, { ...way, serverSide: true }))
      using client = yield* context.wrapSocket(near, { ...way, serverHostname: "localhost" })
      using server = yield* accepting.get()
      // the other end hears of what is sent before `send` returns, and may answer
      const echo = spawn(function* () {
        for (;;) {
          const bytes = yield* server.recv(65536)
          if (bytes.length === 0) return
          yield* server.sendall(bytes)
        }
      })
      for (let i = 0; i < 20; i++) {
        yield* client.sendall(`round ${i}`)
        assert.is(text(yield* client.recv(100)), `round ${i}`)
      }
      const bytes = Uint8Array.from({ length: 1_000_000 }, (_, i) => i * 31 + (i >> 11))
      const sending = spawn(() => client.sendall(bytes))
      let received = 0
      while (received < bytes.length) {
        const chunk = yield* client.recv(65536)
        const sent = bytes.subarray(received, received + chunk.length)
        assert.ok(chunk.length > 0 && Buffer.compare(chunk, sent) === 0, "it comes back as it was")
        received += chunk.length
      }
      yield* sending.get()
      client.close()
      yield* echo.get()
    })
  }
})

testBothWays("SS-03: what a writer may send stops growing while the reader does not read", async () => {
  await run(function* () {
    const [client, server] = yield* securePair()
    using _client = client
    using _server = server
    let sent = 0
    const writing = spawn(function* () {
      for (;;) sent += yield* client.send(new Uint8Array(65536))
    })
    let before = -1
    while (sent !== before) {
      before = sent
      yield* sleep(0.3)
      assert.ok(sent < 1 << 25, `${sent} bytes were taken, and there is no end`)
    }
    assert.ok(sent > 0)
    while (sent < before + (1 << 23))
      assert.ok((yield* server.recv(65536)).length > 0, "it goes on when the reader does")
    yield* writing.kill()
  })
})

testBothWays("SS-03: a size limits what is received into a buffer, and flags are refused", async () => {
  await run(function* () {
    const [client, server] = yield* securePair()
    using _client = client
    using _server = server
    yield* server.sendall("abcdef")
    const buffer = new Uint8Array(6)
    assert.is(yield* client.recvInto(buffer, 2), 2)
    assert.equal([...buffer], [97, 98, 0, 0, 0, 0])
    assert.throws(() => client.recvInto(buffer, 7), RangeError)
    for (const flags of [MSG_PEEK, MSG_DONTWAIT]) {
      const refused = new RegExp(`flags of .* must be 0 on an SSLSocket, not ${flags}`)
      assert.throws(() => client.recv(2, flags), refused)
      assert.throws(() => client.recvInto(buffer, 2, flags), refused)
      assert.throws(() => client.send("x", flags), refused)
      assert.throws(() => client.sendall("x", flags), refused)
    }
    assert.throws(() => client.recv(2, MSG_PEEK), RangeError)
    assert.throws(() => client.recv(2, "x" as never), TypeError)
    assert.is(text(yield* client.recv(6)), "cdef", "nothing was lost")
  })
})

testBothWays("SS-05: what TLS cannot do is refused", async () => {
  await run(function* () {
    const [client, server] = yield* securePair()
    using _server = server
    // the types know of it, too
    const socket: Socket = client
    const buffer = new Uint8Array(1)
    const notAllowed = [
      () => socket.recvfrom(1),
      () => socket.recvfromInto(buffer),
      () => socket.sendto("x", server.getsockname()),
    ]
    const notSupported = [
      () => socket.recvmsg(1),
      () => socket.recvmsgInto([buffer]),
      () => socket.sendmsg(["x"]),
      () => socket.dup(),
    ]
    for (const call of notAllowed) assert.throws(call, (error: Error) => error instanceof RangeError)
    for (const call of notSupported) assert.throws(call, (error: SocketError) => error.code === "ENOTSUP")
    client.close()
    for (const call of [...notAllowed, ...notSupported])
      assert.throws(call, (error: SocketError) => error.code === "EBADF")
  })
})

testBothWays("SS-01: connectEx makes the handshake, and throws its errors", async () => {
  await run(function* () {
    using listener = listening()
    const address = listener.getsockname()
    const greeting = spawn(function* () {
      using socket = yield* serverContext().wrapSocket((yield* listener.accept())[0], { ...way, serverSide: true })
      yield* socket.sendall("hello")
    })
    using client = yield* clientContext().wrapSocket(new Socket(), { ...way, serverHostname: "localhost" })
    assert.is(yield* client.connectEx(address), 0)
    assert.ok(client.version() !== null)
    assert.is(text(yield* client.recv(5)), "hello")
    yield* greeting.join()

    const refusing = spawn(function* () {
      const [far] = yield* listener.accept()
      return yield* failure(serverContext().wrapSocket(far, { ...way, serverSide: true }))
    })
    const wary = createDefaultContext() // trusts only whom the host trusts
    using stranger = yield* wary.wrapSocket(new Socket(), { ...way, serverHostname: "localhost" })
    assert.instance(yield* failure(stranger.connectEx(address)), SSLCertVerificationError)
    assert.ok(stranger.closed)
    yield* refusing.join()

    listener.close()
    using lonely = yield* clientContext().wrapSocket(new Socket(), { ...way, serverHostname: "localhost" })
    assert.is(yield* lonely.connectEx(address), host.systemErrno(E.CONNREFUSED))
    assert.is(lonely.version(), null)
  })
})

testBothWays("SS-04: a closed socket does not connect, and a connected one not again", async () => {
  await run(function* () {
    const [client, server] = yield* securePair()
    const address = server.getsockname()
    const connecting = function* (): Generator<Wait<unknown>, void, unknown> {
      yield* client.connect(address)
    }
    assert.is((yield* failure(connecting())).code, "EISCONN")
    assert.is(yield* client.connectEx(address), host.systemErrno(E.ISCONN))
    client.close()
    server.close()
    assert.is((yield* failure(connecting())).code, "EBADF")
    assert.is(yield* client.connectEx(address), host.systemErrno(E.BADF))
  })
})

testBothWays("SS-10: a socket that listens wraps what it accepts without waiting", async () => {
  await run(function* () {
    using listener = yield* serverContext().wrapSocket(listening(), { ...way, serverSide: true })
    assert.is(listener.acceptNow(), null)
    const connecting = spawn(function* () {
      const connection = yield* createConnection(listener.getsockname())
      return yield* clientContext().wrapSocket(connection, { ...way, serverHostname: "localhost" })
    })
    let accepted: ReturnType<typeof listener.acceptNow> = null
    while (accepted === null) {
      yield* sleep(0.01)
      accepted = listener.acceptNow()
    }
    using server = accepted[0]
    assert.instance(server, SSLSocket)
    yield* server.sendall("sealed")
    using client = yield* connecting.get()
    assert.is(text(yield* client.recv(100)), "sealed")
  })
})

testBothWays(
  "SS-08: sniCallback returns the number of an alert or nothing, and something else fails the handshake",
  async () => {
    for (const [returned, kind] of [
      ["x", TypeError],
      [Promise.resolve(), TypeError],
      [300, RangeError],
    ] as const) {
      const context = serverContext()
      context.sniCallback = () => returned as never
      await run(function* () {
        const [near, far] = yield* connectedPair()
        const serving = spawn(() => failure(context.wrapSocket(far, { ...way, serverSide: true })))
        const error = yield* failure(clientContext().wrapSocket(near, { ...way, serverHostname: "localhost" }))
        assert.instance(error, SSLError)
        const { reason, cause } = (yield* serving.get()) as SSLError
        assert.is(reason, "CALLBACK_FAILED")
        assert.instance(cause, kind)
      })
    }
  },
)

test.run()
