import { readFileSync } from "node:fs"
import { getHub, run, sleep, spawn, wait as waitFor } from "gevent-wasm"
import { Io, READ, WRITE } from "gevent-wasm/core"
import {
  AF_INET,
  AF_INET6,
  AF_UNIX,
  cancelWait,
  ConcurrentObjectUseError,
  createConnection,
  fromfd,
  getprotobyname,
  getservbyname,
  getservbyport,
  htonl,
  htons,
  inetAton,
  inetNtoa,
  inetNtop,
  inetPton,
  IP_TTL,
  IPPROTO_IP,
  IPPROTO_TCP,
  ntohl,
  ntohs,
  SHUT_RD,
  SHUT_WR,
  SO_DOMAIN,
  SO_ERROR,
  SO_KEEPALIVE,
  SO_SNDLOWAT,
  SO_TYPE,
  SOCK_STREAM,
  Socket,
  SocketError,
  socketpair,
  SocketTimeout,
  SocketType,
  SOL_SOCKET,
  TCP_KEEPCNT,
  TCP_KEEPIDLE,
  TCP_KEEPINTVL,
  wait,
  waitRead,
  waitReadwrite,
  waitWrite,
} from "gevent-wasm/socket"
import { test } from "uvu"
import * as assert from "uvu/assert"
import { connectedPair, failure, listening, openDescriptors, readAll, settled, text } from "./sockets.ts"

/** What is open while no test runs; the hub has opened what it needs. */
await sleep(0.01)
const idle = openDescriptors()

/** The code that a call throws. */
function codeOf(call: () => unknown): string {
  try {
    call()
  } catch (error) {
    return (error as SocketError).code
  }
  return "none"
}

test("SO-15: a pair talks in both directions and is a pair of unix sockets", async () => {
  await run(function* () {
    const [left, right] = socketpair()
    using _left = left
    using _right = right
    assert.is(left.family, AF_UNIX)
    assert.is(left.type, SOCK_STREAM)
    assert.is(left.getsockname(), "")
    assert.is(right.getpeername(), "")
    assert.is(left.getsockopt(SOL_SOCKET, SO_DOMAIN), AF_UNIX)
    assert.is(left.getsockopt(SOL_SOCKET, SO_TYPE), SOCK_STREAM)
    assert.is(left.getsockopt(SOL_SOCKET, SO_ERROR), 0)
    yield* left.sendall("one")
    yield* left.sendall("two")
    yield* right.sendall("back")
    assert.is(text(yield* left.recv(100)), "back")
    assert.is(text(yield* right.recv(2)), "on")
    const buffer = new Uint8Array(10)
    assert.is(yield* right.recvInto(buffer), 4)
    assert.is(text(buffer.subarray(0, 4)), "etwo")
    assert.is(
      codeOf(() => left.bind("/tmp/never")),
      "EINVAL",
    )
    assert.is(
      codeOf(() => left.listen()),
      "EINVAL",
    )
    assert.is((yield* failure(left.connect("/tmp/never"))).code, "EISCONN")
    assert.is((yield* failure(left.accept())).code, "EINVAL")
    left.setblocking(false)
    assert.is((yield* failure(left.recv(1))).code, "EAGAIN")
  })
  await settled(idle)
})

test("SO-15: what is sent over a pair is the receiver's own", async () => {
  const [left, right] = socketpair()
  const bytes = Uint8Array.of(1, 2, 3)
  await left.sendall(bytes)
  bytes.fill(9)
  assert.equal([...(await right.recv(10))], [1, 2, 3])
  for (const socket of [left, right]) socket.close()
})

test("SO-15: a pair blocks a fast writer, and all arrives", async () => {
  await run(function* () {
    const [left, right] = socketpair()
    const size = 8 << 20
    const data = new Uint8Array(size)
    for (let i = 0; i < size; i += 1024) data[i] = i >> 10
    let taken = 0
    const writer = spawn(function* () {
      using socket = left
      for (; taken < size; taken += yield* socket.send(data.subarray(taken, taken + 100_000)));
    })
    yield* sleep(0.01)
    assert.ok(taken <= 256 * 1024, `${taken} bytes were taken without a reader`)
    using reader = right
    const all = yield* readAll(reader)
    assert.is(Buffer.compare(all, data), 0)
    yield* writer.get()
  })
  await settled(idle)
})

