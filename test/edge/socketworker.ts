// What test/edgesocket.test.ts runs in workerd: a route per test. `port` is that of the peer on 127.0.0.1.
import { getHub, joinall, run, sleep, spawn, Timeout, type Op, type Wait } from "gevent-wasm"
import { Io } from "gevent-wasm/core"
import { FileObject, FileObjectThread } from "gevent-wasm/fileobject"
import { E } from "gevent-wasm/host"
import { poll, POLLIN, POLLNVAL, POLLOUT, select } from "gevent-wasm/select"
import { DefaultSelector, EVENT_READ, EVENT_WRITE } from "gevent-wasm/selectors"
import { DatagramServer, serveConnection, StreamServer } from "gevent-wasm/server"
import {
  AF_INET,
  AF_UNIX,
  cancelWait,
  createConnection,
  fromfd,
  IPPROTO_TCP,
  LINGER_ON,
  MSG_DONTWAIT,
  MSG_PEEK,
  SHUT_RD,
  SHUT_RDWR,
  SHUT_WR,
  SO_ERROR,
  SO_KEEPALIVE,
  SO_LINGER,
  SOCK_DGRAM,
  SOCK_STREAM,
  Socket,
  socketpair,
  SOL_SOCKET,
  TCP_NODELAY,
  wait,
  waitRead,
  waitReadwrite,
  waitWrite,
} from "gevent-wasm/socket"
import { answering, codeOf, described, failureOf, readAll, type Route } from "./routes.ts"

const decoder = new TextDecoder()
const encoder = new TextEncoder()

/** The same of a call that does not wait. */
function codeOfCall(call: () => unknown): string {
  const failure = failureOf(call)
  return typeof failure === "string" ? "none" : ((failure as { code?: string }).code ?? (failure as Error).name)
}

/** The name of an error's number. */
function nameOf(errno: number): string | undefined {
  return Object.entries(E).find(([, number]) => number === -errno)?.[0]
}

/** Receives until there are so many bytes. */
function* exactly(socket: Socket, count: number): Generator<Wait<unknown>, string, unknown> {
  let text = ""
  while (text.length < count) text += decoder.decode(yield* socket.recv(count - text.length))
  return text
}

/** A route that is given a connection to `port`, which it need not close. */
function connected(body: (socket: Socket, port: number) => Generator<Wait<unknown>, unknown, unknown>): Route {
  return (parameters) =>
    run(function* () {
      const port = Number(parameters.get("port"))
      using socket = yield* createConnection(["127.0.0.1", port])
      return yield* body(socket, port)
    })
}

/** How the last handlers of connections went, for those who ask later. */
const handled: Record<string, unknown> = {}

