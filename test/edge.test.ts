// The package in workerd: test/edge/worker.ts has a route for each test. And docs/edge.md, whose commands are run.
import { execFile } from "node:child_process"
import { copyFileSync, readFileSync, writeFileSync } from "node:fs"
import { once } from "node:events"
import { connect } from "node:net"
import { join } from "node:path"
import { promisify } from "node:util"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { Certificates } from "./certificates.ts"
import { DohServer } from "./dohserver.ts"
import { project, TestWorker } from "./edge/project.ts"
import { listen, startWorkerd } from "./edge/workerd.ts"
import { a, aaaa, named, NameServer, number, TYPES, wireName, type Question, type Reply } from "./nameserver.ts"

const test = suite("edge")
const execute = promisify(execFile)
const received: number[] = []

const echo = await listen((socket) => socket.pipe(socket))
let silentConnections = 0
const silent = await listen((socket) => {
  silentConnections++
  socket.on("close", () => silentConnections--)
  socket.on("end", () => socket.end())
  socket.resume()
})
const counting = await listen((socket) => {
  let count = 0
  socket.pause()
  setTimeout(() => socket.resume(), 300)
  socket.on("data", (chunk) => (count += chunk.length))
  socket.on("end", () => {
    received.push(count)
    socket.end()
  })
})
const closed = await listen(() => undefined)
closed.server.close()
await once(closed.server, "close")

const certificates = new Certificates()
const { cert, key } = certificates.server
const doh = await DohServer.start(known, { cert: readFileSync(cert), key: readFileSync(key) })
const nameServer = await NameServer.start(({ type }) => ({ records: type === TYPES.A ? [a("192.0.2.7")] : [] }))

function known({ name, type }: Question): Reply | null {
  if (name === "silent.test") return null
  if (name === "echo.test") return { records: type === TYPES.A ? [a("127.0.0.1")] : [] }
  if (name === "1.2.0.192.in-addr.arpa") return { records: [named("PTR", "host.test")] }
  if (name !== "host.test") return { rcode: 3 }
  if (type === TYPES.A) return { records: [a("192.0.2.1")] }
  if (type === TYPES.AAAA) return { records: [aaaa("2001:db8:0:0:0:0:0:1")] }
  return { records: [{ type, data: Buffer.concat([number(10, 2), wireName("mail.test")]) }] }
}

/** Runs the commands of docs/edge.md, but the last one, which starts workerd. Returns the path of the configuration. */
async function followRecipe(): Promise<string> {
  const [, commands] = /^```sh\n([^]*?)^```$/m.exec(readFileSync("docs/edge.md", "utf8"))!
  const lines = commands!.replaceAll("\\\n", "").trim().split("\n")
  const root = project("recipe")
  copyFileSync("examples/edge/worker.ts", join(root, "worker.ts"))
  copyFileSync("examples/c/echo_client.c", join(root, "echo_client.c"))
  const config = readFileSync("examples/edge/config.capnp", "utf8")
  const local = config.replace(/127\.0\.0\.1:\d+/g, "127.0.0.1:0").replace("16000", String(echo.port))
  writeFileSync(join(root, "config.capnp"), local)
  assert.is(lines.pop(), "npx workerd serve dist/config.capnp")
  for (const line of lines) await execute("sh", ["-euc", line], { cwd: root })
  return join(root, "dist", "config.capnp")
}

const worker = await TestWorker.start("worker", {
  ca: certificates.ca,
  bindings: {
    ECHO_PORT: echo.port,
    SILENT_PORT: silent.port,
    COUNTING_PORT: counting.port,
    CLOSED_PORT: closed.port,
    DOH_URL: doh.url,
    NAME_SERVER: nameServer.address,
  },
})
const ask = worker.ask.bind(worker)
const recipe = followRecipe()
recipe.catch(() => undefined) // the test will see
test.after(async () => {
  worker.stop()
  await Promise.all([doh.close(), nameServer.close()])
  for (const { server } of [echo, silent, counting]) server.close()
  for (const socket of [echo, silent, counting]) socket.server.unref()
})

/** Sends one line to the worker's TCP socket and returns what comes until the end. */
async function askTcp(line: string): Promise<string> {
  const socket = connect(worker.port, "127.0.0.1")
  socket.write(line)
  let text = ""
  socket.on("data", (chunk) => (text += String(chunk)))
  socket.on("error", () => undefined)
  await once(socket, "close")
  return text
}

// greenlets that are left behind by requests that are over: they are looked at last, when their time has come
const left = Promise.all(Array.from({ length: 20 }, () => ask("/abandon")))
const leftSockets = Promise.all(Array.from({ length: 5 }, () => ask("/abandon-socket")))
const leftAt = Date.now()

test("greenlets, timers: they run in a request", async () => {
  assert.ok(((await ask("/sleep?seconds=0.05")) as number) >= 49)
  assert.is(await ask("/many"), 499_500)
  assert.is(await ask("/other-loop"), true)
})

