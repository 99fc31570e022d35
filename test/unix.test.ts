import { spawn as spawnProcess, spawnSync } from "node:child_process"
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, unlinkSync, writeFileSync } from "node:fs"
import net from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import process from "node:process"
import { host } from "#host"
import { run, sleep, spawn, wait, type Op } from "gevent-wasm"
import { Program } from "gevent-wasm/program"
import { StreamServer } from "gevent-wasm/server"
import {
  AF_INET,
  AF_UNIX,
  SHUT_RDWR,
  SHUT_WR,
  SO_DOMAIN,
  SO_PROTOCOL,
  SO_REUSEADDR,
  SOCK_STREAM,
  Socket,
  type SocketError,
  SOL_SOCKET,
  TCP_NODELAY,
  IPPROTO_TCP,
  type UnixAddress,
} from "gevent-wasm/socket"
import { test } from "uvu"
import * as assert from "uvu/assert"
import { failure, openDescriptors, readAll, settled, text } from "./sockets.ts"

const folder = mkdtempSync(join(tmpdir(), "gevent-unix-"))
process.on("exit", () => rmSync(folder, { recursive: true, force: true }))
let paths = 0

/** A path that nothing is at. */
function freshPath(): string {
  return join(folder, `socket${++paths}`)
}

/** A unix socket that listens. */
function listeningAt(path: string): Socket {
  const socket = new Socket(AF_UNIX)
  socket.bind(path)
  socket.listen()
  return socket
}

/** The code that a call throws. */
function codeOf(call: () => unknown): string {
  try {
    call()
  } catch (error) {
    return (error as SocketError).code
  }
  return "none"
}

/** What is open while no test runs; the hub has opened what it needs. */
await sleep(0.01)
const idle = openDescriptors()

for (const [kind, address] of [
  ["a path", freshPath()],
  ["an abstract name", `\0gevent-wasm-${process.pid}`],
] as const) {
  test(`SO-24: two unix sockets talk at ${kind}`, async () => {
    await run(function* () {
      using listener = listeningAt(address)
      assert.is(listener.getsockname(), address)
      using client = new Socket(AF_UNIX)
      const connecting = spawn(() => client.connect(address))
      const [accepted, from] = yield* listener.accept()
      using server = accepted
      yield* connecting.get()
      assert.is(from, "", "a client that is not bound has no name")
      assert.is(client.getpeername(), address)
      assert.is(client.getsockname(), "")
      assert.is(server.getsockname(), address)
      assert.is(server.getpeername(), "")
      assert.is(server.family, AF_UNIX)
      assert.is(server.getsockopt(SOL_SOCKET, SO_DOMAIN), AF_UNIX)
      assert.is(server.getsockopt(SOL_SOCKET, SO_PROTOCOL), 0)
      yield* client.sendall("héllo")
      assert.is(text(yield* server.recv(100)), "héllo")
      const much = new Uint8Array(3 << 20).fill(7)
      const sending = spawn(function* () {
        yield* client.sendall(much)
        client.shutdown(SHUT_WR)
      })
      assert.equal((yield* readAll(server)).length, much.length)
      yield* sending.get()
      yield* server.sendall("still")
      assert.is(text(yield* client.recv(100)), "still", "half-closed")
      assert.is((yield* failure(client.send("x"))).code, "EPIPE")
      assert.match(String(client), `AF_UNIX "" -> ${JSON.stringify(address)}`)
    })
    await settled(idle)
  })
}

test("SO-24: the file appears with bind, keeps its mode, and stays after close", async () => {
  const path = freshPath()
  const listener = new Socket(AF_UNIX)
  listener.bind(path)
  assert.ok(statSync(path).isSocket())
  chmodSync(path, 0o700)
  using client = new Socket(AF_UNIX)
  assert.is((await connectError(client, path)).code, "ECONNREFUSED", "nobody listens yet")
  listener.listen()
  assert.is(statSync(path).mode & 0o777, 0o700)
  await client.connect(path)
  listener.close()
  await sleep(0.05)
  assert.ok(statSync(path).isSocket(), "it stays")
  using second = new Socket(AF_UNIX)
  assert.is((await connectError(second, path)).code, "ECONNREFUSED")
  assert.is(
    codeOf(() => second.bind(path)),
    "EADDRINUSE",
  )
  unlinkSync(path)
  second.bind(path)
  second.close()
  assert.ok(existsSync(path), "that of one which never listened, too")
})

