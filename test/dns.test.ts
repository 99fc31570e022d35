// The shape of Node's dns, and the command line.
import { host } from "#host"
import { getHub } from "gevent-wasm"
import { lookup, Resolver } from "gevent-wasm/dns"
import { AresResolver } from "gevent-wasm/resolver"
import { execFile } from "node:child_process"
import { Resolver as NodeResolver } from "node:dns/promises"
import http from "node:http"
import net, { type AddressInfo } from "node:net"
import process from "node:process"
import { promisify } from "node:util"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { moduleArguments } from "./hostprocess.ts"
import { a, aaaa, named, NameServer, number, text, TYPES, wireName, type Record, type Reply } from "./nameserver.ts"

const test = suite("dns")

const ANY = 255

const RECORDS: { [type: number]: Record[] } = {
  [TYPES.A]: [a("127.0.0.1", 42)],
  [TYPES.AAAA]: [aaaa("2001:db8:0:0:0:0:0:1", 43)],
  [TYPES.CNAME]: [named("CNAME", "other.test")],
  [TYPES.NS]: [named("NS", "ns.test")],
  [TYPES.PTR]: [named("PTR", "host.test")],
  [TYPES.MX]: [{ type: TYPES.MX, data: Buffer.concat([number(10, 2), wireName("mail.test")]) }],
  [TYPES.TXT]: [{ type: TYPES.TXT, data: Buffer.concat([text("a"), text("b")]) }],
  [TYPES.SRV]: [
    { type: TYPES.SRV, data: Buffer.concat([number(1, 2), number(2, 2), number(3, 2), wireName("s.test")]) },
  ],
  [TYPES.CAA]: [{ type: TYPES.CAA, data: Buffer.concat([number(0, 1), text("issue"), Buffer.from("ca.test")]) }],
  [TYPES.SOA]: [
    {
      type: TYPES.SOA,
      data: Buffer.concat([wireName("ns.test"), wireName("root.test"), ...[1, 2, 3, 4, 5].map((n) => number(n, 4))]),
    },
  ],
  [TYPES.NAPTR]: [
    {
      type: TYPES.NAPTR,
      data: Buffer.concat([number(1, 2), number(2, 2), text("S"), text("x"), text(""), wireName("r.test")]),
    },
  ],
}

const server = await NameServer.start(({ name, type }): Reply | null => {
  if (name === "silent.test") return null
  if (name === "missing.test") return { rcode: 3 }
  // a name with an alias has nothing else
  const all = Object.values(RECORDS)
    .flat()
    .filter((record) => record.type !== TYPES.CNAME)
  return { records: type === ANY ? all : (RECORDS[type] ?? []) }
})
const options = { hosts: null, resolvConf: null }
const resolver = new Resolver({ ...options, timeout: 10_000 })
resolver.setServers([server.address])
const ares = new AresResolver({ ...options, servers: server.address, timeout: 10, useEnviron: false })

test.before.each(() => void (getHub().resolver = ares))
test.after(async () => {
  getHub().resolver = null
  resolver.close()
  ares.close()
  await server.close()
})

type Call = (hostname: string, callback?: unknown) => unknown

test("a Resolver answers callbacks and promises as Node's does", async () => {
  const expected: [keyof Resolver, unknown][] = [
    ["resolve4", ["127.0.0.1"]],
    ["resolve6", ["2001:db8::1"]],
    ["resolveCaa", [{ critical: 0, issue: "ca.test" }]],
    ["resolveCname", ["other.test"]],
    ["resolveMx", [{ exchange: "mail.test", priority: 10 }]],
    ["resolveNaptr", [{ order: 1, preference: 2, flags: "S", service: "x", regexp: "", replacement: "r.test" }]],
    ["resolveNs", ["ns.test"]],
    ["resolvePtr", ["host.test"]],
    [
      "resolveSoa",
      { nsname: "ns.test", hostmaster: "root.test", serial: 1, refresh: 2, retry: 3, expire: 4, minttl: 5 },
    ],
    ["resolveSrv", [{ name: "s.test", port: 3, priority: 1, weight: 2 }]],
    ["resolveTxt", [["a", "b"]]],
  ]
  for (const [name, result] of expected) {
    const call = (callback?: unknown): unknown => (resolver[name] as Call).call(resolver, "host.test", callback)
    assert.equal(await call(), result, name)
    const called = await new Promise((done) => {
      call((error: unknown, found: unknown) => done([error, found]))
    })
    assert.equal(called, [null, result], name)
  }
  assert.equal(await resolver.resolve4("host.test", { ttl: true }), [{ address: "127.0.0.1", ttl: 42 }])
  assert.equal(await resolver.resolve("host.test"), ["127.0.0.1"])
  assert.equal(await resolver.resolve("host.test", "MX"), [{ exchange: "mail.test", priority: 10 }])
  assert.equal(await resolver.reverse("192.0.2.1"), ["host.test"])
  assert.throws(() => resolver.resolve("host.test", "X"), RangeError)
})

