import { joinall, run, sleep, spawn, Timeout, type Wait } from "gevent-wasm"
import { descriptors } from "gevent-wasm/core"
import { UnsupportedOperation } from "gevent-wasm/fileobject"
import { createConnection, type Socket, SocketTimeout, type MakefileOptions, socketpair } from "gevent-wasm/socket"
import { test } from "uvu"
import * as assert from "uvu/assert"
import { connectedPair, failure, openDescriptors, peer, settled, text } from "./sockets.ts"

await run(function* () {
  for (const socket of yield* connectedPair()) socket.close()
  yield* sleep(0.05)
})
/** What is open while no test runs; the hub and the host have opened what they need. */
const idle = openDescriptors()

/** Runs a test with two connected sockets, and looks that it leaves nothing open. */
async function withPair(body: (client: Socket, server: Socket) => Generator<Wait<unknown>, void>): Promise<void> {
  await run(function* () {
    const [client, server] = yield* connectedPair()
    using _client = client
    using _server = server
    yield* body(client, server)
  })
  await settled(idle)
}

test("SO-11: a file reads and writes lines, bytes and text", () =>
  withPair(function* (client, server) {
    using output = client.makefile("w")
    using input = server.makefile("rb")
    assert.equal([output.mode, output.readable(), output.writable()], ["w", false, true])
    assert.equal([input.mode, input.readable(), input.writable()], ["rb", true, false])
    assert.not(input.seekable())
    yield* output.write("héllo\nworld\n")
    yield* output.flush()
    assert.is(text(yield* input.readline()), "héllo\n")
    assert.is(text(yield* input.read(3)), "wor")
    assert.is(text(yield* input.readline()), "ld\n")
    yield* client.sendall("direct")
    assert.is(text(yield* input.read1(100)), "direct")
    using both = server.makefile("rw", { newline: "\r\n" })
    using other = client.makefile("rwb", { buffering: 0 })
    yield* both.write("to the client\n")
    yield* both.flush()
    assert.is(text(yield* other.readline()), "to the client\r\n")
    yield* other.write(Buffer.from("and back\r\n"))
    assert.is(yield* both.readline(), "and back\r\n")
    yield* output.close()
    yield* other.close()
    client.close()
    assert.is(yield* both.readline(), "")
  }))

test("SO-11: the connection ends with the last of the socket and its files", () =>
  withPair(function* (client, server) {
    const first = server.makefile("rb")
    const second = server.makefile("wb")
    const received = spawn(() => client.recv(100))
    server.close()
    assert.ok(server.closed)
    assert.is((yield* failure(server.recv(1))).code, "EBADF")
    yield* first.close()
    yield* sleep(0.01)
    assert.not(received.ready())
    yield* second.write(Buffer.from("still here"))
    yield* second.close()
    assert.is(text(yield* received.get()), "still here")
    assert.is((yield* client.recv(100)).length, 0)
  }))

test("SO-11: the files leave the socket open", () =>
  withPair(function* (client, server) {
    {
      using file = client.makefile("rw")
      assert.ok(descriptors.get(file.fileno()) !== undefined)
      assert.is(descriptors.get(file.fileno()), descriptors.get(client.fileno()))
    }
    yield* client.sendall("x")
    assert.is(text(yield* server.recv(1)), "x")
  }))

test("SO-11: whoever reads a file goes on when the socket is closed, and gets EBADF when the file is", () =>
  withPair(function* (client, server) {
    const file = server.makefile("r")
    const waiting = spawn(() => file.readline())
    yield* sleep(0.001)
    server.close()
    yield* client.sendall("line\n")
    assert.is(yield* waiting.get(), "line\n")
    const next = spawn(() => failure(file.readline()))
    yield* sleep(0.001)
    yield* file.close()
    assert.match((yield* next.get()).message, "File descriptor was closed in another greenlet")
  }))