const routes: Record<string, Route> = {
  "/connect-ex": (parameters) =>
    run(function* () {
      const [port, closed] = [Number(parameters.get("port")), Number(parameters.get("closed"))]
      using good = new Socket()
      using bad = new Socket()
      using hasty = new Socket()
      hasty.setblocking(false)
      const first = yield* good.connectEx(["127.0.0.1", port])
      const again = yield* good.connectEx(["127.0.0.1", port])
      const refused = yield* bad.connectEx(["127.0.0.1", closed])
      const reported = bad.getsockopt(SOL_SOCKET, SO_ERROR)
      const aborted = yield* bad.connectEx(["127.0.0.1", port])
      const retried = yield* bad.connectEx(["127.0.0.1", port])
      const pending = yield* hasty.connectEx(["127.0.0.1", port])
      const twice = yield* hasty.connectEx(["127.0.0.1", port])
      yield* waitWrite(hasty.fileno())
      const done = yield* hasty.connectEx(["127.0.0.1", port])
      yield* hasty.send("x")
      yield* waitRead(hasty.fileno())
      const echoed = decoder.decode(yield* hasty.recv(10))
      return [
        first,
        ...[again, refused].map(nameOf),
        reported,
        nameOf(aborted),
        retried,
        ...[pending, twice, done].map(nameOf),
        echoed,
      ]
    }),

  "/kinds": () => {
    using socket = new Socket()
    return [
      [socket.family, socket.type, socket.fileno() >= 0, socket.closed, socket.gettimeout()],
      ["::1", "127.0.0.1"].map((host) => codeOfCall(() => socket.bind([host, 0]))),
      codeOfCall(() => socket.getpeername()),
      codeOfCall(() => socket.shutdown(SHUT_RDWR)),
      codeOfCall(() => socket.connect(["127.0.0.1", 65536])),
      codeOfCall(() => socket.connect("127.0.0.1:1")),
      codeOfCall(() => socket.send(1 as never)),
      codeOfCall(() => socket.recv(-1)),
    ]
  },

  "/unconnected": () =>
    run(function* () {
      using socket = new Socket()
      using wrong = new Socket()
      return [
        yield* codeOf(socket.recv(1)),
        yield* codeOf(socket.send("x")),
        yield* codeOf(socket.accept()),
        yield* codeOf(wrong.connect(["::1", 1])),
      ]
    }),

  "/options": connected(function* (socket) {
    yield* sleep(0)
    const before = socket.getsockopt(IPPROTO_TCP, TCP_NODELAY)
    socket.setsockopt(IPPROTO_TCP, TCP_NODELAY, true)
    socket.setsockopt(SOL_SOCKET, SO_KEEPALIVE, 1)
    return [
      before,
      socket.getsockopt(IPPROTO_TCP, TCP_NODELAY),
      socket.getsockopt(SOL_SOCKET, SO_KEEPALIVE),
      codeOfCall(() => socket.setsockopt(SOL_SOCKET, 12345, 1)),
    ]
  }),

  "/dup": connected(function* (socket) {
    socket.settimeout(7)
    using copy = socket.dup()
    const numbers = copy.fileno() !== socket.fileno() && copy.gettimeout() === 7
    // each has waits of its own
    const reader = spawn(() => copy.recv(3))
    yield* sleep(0)
    yield* socket.sendall("one")
    const one = decoder.decode(yield* reader.get())
    socket.close()
    yield* copy.sendall("two")
    return [numbers, one, yield* exactly(copy, 3), codeOfCall(() => socket.dup())]
  }),

  "/detach": connected(function* (socket) {
    const waiter = spawn(() => codeOf(socket.recv(10)))
    yield* sleep(0)
    using moved = new Socket(AF_INET, SOCK_STREAM, 0, socket.detach())
    yield* moved.sendall("moved")
    return [yield* waiter.get(), socket.fileno(), yield* exactly(moved, 5)]
  }),

  "/fromfd": connected(function* (socket) {
    const fd = socket.fileno()
    using other = fromfd(fd, AF_INET, SOCK_STREAM)
    socket.close()
    yield* other.sendall("still there")
    return [other.fileno() !== fd, yield* exactly(other, 11), codeOfCall(() => fromfd(fd, AF_INET, SOCK_STREAM))]
  }),

  "/recv": connected(function* (socket) {
    yield* socket.sendall("0123456789abcdef")
    yield* waitRead(socket.fileno())
    while ((yield* socket.recv(16, MSG_PEEK)).length < 16) yield* sleep(0.001)
    const peeked = decoder.decode(yield* socket.recv(4, MSG_PEEK))
    const into = new Uint8Array(4)
    const count = yield* socket.recvInto(into)
    const two = new Uint8Array(4)
    const limited = yield* socket.recvInto(two, 2)
    const [from, nobody] = yield* socket.recvfrom(2)
    const rest = new Uint8Array(10)
    const [last, neither] = yield* socket.recvfromInto(rest)
    return [
      peeked,
      count,
      decoder.decode(into),
      limited,
      [...two],
      decoder.decode(from),
      nobody,
      decoder.decode(rest.subarray(0, last)),
      neither,
      yield* codeOf(socket.recv(1, MSG_DONTWAIT)),
      (yield* socket.recv(0)).length,
    ]
  }),

  "/messages": connected(function* (socket) {
    const sent = yield* socket.sendmsg(["one ", encoder.encode("two "), "three"])
    while ((yield* socket.recv(13, MSG_PEEK)).length < 13) yield* sleep(0.001)
    const [data, ancillary, flags, address] = yield* socket.recvmsg(4)
    const parts = [new Uint8Array(2), new Uint8Array(3), new Uint8Array(20)]
    const [count, none] = yield* socket.recvmsgInto(parts)
    return [
      sent,
      [decoder.decode(data), ancillary, flags, address],
      count,
      none,
      parts.map((part) => decoder.decode(part).replaceAll("\0", "")),
      codeOfCall(() => socket.sendmsg(["x"], [[1, 1, new Uint8Array(1)]] as never)),
    ]
  }),

  "/sendto": connected(function* (socket) {
    return [yield* socket.sendto("abc", ["192.0.2.1", 1]), yield* exactly(socket, 3)]
  }),

  "/sendfile": connected(function* (socket) {
    const bytes = Uint8Array.from({ length: 300_000 }, (_, i) => i % 251)
    let position = 0
    const file = {
      read: (size: number) => bytes.subarray(position, (position += Math.min(size, bytes.length - position))),
      seek: (offset: number) => (position = offset),
    }
    const receiving = spawn(function* () {
      let received = 0
      let right = true
      while (received < 299_900) {
        for (const byte of yield* socket.recv(65536)) right &&= byte === (received++ + 100) % 251
      }
      return [received, right]
    })
    const sent = yield* socket.sendfile(file, 100)
    const whole = yield* receiving.get()
    const some = yield* socket.sendfile(file, 5, 3)
    const three = [...encoder.encode(yield* exactly(socket, 3))]
    const [reader, writer] = socketpair()
    yield* writer.sendall("from a file")
    writer.close()
    using input = reader.makefile("rb")
    const piped = yield* socket.sendfile({ read: (size) => input.read(size) })
    const text = yield* exactly(socket, 11)
    reader.close()
    const notText = codeOfCall(() => socket.sendfile({ read: () => new Uint8Array(0), mode: "r" }))
    socket.setblocking(false)
    const notBlocking = codeOfCall(() => socket.sendfile(file))
    return [sent, whole, some, three, position, piped, text, notText, notBlocking]
  }),

  "/concurrent": connected(function* (socket) {
    const reader = spawn(() => socket.recv(10))
    yield* sleep(0)
    const second = yield* codeOf(socket.recv(10))
    const into = yield* codeOf(socket.recvInto(new Uint8Array(1)))
    yield* socket.sendall("duplex")
    return [second, into, decoder.decode(yield* reader.get())]
  }),

  // the peer does not read
  "/stuck": connected(function* (socket) {
    const sender = spawn(() => codeOf(socket.sendall(new Uint8Array(1 << 25))))
    yield* sleep(0.05)
    const second = yield* codeOf(socket.send("x"))
    const stuck = !sender.ready()
    yield* sender.kill()
    socket.settimeout(0.05)
    const late = yield* codeOf(socket.sendall(new Uint8Array(1 << 25)))
    socket.setblocking(false)
    const never = yield* codeOf(socket.sendall(new Uint8Array(1 << 25)))
    const [, writable] = yield* select([], [socket], [], 0.02)
    return [second, stuck, late, never, writable.length]
  }),

  "/timeout-zero": connected(function* (socket, port) {
    socket.setblocking(false)
    const codes = [yield* codeOf(socket.recv(1)), yield* codeOf(socket.recvInto(new Uint8Array(1)))]
    const taken = yield* socket.send("x")
    yield* waitRead(socket.fileno())
    const received = decoder.decode(yield* socket.recv(10))
    using third = new Socket()
    third.settimeout(0)
    codes.push(yield* codeOf(third.connect(["127.0.0.1", port])))
    yield* waitWrite(third.fileno())
    codes.push(yield* codeOf(third.connect(["127.0.0.1", port])))
    codes.push(yield* codeOf(createConnection(["127.0.0.1", port], 0)))
    return [codes, socket.getblocking(), taken, received, third.getpeername()[1] === port]
  }),

  "/timeouts": connected(function* (socket) {
    socket.settimeout(0.03)
    const codes = [yield* codeOf(socket.recv(1)), yield* codeOf(socket.recv(1))]
    socket.settimeout(null)
    let late = false
    try {
      using _limit = Timeout.startNew(0.03)
      yield* socket.recv(1)
    } catch (error) {
      late = error instanceof Timeout
    }
    return [codes, late, codeOfCall(() => socket.settimeout(-1)), codeOfCall(() => socket.settimeout("1" as never))]
  }),

  "/closed-calls": connected(function* (socket) {
    const fd = socket.fileno()
    socket.close()
    socket.close()
    const calls = [
      () => socket.bind(["127.0.0.1", 0]),
      () => socket.listen(),
      () => socket.acceptNow(),
      () => socket.shutdown(SHUT_RD),
      () => socket.getsockname(),
      () => socket.getpeername(),
      () => socket.setsockopt(SOL_SOCKET, SO_KEEPALIVE, 1),
      () => socket.getsockopt(SOL_SOCKET, SO_KEEPALIVE),
      () => socket.dup(),
      () => socket.makefile(),
      () => fromfd(fd, AF_INET, SOCK_STREAM),
    ]
    const waits = [
      socket.accept(),
      socket.connect(["127.0.0.1", 1]),
      socket.recv(1),
      socket.recvInto(new Uint8Array(1)),
      socket.recvfrom(1),
      socket.recvmsg(1),
      socket.send("x"),
      socket.sendall(""),
      socket.sendmsg(["x"]),
    ]
    const codes = calls.map(codeOfCall)
    for (const wait of waits) codes.push(yield* codeOf(wait))
    return [socket.fileno(), socket.closed, [...new Set(codes)], codes]
  }),

  "/close-while-waiting": connected(function* (socket) {
    const waiters = [
      spawn(() => codeOf(socket.recv(10))),
      spawn(() => codeOf(socket.sendall(new Uint8Array(1 << 25)))),
      spawn(() => codeOf(waitRead(socket.fileno()))),
    ]
    yield* sleep(0.02)
    socket.close()
    yield* joinall(waiters, 1)
    return waiters.map(({ value }) => value)
  }),

  "/shutdown-while-waiting": connected(function* (socket) {
    const reader = spawn(() => codeOf(socket.recv(10)))
    const writer = spawn(() => codeOf(socket.sendall(new Uint8Array(1 << 25))))
    yield* sleep(0.02)
    socket.shutdown(SHUT_RD)
    const first = [yield* reader.get(), writer.ready()]
    socket.shutdown(SHUT_WR)
    return [...first, yield* writer.get(), (yield* socket.recv(1)).length, yield* codeOf(socket.send("x"))]
  }),

  // the peer answers with what it has got, when that has ended
  "/half-close": connected(function* (socket) {
    yield* socket.sendall("to the end")
    socket.shutdown(SHUT_WR)
    const sending = yield* codeOf(socket.send("x"))
    return [yield* readAll(socket), sending]
  }),

  // the peer ends first, and goes on reading
  "/peer-half-closes": connected(function* (socket) {
    const text = yield* readAll(socket)
    const [readable, writable] = yield* select([socket], [socket], [], 1)
    yield* socket.sendall("a".repeat(100_000))
    yield* sleep(0.05)
    yield* socket.sendall("b")
    return [text, (yield* socket.recv(1)).length, readable.length, writable.length]
  }),

  // the peer sends something and resets the connection
  "/reset": connected(function* (socket) {
    yield* socket.sendall("now")
    const text = decoder.decode(yield* socket.recv(3))
    const codes = [yield* codeOf(socket.recv(1))]
    codes.push(yield* codeOf(socket.send("x")))
    codes.push(yield* codeOf(socket.send("x")))
    return [text, codes]
  }),

  "/kill-connect": (parameters) =>
    run(function* () {
      const port = Number(parameters.get("port"))
      const greenlets = Array.from({ length: 5 }, () => spawn(() => createConnection(["127.0.0.1", port])))
      const byHand = Array.from({ length: 5 }, () =>
        spawn(function* () {
          using socket = new Socket()
          yield* socket.connect(["127.0.0.1", port])
          yield* sleep(10)
        }),
      )
      yield* sleep(0)
      for (const greenlet of [...greenlets, ...byHand]) yield* greenlet.kill()
      // the request goes on, so that nothing ends with it
      yield* sleep(0.3)
      return [...greenlets, ...byHand].map(({ value }) => String(value))
    }),

  "/connect-timeout": (parameters) =>
    run(function* () {
      const port = Number(parameters.get("port"))
      const started = Date.now()
      const codes = [yield* codeOf(createConnection(["127.0.0.1", port], 0.05))]
      using socket = new Socket()
      socket.settimeout(0.05)
      codes.push(yield* codeOf(socket.connect(["127.0.0.1", port])))
      return [codes, Date.now() - started < 5000]
    }),

  "/wait": connected(function* (socket) {
    const fd = socket.fileno()
    yield* waitWrite(fd)
    const late = yield* codeOf(waitRead(fd, 0.02))
    const own = yield* codeOf(waitRead(fd, 0.02, new RangeError("mine")))
    yield* waitReadwrite(fd)
    const io = new Io(getHub().loop, fd, 1)
    const waiting = spawn(() => codeOf(wait(io)))
    yield* sleep(0)
    cancelWait(io)
    const cancelled = yield* waiting.get()
    yield* socket.sendall("x")
    yield* waitRead(fd, 1)
    return [late, own, cancelled, decoder.decode(yield* socket.recv(1))]
  }),

  "/makefile": connected(function* (socket) {
    const input = socket.makefile("r")
    const output = socket.makefile("w")
    socket.close()
    yield* output.write("héllo\r\nworld\nthe end")
    yield* output.flush()
    const lines = [yield* input.readline(), yield* input.readline(), yield* input.read(7)]
    yield* output.close()
    yield* input.close()
    yield* input.close()
    return [lines, input.closed, codeOfCall(() => input.read(1)), codeOfCall(() => socket.makefile("r+" as never))]
  }),

  "/files": connected(function* (socket) {
    const fd = socket.fileno()
    using lent = new FileObject(fd, "rb", { closefd: false })
    yield* socket.sendall("one\ntwo\nthree four")
    const into = new Uint8Array(2)
    const parts = [decoder.decode(yield* lent.readline()), yield* lent.readinto(into), decoder.decode(into)]
    parts.push(decoder.decode(yield* lent.read(7)))
    const seeking = codeOfCall(() => lent.seek(0))
    yield* lent.close()
    yield* socket.sendall("5\n6\n7")
    // this one owns the number
    const owner = new FileObject(socket.detach(), "rb+")
    const left = decoder.decode(yield* owner.read(4))
    yield* owner.write(encoder.encode("8\n"))
    yield* owner.flush()
    const lines = [left, ...(yield* owner.readlines(3)).map((line) => decoder.decode(line))]
    yield* owner.close()
    return [parts, seeking, lines, codeOfCall(() => owner.read(1)), codeOfCall(() => fromfd(fd, AF_INET, SOCK_STREAM))]
  }),

  "/file-closed-while-reading": connected(function* (socket) {
    const file = socket.makefile("rb")
    const reader = spawn(() => codeOf(file.read(1)))
    yield* sleep(0.01)
    yield* file.close()
    return [yield* reader.get(), codeOfCall(() => file.read(1))]
  }),

  "/newlines": connected(function* (socket) {
    using file = socket.makefile("r")
    const lines: string[] = []
    const reading = spawn(function* () {
      for (let i = 0; i < 4; i++) lines.push(yield* file.readline())
    })
    for (const part of ["one\r", "\ntwo\rthr", "ee\n", "f", "our\n"]) {
      yield* socket.sendall(part)
      yield* sleep(0.01)
    }
    yield* reading.get()
    return lines
  }),

  "/file-kinds": () => [
    codeOfCall(() => new FileObject("/etc/hostname")),
    codeOfCall(() => new FileObject(12345)),
    codeOfCall(() => new FileObject(0, "q")),
    codeOfCall(() => new FileObjectThread("/etc/hostname")),
  ],

  "/select": connected(function* (socket, port) {
    using silent = yield* createConnection(["127.0.0.1", port])
    const fd = socket.fileno()
    const [none, writable, failed] = yield* select([socket, fd], [socket, silent], [socket], 0)
    yield* socket.sendall("x")
    const [readable] = yield* select([silent, socket, fd], [], [], 1)
    const started = Date.now()
    const late = yield* select([silent], [], [], 0.05)
    const waited = Date.now() - started
    const closing = spawn(() => codeOf(select([silent], [], [])))
    yield* sleep(0)
    silent.close()
    return [
      [none.length, writable.length, failed.length],
      readable.map((one) => (one === socket ? "socket" : one === fd ? "number" : "other")),
      late,
      waited >= 49,
      yield* closing.get(),
      yield* codeOf(select([fd + 1000], [], [])),
      codeOfCall(() => select([{} as never], [], [])),
    ]
  }),

  "/poll": connected(function* (socket) {
    const watched = poll()
    const fd = socket.fileno()
    watched.register(socket)
    const first = yield* watched.poll(0)
    watched.modify(socket, POLLIN)
    const late = yield* watched.poll(20)
    yield* socket.sendall("x")
    const second = yield* watched.poll(1000)
    watched.unregister(socket)
    const missing = codeOfCall(() => watched.unregister(socket))
    watched.register(fd)
    socket.close()
    const third = yield* watched.poll(1000)
    const name = ([one, events]: [number, number]): string =>
      one !== fd
        ? "another"
        : [
            [POLLIN, "in"],
            [POLLOUT, "out"],
            [POLLNVAL, "invalid"],
          ]
            .filter(([bit]) => (events & (bit as number)) !== 0)
            .map(([, bit]) => bit)
            .join()
    return [first.map(name), late, second.map(name), missing, third.map(name)]
  }),

  "/selectors": connected(function* (socket) {
    using selector = new DefaultSelector<string>()
    const key = selector.register(socket, EVENT_READ, "mine")
    const none = yield* selector.select(0)
    const twice = codeOfCall(() => selector.register(socket, EVENT_READ))
    yield* socket.sendall("x")
    const [[ready, events] = []] = yield* selector.select(1)
    selector.modify(socket, EVENT_READ | EVENT_WRITE, "changed")
    const [[changed, both] = []] = yield* selector.select(1)
    selector.unregister(socket)
    return [
      none.length,
      twice,
      ready === key,
      events === EVENT_READ,
      changed?.data,
      both === (EVENT_READ | EVENT_WRITE),
      selector.getMap()!.size,
    ]
  }),

  "/forget": (parameters) => delete handled[parameters.get("what")!],
  "/handled": (parameters) => handled[parameters.get("what")!],

  "/missing": (parameters) =>
    run(function* () {
      const port = Number(parameters.get("port"))
      using socket = new Socket()
      yield* sleep(0)
      return {
        server: failureOf(() => new StreamServer("127.0.0.1:0", () => undefined).start()),
        udp: failureOf(() => new Socket(AF_INET, SOCK_DGRAM)),
        unix: failureOf(() => new Socket(AF_UNIX)),
        datagramServer: failureOf(() => new DatagramServer("127.0.0.1:0", () => undefined).start()),
        bound: yield* failureOfWait(createConnection(["127.0.0.1", port], 1, ["127.0.0.1", 0])),
        bind: failureOf(() => socket.bind(["127.0.0.1", 0])),
        listen: failureOf(() => socket.listen()),
      }
    }),
}

