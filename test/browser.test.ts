// The package in headless Chromium: test/browser/page.ts runs in a page and in a worker, and posts what came out.
import { spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { text } from "node:stream/consumers"
import { build } from "esbuild"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { respond } from "./dohserver.ts"
import { a, TYPES } from "./nameserver.ts"

const test = suite("browser")
const SECONDS = 90
const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
]

type Results = Record<string, unknown>

// what a project's bundler does, with nothing set
const { outputFiles } = await build({
  entryPoints: ["test/browser/page.ts"],
  bundle: true,
  format: "esm",
  outdir: "unused",
  tsconfigRaw: {},
  write: false,
  logLevel: "silent",
})
const files: Record<string, [type: string, body: Uint8Array | string]> = {
  "/": [
    "text/html",
    '<!doctype html><script type="module" src="/page.js"></script><script>new Worker("/page.js", { type: "module" })</script>',
  ],
  "/page.js": ["text/javascript", outputFiles[0]!.contents],
  "/everything.wasm": ["application/wasm", readFileSync("build/test/wasm/everything.wasm")],
}

const results: Record<string, Results> = {}
let done = (): void => undefined
const server = createServer((request, response) => {
  const name = /^\/results\/(\w+)$/.exec(request.url!)?.[1]
  if (request.method === "POST" && name !== undefined) {
    void text(request).then((body) => {
      results[name] = JSON.parse(body) as Results
      response.end()
      if ("page" in results && "worker" in results) done()
    })
    return
  }
  if (request.url === "/dns-query") {
    void respond(request, response, 200, ({ name, type }) =>
      name === "host.test" ? { records: type === TYPES.A ? [a("192.0.2.1")] : [] } : { rcode: 3 },
    )
    return
  }
  const file = files[request.url!]
  if (file === undefined) response.writeHead(404).end()
  else response.setHeader("Content-Type", file[0]).end(file[1])
})

test.before(async () => {
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  const profile = mkdtempSync(join(tmpdir(), "gevent-browser-"))
  const { port } = server.address() as AddressInfo
  const browser = spawn("chromium", [...FLAGS, `--user-data-dir=${profile}`, `http://127.0.0.1:${port}/`], {
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  })
  let log = ""
  for (const output of [browser.stdout, browser.stderr]) output.on("data", (chunk) => (log += String(chunk)))
  const end = (): void => {
    try {
      process.kill(-browser.pid!, "SIGKILL")
    } catch {
      // it has gone already
    }
  }
  process.on("exit", end)
  let timer: NodeJS.Timeout | undefined
  try {
    await new Promise<void>((resolve, reject) => {
      done = resolve
      const fail = (what: string): void => reject(new Error(`chromium ${what}:\n${log}`))
      timer = setTimeout(() => fail("has not answered"), SECONDS * 1000)
      browser.on("error", (error) => fail(error.message))
      browser.on("exit", (code) => fail(`ended with ${code}`))
    })
  } finally {
    clearTimeout(timer)
    end()
    server.close()
    server.closeAllConnections()
  }
  await once(browser, "close")
  rmSync(profile, { recursive: true, force: true, maxRetries: 5 })
})

/** What came out in the page and in the worker. */
function expectResult(name: string, expected: unknown): void {
  for (const where of ["page", "worker"]) assert.equal([where, results[where]?.[name]], [where, expected])
}

function expectMissing(name: string, code: string): void {
  for (const where of ["page", "worker"]) {
    const { name: type, code: found, typed } = results[where]?.[name] as Results
    assert.equal([where, type, found, typed], [where, "NotSupportedError", code, true])
  }
}

test("the package loads from a bundle and has a hub", () => expectResult("backend", "epoll"))

test("greenlets, timers: they run", () => {
  expectResult("spawn", 1000)
  expectResult("sleep", true)
})

test("greenlets, timers: those that never stop let the page go on", () => expectResult("busy", "over"))

test("events, locks, queues, pools: they coordinate greenlets", () => {
  expectResult("queue", 45)
  expectResult("pool", [[1, 4, 9, 16, 25], 3])
  expectResult("event", true)
  expectResult("lock", true)
})

test("greenlets, timers: timeouts and kill end what waits", () => {
  expectResult("timeout", "Timeout: 0.02 seconds")
  expectResult("withTimeout", "too late")
  expectResult("kill", ["finally", "GreenletExit"])
})

test("greenlets, timers: async functions run as greenlets", () => expectResult("async", true))

test("C programs: they run, and get no sockets", () => expectResult("program", [0, "2 2 0 100\n", 1]))

test("select, selectors: and file objects work on pairs of sockets", () => expectResult("pair", [1, "a\n", "b\n"]))

test("file objects: and select work on pairs of sockets", () => expectResult("pair", [1, "a\n", "b\n"]))

test("names: DNS over HTTPS", () => expectResult("names", ["192.0.2.1", "ENOTFOUND"]))

test("names without a service are an error that says so", () => expectResult("noNames", "ENOSYS"))

test("thread pools: workers run functions, and their errors come back", () =>
  expectResult("threads", [2, 3, 4, "RangeError: too far", 0]))

test("capabilities say what is there", () => expectResult("capabilities", ["threads", "compile"]))

const MISSING: Record<string, [row: string, code: string]> = {
  socket: ["TCP", "EAFNOSUPPORT"],
  connection: ["TCP", "EAFNOSUPPORT"],
  server: ["servers", "EAFNOSUPPORT"],
  tlsClient: ["TLS client", "ENOTSUP"],
  tlsServer: ["TLS server", "ENOTSUP"],
  inbound: ["connections that the host accepts", "ENOTSUP"],
  unix: ["unix sockets", "EAFNOSUPPORT"],
  udp: ["UDP", "EAFNOSUPPORT"],
  open: ["files, `Stat` watchers", "ENOSYS"],
  file: ["files, `Stat` watchers", "ENOSYS"],
  process: ["processes", "ENOSYS"],
  signal: ["signals", "EINVAL"],
}
for (const [call, [row, code]] of Object.entries(MISSING)) {
  test(`missing: ${row}: ${call}: ${code}`, () => expectMissing(call, code))
}

test.run()