test("greenlets, timers: outside of greenlets, what is awaited belongs to the request, and so does its hub", async () => {
  const answers = await Promise.all(Array.from({ length: 5 }, () => ask("/sleep-outside")))
  assert.equal(answers, Array(5).fill([true, true]))
  const limits = await Promise.all([ask("/timeout-outside"), ask("/sleep-outside"), ask("/timeout-outside")])
  assert.equal(limits, ["Timeout: 0.02 seconds", [true, true], "Timeout: 0.02 seconds"])
})

test("greenlets, timers: async functions know their greenlet", async () => {
  assert.equal(await ask("/async"), [true, true])
})

test("greenlets, timers: those that never stop let the worker go on", async () => {
  assert.equal(await Promise.all([ask("/busy"), ask("/busy")]), ["over", "over"])
})

test("greenlets, timers: a timer fires though the request that was there before it is over", async () => {
  const answers = Promise.all([ask("/sleep?seconds=0.02"), ask("/sleep?seconds=0.1"), ask("/sleep?seconds=0.3")])
  const times = (await answers) as number[]
  for (const [i, least] of [20, 100, 300].entries()) assert.ok(times[i]! >= least - 1, times.join(" "))
  assert.ok(times[2]! < 5000, times.join(" "))
})

test("greenlets, timers: a request that ends without them does not disturb others", async () => {
  await left
  assert.ok(((await ask("/sleep?seconds=0.02")) as number) < 5000)
})

test("events, locks, queues, pools: one request wakes the greenlets of another, each in its own request", async () => {
  const waiting = Promise.all([ask("/wait-event"), ask("/wait-event"), ask("/wait-event-outside")])
  await ask("/sleep?seconds=0.1")
  await ask("/set-event")
  assert.equal(await waiting, [true, true, true])

  const bodies = ["one", "two", "three"]
  const getters = Promise.all(bodies.map((body) => ask("/get", { method: "POST", body })))
  await ask("/sleep?seconds=0.1")
  for (const item of ["a", "b", "c"]) await ask(`/put?item=${item}`)
  const got = (await getters) as [string, string][]
  assert.equal(got.map(([item]) => item).sort(), ["a", "b", "c"])
  assert.equal(
    got.map(([, body]) => body),
    bodies,
  )
})

test("events, locks, queues, pools: a lock holds between requests", async () => {
  const spans = (await Promise.all(Array.from({ length: 4 }, () => ask("/exclusive")))) as [number, number][]
  spans.sort(([a], [b]) => a - b)
  for (let i = 1; i < spans.length; i++) assert.ok(spans[i]![0] >= spans[i - 1]![1], JSON.stringify(spans))
})

test("greenlets, timers: one of another request can be killed, and ends in its own", async () => {
  const victim = ask("/victim")
  await ask("/sleep?seconds=0.1")
  await ask("/kill-victim")
  assert.equal(await victim, ["GreenletExit", 1])
})

test("outside of requests there is no hub", async () => {
  const [error] = (await ask("/global-scope")) as string[]
  assert.match(error!, "there is no request here")
})

test("TCP: data goes both ways, in concurrent requests", async () => {
  const sizes = [1, 70_000, 1_000_000]
  const answers = await Promise.all(sizes.map((size) => ask(`/echo?size=${size}`)))
  assert.equal(
    answers,
    sizes.map((size) => [size, size, size, size]),
  )
})

test("TCP: connects by name", async () => {
  const [count, samePort] = (await ask("/name")) as unknown[]
  assert.equal([count, samePort], [1, true])
})

test("names: DNS over HTTPS", async () => {
  const [found, entries, entry, records, missing, received, late] = (await ask("/doh")) as unknown[]
  assert.equal(found, ["192.0.2.1", "127.0.0.1"])
  assert.is(entries, 4)
  assert.equal(entry, ["host.test", [], ["192.0.2.1"]])
  assert.equal(records, [{ name: "host.test", ttl: 60, priority: 10, exchange: "mail.test" }])
  assert.equal(missing, ["gaierror", -2])
  assert.is(received, 1)
  assert.is(late, "too late")
  assert.ok(doh.questions.some(({ name }) => name === "silent.test"))
})

test("names: c-ares over TCP", async () => {
  assert.equal(
    await ask("/tcp-names"),
    Array.from({ length: 10 }, () => "192.0.2.7"),
  )
  assert.ok(nameServer.questions.every(({ transport }) => transport === "tcp"))
})

test("names: without a service they cannot be looked up, only connected to", async () => {
  const [resolver, failure, ares] = (await ask("/no-names")) as [
    string,
    { name: string },
    { code: string; typed: boolean },
  ]
  assert.is(resolver, "HostResolver")
  assert.is(failure.name, "gaierror")
  assert.equal([ares.code, ares.typed], ["EAFNOSUPPORT", true])
})

test("select, selectors: select tells which connections are ready", async () => {
  assert.equal(await ask("/select"), [2, true, 0])
})