test("SO-24: closing a listener leaves the file of its successor alone", async () => {
  await run(function* () {
    const path = freshPath()
    const first = listeningAt(path)
    unlinkSync(path)
    using second = listeningAt(path)
    first.close()
    yield* sleep(0.05)
    using client = new Socket(AF_UNIX)
    const connecting = spawn(() => client.connect(path))
    const [server] = yield* second.accept()
    server.close()
    yield* connecting.get()
  })
})

test("SO-24: a bound client keeps its name, and an empty path is a name of the system's choice", async () => {
  await run(function* () {
    using listener = new Socket(AF_UNIX)
    listener.bind("")
    listener.listen()
    assert.match(listener.getsockname() as string, /^\0[0-9a-f]{5}$/)
    const path = freshPath()
    using client = new Socket(AF_UNIX)
    client.bind(path)
    const connecting = spawn(() => client.connect(listener.getsockname()))
    const [server] = yield* listener.accept()
    using _server = server
    yield* connecting.get()
    assert.is(client.getsockname(), path)
    assert.ok(existsSync(path))
  })
})

async function connectError(socket: Socket, path: string): Promise<Error & { code?: string }> {
  try {
    await socket.connect(path)
  } catch (error) {
    return error as Error
  }
  throw new Error("it was connected")
}

test("SO-24: what POSIX refuses is refused with its errno", async () => {
  using socket = new Socket(AF_UNIX)
  const file = freshPath()
  writeFileSync(file, "")
  assert.is((await connectError(socket, freshPath())).code, "ENOENT")
  assert.is((await connectError(socket, join(folder, "no", "folder"))).code, "ENOENT")
  assert.is((await connectError(socket, file)).code, "ECONNREFUSED")
  assert.is((await connectError(socket, "")).code, "EINVAL")
  const longest = `/${"x".repeat(106)}`
  assert.is((await connectError(socket, longest)).code, "ENOENT", "107 bytes")
  assert.is((await connectError(socket, `${longest}x`)).code, "ENAMETOOLONG", "108 bytes")
  assert.is((await connectError(socket, `\0${longest.slice(1)}`)).code, "ECONNREFUSED", "an abstract name of 107 bytes")
  assert.is((await connectError(socket, `\0${longest}`)).code, "ENAMETOOLONG")
  assert.is((await connectError(socket, `/${"é".repeat(54)}`)).code, "ENAMETOOLONG", "bytes count, not characters")
  for (const [path, code] of [
    [file, "EADDRINUSE"],
    [join(folder, "no", "folder"), "ENOENT"],
    [`${longest}x`, "ENAMETOOLONG"],
    [`${folder}/a\0b`, "EINVAL"],
  ] as const) {
    assert.is(
      codeOf(() => socket.bind(path)),
      code,
      path,
    )
  }
  assert.is(
    codeOf(() => socket.listen()),
    "EINVAL",
    "without a name",
  )
  assert.is(
    codeOf(() => socket.shutdown(SHUT_RDWR)),
    "ENOTCONN",
  )
  assert.is(
    codeOf(() => socket.getpeername()),
    "ENOTCONN",
  )
  assert.is(
    codeOf(() => socket.setsockopt(IPPROTO_TCP, TCP_NODELAY, 1)),
    "ENOTSUP",
  )
  socket.setsockopt(SOL_SOCKET, SO_REUSEADDR, 1)
  assert.is(socket.getsockopt(SOL_SOCKET, SO_REUSEADDR), 1)
  for (const address of [["127.0.0.1", 80], 5, null, undefined, {}]) {
    assert.throws(() => socket.bind(address as never), TypeError)
    assert.throws(() => socket.connect(address as never), TypeError)
  }
  using inet = new Socket()
  assert.throws(() => inet.connect("/tmp/x"), TypeError)
  assert.throws(
    () => new Socket(AF_UNIX, 2),
    (error: SocketError) => error.code === "EPROTONOSUPPORT",
  )
})

