// Sockets, select, files and handlers of connections in workerd: test/edge/socketworker.ts has a route for each test. The peers are
// Node's.
import { spawn } from "node:child_process"
import { once } from "node:events"
import { connect, type Socket } from "node:net"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { Certificates } from "./certificates.ts"
import { TestWorker } from "./edge/project.ts"
import { listen } from "./edge/workerd.ts"

const test = suite("edgesocket")
let open = 0
const peers = {
  echo: await listen((socket) => socket.pipe(socket)),
  silent: await listen((socket) => {
    open++
    socket.on("close", () => open--)
    socket.on("end", () => socket.end())
    socket.resume()
  }),
  stuck: await listen((socket) => socket.pause()),
  // answers with what it got
  afterwards: await listen((socket) => {
    let text = ""
    socket.on("data", (chunk) => (text += String(chunk)))
    socket.on("end", () => socket.end(`got: ${text}`))
  }),
  // ends at once, and reads on
  first: await listen((socket) => {
    let count = 0
    socket.end("hello")
    socket.on("data", (chunk) => (count += chunk.length))
    socket.on("end", () => counts.push(count))
  }),
  resets: await listen((socket) => {
    socket.once("data", () => {
      socket.write("say")
      setTimeout(() => socket.resetAndDestroy(), 20)
    })
  }),
}
const counts: number[] = []
const closed = await listen(() => undefined)
closed.server.close()
await once(closed.server, "close")
// a listener with a full queue, which Node cannot make: who connects waits
const FULL = `
import socket, sys
listener = socket.socket()
listener.bind(("127.0.0.1", 0))
listener.listen(0)
clients = [socket.socket() for i in range(3)]
for client in clients:
    client.setblocking(False)
    client.connect_ex(listener.getsockname())
print(listener.getsockname()[1], flush=True)
sys.stdin.read()
`
const full = spawn("python3", ["-c", FULL], { stdio: ["pipe", "pipe", "inherit"] })
const fullPort = Number(String(((await once(full.stdout, "data")) as [Buffer])[0]))

const worker = await TestWorker.start("socketworker", { ca: new Certificates().ca })
test.after(() => {
  worker.stop()
  full.kill()
  for (const { server } of Object.values(peers)) server.close().unref()
})

/** Asks a route, which is to connect to a peer. */
function ask(route: string, peer: keyof typeof peers = "echo"): Promise<unknown> {
  return worker.ask(`/${route}?port=${peers[peer].port}&closed=${closed.port}&full=${fullPort}`)
}

/** Connects to the worker, and sends something. */
function client(line: string): { socket: Socket; text: Promise<string> } {
  const socket = connect({ port: worker.port, host: "127.0.0.1", allowHalfOpen: true })
  socket.write(line)
  let text = ""
  socket.on("data", (chunk) => (text += String(chunk)))
  socket.on("error", () => undefined)
  return { socket, text: once(socket, "end").then(() => (socket.end(), text)) }
}

test("TCP: SO-01 SO-02: a socket has a kind and a number, and what POSIX forbids is refused", async () => {
  const [kind, ...codes] = (await ask("kinds")) as unknown[]
  assert.equal(kind, [2, 1, true, false, null])
  assert.equal(codes, [
    ["ENOTSUP", "ENOTSUP"],
    "ENOTCONN",
    "ENOTCONN",
    "RangeError",
    "TypeError",
    "TypeError",
    "RangeError",
  ])
  assert.equal(await ask("unconnected"), ["ENOTCONN", "EPIPE", "EINVAL", "EAFNOSUPPORT"])
})

test("TCP: SO-02: options are set and read", async () => {
  assert.equal(await ask("options"), [0, 1, 1, "ENOPROTOOPT"])
})

test("TCP: SO-02 SO-19: connectEx returns what connect throws, and a socket that was refused can try again", async () => {
  assert.equal(await ask("connect-ex"), [
    0,
    "ISCONN",
    "CONNREFUSED",
    0,
    "CONNABORTED",
    0,
    "INPROGRESS",
    "ALREADY",
    "ISCONN",
    "x",
  ])
})

test("TCP: SO-02 SO-15: dup makes another socket for the connection, which ends with the last one", async () => {
  assert.equal(await ask("dup"), [true, "one", "two", "EBADF"])
})

test("TCP: SO-15: fromfd makes a socket for a number that is open", async () => {
  assert.equal(await ask("fromfd"), [true, "still there", "EBADF"])
})

test("TCP: SO-09: detach wakes who waits, and the connection lives on", async () => {
  assert.equal(await ask("detach"), ["EBADF", -1, "moved"])
})

