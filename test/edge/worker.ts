// What test/edge.test.ts runs in workerd: a route per test.
import {
  getcurrent,
  getHub,
  joinall,
  kill,
  run,
  signalHandler,
  sleep,
  spawn,
  Timeout,
  wait,
  withTimeout,
} from "gevent-wasm"
import { BackdoorServer } from "gevent-wasm/backdoor"
import { Loop } from "gevent-wasm/core"
import type { Greenlet } from "gevent-wasm/greenlet"
import { Event } from "gevent-wasm/event"
import { FileObject } from "gevent-wasm/fileobject"
import { capabilities } from "gevent-wasm/host"
import { Semaphore } from "gevent-wasm/lock"
import { kill as killProcess } from "gevent-wasm/os"
import { Program } from "gevent-wasm/program"
import { Queue } from "gevent-wasm/queue"
import { select } from "gevent-wasm/select"
import { serveConnection, StreamServer } from "gevent-wasm/server"
import { AF_INET, AF_UNIX, createConnection, SOCK_DGRAM, Socket, socketpair } from "gevent-wasm/socket"
import {
  AresResolver,
  ARES_FLAG_USEVC,
  DohResolver,
  getaddrinfo,
  gethostbyaddr,
  gethostbyname,
  resolve,
} from "gevent-wasm/resolver"
import { createDefaultContext, Purpose } from "gevent-wasm/ssl"
import { Popen } from "gevent-wasm/subprocess"
import { ThreadPool } from "gevent-wasm/threadpool"
import everything from "./everything.wasm"
import { answering, described, failureOf, type Route } from "./routes.ts"

interface Environment {
  /** Ports on 127.0.0.1: of an echo server, of one that never says anything … */
  ECHO_PORT: string
  SILENT_PORT: string
  /** Of one that counts what comes. */
  COUNTING_PORT: string
  CLOSED_PORT: string
  /** The URL of a service of DNS over HTTPS, and a name server. */
  DOH_URL: string
  NAME_SERVER: string
}

// these are shared by all requests
const event = new Event()
const queue = new Queue<string>()
const semaphore = new Semaphore(1)
const shared: { greenlet?: Greenlet<string>; finallies: number } = { finallies: 0 }

const globalScope: string[] = []
try {
  spawn(() => sleep(1))
} catch (error) {
  globalScope.push(String(error))
}

function* echo(port: number, bytes: Uint8Array) {
  using socket = yield* createConnection(["127.0.0.1", port])
  const sender = spawn(function* () {
    yield* socket.sendall(bytes)
    socket.shutdown(1)
  })
  let received = 0
  for (;;) {
    const chunk = yield* socket.recv(65536)
    if (chunk.length === 0) break
    for (const [at, byte] of chunk.entries()) if (byte !== bytes[received + at]) return `wrong at ${received + at}`
    received += chunk.length
  }
  yield* sender.get()
  return received
}

