// What test/browser.test.ts runs in a page and in a worker of Chromium: tries everything and posts the results.
import { getcurrent, getHub, joinall, run, signalHandler, sleep, spawn, Timeout, withTimeout } from "gevent-wasm"
import { Event } from "gevent-wasm/event"
import { FileObject } from "gevent-wasm/fileobject"
import { NotSupportedError } from "gevent-wasm/exceptions"
import { capabilities } from "gevent-wasm/host"
import type { Greenlet } from "gevent-wasm/greenlet"
import { Semaphore } from "gevent-wasm/lock"
import { Pool } from "gevent-wasm/pool"
import { Program } from "gevent-wasm/program"
import { Queue } from "gevent-wasm/queue"
import { select } from "gevent-wasm/select"
import { DohResolver } from "gevent-wasm/resolver"
import { serveConnection, StreamServer } from "gevent-wasm/server"
import { AF_INET, AF_UNIX, createConnection, gethostbyname, SOCK_DGRAM, Socket, socketpair } from "gevent-wasm/socket"
import { createDefaultContext, Purpose } from "gevent-wasm/ssl"
import { Popen } from "gevent-wasm/subprocess"
import { ThreadPool } from "gevent-wasm/threadpool"

function described(error: unknown): unknown {
  const { name, code, message } = error as Error & { code?: string }
  return { name, code, message, typed: error instanceof NotSupportedError }
}

function failureOf(call: () => unknown): unknown {
  try {
    call()
    return "nothing thrown"
  } catch (error) {
    return described(error)
  }
}

const tries: Record<string, () => unknown> = {
  backend: () => getHub().loop.backend,
  spawn: () =>
    run(function* () {
      const greenlets = Array.from({ length: 1000 }, (_, i) =>
        spawn(function* () {
          yield* sleep((i % 5) / 100)
          return 1
        }),
      )
      yield* joinall(greenlets)
      return greenlets.reduce((sum, { value }) => sum + (value as number), 0)
    }),
  sleep: async () => {
    const started = performance.now()
    await sleep(0.05)
    const passed = performance.now() - started
    return passed >= 49 && passed < 5000
  },
  queue: () =>
    run(function* () {
      const queue = new Queue<number>(2)
      const producer = spawn(function* () {
        for (let i = 0; i < 10; i++) yield* queue.put(i)
      })
      let sum = 0
      for (let i = 0; i < 10; i++) sum += yield* queue.get()
      yield* producer.get()
      return sum
    }),
  pool: () =>
    run(function* () {
      let active = 0
      let most = 0
      const results = yield* new Pool(3).map(
        function* (n: number) {
          most = Math.max(most, ++active)
          yield* sleep(0.01)
          active--
          return n * n
        },
        [1, 2, 3, 4, 5],
      )
      return [results, most]
    }),
  event: () =>
    run(function* () {
      const event = new Event()
      const waiter = spawn(() => event.wait())
      yield* sleep(0)
      event.set()
      return yield* waiter.get()
    }),
  lock: () =>
    run(function* () {
      const lock = new Semaphore(1)
      yield* lock.acquire()
      const second = spawn(() => lock.acquire())
      yield* sleep(0.01)
      const waited = !second.ready()
      lock.release()
      yield* second.join()
      return waited
    }),
  timeout: () =>
    run(function* () {
      try {
        using _limit = Timeout.startNew(0.02)
        yield* sleep(5)
        return "slept"
      } catch (error) {
        return String(error)
      }
    }),
  withTimeout: () => run(() => withTimeout(0.02, () => sleep(5), "too late")),
  kill: () =>
    run(function* () {
      const steps: string[] = []
      const sleeper = spawn(function* () {
        try {
          yield* sleep(10)
        } finally {
          yield* sleep(0)
          steps.push("finally")
        }
      })
      yield* sleep(0)
      yield* sleeper.kill()
      return [...steps, String(sleeper.value)]
    }),
  async: async () => {
    const greenlet: Greenlet<boolean> = spawn(async () => {
      const known = getcurrent()
      await sleep(0.01)
      return known === greenlet
    })
    return greenlet.get()
  },
  busy: async () => {
    const busy = spawn(function* () {
      for (;;) yield* sleep(0)
    })
    await new Promise((resolve) => setTimeout(resolve, 20))
    await busy.kill()
    return "over"
  },
  program: async () => {
    const program = await Program.load(new Uint8Array(await (await fetch("/everything.wasm")).arrayBuffer()))
    let text = ""
    const decoder = new TextDecoder()
    const stdout = (bytes: Uint8Array): void => void (text += decoder.decode(bytes))
    const status = await program.run(["crashes"], { stdout }).get()
    return [status, text, await program.run(["server"]).get()]
  },
  capabilities: () =>
    Object.entries(capabilities)
      .filter(([, there]) => there)
      .map(([name]) => name),
  socket: () => failureOf(() => new Socket()),
  unix: () => failureOf(() => new Socket(AF_UNIX)),
  udp: () => failureOf(() => new Socket(AF_INET, SOCK_DGRAM)),
  open: () => failureOf(() => new FileObject("/etc/hostname")),
  pair: () =>
    run(function* () {
      const [one, other] = socketpair()
      using _one = one
      using _other = other
      yield* one.sendall("a\nb\n")
      const [readable] = yield* select([other], [], [], 1)
      const file = other.makefile("r")
      return [readable.length, yield* file.readline(), yield* file.readline()]
    }),
  connection: () => failureOf(() => createConnection(["example.org", 80])),
  noNames: () => codeOf(gethostbyname("example.org")),
  names: async () => {
    const { location } = globalThis as unknown as { location: { href: string } }
    const resolver = new DohResolver({ url: new URL("/dns-query", location.href) })
    return [await resolver.gethostbyname("host.test"), await codeOf(resolver.gethostbyname("missing.test"))]
  },
  server: () => failureOf(() => new StreamServer("127.0.0.1:0", () => undefined).start()),
  tlsClient: () => failureOf(() => createDefaultContext().wrapSocket({} as never, { serverHostname: "localhost" })),
  tlsServer: () =>
    failureOf(() => createDefaultContext(Purpose.CLIENT_AUTH).wrapSocket({} as never, { serverSide: true })),
  threads: async () => {
    const pool = new ThreadPool(2)
    const sums = await pool.map((n: number) => n + 1, [1, 2, 3])
    const failed = await pool
      .apply(() => {
        throw new RangeError("too far")
      })
      .then(undefined, String)
    await pool.kill()
    return [...sums, failed, pool.size]
  },
  inbound: () => failureOf(() => serveConnection({}, () => undefined)),
  process: () => failureOf(() => new Popen(["true"])),
  signal: () => failureOf(() => signalHandler(2, () => sleep(0))),
  file: () => Program.load("program.wasm").then(() => "loaded", described),
}

function codeOf(search: PromiseLike<unknown>): PromiseLike<unknown> {
  return search.then(
    () => "found",
    (error: unknown) => (error as { code: string }).code,
  )
}

const results: Record<string, unknown> = {}
for (const [name, attempt] of Object.entries(tries)) {
  try {
    results[name] = await attempt()
  } catch (error) {
    results[name] = String(error)
  }
}
await fetch(`/results/${typeof (globalThis as { document?: unknown }).document === "object" ? "page" : "worker"}`, {
  method: "POST",
  body: JSON.stringify(results),
})