function* failureOfWait(op: Op<unknown>): Generator<Wait<unknown>, unknown, unknown> {
  try {
    yield* op
    return "nothing thrown"
  } catch (error) {
    return described(error)
  }
}

export default {
  fetch: answering(routes),

  async connect(connection: unknown): Promise<void> {
    await serveConnection(connection, function* (socket, address) {
      const file = socket.makefile("r")
      const [what = ""] = (yield* file.readline()).split("\n")
      handled[what] = [socket.gettimeout(), address.length]
      if (what === "file") {
        // it stays open, with something in its buffer
        const output = socket.makefile("w", { buffering: 1 << 20 })
        yield* output.write("kept in a file\n")
      } else if (what === "large-file") {
        const output = socket.makefile("w", { buffering: 1 << 22 })
        yield* output.write("x".repeat(2_000_000))
      } else if (what === "bulk") {
        yield* socket.sendall(new Uint8Array(1_000_000))
      } else if (what === "stuck") {
        // the client takes nothing, and one second after the end of the handler it is given up
        socket.setsockopt(SOL_SOCKET, SO_LINGER, LINGER_ON | 1)
        socket.settimeout(0)
        while ((yield* codeOf(socket.send(new Uint8Array(65536)))) === "none") yield* sleep(0.01)
      } else if (what === "another") {
        // whoever has it does not keep it open
        spawn(function* () {
          handled["late"] = yield* codeOf(socket.recv(1))
        })
        yield* sleep(0)
      } else if (what === "half") {
        // what comes after the line, to its end
        const rest = yield* file.read()
        yield* socket.sendall(`${rest.length} after the line`)
      } else if (what === "select") {
        const [, writable] = yield* select([], [socket], [])
        yield* socket.sendall(`writable: ${writable.length}`)
      } else throw new Error(`the handler of ${what} has failed`)
    })
    handled["over"] = true
  },
}