test("SO-15: a pair can be half-closed both ways", async () => {
  await run(function* () {
    for (const how of [SHUT_WR, SHUT_RD]) {
      const [left, right] = socketpair()
      using _left = left
      using _right = right
      // SHUT_WR of one end is SHUT_RD of the other
      const [silent, deaf] = how === SHUT_WR ? [left, right] : [right, left]
      yield* silent.sendall("before")
      left.shutdown(how)
      assert.is((yield* failure(silent.send("x"))).code, "EPIPE")
      assert.is(text(yield* deaf.recv(100)), "before", "what came before is not lost")
      assert.is((yield* deaf.recv(100)).length, 0)
      yield* deaf.sendall("the other way")
      assert.is(text(yield* silent.recv(100)), "the other way")
    }
  })
})

test("SO-15: the end of one end is the end of the stream for the other, or a reset when data was lost", async () => {
  await run(function* () {
    const [left, right] = socketpair()
    const reading = spawn(() => left.recv(10))
    yield* sleep(0)
    right.close()
    assert.is((yield* reading.get()).length, 0)
    assert.is((yield* failure(left.send("x"))).code, "EPIPE")
    left.close()

    const [first, second] = socketpair()
    yield* second.sendall("to read first")
    yield* first.sendall("never read")
    second.close()
    assert.is(text(yield* first.recv(100)), "to read first")
    assert.is((yield* failure(first.recv(100))).code, "ECONNRESET")
    assert.is((yield* first.recv(100)).length, 0)
    first.close()
    assert.is((yield* failure(first.recv(1))).code, "EBADF")
    assert.is((yield* failure(first.send("x"))).code, "EBADF")
  })
  await settled(idle)
})

test("SO-15: other kinds of pairs are refused", () => {
  assert.is(
    codeOf(() => socketpair(AF_INET)),
    "ENOTSUP",
  )
  assert.is(
    codeOf(() => socketpair(AF_UNIX, 5)),
    "EPROTONOSUPPORT",
  )
  assert.is(
    codeOf(() => socketpair(AF_UNIX, SOCK_STREAM, 6)),
    "EPROTONOSUPPORT",
  )
  assert.is(SocketType, Socket)
})

test("SO-15: dup and fromfd are further numbers of one connection", async () => {
  await run(function* () {
    const [client, server] = yield* connectedPair()
    using _server = server
    client.settimeout(7)
    const copy = client.dup()
    assert.is.not(copy.fileno(), client.fileno())
    assert.is(copy.gettimeout(), 7)
    assert.equal(copy.getsockname(), client.getsockname())
    const third = fromfd(copy.fileno(), AF_INET, SOCK_STREAM)
    assert.is(third.gettimeout(), null)
    yield* client.sendall("1")
    client.close()
    yield* copy.sendall("2")
    copy.close()
    yield* third.sendall("3")
    let received = ""
    while (received.length < 3) received += text(yield* server.recv(10))
    assert.is(received, "123")
    yield* server.sendall("to the last one")
    assert.is(text(yield* third.recv(100)), "to the last one")
    third.close()
    assert.is((yield* server.recv(10)).length, 0, "the connection ends with the last one")
    assert.is(
      codeOf(() => client.dup()),
      "EBADF",
    )
    assert.is(
      codeOf(() => fromfd(99999, AF_INET, SOCK_STREAM)),
      "EBADF",
    )
  })
  await settled(idle)
})

test("SO-02: connectEx returns the number of the error", async () => {
  await run(function* () {
    const listener = listening()
    const address = listener.getsockname()
    using client = new Socket()
    assert.is(yield* client.connectEx(address), 0)
    assert.is(yield* client.connectEx(address), new SocketError(30).errno, "EISCONN")
    listener.close()
    using second = new Socket()
    assert.is(yield* second.connectEx(address), new SocketError(14).errno, "ECONNREFUSED")
    using third = new Socket()
    third.setblocking(false)
    assert.is(yield* third.connectEx(address), new SocketError(26).errno, "EINPROGRESS")
    third.close()
    assert.is(yield* third.connectEx(address), new SocketError(8).errno, "EBADF")
    using slow = new Socket()
    slow.settimeout(0)
    assert.throws(() => slow.connectEx(["127.0.0.1", -1]), RangeError)
    assert.throws(() => slow.connectEx("127.0.0.1"), TypeError)
  })
  await settled(idle)
})

