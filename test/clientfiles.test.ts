import { run, sleep, spawn, spawnRaw, type Wait } from "gevent-wasm"
import { descriptors } from "gevent-wasm/core"
import { StreamServer, type SecureServerOptions, type SpawnOption } from "gevent-wasm/server"
import { createConnection, type Socket, type SocketAddress } from "gevent-wasm/socket"
import { test } from "uvu"
import * as assert from "uvu/assert"
import { reported } from "./reports.ts"
import { failure, listening, openDescriptors, readAll, settled, text } from "./sockets.ts"
import { certificates, clientContext } from "./tls.ts"

const LOOPBACK = "127.0.0.1:0"

const loopback = listening()
await createConnection(loopback.getsockname()).then((socket) => socket.close())
loopback.close()
await sleep(0.05)
/** What is open while no test runs; the hub and the host have opened what they need. */
const idle = openDescriptors()

const KINDS: { name: string; options: SecureServerOptions; secure: boolean }[] = [
  { name: "TCP", options: {}, secure: false },
  { name: "TLS", options: { certfile: certificates.server.cert, keyfile: certificates.server.key }, secure: true },
]

/** What a client of the server gets up to the end of the stream. */
function* listen(address: SocketAddress, secure: boolean): Generator<Wait<unknown>, string, unknown> {
  const plain = yield* createConnection(address, 10)
  using socket = secure
    ? yield* clientContext().wrapSocket(plain, { serverHostname: "localhost", suppressRaggedEofs: false })
    : plain
  return text(yield* readAll(socket))
}

const SPAWNERS: [string, SpawnOption][] = [
  ["default", "default"],
  ["a pool", 10],
  ["spawn", spawn],
  ["spawnRaw", spawnRaw],
]

for (const { name, options, secure } of KINDS) {
  for (const [spawner, option] of SPAWNERS) {
    test(`SV-13: what the open files of a handler hold is sent, then the client sees the end (${name}, ${spawner})`, async () => {
      await run(function* () {
        const handle = function* (socket: Socket): Generator<Wait<unknown>, void, unknown> {
          socket.makefile("r")
          const file = socket.makefile("w")
          yield* file.write("buffered")
        }
        using server = new StreamServer(LOOPBACK, handle, { ...options, spawn: option })
        server.start()
        assert.is(yield* listen(server.address, secure), "buffered")
      })
      await settled(idle)
    })
  }

  test(`SV-13: the files of a handler that throws, is async or is killed are closed, too (${name})`, async () => {
    await run(function* () {
      let handler: ReturnType<typeof spawn> | undefined
      const start = (handle: (socket: Socket) => unknown): StreamServer => {
        const server = new StreamServer(LOOPBACK, handle, { ...options, spawn: (fn) => (handler = spawn(fn)) })
        server.start()
        return server
      }
      const reports = yield* reported(function* () {
        using throwing = start(function* (socket) {
          yield* socket.makefile("wb").write(new TextEncoder().encode("thrown"))
          throw new Error("handler broke")
        })
        assert.is(yield* listen(throwing.address, secure), "thrown")
      })
      assert.match(reports, /Error: handler broke/)
      using returning = start(async (socket) => void (await socket.makefile("w").write("async")))
      assert.is(yield* listen(returning.address, secure), "async")
      using endless = start(function* (socket) {
        yield* socket.makefile("w").write("killed")
        yield* sleep(60)
      })
      const client = spawn(listen, endless.address, secure)
      while (!handler || handler.dead) yield* sleep(0.01)
      yield* sleep(0.2)
      yield* handler.kill()
      assert.is(yield* client.get(), "killed")
    })
    await settled(idle)
  })
}

test("SV-13: a client that takes nothing holds up the closing of files for the socket's timeout, at most for 5 seconds", async () => {
  const much = new Uint8Array(16 << 20)
  const closing = function* (timeout: number | null): Generator<Wait<unknown>, number, unknown> {
    let ended = 0
    let fileno = -1
    let descriptor: unknown
    using server = new StreamServer(LOOPBACK, function* (socket) {
      const file = socket.makefile("w")
      fileno = file.fileno()
      descriptor = descriptors.get(fileno)
      yield* file.write("x".repeat(100))
      socket.settimeout(0.2)
      // nothing more goes into the system's buffers then
      yield* failure(socket.sendall(much))
      socket.settimeout(timeout)
      ended = performance.now()
    })
    server.start()
    using _client = yield* createConnection(server.address)
    while (ended === 0) yield* sleep(0.01)
    while (descriptors.get(fileno) === descriptor) yield* sleep(0.02)
    return (performance.now() - ended) / 1000
  }
  await run(function* () {
    const reports = yield* reported(function* () {
      const [short, ...long] = [0.2, null, 60, 0].map((timeout) => spawn(closing, timeout))
      const seconds = yield* short!.get()
      assert.ok(seconds > 0.15 && seconds < 4.5, `${seconds} s`)
      for (const one of long) {
        const seconds = yield* one.get()
        assert.ok(seconds > 4.5 && seconds < 20, `${seconds} s`)
      }
      yield* sleep(0.05)
    })
    assert.is(reports.match(/SocketTimeout: close/g)?.length, 4, reports)
  })
  await settled(idle)
})

test("SV-13: a file that the handler closed, and one of a copy of the socket, are left alone", async () => {
  await run(function* () {
    let copy: Socket | undefined
    using server = new StreamServer(LOOPBACK, function* (socket) {
      using file = socket.makefile("w")
      yield* file.write("first ")
      copy = socket.dup()
    })
    server.start()
    using client = yield* createConnection(server.address)
    assert.is(text(yield* client.recv(100)), "first ")
    const file = copy!.makefile("w")
    copy!.close()
    yield* file.write("second")
    yield* file.close()
    assert.is(text(yield* readAll(client)), "second")
  })
  await settled(idle)
})

test.run()