test("resolveAny tells the type of each record, as Node's does", async () => {
  const sorted = (records: unknown): string[] => (records as object[]).map((record) => JSON.stringify(record)).sort()
  const found = sorted(await resolver.resolveAny("host.test"))
  assert.is(found.length, 10)
  assert.ok(found.includes('{"type":"A","address":"127.0.0.1","ttl":42}'))
  assert.ok(found.includes('{"type":"SRV","name":"s.test","port":3,"priority":1,"weight":2}'))
  assert.ok(found.includes('{"type":"TXT","entries":["a","b"]}'))
  assert.equal(sorted(await resolver.resolve("host.test", "ANY")), found)
  const error = (await (resolver.resolveAny("missing.test") as Promise<unknown>).catch(
    (thrown: unknown) => thrown,
  )) as {
    message: string
  }
  assert.is(error.message, "queryAny ENOTFOUND missing.test")
  if (host.name !== "node") return
  const peer = new NodeResolver()
  peer.setServers([server.address])
  const theirs = (await peer.resolveAny("host.test")) as object[]
  const ours = (await resolver.resolveAny("host.test")) as object[]
  const inOrder = (records: object[]): string[] =>
    sorted(records.map((record) => Object.fromEntries(Object.entries(record).sort())))
  assert.equal(inOrder(ours), inOrder(theirs))
})

test("setLocalAddress says where queries come from", async () => {
  const bound = new Resolver({ ...options, timeout: 10_000 })
  bound.setServers([server.address])
  try {
    bound.setLocalAddress("127.0.0.2")
    assert.equal(await bound.resolve4("bound.test"), ["127.0.0.1"])
    assert.is(server.questions.find(({ name }) => name === "bound.test")?.address, "127.0.0.2")
    bound.setLocalAddress("0.0.0.0")
    assert.equal(await bound.resolve4("free.test"), ["127.0.0.1"])
    assert.is(server.questions.find(({ name }) => name === "free.test")?.address, "127.0.0.1")
    bound.setLocalAddress("::1")
    for (const wrong of ["127.0.0", "", "host.test"]) assert.throws(() => bound.setLocalAddress(wrong), /addresses/)
    assert.throws(() => bound.setLocalAddress(1 as never), /an address must be a string, not 1/)
  } finally {
    bound.close()
  }
})

test("its errors have Node's codes", async () => {
  const error = (await (resolver.resolve4("missing.test") as Promise<unknown>).catch((thrown: unknown) => thrown)) as {
    code: string
    syscall: string
    hostname: string
    message: string
  }
  assert.is(error.code, "ENOTFOUND")
  assert.is(error.syscall, "queryA")
  assert.is(error.message, "queryA ENOTFOUND missing.test")
  const pending = resolver.resolve4("silent.test") as Promise<unknown>
  setTimeout(() => resolver.cancel(), 20)
  const cancelled = (await pending.catch((thrown: unknown) => thrown)) as { code: string }
  assert.is(cancelled.code, "ECANCELLED")
  assert.equal(await resolver.resolve4("host.test"), ["127.0.0.1"])
  assert.equal(resolver.getServers(), [server.address])
  const other = new Resolver({ ...options })
  other.setServers(["192.0.2.1", "2001:db8::1", "192.0.2.2:54"])
  assert.equal(other.getServers(), ["192.0.2.1", "2001:db8::1", "192.0.2.2:54"])
  other.close()
})

test("lookup serves net.connect and http.Agent", async () => {
  const web = http.createServer((_request, response) => response.end("hello"))
  await new Promise<void>((done) => web.listen(0, "127.0.0.1", done))
  const { port } = web.address() as AddressInfo
  const socket = net.connect({ host: "web.test", port, lookup: lookup, family: 4 })
  await new Promise<void>((done, failed) => socket.once("connect", done).once("error", failed))
  socket.destroy()
  const agent = new http.Agent({ lookup: lookup, family: 4 })
  const body = await new Promise<string>((done, failed) => {
    http
      .get({ host: "web.test", port, agent }, (response) => {
        let said = ""
        response.on("data", (chunk: Buffer) => (said += chunk.toString()))
        response.on("end", () => done(said))
      })
      .on("error", failed)
  })
  assert.is(body, "hello")
  agent.destroy()
  web.closeAllConnections()
  await new Promise((done) => web.close(done))
})