test("SO-24: after a connect that failed, the next one works at once", async () => {
  await run(function* () {
    const path = freshPath()
    using client = new Socket(AF_UNIX)
    assert.is((yield* failure(client.connect(path))).code, "ENOENT")
    using listener = listeningAt(path)
    const connecting = spawn(() => client.connect(path))
    const [server] = yield* listener.accept()
    using _server = server
    yield* connecting.get()
  })
  await settled(idle)
})

test("SO-24: a plain client and a plain server of the host are understood", async () => {
  const path = freshPath()
  const server = net.createServer((socket) => socket.end("plain"))
  await new Promise<void>((resolve) => server.listen(path, resolve))
  const client = new Socket(AF_UNIX)
  await client.connect(path)
  assert.is(text(await client.recv(100)), "plain")
  assert.is((await client.recv(100)).length, 0)
  client.close()
  await new Promise((resolve) => server.close(resolve))

  const mine = freshPath()
  using listener = listeningAt(mine)
  const socket = net.connect(mine)
  const [accepted] = await listener.accept()
  using connection = accepted
  await connection.sendall("mine")
  const data = await new Promise<Buffer>((resolve) => socket.once("data", resolve))
  assert.is(data.toString(), "mine")
  socket.destroy()
  assert.is((await connection.recv(1)).length, 0)
})

test("SO-24: nc and socat are understood", async () => {
  await run(function* () {
    const path = freshPath()
    const name = `gevent-wasm-socat-${process.pid}`
    for (const address of [path, `\0${name}`]) {
      using listener = listeningAt(address)
      // older Nodes fill an abstract name up with NULs
      const filled = readFileSync("/proc/net/unix", "latin1").includes(`${name}@@`)
      const abstract = ["-", `ABSTRACT-CONNECT:${name}${filled ? ",unix-tightsocklen=0" : ""}`]
      const [command, args] = address === path ? ["nc", ["-N", "-U", path]] : ["socat", abstract]
      const peer = spawnProcess(command, args, { stdio: ["pipe", "pipe", "inherit"] })
      let printed = ""
      peer.stdout.on("data", (chunk: Buffer) => (printed += chunk.toString()))
      const ended = new Promise((resolve) => peer.on("close", resolve))
      peer.stdin.end("from the peer\n")
      const [accepted] = yield* listener.accept()
      using server = accepted
      yield* server.sendall("to the peer\n")
      assert.is(text(yield* readAll(server)), "from the peer\n", command)
      server.shutdown(SHUT_WR)
      yield* wait(ended)
      assert.is(printed, "to the peer\n", command)
    }
  })
})

// Bun does not tell a full queue from one that nobody listens at
const testBesidesBun = (name: string, body: () => Promise<void>): void =>
  host.name === "bun" ? test.skip(name, body) : test(name, body)
testBesidesBun("SO-24: a connect that finds the queue of a busy listener full waits for room", async () => {
  const path = freshPath()
  const script =
    `import socket, sys; s = socket.socket(socket.AF_UNIX); s.bind(${JSON.stringify(path)}); s.listen(0); print("ready", flush=True)\n` +
    `sys.stdin.readline()\nfor i in range(3): c = s.accept()[0]; c.sendall(b"in"); c.close()`
  if (spawnSync("python3", ["-c", "0"]).status !== 0) return
  const peer = spawnProcess("python3", ["-c", script], { stdio: ["pipe", "pipe", "inherit"] })
  const ended = new Promise((resolve) => peer.on("close", resolve))
  await new Promise((resolve) => peer.stdout.once("data", resolve))
  await run(function* () {
    const clients = Array.from({ length: 3 }, () =>
      spawn(function* () {
        using socket = new Socket(AF_UNIX)
        yield* socket.connect(path)
        return text(yield* socket.recv(10))
      }),
    )
    yield* sleep(0.1)
    peer.stdin.end("go\n")
    for (const client of clients) assert.is(yield* client.get(), "in")
  })
  await ended
})