const routes: Record<string, Route<Environment>> = {
  // greenlets and time
  "/sleep": async (parameters) => {
    const started = Date.now()
    await run(() => sleep(Number(parameters.get("seconds"))))
    return Date.now() - started
  },
  "/sleep-outside": async () => {
    const hub = getHub()
    const before = getcurrent()
    for (let i = 0; i < 3; i++) await sleep(0.02)
    return [hub === getHub(), before === getcurrent()]
  },
  "/many": async () => {
    const greenlets = Array.from({ length: 1000 }, (_, i) =>
      spawn(function* () {
        yield* sleep(0.01 + (i % 7) / 100)
        return i
      }),
    )
    await joinall(greenlets)
    return greenlets.reduce((sum, { value }) => sum + (value as number), 0)
  },
  "/busy": async () => {
    const busy = spawn(function* () {
      for (;;) yield* sleep(0)
    })
    await sleep(0.05)
    await busy.kill()
    return "over"
  },
  "/async": async () => {
    const body = async () => {
      const before = getcurrent()
      await sleep(0.01)
      const middle = getcurrent()
      await new Promise((resolve) => setTimeout(resolve, 5))
      return before === middle && middle === getcurrent()
    }
    const greenlets = [spawn(body), spawn(body)]
    await joinall(greenlets)
    return greenlets.map(({ value }) => value)
  },
  "/timeout-outside": async () => {
    using _limit = Timeout.startNew(0.02)
    return await sleep(5).then(
      () => "slept",
      (error: unknown) => String(error),
    )
  },
  "/global-scope": () => globalScope,

  // between requests
  "/wait-event": () => run(() => event.wait()),
  "/wait-event-outside": () => event.wait(),
  "/set-event": () => {
    event.set()
    event.clear()
    return "set"
  },
  "/get": (_parameters, _environment, request) =>
    run(function* () {
      const item = yield* queue.get()
      // only the request that a stream belongs to may read it
      return [item, yield* wait(request.text())]
    }),
  "/put": (parameters) => run(() => queue.put(parameters.get("item")!)),
  "/exclusive": () =>
    run(function* () {
      yield* semaphore.acquire()
      try {
        const started = Date.now()
        yield* sleep(0.05)
        return [started, Date.now()]
      } finally {
        semaphore.release()
      }
    }),
  "/victim": async () => {
    shared.greenlet = spawn(function* () {
      try {
        yield* sleep(10)
        return "slept"
      } finally {
        // a timer of the request whose greenlet it is
        yield* sleep(0.01)
        shared.finallies++
      }
    })
    await shared.greenlet.join()
    return [String(shared.greenlet.value), shared.finallies]
  },
  "/kill-victim": () => {
    kill(shared.greenlet!)
    return "killed"
  },
  "/abandon": () => {
    spawn(() => sleep(60))
    return "left behind"
  },
  "/abandon-socket": (_parameters, { SILENT_PORT }) =>
    run(function* () {
      const socket = yield* createConnection(["127.0.0.1", Number(SILENT_PORT)])
      spawn(() => socket.recv(1))
      return "left behind"
    }),
  "/handles": () => getHub().loop.handles,

  // sockets
  "/echo": (parameters, { ECHO_PORT }) =>
    run(function* () {
      const size = Number(parameters.get("size"))
      const bytes = Uint8Array.from({ length: size }, (_, i) => (i * 7) % 251)
      const greenlets = Array.from({ length: 4 }, () => spawn(echo, Number(ECHO_PORT), bytes))
      yield* joinall(greenlets, null, { raiseError: true })
      return greenlets.map(({ value }) => value)
    }),
  "/name": (_parameters, { ECHO_PORT }) =>
    run(function* () {
      using socket = yield* createConnection(["localhost", Number(ECHO_PORT)])
      yield* socket.sendall("x")
      return [(yield* socket.recv(10)).length, socket.getpeername()[1] === Number(ECHO_PORT)]
    }),
  "/no-names": async () => [
    getHub().resolver.constructor.name,
    await gethostbyname("host.test").then(() => "found", described),
    failureOf(() => new AresResolver()),
  ],
  "/doh": (_parameters, { DOH_URL, ECHO_PORT }) =>
    run(function* () {
      getHub().resolver = new DohResolver({ url: DOH_URL })
      const greenlets = ["host.test", "echo.test"].map((name) => spawn(() => gethostbyname(name)))
      yield* joinall(greenlets)
      let missing: unknown
      try {
        yield* gethostbyname("missing.test")
      } catch (error) {
        missing = [(error as Error).name, (error as { errno?: number }).errno]
      }
      using socket = yield* createConnection(["echo.test", Number(ECHO_PORT)])
      yield* socket.sendall("x")
      return [
        greenlets.map(({ value }) => value),
        (yield* getaddrinfo("host.test", 80)).length,
        yield* gethostbyaddr("192.0.2.1"),
        yield* resolve("host.test", "MX"),
        missing,
        (yield* socket.recv(10)).length,
        yield* withTimeout(0.1, () => gethostbyname("silent.test"), "too late"),
      ]
    }),
  "/tcp-names": (_parameters, { NAME_SERVER }) =>
    run(function* () {
      using resolver = new AresResolver({ servers: NAME_SERVER, flags: ARES_FLAG_USEVC })
      const greenlets = Array.from({ length: 10 }, (_, i) => spawn(() => resolver.gethostbyname(`n${i}.test`)))
      yield* joinall(greenlets, null, { raiseError: true })
      return greenlets.map(({ value }) => value)
    }),
  "/select": (_parameters, { ECHO_PORT, SILENT_PORT }) =>
    run(function* () {
      using talking = yield* createConnection(["127.0.0.1", Number(ECHO_PORT)])
      using silent = yield* createConnection(["127.0.0.1", Number(SILENT_PORT)])
      const [, writable] = yield* select([], [talking, silent], [])
      yield* talking.sendall("x")
      const [readable] = yield* select([talking, silent], [], [])
      const [none] = yield* select([silent], [], [], 0.02)
      return [writable.length, readable.length === 1 && readable[0] === talking, none.length]
    }),
  "/lines": (_parameters, { ECHO_PORT }) =>
    run(function* () {
      using socket = yield* createConnection(["127.0.0.1", Number(ECHO_PORT)])
      yield* socket.sendall("one\ntwo\n")
      const file = socket.makefile("r")
      return [yield* file.readline(), yield* file.readline()]
    }),
  "/pair": () =>
    run(function* () {
      const [one, other] = socketpair()
      using _one = one
      using _other = other
      yield* one.sendall("hello")
      return (yield* other.recv(10)).length
    }),
  "/refused": async (_parameters, { CLOSED_PORT }) => {
    const refused = await createConnection(["127.0.0.1", Number(CLOSED_PORT)]).then(() => "connected", described)
    return refused
  },
  "/timeouts": (_parameters, { SILENT_PORT }) =>
    run(function* () {
      using socket = yield* createConnection(["127.0.0.1", Number(SILENT_PORT)], 0.05)
      let first = "nothing thrown"
      try {
        yield* socket.recv(1)
      } catch (error) {
        first = (error as Error).name
      }
      socket.settimeout(null)
      const second = yield* withTimeout(0.05, () => socket.recv(1), "too late")
      return [first, second]
    }),
  "/kill": (_parameters, { SILENT_PORT }) =>
    run(function* () {
      let closed = false
      const reader = spawn(function* () {
        const socket = yield* createConnection(["127.0.0.1", Number(SILENT_PORT)])
        try {
          yield* socket.recv(1)
        } finally {
          socket.close()
          closed = true
        }
      })
      yield* sleep(0.05)
      yield* reader.kill()
      return [closed, reader.successful(), String(reader.value)]
    }),
  "/close-with-data": (_parameters, { COUNTING_PORT }) =>
    run(function* () {
      const socket = yield* createConnection(["127.0.0.1", Number(COUNTING_PORT)])
      yield* socket.sendall(new Uint8Array(200_000))
      socket.close()
      return "closed"
    }),
  "/closed": (_parameters, { ECHO_PORT }) =>
    run(function* () {
      const socket = yield* createConnection(["127.0.0.1", Number(ECHO_PORT)])
      socket.close()
      return failureOf(() => socket.getpeername())
    }),

  // C
  "/program": (parameters, { ECHO_PORT }) =>
    run(function* () {
      const program = yield* Program.load(everything)
      const decoder = new TextDecoder()
      let text = ""
      const stdout = (bytes: Uint8Array): void => void (text += decoder.decode(bytes))
      const args = parameters.getAll("arg").map((arg) => (arg === "PORT" ? ECHO_PORT : arg))
      const status = yield* program.run(args, { stdout }).get()
      return [status, text]
    }),

  // what is not there
  "/missing": async () => {
    const socket = new Socket()
    return {
      capabilities,
      bind: failureOf(() => socket.bind(["127.0.0.1", 0])),
      listen: failureOf(() => socket.listen()),
      backdoor: failureOf(() => new BackdoorServer("127.0.0.1:0")),
      server: failureOf(() => new StreamServer("127.0.0.1:0", () => undefined).start()),
      unix: failureOf(() => new Socket(AF_UNIX)),
      udp: failureOf(() => new Socket(AF_INET, SOCK_DGRAM)),
      unixServer: failureOf(() => new StreamServer("unix:/tmp/x", () => undefined).start()),
      open: failureOf(() => new FileObject("/etc/hostname")),
      file: await Program.load("program.wasm").then(() => "loaded", described),
      process: failureOf(() => new Popen(["true"])),
      kill: failureOf(() => killProcess(1, 0)),
      thread: failureOf(() => new ThreadPool(1).spawn(() => 1)),
      signal: failureOf(() => signalHandler(2, () => sleep(0))),
      tlsServer: failureOf(() => createDefaultContext(Purpose.CLIENT_AUTH).wrapSocket(socket, { serverSide: true })),
      compile: await Program.load(new Uint8Array(8)).then(() => "compiled", described),
    }
  },
  "/other-loop": async () => {
    const loop = new Loop()
    let ran = false
    loop.runCallback(() => (ran = true))
    await loop.run()
    loop.destroy()
    return ran
  },
}

export default {
  fetch: answering(routes),

  async connect(connection: unknown): Promise<void> {
    await serveConnection(connection, function* (socket, [host]) {
      const [command] = new TextDecoder().decode(yield* socket.recv(100)).split("\n")
      if (command === "throw") throw new Error("the handler has failed")
      yield* sleep(0.01)
      yield* socket.sendall(`${command} from ${host === "" ? "nobody" : "somebody"}\n`)
    })
  },
}
