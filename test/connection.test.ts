// Names in connect() and createConnection(), and Happy Eyeballs.
import { getHub, run, sleep, spawn } from "gevent-wasm"
import { AresResolver } from "gevent-wasm/resolver"
import { createConnection, gaierror, Socket, SocketTimeout } from "gevent-wasm/socket"
import { spawn as spawnProcess } from "node:child_process"
import net from "node:net"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { a, NameServer, TYPES } from "./nameserver.ts"
import { failure, listening, openDescriptors, settled } from "./sockets.ts"

const test = suite("names in connections")

/** The hub's resolver finds these addresses for any.test, and nothing else. */
function known(...addresses: string[]): void {
  getHub().resolver = new AresResolver({
    hosts: { "any.test": addresses },
    lookups: "f",
    resolvConf: null,
    servers: "127.0.0.1:1",
    useEnviron: false,
  })
}

/** A port of the loopback that accepts no more connections: whoever connects waits. */
async function silentPort(): Promise<{ port: number; stop(): void }> {
  const program = `
    const server = require("net").createServer()
    server.listen({ host: "127.0.0.1", port: 0, backlog: 1 }, () => {
      require("fs").writeSync(1, String(server.address().port))
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
    })`
  const child = spawnProcess("node", ["-e", program], { stdio: ["ignore", "pipe", "inherit"] })
  const port = await new Promise<number>((resolve) => {
    child.stdout.once("data", (data: Buffer) => resolve(Number(data.toString())))
  })
  const sockets: net.Socket[] = []
  for (let connected = true; connected;) {
    connected = await new Promise<boolean>((resolve) => {
      const socket = net.connect(port, "127.0.0.1", () => resolve(true))
      socket.on("error", () => {})
      sockets.push(socket)
      setTimeout(() => resolve(false), 500)
    })
  }
  const stop = (): void => {
    child.kill("SIGKILL")
    for (const socket of sockets) socket.destroy()
  }
  return { port, stop }
}

test.after.each(() => {
  getHub().resolver.close()
  getHub().resolver = null
})

test("SO-13: connect() asks the hub's resolver, and an unknown name is a gaierror", async () => {
  const server = await NameServer.start(({ name, type }) => {
    if (name === "silent.test") return null
    return name === "here.test" ? { records: type === TYPES.A ? [a("127.0.0.1")] : [] } : { rcode: 3 }
  })
  const options = { servers: server.address, hosts: null, resolvConf: null, useEnviron: false }
  const resolver = (getHub().resolver = new AresResolver({ ...options, timeout: 30 }))
  await run(function* () {
    using listener = listening()
    const [, port] = listener.getsockname()
    using client = new Socket()
    yield* client.connect(["here.test", port])
    assert.equal(client.getpeername(), ["127.0.0.1", port])
    using other = yield* createConnection(["here.test", port])
    assert.equal(other.getpeername(), ["127.0.0.1", port])

    using lost = new Socket()
    for (const op of [lost.connect(["missing.test", port]), createConnection(["missing.test", port])]) {
      const error = yield* failure(op)
      assert.instance(error, gaierror)
      assert.is(error.code, "ENOTFOUND")
    }
    using late = new Socket()
    late.settimeout(0.05)
    assert.instance(yield* failure(late.connect(["silent.test", port])), SocketTimeout)
    assert.instance(yield* failure(createConnection(["silent.test", port], 0.05)), SocketTimeout)
    const waiting = spawn(function* () {
      yield* createConnection(["silent.test", port])
    })
    while (resolver.pending === 0) yield* sleep(0.01)
    yield* waiting.kill()
    yield* sleep(0)
    assert.is(resolver.pending, 0)
    assert.is(server.questions.filter(({ name }) => name.startsWith("127.")).length, 0)
  })
  resolver.close()
  await server.close()
})

test("SO-14: the next address is tried when one fails, and all that failed are closed", async () => {
  const before = openDescriptors()
  await run(function* () {
    using listener = listening()
    const [, port] = listener.getsockname()
    known("127.0.0.3", "::1", "127.0.0.1")
    for (const happyEyeballsDelay of [0.25, null]) {
      using socket = yield* createConnection(["any.test", port], 5, null, { happyEyeballsDelay })
      assert.equal(socket.getpeername(), ["127.0.0.1", port])
    }
    known("127.0.0.3", "::1")
    for (const happyEyeballsDelay of [0.25, null]) {
      const error = yield* failure(
        createConnection(["any.test", port], 5, null, { happyEyeballsDelay, allErrors: true }),
      )
      assert.instance(error, AggregateError)
      assert.is((error as AggregateError).errors.length, 2)
    }
    known()
    assert.is((yield* failure(createConnection(["any.test", port]))).code, "ENOTFOUND")
  })
  await settled(before)
})

test("SO-14: an address that does not answer holds the others up for a moment only", async () => {
  const silent = await silentPort()
  // the same port at another address of the loopback
  const server = net.createServer((socket) => socket.on("error", () => {}).end("hello"))
  await new Promise<void>((resolve) => server.listen(silent.port, "127.0.0.2", resolve))
  const before = openDescriptors()
  try {
    await run(function* () {
      known("127.0.0.1", "127.0.0.2")
      const started = performance.now()
      using socket = yield* createConnection(["any.test", silent.port], 20, null, { happyEyeballsDelay: 0.1 })
      assert.equal(socket.getpeername()[0], "127.0.0.2")
      assert.ok(performance.now() - started >= 95)

      // one after the other: the first one takes its whole timeout
      const again = performance.now()
      using patient = yield* createConnection(["any.test", silent.port], 0.3, null, { happyEyeballsDelay: null })
      assert.equal(patient.getpeername()[0], "127.0.0.2")
      assert.ok(performance.now() - again >= 295)

      const waiting = spawn(function* () {
        known("127.0.0.1")
        yield* createConnection(["any.test", silent.port])
      })
      yield* sleep(0.1)
      yield* waiting.kill()
    })
    await settled(before, 10)
  } finally {
    silent.stop()
    await new Promise((resolve) => server.close(resolve))
  }
})

test("the delay of Happy Eyeballs is checked", () => {
  assert.throws(() => createConnection(["a.test", 1], 1, null, { happyEyeballsDelay: -1 }), RangeError)
  assert.throws(() => createConnection(["a.test", 1], 1, null, { happyEyeballsDelay: "1" as never }), TypeError)
})

test.run()