test("SO-24: a server listens at a path or an abstract name", async () => {
  await run(function* () {
    const path = freshPath()
    const relative = `relative-${process.pid}.sock`
    for (const [listener, address] of [
      [path, path],
      [`unix:${relative}`, relative],
      [`\0gevent-wasm-server-${process.pid}`, `\0gevent-wasm-server-${process.pid}`],
      [`unix:\0gevent-wasm-server2-${process.pid}`, `\0gevent-wasm-server2-${process.pid}`],
    ] as const) {
      using server = new StreamServer(listener, function* (socket: Socket, from: UnixAddress) {
        yield* socket.sendall(`hello ${JSON.stringify(from)}`)
      })
      assert.is(server.family, AF_UNIX)
      server.start()
      try {
        assert.is(server.address, address)
        assert.is(server.serverHost, address)
        assert.is(server.serverPort, 0)
        assert.match(String(server), JSON.stringify(address))
        using client = new Socket(AF_UNIX)
        yield* client.connect(address)
        assert.is(text(yield* readAll(client)), 'hello ""')
      } finally {
        if (!address.startsWith("\0")) unlinkSync(address)
      }
    }
    using bound = new Socket(AF_UNIX)
    const other = freshPath()
    bound.bind(other)
    using server = new StreamServer(bound, (socket: Socket) => socket.sendall("given"))
    server.start()
    using client = new Socket(AF_UNIX)
    yield* client.connect(other)
    assert.is(text(yield* readAll(client)), "given")
    using taken = new StreamServer(other, () => {})
    assert.throws(() => taken.start(), `EADDRINUSE: Address already in use: ${JSON.stringify(other)}`)
    assert.throws(() => new StreamServer("unix:", () => {}), RangeError)
  })
  await settled(idle)
})

test("SO-24: kill in the middle of connect, accept, send and recv leaves nothing open", async () => {
  await run(function* () {
    const path = freshPath()
    using listener = listeningAt(path)
    const waits: ((socket: Socket) => Op<unknown>)[] = [
      (socket) => socket.connect(path),
      function* (socket) {
        yield* socket.connect(path)
        yield* socket.recv(1)
      },
      function* (socket) {
        yield* socket.connect(path)
        yield* socket.sendall(new Uint8Array(1 << 24))
      },
    ]
    for (const body of waits) {
      const waiting = spawn(function* () {
        using socket = new Socket(AF_UNIX)
        yield* body(socket)
      })
      yield* sleep(0.02)
      yield* waiting.kill()
      listener.acceptNow()?.[0].close()
    }
    const accepting = spawn(() => listener.accept())
    yield* sleep(0)
    yield* accepting.kill()
  })
  await settled(idle)
})

test("a unix connection costs no more than one of TCP", async () => {
  // 200 connections at once, which come and go
  await run(function* () {
    const path = freshPath()
    using server = new StreamServer(path, function* (socket: Socket) {
      yield* socket.sendall(yield* socket.recv(10))
    })
    server.start()
    const clients = Array.from({ length: 200 }, (_, i) =>
      spawn(function* () {
        using socket = new Socket(AF_UNIX)
        yield* socket.connect(path)
        yield* socket.sendall(`${i}`)
        return text(yield* readAll(socket))
      }),
    )
    for (const [i, client] of clients.entries()) assert.is(yield* client.get(), `${i}`)
  })
  await settled(idle)
})

/** test/wasm/unixsockets.c */
const program = await Program.load("build/test/wasm/unixsockets.wasm")

for (const name of ["path", "abstract", "pair", "dup", "options"]) {
  test(`SO-24: C: ${name}`, async () => {
    await run(function* () {
      let printed = ""
      const stdout = (bytes: Uint8Array): void => void (printed += text(bytes))
      const socket = name === "abstract" ? `gevent-wasm-c-${process.pid}` : freshPath()
      const status = yield* program.run([name], { stdout, env: { SOCKET: socket } }).get()
      assert.is(printed, "ok\n")
      assert.is(status, 0)
    })
    await settled(idle)
  })
}

test("SO-01: the console shows a unix socket", () => {
  using socket = new Socket(AF_UNIX, SOCK_STREAM)
  assert.match(String(socket), `<Socket fd=${socket.fileno()} AF_UNIX ""`)
  using inet = new Socket(AF_INET)
  assert.match(String(inet), "AF_INET 0.0.0.0 port 0")
})

test.run()