test("TCP: SO-05: recvInto, recvfrom, recvfromInto, MSG_PEEK and MSG_DONTWAIT", async () => {
  assert.equal(await ask("recv"), ["0123", 4, "0123", 2, [52, 53, 0, 0], "67", null, "89abcdef", null, "EAGAIN", 0])
})

test("TCP: SO-05 SO-06: sendmsg and recvmsg with several buffers", async () => {
  assert.equal(await ask("messages"), [13, ["one ", [], 0, null], 9, [], ["tw", "o t", "hree"], "ENOTSUP"])
})

test("TCP: SO-06: sendto of a connection ignores the address", async () => {
  assert.equal(await ask("sendto"), [3, "abc"])
})

test("TCP: SO-16: sendfile sends what a file in memory and a socket's file have", async () => {
  assert.equal(await ask("sendfile"), [
    299_900,
    [299_900, true],
    3,
    [5, 6, 7],
    8,
    11,
    "from a file",
    "RangeError",
    "RangeError",
  ])
})

test("TCP: SO-08: two greenlets in recv are refused, recv and send at once are not", async () => {
  assert.equal(await ask("concurrent"), ["ConcurrentObjectUseError", "ConcurrentObjectUseError", "duplex"])
})

test("TCP: SO-04 SO-07 SO-08: who sends waits for a peer that does not read, no longer than the timeout", async () => {
  assert.equal(await ask("stuck", "stuck"), ["ConcurrentObjectUseError", true, "ETIMEDOUT", "EAGAIN", 0])
})

test("TCP: SO-03: with timeout 0 nothing waits", async () => {
  assert.equal(await ask("timeout-zero"), [
    ["EAGAIN", "EAGAIN", "EINPROGRESS", "EISCONN", "EINPROGRESS"],
    false,
    1,
    "x",
    true,
  ])
})

test("TCP: SO-03 SO-04: a timeout is for each recv, and leaves the socket usable", async () => {
  assert.equal(await ask("timeouts", "silent"), [["ETIMEDOUT", "ETIMEDOUT"], true, "RangeError", "TypeError"])
})

test("TCP: SO-04: a timeout limits connect", async () => {
  assert.equal(await worker.ask(`/connect-timeout?port=${fullPort}`), [["ETIMEDOUT", "ETIMEDOUT"], true])
})

test("TCP: SO-02 SO-09: every call on a closed socket is EBADF", async () => {
  const [fileno, isClosed, codes, all] = (await ask("closed-calls")) as unknown[]
  assert.equal([fileno, isClosed, codes], [-1, true, ["EBADF"]], JSON.stringify(all))
})

test("TCP: SO-09: close wakes those who wait with EBADF", async () => {
  assert.equal(await ask("close-while-waiting", "stuck"), ["EBADF", "EBADF", "EBADF"])
})

test("TCP: SO-10: shutdown wakes the one who waits for that direction", async () => {
  assert.equal(await ask("shutdown-while-waiting", "stuck"), ["EBADF", false, "EBADF", 0, "EPIPE"])
})

test("TCP: SO-10: half-close works both ways", async () => {
  assert.equal(await ask("half-close", "afterwards"), ["got: to the end", "EPIPE"])
  assert.equal(await ask("peer-half-closes", "first"), ["hello", 0, 1, 1])
  for (let i = 0; i < 100 && counts.length === 0; i++) await worker.ask("/handled?what=nothing")
  assert.equal(counts, [100_001])
})

test("TCP: SO-19: a reset comes after the data that was received before", async () => {
  const [text, [first, ...later]] = (await ask("reset", "resets")) as [string, string[]]
  assert.is(text, "say")
  assert.is(first, "ECONNRESET")
  assert.equal(later, ["EPIPE", "EPIPE"])
})

test("TCP: SO-14 SO-20: kill in the middle of connect leaves nothing open", async () => {
  const before = open
  assert.equal(await ask("kill-connect", "silent"), Array(10).fill("GreenletExit"))
  for (let i = 0; i < 100 && open > before; i++) await new Promise((resolve) => setTimeout(resolve, 10))
  assert.is(open, before)
})

test("TCP: SO-17 SO-18: waitRead, waitWrite, waitReadwrite and cancelWait", async () => {
  assert.equal(await ask("wait"), ["ETIMEDOUT", "RangeError", "EBADF", "x"])
})

test("file objects: SO-11: the files of a socket keep its connection, and are read and written as text", async () => {
  assert.equal(await ask("makefile"), [["héllo\n", "world\n", "the end"], true, "EBADF", "RangeError"])
})

test("file objects: FO-02 FO-06 FO-07 FO-09: a number is borrowed or owned", async () => {
  assert.equal(await ask("files"), [["one\n", 2, "tw", "o\nthree"], "ESPIPE", ["5\n6\n", "78\n"], "EBADF", "EBADF"])
})