test("SO-13: connectEx does not silence a look-up that fails", async () => {
  await run(function* () {
    using socket = new Socket()
    const error = yield* failure(socket.connectEx(["no-such-host.invalid", 80]))
    assert.not.instance(error, SocketError)
  })
})

test("SO-14: createConnection throws the errors of all addresses when it is asked to", async () => {
  await run(function* () {
    const listener = listening()
    const port = listener.getsockname()[1]
    listener.close()
    const error = yield* failure(createConnection(["127.0.0.1", port], 5, null, { allErrors: true }))
    assert.instance(error, AggregateError)
    assert.equal(
      (error as AggregateError).errors.map((one: SocketError) => one.code),
      ["ECONNREFUSED"],
    )
  })
  await settled(idle)
})

test("SO-12: a socket whose ref is false keeps nothing alive", async () => {
  await run(function* () {
    const [left, right] = socketpair()
    using _left = left
    using _right = right
    assert.ok(left.ref)
    const { loop } = getHub()
    const before = loop.activecnt
    const reading = spawn(() => left.recv(1))
    yield* sleep(0)
    assert.is(loop.activecnt, before + 1)
    left.ref = false
    assert.not(left.ref)
    assert.is(loop.activecnt, before)
    left.ref = true
    assert.is(loop.activecnt, before + 1)
    left.ref = false
    yield* right.sendall("x")
    assert.is(text(yield* reading.get()), "x")
    assert.is(loop.activecnt, before)
  })
})

test("SO-03: getblocking says whether calls wait", () => {
  using socket = new Socket()
  assert.ok(socket.getblocking())
  socket.settimeout(1)
  assert.ok(socket.getblocking())
  socket.setblocking(false)
  assert.not(socket.getblocking())
})

test("SO-26: no socket is inherited", () => {
  using socket = new Socket()
  assert.is(socket.getInheritable(), false)
  socket.setInheritable(false)
  assert.is(
    codeOf(() => socket.setInheritable(true)),
    "ENOTSUP",
  )
  socket.close()
  assert.is(
    codeOf(() => socket.getInheritable()),
    "EBADF",
  )
})

test("SO-02: options that no host can change have the system's value", async () => {
  await run(function* () {
    const [client, server] = yield* connectedPair()
    using socket = client
    using _server = server
    for (const [level, name, value] of [
      [IPPROTO_TCP, TCP_KEEPINTVL, 75],
      [IPPROTO_TCP, TCP_KEEPCNT, 9],
      [IPPROTO_IP, IP_TTL, 64],
      [SOL_SOCKET, SO_SNDLOWAT, 1],
    ] as const) {
      assert.is(socket.getsockopt(level, name), value)
      socket.setsockopt(level, name, value)
      assert.is(
        codeOf(() => socket.setsockopt(level, name, value + 1)),
        "ENOPROTOOPT",
      )
    }
    socket.setsockopt(SOL_SOCKET, SO_KEEPALIVE, 7)
    assert.is(socket.getsockopt(SOL_SOCKET, SO_KEEPALIVE), 1)
    socket.setsockopt(IPPROTO_TCP, TCP_KEEPIDLE, 60)
    assert.is(socket.getsockopt(IPPROTO_TCP, TCP_KEEPIDLE), 60)
    assert.is(
      codeOf(() => socket.setsockopt(IPPROTO_TCP, TCP_KEEPIDLE, 0)),
      "EINVAL",
    )
  })
})

/** A file in memory. */
class Memory {
  readonly mode: string = "rb"
  position = 0
  private readonly bytes: Uint8Array

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
  }

  seek(offset: number): void {
    this.position = offset
  }

  read(size: number): Uint8Array {
    const chunk = this.bytes.subarray(this.position, this.position + size)
    this.position += chunk.length
    return chunk
  }
}

class Text extends Memory {
  override readonly mode = "r"
}