test("SO-11: other modes and options are refused, and open nothing", () =>
  withPair(function* (client) {
    const open = descriptors.size
    const refuse = (message: RegExp, mode: string, options: MakefileOptions = {}): void => {
      assert.throws(
        () => client.makefile(mode, options),
        (error: Error) => error instanceof RangeError && message.test(error.message),
      )
    }
    for (const mode of ["a", "x", "r+", "z", "rU"]) refuse(/invalid mode/, mode)
    refuse(/can't have text and binary mode/, "rtb")
    refuse(/unbuffered streams must be binary/, "r", { buffering: 0 })
    refuse(/doesn't take an encoding/, "rb", { encoding: "utf-8" })
    refuse(/unknown encoding/, "r", { encoding: "klingon" })
    assert.throws(
      () => client.makefile("r", { closefd: false } as MakefileOptions),
      (error: Error) => error instanceof TypeError,
    )
    using reader = client.makefile("r")
    assert.throws(
      () => reader.write("x"),
      (error: Error) => error instanceof UnsupportedOperation,
    )
    yield* reader.close()
    client.close()
    assert.throws(
      () => client.makefile(),
      (error: Error & { code?: string }) => error.code === "EBADF",
    )
    assert.is(descriptors.size, open - 1)
  }))

test("SO-11: the socket's timeout limits each call, and loses no part of a line", () =>
  withPair(function* (client, server) {
    using file = server.makefile("r")
    yield* client.sendall("half a ")
    server.settimeout(0.01)
    const error = yield* failure(file.readline())
    assert.instance(error, SocketTimeout)
    assert.match(error.message, "timed out")
    server.settimeout(0)
    assert.is((yield* failure(file.readline())).code, "EAGAIN")
    yield* client.sendall("line\nand")
    server.settimeout(5)
    assert.is(yield* file.readline(), "half a line\n")
    const killed = spawn(() => file.readline())
    yield* sleep(0.001)
    yield* killed.kill()
    using limit = Timeout.startNew(0.001)
    assert.is(yield* failure(file.readline()), limit)
    yield* client.sendall(" more\n")
    assert.is(yield* file.readline(), "and more\n")
  }))

test("SO-11: a writer waits for a slow reader, for no longer than the socket's timeout", () =>
  withPair(function* (client, server) {
    using file = client.makefile("wb")
    client.settimeout(0.02)
    const chunk = new Uint8Array(1 << 20)
    const error = yield* failure({
      *[Symbol.iterator]() {
        for (let i = 0; i < 100; i++) yield* file.write(chunk)
      },
    })
    assert.instance(error, SocketTimeout)
    client.settimeout(null)
    let total = 0
    const reading = spawn(function* () {
      for (let got = yield* server.recv(1 << 20); got.length > 0; got = yield* server.recv(1 << 20)) total += got.length
    })
    yield* file.write(chunk)
    yield* file.close()
    client.close()
    yield* reading.join()
    assert.ok(total > chunk.length)
  }))

test("SO-11: one greenlet reads a file while another writes to it", () =>
  withPair(function* (client, server) {
    using mine = client.makefile("rw")
    using theirs = server.makefile("rw")
    const echo = spawn(function* () {
      for (let line = yield* theirs.readline(); line !== ""; line = yield* theirs.readline()) {
        yield* theirs.write(line)
        yield* theirs.flush()
      }
    })
    const lines: string[] = []
    const reading = spawn(function* () {
      while (lines.length < 1000) lines.push(yield* mine.readline())
    })
    for (let i = 0; i < 1000; i++) yield* mine.write(`line ${i}\n`)
    yield* mine.flush()
    yield* reading.get()
    assert.equal(
      lines,
      Array.from({ length: 1000 }, (_, i) => `line ${i}\n`),
    )
    yield* mine.close()
    client.close()
    yield* joinall([echo], 5, { raiseError: true })
  }))

test("SO-11: what was sent before a reset is read first", async () => {
  const server = await peer((socket) => {
    socket.write("one\ntwo\n", () => setTimeout(() => socket.resetAndDestroy(), 20))
  })
  try {
    await run(function* () {
      using socket = yield* createConnection(server.address)
      using file = socket.makefile("r")
      yield* sleep(0.05)
      assert.is(yield* file.readline(), "one\n")
      assert.is(yield* file.readline(), "two\n")
      // a busy system ends the stream of a plain program too instead of telling of the reset
      try {
        assert.is(yield* file.readline(), "")
      } catch (error) {
        assert.is((error as { code?: string }).code, "ECONNRESET")
      }
    })
  } finally {
    await server.close()
  }
  await settled(idle)
})

test("SO-11: a mode that is no text is a TypeError", () => {
  const [left, right] = socketpair()
  assert.throws(() => left.makefile(null as never), /^a mode must be a string, not null$/)
  left.close()
  right.close()
})

test.run()
