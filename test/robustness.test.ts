import { spawn as spawnProcess } from "node:child_process"
import { readdirSync } from "node:fs"
import net from "node:net"
import process from "node:process"
import { host } from "#host"
import { joinall, run, sleep, spawn, wait, type Op, type Wait } from "gevent-wasm"
import { LINGER_ON, SHUT_WR, SO_LINGER, SocketError, SOL_SOCKET } from "gevent-wasm/socket"
import { SSLZeroReturnError } from "gevent-wasm/ssl"
import { test } from "uvu"
import * as assert from "uvu/assert"
import { collectGarbage } from "./collect.ts"
import { isServerSide, KINDS, TCP, TLS } from "./socketkinds.ts"
import { failure, listening, openDescriptors, readAll, settled, text } from "./sockets.ts"

const seed = Number(process.env["SEED"] ?? Date.now() % 1_000_000)
console.log(`seed ${seed} (set SEED to repeat)`)

/** Numbers from 0 to 1 that a seed decides (mulberry32). */
function generator(state: number): () => number {
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** All numbers that the system has open for this process. */
function systemDescriptors(): number {
  return readdirSync("/proc/self/fd").length
}

/** A call that may fail where it is made, or where it is waited for. */
function* begun(call: () => Op<unknown>): Generator<Wait<unknown>, unknown, unknown> {
  return yield* call()
}

await sleep(0.01)
const idle = openDescriptors()

for (const kind of KINDS) {
  test(`${kind.connections.toLocaleString("en")} connections of ${kind.name} that end at random points leak nothing`, async () => {
    const random = generator(seed)
    const count = kind.connections
    let served = 0
    await run(function* () {
      using server = kind.serve(function* (socket) {
        served++
        const fate = random()
        if (fate < 0.2) socket.setsockopt(SOL_SOCKET, SO_LINGER, LINGER_ON)
        if (fate < 0.4) return
        try {
          const request = yield* socket.recv(100)
          yield* socket.sendall(request)
          if (fate < 0.8) yield* socket.recv(100)
        } catch (error) {
          if (!(error instanceof SocketError)) throw error
        }
      })
      server.start()
      const client = function* (): Generator<Wait<unknown>, void, unknown> {
        using socket = yield* kind.open()
        if (random() < 0.5) socket.setsockopt(SOL_SOCKET, SO_LINGER, LINGER_ON)
        try {
          yield* socket.connect(server.address)
          if (random() < 0.3) return
          yield* socket.sendall("hello")
          if (random() < 0.3) return
          yield* socket.recv(100)
        } catch (error) {
          if (!(error instanceof SocketError)) throw error
        }
      }
      let left = count
      let before = 0
      const workers = Array.from({ length: 50 }, () =>
        spawn(function* () {
          while (left-- > 0) {
            const one = spawn(client)
            if (random() < 0.05) {
              yield* sleep(0)
              yield* one.kill()
            } else yield* one.join()
            // the host has opened what it needs by then
            if (left === count - 500) before = systemDescriptors()
          }
        }),
      )
      yield* joinall(workers)
      yield* sleep(0.1)
      for (let i = 0; i < 100 && systemDescriptors() > before; i++) yield* sleep(0.05)
      assert.ok(systemDescriptors() <= before, `${systemDescriptors()} open, ${before} while 50 clients ran`)
    })
    assert.ok(served > count / 2, `${served} were served`)
    await settled(idle, kind.seconds)
  })

  test(`a reader of ${kind.name} that takes nothing blocks its writer only, and bounds memory`, async () => {
    await run(function* () {
      const [client, server] = yield* kind.pair()
      using _client = client
      yield* wait(collectGarbage())
      const rest = process.memoryUsage().arrayBuffers
      let sent = 0
      const writer = spawn(function* () {
        using socket = server
        const chunk = new Uint8Array(1 << 16)
        for (;;) sent += yield* socket.send(chunk)
      })
      let stuck = -1
      while (stuck !== sent) {
        stuck = sent
        yield* sleep(0.5)
      }
      for (let i = 0; i < 5; i++) {
        yield* sleep(0.02)
        yield* client.recv(1)
      }
      assert.ok(sent - stuck < 1 << 20, `${sent - stuck} bytes for the 5 that were read`)
      yield* wait(collectGarbage())
      const held = process.memoryUsage().arrayBuffers - rest
      assert.ok(held < kind.held, `${held >> 20} MiB are held of ${sent >> 20} that were sent`)
      yield* writer.kill()
    })
    await settled(idle, kind.seconds)
  })

  test(`half-close of ${kind.name} works both ways`, async () => {
    await run(function* () {
      for (const swapped of [false, true]) {
        const [client, server] = yield* kind.pair()
        const [first, second] = swapped ? [server, client] : [client, server]
        using _first = first
        using _second = second
        yield* first.sendall("last words")
        first.shutdown(SHUT_WR)
        assert.is(text(yield* readAll(second)), "last words")
        if (kind === TLS && host.name === "bun") {
          // there the end of the peer's stream ends what is sent, too
          assert.instance(yield* failure(second.sendall("answer")), SSLZeroReturnError)
          continue
        }
        const much = new Uint8Array(2 << 20).fill(5)
        const writer = spawn(function* () {
          yield* second.sendall(much)
          second.shutdown(SHUT_WR)
        })
        assert.is((yield* readAll(first)).length, much.length)
        yield* writer.get()
      }
    })
    await settled(idle, kind.seconds)
  })

  test(`what was sent over ${kind.name} before close is delivered`, async () => {
    await run(function* () {
      const [client, server] = yield* kind.pair()
      using _client = client
      const much = new Uint8Array(1 << 20)
      for (let i = 0; i < much.length; i += 4096) much[i] = i >> 12
      const writer = spawn(function* () {
        using socket = server
        yield* socket.sendall(much)
      })
      yield* sleep(0.02)
      assert.is(Buffer.compare(yield* readAll(client), much), 0)
      yield* writer.get()
    })
    await settled(idle, kind.seconds)
  })

  test(`every call on a closed socket of ${kind.name} is EBADF, whatever it was before`, async () => {
    await run(function* () {
      const [client, server] = yield* kind.pair()
      const listener = yield* kind.listen()
      for (const socket of [yield* kind.open(), client, server, listener]) {
        socket.close()
        const calls: (() => unknown)[] = [
          () => socket.bind(kind.address()),
          () => socket.listen(),
          () => socket.acceptNow(),
          () => socket.shutdown(SHUT_WR),
          () => socket.getsockname(),
          () => socket.getpeername(),
          () => socket.setsockopt(SOL_SOCKET, SO_LINGER, 0),
          () => socket.getsockopt(SOL_SOCKET, SO_LINGER),
          () => socket.dup(),
        ]
        for (const call of calls) assert.throws(call, (error: SocketError) => error.code === "EBADF")
        const waits: (() => Op<unknown>)[] = [
          () => socket.accept(),
          () => socket.recv(1),
          () => socket.recvInto(new Uint8Array(1)),
          () => socket.send("x"),
          () => socket.sendall("x"),
        ]
        if (!isServerSide(socket)) waits.push(() => socket.connect(kind.address()))
        for (const begin of waits) assert.is((yield* failure(begun(begin))).code, "EBADF")
      }
    })
    await settled(idle, kind.seconds)
  })

  test(`kill at any point of a conversation over ${kind.name} leaves nothing open`, async () => {
    const random = generator(seed + 1)
    await run(function* () {
      using listener = yield* kind.listen()
      for (let round = 0; round < 100; round++) {
        const client = spawn(function* () {
          using socket = yield* kind.open()
          yield* socket.connect(listener.getsockname())
          for (;;) {
            yield* socket.sendall(new Uint8Array(1 << 16))
            yield* socket.recv(10)
          }
        })
        const server = spawn(function* () {
          const [accepted] = yield* listener.accept()
          using socket = accepted
          for (;;) if ((yield* socket.recv(1 << 16)).length === 0) return
        })
        for (let pause = Math.floor(random() * 8); pause > 0; pause--) yield* sleep(random() < 0.5 ? 0 : 0.001)
        const order = random() < 0.5 ? [client, server] : [server, client]
        for (const one of order) yield* one.kill()
        for (let rest = listener.acceptNow(); rest !== null; rest = listener.acceptNow()) rest[0].close()
      }
      yield* sleep(0.02)
      for (let rest = listener.acceptNow(); rest !== null; rest = listener.acceptNow()) rest[0].close()
    })
    await settled(idle, kind.seconds)
  })

  // that of TLS is the one of TCP
  if (kind === TLS) continue
  test(`a full queue of ${kind.name} refuses more connections`, async () => {
    await run(function* () {
      const listener = yield* kind.listen()
      const address = listener.getsockname()
      const where = typeof address === "string" ? { path: address as string } : { host: address[0], port: address[1] }
      const clients: net.Socket[] = []
      let ended = 0
      const open = (): Promise<void> =>
        new Promise((resolve) => {
          const socket = net.connect(where)
          clients.push(socket)
          socket.on("error", () => {})
          socket.on("close", () => ended++)
          socket.once("connect", () => resolve())
          socket.once("close", () => resolve())
          socket.resume()
        })
      // the queue holds 1,024
      for (let i = 0; i < 12; i++) yield* wait(Promise.all(Array.from({ length: 100 }, open)))
      for (let i = 0; i < 100 && ended < 176; i++) yield* sleep(0.05)
      assert.is(ended, 176, "1,200 have come and 1,024 are in the queue")
      let taken = 0
      for (let one = listener.acceptNow(); one !== null; one = listener.acceptNow()) {
        taken++
        one[0].close()
      }
      assert.is(taken, 1024)
      // there is room again
      yield* wait(open())
      const [last] = yield* listener.accept()
      last.close()
      listener.close()
      for (const socket of clients) socket.destroy()
    })
    await settled(idle, kind.seconds)
  })
}

test("a reset of TCP while data is queued hands the data over first", async () => {
  await run(function* () {
    const [client, server] = yield* TCP.pair()
    using _client = client
    yield* server.sendall("queued")
    yield* sleep(0.05)
    server.setsockopt(SOL_SOCKET, SO_LINGER, LINGER_ON)
    server.close()
    yield* sleep(0.05)
    assert.is(text(yield* client.recv(3)), "que")
    assert.is(text(yield* client.recv(100)), "ued")
    assert.is((yield* failure(client.recv(100))).code, "ECONNRESET")
    assert.is((yield* client.recv(100)).length, 0)
  })
  await settled(idle)
})

test("nc gets all of a large answer, and its half-close is seen", async () => {
  await run(function* () {
    using listener = listening()
    const peer = spawnProcess("nc", ["-N", "127.0.0.1", String(listener.getsockname()[1])])
    let size = 0
    peer.stdout.on("data", (chunk: Buffer) => (size += chunk.length))
    const ended = new Promise((resolve) => peer.on("close", resolve))
    peer.stdin.end("request\n")
    const [accepted] = yield* listener.accept()
    assert.is(text(yield* readAll(accepted)), "request\n")
    yield* accepted.sendall(new Uint8Array(4 << 20))
    accepted.close()
    yield* wait(ended)
    assert.is(size, 4 << 20)
  })
  await settled(idle)
})

test("a socat that is killed in the middle is the end of the stream or a reset", async () => {
  await run(function* () {
    using listener = listening()
    const port = listener.getsockname()[1]
    const peer = spawnProcess("socat", ["-u", "/dev/zero", `TCP:127.0.0.1:${port}`], { stdio: "ignore" })
    const [accepted] = yield* listener.accept()
    using socket = accepted
    let received = 0
    while (received < 1 << 20) received += (yield* socket.recv(65536)).length
    peer.kill("SIGKILL")
    let code = "end"
    try {
      for (;;) if ((yield* socket.recv(65536)).length === 0) break
    } catch (error) {
      code = (error as SocketError).code
    }
    assert.ok(["end", "ECONNRESET"].includes(code), code)
  })
  await settled(idle)
})

test.run()