test("file objects: a connection is read by lines", async () => {
  assert.equal(await ask("/lines"), ["one\n", "two\n"])
})

test("pairs of sockets need no host", async () => {
  assert.is(await ask("/pair"), 5)
})

test("TCP: errors are POSIX's", async () => {
  const refused = (await ask("/refused")) as { name: string; code: string }
  assert.equal([refused.name, refused.code], ["SocketError", "ECONNREFUSED"])
  assert.is(((await ask("/closed")) as { code: string }).code, "EBADF")
})

test("TCP: timeouts and kill end what waits for a socket, and close it", async () => {
  const answers = await Promise.all([ask("/timeouts"), ask("/kill"), ask("/timeouts"), ask("/kill")])
  const killed = [true, true, "GreenletExit"]
  assert.equal(answers, [["SocketTimeout", "too late"], killed, ["SocketTimeout", "too late"], killed])
})

test("TCP: what was sent before close arrives, though the request is over and the peer is slow", async () => {
  await ask("/close-with-data")
  for (let i = 0; i < 100 && received.length === 0; i++) await ask("/sleep?seconds=0.02")
  assert.equal(received, [200_000])
})

test("connections that the host accepts: a connection is handled by a greenlet and closed after it", async () => {
  const answers = await Promise.all(["one\n", "two\n", "three\n"].map(askTcp))
  assert.equal(answers, ["one from somebody\n", "two from somebody\n", "three from somebody\n"])
})

test("connections that the host accepts: a handler that throws is reported and its connection closed", async () => {
  assert.is(await askTcp("throw\n"), "")
  assert.match(worker.log(), "the handler has failed")
  assert.is(await askTcp("after\n"), "after from somebody\n")
})

test("C programs: they run, several at once", async () => {
  const paths = ["status&arg=7", "env", "refused&arg=" + closed.port, "crashes", "server"]
  const answers = await Promise.all(paths.map((path) => ask(`/program?arg=${path}`)))
  assert.equal(answers, [
    [7, ""],
    [0, "none\n"],
    [0, "Connection refused\n"],
    [0, "2 2 0 100\n"],
    [1, ""], // bind() fails
  ])
})

const missing = (await ask("/missing")) as Record<string, unknown>
const CODES: Record<string, [title: string, code: string]> = {
  bind: ["servers", "ENOTSUP"],
  backdoor: ["servers", "ENOTSUP"],
  listen: ["servers", "ENOTSUP"],
  server: ["servers", "ENOTSUP"],
  tlsServer: ["TLS server", "ENOTSUP"],
  unix: ["unix sockets", "EAFNOSUPPORT"],
  udp: ["UDP", "EAFNOSUPPORT"],
  unixServer: ["unix sockets", "EAFNOSUPPORT"],
  open: ["files, `Stat` watchers", "ENOSYS"],
  file: ["files, `Stat` watchers", "ENOSYS"],
  process: ["processes", "ENOSYS"],
  kill: ["processes", "ENOSYS"],
  thread: ["thread pools", "ENOSYS"],
  signal: ["signals", "EINVAL"],
  compile: ["compiling", "ENOTSUP"],
}
for (const [call, [row, expected]] of Object.entries(CODES)) {
  test(`missing: ${row}: ${call}: ${expected}`, () => {
    const { code, typed } = missing[call] as { code: string; typed: boolean }
    assert.equal([code, typed], [expected, true])
  })
}

test("capabilities say what is missing", async () => {
  const { capabilities } = missing as { capabilities: Record<string, boolean> }
  assert.is(capabilities["tcp"], true)
  const names = [
    "listen",
    "udp",
    "unix",
    "tlsServer",
    "processes",
    "threads",
    "signals",
    "files",
    "compile",
    "evaluate",
  ]
  for (const name of names) assert.is(capabilities[name], false, name)
  assert.is((missing["server"] as { capability: string }).capability, "listen")
})

test("what requests leave behind is forgotten", async () => {
  await leftSockets
  assert.ok(silentConnections >= 0)
  const deadline = Date.now() + 30_000
  let handles = Infinity
  // a request that comes finds out who is gone
  while (handles > 0 && Date.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 500))
    handles = (await ask("/handles")) as number
  }
  assert.is(handles, 0, `after ${Date.now() - leftAt} ms`)
})

test("the recipe of docs/edge.md gives a worker that runs", async () => {
  const example = await startWorkerd(await recipe, ["http", "tcp"])
  try {
    const base = `http://127.0.0.1:${example.ports.get("http")}`
    const words = await (await fetch(`${base}/echo?word=green&word=thread`)).json()
    assert.equal(words, ["green", "thread"])
    const { status, output } = (await (await fetch(`${base}/clients?count=20`)).json()) as Record<string, unknown>
    assert.equal([status, output], [0, "20 of 20 clients served, 3500 bytes echoed\n"])
  } finally {
    example.stop()
  }
})

test.run()