test("lookup has Node's options", async () => {
  const call = (...args: unknown[]): Promise<unknown[]> =>
    new Promise((done) => (lookup as (...args: unknown[]) => void)(...args, (...answer: unknown[]) => done(answer)))
  assert.equal(await call("host.test"), [null, "127.0.0.1", 4])
  assert.equal(await call("host.test", 6), [null, "2001:db8::1", 6])
  const both = [
    { address: "127.0.0.1", family: 4 },
    { address: "2001:db8::1", family: 6 },
  ]
  assert.equal(await call("host.test", { all: true }), [null, both])
  assert.equal(await call("host.test", { all: true, order: "ipv6first" }), [null, [...both].reverse()])
  const [error] = (await call("missing.test")) as [{ code: string; syscall: string; hostname: string }]
  assert.equal([error.code, error.syscall, error.hostname], ["ENOTFOUND", "getaddrinfo", "missing.test"])
  assert.equal(await call("192.0.2.7", { family: 6 }), [null, "192.0.2.7", 4], "as Node has it")
  assert.equal(await call("fe80::1%lo", { all: true }), [null, [{ address: "fe80::1%lo", family: 6 }]])
  for (const name of ["a..test", "a\0.test", `${"x".repeat(64)}.test`]) {
    const [none] = (await call(name)) as [{ code: string; syscall: string; hostname: string }]
    assert.equal([none.code, none.syscall, none.hostname], ["ENOTFOUND", "getaddrinfo", name])
  }
  const wrong = (...args: unknown[]) => (lookup as (...args: unknown[]) => void)(...args)
  assert.throws(() => wrong("a"), /needs a callback/)
  assert.throws(() => wrong(5, () => {}), /a hostname must be a string, not 5/)
  assert.throws(() => wrong("a", { family: 5 }, () => {}), /family must be 0, 4 or 6/)
  assert.throws(
    () => wrong("a", { order: "x" }, () => {}),
    /order must be one of ipv4first, ipv6first, verbatim, not x/,
  )
})

test("lookup works in a program that imports nothing else", async () => {
  const program = `import { lookup } from "gevent-wasm/dns"
lookup("localhost", { family: 4 }, (error, address) => console.log(error?.message ?? "none", address))`
  const { stdout } = await promisify(execFile)(process.execPath, moduleArguments(program))
  assert.is(stdout, "none 127.0.0.1\n")
})

test("what the callback of lookup throws is an uncaught exception, as with Node's", async () => {
  const program = `import { lookup } from "gevent-wasm/dns"
import process from "node:process"
process.on("uncaughtException", (error) => console.log("exception", error.message))
process.on("unhandledRejection", (error) => console.log("rejection", error.message))
lookup("127.0.0.1", (error) => {
  if (error === null) throw new Error("of an answer")
})
setTimeout(() => lookup("no..name", (error) => {
  if (error !== null) throw new Error("of a failure")
}), 50)`
  const { stdout } = await promisify(execFile)(process.execPath, moduleArguments(program))
  assert.is(stdout, "exception of an answer\nexception of a failure\n")
})

// how the host that runs this test runs a program
const RUN = host.name === "deno" ? ["run", "--allow-all", "--no-prompt"] : []

/** What the command prints, and its exit status. */
function gevent(...args: string[]): Promise<{ status: number; stdout: string; stderr: string }> {
  return new Promise((done) => {
    execFile(process.execPath, [...RUN, "dist/cli.js", "resolve", ...args], (error, stdout, stderr) => {
      done({ status: error === null ? 0 : Number(error.code), stdout, stderr })
    })
  })
}

test("gevent resolve prints a table of many names", async () => {
  const names = Array.from({ length: 50 }, (_, i) => `n${i}.test`)
  const { status, stdout, stderr } = await gevent("-s", server.address, "--timeout", "20", ...names)
  assert.is(status, 0)
  const lines = stdout.trimEnd().split("\n")
  assert.equal(
    lines.map((line) => line.split(/ +/)[0]),
    names,
  )
  assert.match(lines[0]!, /^n0\.test {3}127\.0\.0\.1 2001:db8::1$/)
  assert.is(stderr, "", "how far it is is shown on a terminal only")

  const typed = await gevent("-s", server.address, "-t", "mx", "-n", "2", "host.test", "missing.test")
  assert.is(typed.status, 1)
  assert.match(typed.stdout, /^host\.test {5}10 mail\.test\nmissing\.test {2}\[Errno 4\]/)
})

test("gevent resolve says how it is used, and ends with 2 when it is used otherwise", async () => {
  const wrong: [args: string[], message: RegExp][] = [
    [[], /no names\nusage: gevent resolve/],
    [["-x", "a"], /unknown option -x\nusage/],
    [["a", "-n"], /-n needs a value\nusage/],
    [["-n", "0", "a"], /-n must be a whole number above 0, not 0\nusage/],
    [["--timeout=x", "a"], /--timeout must be a number above 0, not x\nusage/],
    [["-t", "bogus", "a"], /no records of type BOGUS/],
    [["-s", "x", "a"], /a server must be a numeric address/],
  ]
  for (const [args, message] of wrong) {
    const { status, stdout, stderr } = await gevent(...args)
    assert.equal([status, stdout], [2, ""], args.join(" "))
    assert.match(stderr, message)
  }
  for (const help of ["-h", "--help"]) {
    const { status, stdout } = await gevent(help)
    assert.is(status, 0)
    assert.match(stdout, /^usage: gevent resolve/)
  }
  const named = await gevent("-s", server.address, "--timeout=20", "--", "-n")
  assert.is(named.stdout.split(/ +/)[0], "-n", "a name, found or not")
})

test("the example resolves 1,000 names through a pool", async () => {
  const stdout = await new Promise<string>((done, failed) => {
    execFile(process.execPath, [...RUN, "build/examples/dns_mass_resolve.mjs", server.address], (error, out) =>
      error === null ? done(out) : failed(error),
    )
  })
  assert.is(stdout, "finished within 20 seconds: 1000/1000\n")
})

test.run()