test("file objects: FO-08: closing a file wakes who reads it", async () => {
  assert.equal(await ask("file-closed-while-reading", "silent"), ["EBADF", "EBADF"])
})

test("file objects: FO-11: newlines across chunks", async () => {
  assert.equal(await ask("newlines"), ["one\n", "two\n", "three\n", "four\n"])
})

test("file objects: FO-02 FO-03 FO-15: files of the system and wrong modes are refused", async () => {
  assert.equal(await ask("file-kinds"), ["ENOSYS", "EBADF", "RangeError", "ENOSYS"])
})

test("select, selectors: SL-01 SL-02 SL-03 SL-04 SL-11: select", async () => {
  assert.equal(await ask("select"), [
    [0, 2, 0],
    ["socket", "number"],
    [[], [], []],
    true,
    "EBADF",
    "EBADF",
    "TypeError",
  ])
})

test("select, selectors: SL-05 SL-06 SL-07 SL-08 SL-09: poll", async () => {
  assert.equal(await ask("poll"), [["out"], [], ["in"], "RangeError", ["invalid"]])
})

test("select, selectors: SL-10: a selector", async () => {
  assert.equal(await ask("selectors"), [0, "RangeError", true, true, "changed", true, 0])
})

test("connections that the host accepts: SV-12 SV-13: the client sees the end when the handler has failed", async () => {
  assert.is(await client("nonsense\n").text, "")
  assert.match(worker.log(), "the handler of nonsense has failed")
})

test("connections that the host accepts: SV-13 SO-11: a file that the handler leaves open is flushed, and the connection ends", async () => {
  assert.is(await client("file\n").text, "kept in a file\n")
  assert.is((await client("large-file\n").text).length, 2_000_000)
})

test("connections that the host accepts: SV-13 SO-20: what was sent arrives, also when the client is slow", async () => {
  assert.is((await client("bulk\n").text).length, 1_000_000)
  const { socket, text } = client("bulk\n")
  socket.pause()
  setTimeout(() => socket.resume(), 300)
  assert.is((await text).length, 1_000_000)
})

test("connections that the host accepts: SV-13 SO-20: a client that takes nothing does not keep its handler for ever", async () => {
  const { socket } = client("stuck\n")
  socket.pause()
  while ((await worker.ask("/handled?what=stuck")) === null);
  await worker.ask("/forget?what=over")
  const start = performance.now()
  while ((await worker.ask("/handled?what=over")) !== true && performance.now() - start < 15_000);
  const seconds = (performance.now() - start) / 1000
  socket.destroy()
  assert.ok(seconds > 0.8 && seconds < 14, `${seconds}`)
})

test("connections that the host accepts: SV-14: a socket that is handed to another greenlet is closed with the handler", async () => {
  assert.is(await client("another\n").text, "")
  for (let i = 0; i < 100 && (await worker.ask("/handled?what=late")) === null; i++);
  assert.is(await worker.ask("/handled?what=late"), "EBADF")
})

test("connections that the host accepts: SV-27 SO-10: no timeout, an address, and both halves", async () => {
  const { socket, text } = client("half\n")
  socket.end("0123456789".repeat(10_000))
  assert.is(await text, "100000 after the line")
  assert.equal(await worker.ask("/handled?what=half"), [null, 2])
  assert.is(await client("select\n").text, "writable: 1")
})

test("connections that the host accepts: SV-13: a client that goes leaves the handler to itself", async () => {
  const { socket } = client("another\n")
  await new Promise((resolve) => setTimeout(resolve, 20))
  socket.resetAndDestroy()
  assert.is(await client("file\n").text, "kept in a file\n")
})

const missing = (await ask("missing")) as Record<string, unknown>
const CODES: Record<string, [row: string, ids: string, code: string]> = {
  bind: ["servers", "SO-02", "ENOTSUP"],
  listen: ["servers", "SO-02", "ENOTSUP"],
  bound: ["servers", "SO-14", "ENOTSUP"],
  server: ["servers", "SV-01", "ENOTSUP"],
  udp: ["UDP", "SO-23", "EAFNOSUPPORT"],
  datagramServer: ["UDP", "SV-26", "EAFNOSUPPORT"],
  unix: ["unix sockets", "SO-24", "EAFNOSUPPORT"],
}
for (const [call, [row, ids, expected]] of Object.entries(CODES)) {
  test(`missing: ${row}: ${ids}: ${call}: ${expected}`, () => {
    const { code, typed } = missing[call] as { code: string; typed: boolean }
    assert.equal([code, typed], [expected, true])
  })
}

test.run()