test("SO-16: sendfile sends a file or a part of it and leaves the position behind", async () => {
  await run(function* () {
    const bytes = new Uint8Array(readFileSync("package.json"))
    for (const [offset, count] of [
      [0, null],
      [10, null],
      [10, 20],
      [0, bytes.length * 2],
      [bytes.length, null],
    ] as const) {
      const [left, right] = socketpair()
      const file = new Memory(bytes)
      const reading = spawn(function* () {
        using socket = right
        return yield* readAll(socket)
      })
      const expected = bytes.subarray(offset, count === null ? undefined : offset + count)
      assert.is(yield* left.sendfile(file, offset, count), expected.length)
      assert.is(file.position, offset + expected.length)
      left.close()
      assert.is(Buffer.compare(yield* reading.get(), expected), 0)
    }
    const [left, right] = socketpair()
    using _left = left
    using _right = right
    const slow = {
      *read(size: number) {
        yield* sleep(0.001)
        return size > 3 ? new Uint8Array(0) : Uint8Array.of(1, 2, 3).subarray(0, size)
      },
    }
    assert.is(yield* left.sendfile(slow, 0, 3), 3, "a file whose read has to wait")
    assert.throws(() => left.sendfile(new Text(bytes)), RangeError)
    assert.throws(() => left.sendfile(slow, 1), TypeError)
    assert.throws(() => left.sendfile(new Memory(bytes), -1), RangeError)
    for (const count of [0, -1, 1.5]) assert.throws(() => left.sendfile(new Memory(bytes), 0, count), RangeError)
    assert.throws(() => left.sendfile(new Memory(bytes), 0, "1" as never), TypeError)
    assert.throws(() => left.sendfile({} as never), TypeError)
    assert.instance(yield* failure(left.sendfile({ read: () => "text" as never })), TypeError)
    left.setblocking(false)
    assert.throws(() => left.sendfile(new Memory(bytes)), RangeError)
  })
  await settled(idle)
})

test("SO-17: a descriptor can be waited for by its number", async () => {
  await run(function* () {
    const [left, right] = socketpair()
    using _left = left
    using _right = right
    const fd = left.fileno()
    assert.is(yield* waitWrite(fd), WRITE)
    assert.is(yield* waitReadwrite(fd), WRITE)
    const reading = spawn(() => waitRead(fd, 5))
    yield* sleep(0)
    yield* right.sendall("x")
    assert.is(yield* reading.get(), READ)
    assert.is(yield* waitReadwrite(fd), READ | WRITE)
    yield* left.recv(1)
    const late = yield* failure(waitRead(fd, 0.01))
    assert.instance(late, SocketTimeout)
    assert.match(late.message, "timed out")
    const own = new Error("mine")
    assert.is(yield* failure(waitRead(fd, 0.01, own)), own)
    class Late extends Error {}
    assert.instance(yield* failure(waitRead(fd, 0.01, Late)), Late)
    assert.is((yield* failure(waitRead(99999, 1))).code, "EBADF")
    assert.throws(() => waitRead(-1), RangeError)
    assert.throws(() => waitRead(fd, -1), RangeError)
    assert.throws(() => wait({} as never), TypeError)

    const io = new Io(getHub().loop, fd, READ)
    const first = spawn(() => wait(io))
    yield* sleep(0)
    assert.instance(yield* failure(wait(io)), ConcurrentObjectUseError)
    yield* right.sendall("y")
    assert.is(yield* first.get(), READ)
    yield* left.recv(1)
    const doomed = spawn(() => failure(waitRead(fd)))
    yield* sleep(0)
    left.close()
    assert.is((yield* doomed.get()).code, "EBADF")
    assert.is(getHub().loop.activecnt, 0)
  })
  await settled(idle)
})

test("SO-18: cancelWait throws into the one who waits for a watcher", async () => {
  await run(function* () {
    const [left, right] = socketpair()
    using _left = left
    using _right = right
    const io = new Io(getHub().loop, left.fileno(), READ)
    cancelWait(io)
    for (const error of [null, new Error("mine")]) {
      const waiting = spawn(() => failure(wait(io, 10)))
      yield* sleep(0)
      cancelWait(io, error)
      const thrown = yield* waiting.get()
      if (error !== null) assert.is(thrown, error)
      else assert.match(thrown.message, "File descriptor was closed in another greenlet")
    }
    assert.not(io.active)
    assert.is(getHub().loop.activecnt, 0)
  })
})

test("SO-25: addresses turn into bytes and back", () => {
  for (const [address, bytes] of [
    ["127.0.0.1", [127, 0, 0, 1]],
    ["127.1", [127, 0, 0, 1]],
    ["1.2.772", [1, 2, 3, 4]],
    ["0x7f.0.0.010", [127, 0, 0, 8]],
    ["4294967295", [255, 255, 255, 255]],
    ["0", [0, 0, 0, 0]],
  ] as const) {
    assert.equal([...inetAton(address)], [...bytes], address)
  }
  for (const bad of ["", "1.2.3.4.5", "256.1.1.1", "1.2.65536", "4294967296", "08", "a", "1..2", " 1", "0x"]) {
    assert.is(
      codeOf(() => inetAton(bad)),
      "EINVAL",
      bad,
    )
  }
  assert.is(inetNtoa(Uint8Array.of(1, 2, 3, 4)), "1.2.3.4")
  assert.throws(() => inetNtoa(new Uint8Array(3)), RangeError)
  assert.throws(() => inetNtoa("1234" as never), TypeError)
  for (const [written, canonical] of [
    ["::", "::"],
    ["::1", "::1"],
    ["1::", "1::"],
    ["2001:DB8:0:0:1:0:0:1", "2001:db8::1:0:0:1"],
    ["1:0:2:3:4:5:6:7", "1:0:2:3:4:5:6:7"],
    ["::ffff:1.2.3.4", "::ffff:1.2.3.4"],
    ["1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304"],
    ["0:0:0:0:0:0:0:1", "::1"],
  ] as const) {
    const bytes = inetPton(AF_INET6, written)
    assert.is(bytes.length, 16)
    assert.is(inetNtop(AF_INET6, bytes), canonical, written)
  }
  for (const bad of [
    "",
    ":",
    ":::",
    "1::2::3",
    "1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:8:9",
    "12345::",
    "g::",
    "::1.2.3",
    "1.2.3.4::",
  ]) {
    assert.is(
      codeOf(() => inetPton(AF_INET6, bad)),
      "EINVAL",
      bad,
    )
  }
  assert.equal([...inetPton(AF_INET, "1.2.3.4")], [1, 2, 3, 4])
  for (const bad of ["1.2.3", "01.2.3.4", "1.2.3.256", "::1"])
    assert.is(
      codeOf(() => inetPton(AF_INET, bad)),
      "EINVAL",
    )
  assert.is(
    codeOf(() => inetPton(99, "::1")),
    "EAFNOSUPPORT",
  )
  assert.is(
    codeOf(() => inetNtop(99, new Uint8Array(4))),
    "EAFNOSUPPORT",
  )
  assert.throws(() => inetNtop(AF_INET6, new Uint8Array(4)), RangeError)
})

test("SO-25: numbers turn into network order and back", () => {
  assert.is(htons(0x1234), 0x3412)
  assert.is(ntohs(0x3412), 0x1234)
  assert.is(htonl(0x12345678), 0x78563412)
  assert.is(ntohl(0xff000000), 0xff)
  assert.is(htonl(0xff), 0xff000000)
  for (const bad of [-1, 65536, 1.5, NaN]) assert.throws(() => htons(bad), RangeError)
  for (const bad of [-1, 2 ** 32]) assert.throws(() => htonl(bad), RangeError)
  assert.throws(() => htons("1" as never), TypeError)
})

test("SO-25: services and protocols have numbers", () => {
  assert.is(getservbyname("http"), 80)
  assert.is(getservbyname("https", "tcp"), 443)
  assert.is(getservbyname("domain", "udp"), 53)
  assert.is(getservbyname("mail"), 25, "another name")
  assert.is(
    codeOf(() => getservbyname("http", "sctp")),
    "ENOENT",
  )
  assert.is(
    codeOf(() => getservbyname("nothing")),
    "ENOENT",
  )
  assert.is(getservbyport(80), "http")
  assert.is(getservbyport(514, "tcp"), "shell")
  assert.is(getservbyport(514, "udp"), "syslog")
  assert.is(
    codeOf(() => getservbyport(4)),
    "ENOENT",
  )
  assert.throws(() => getservbyport(65536), RangeError)
  assert.throws(() => getservbyport("80" as never), TypeError)
  assert.throws(() => getservbyname(80 as never), TypeError)
  assert.is(getprotobyname("tcp"), 6)
  assert.is(
    codeOf(() => getprotobyname("toString")),
    "ENOENT",
  )
})

test("SO-15: a pair can be awaited outside greenlets", async () => {
  const [left, right] = socketpair()
  const reading = right.recv(10)
  const received = waitFor(reading.then((bytes) => text(bytes)))
  await left.sendall("hi")
  assert.is(await received, "hi")
  for (const socket of [left, right]) socket.close()
  await settled(idle)
})

test.run()
