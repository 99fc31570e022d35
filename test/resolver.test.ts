import { getHub, run, sleep, spawn, Timeout, withTimeout, type Op, type Wait } from "gevent-wasm"
import { descriptors } from "gevent-wasm/core"
import { Hub } from "gevent-wasm/hub"
import {
  AbstractResolver,
  AI_CANONNAME,
  AI_NUMERICHOST,
  AI_NUMERICSERV,
  AI_PASSIVE,
  ARES_FLAG_NOSEARCH,
  AresResolver,
  EAI_ADDRFAMILY,
  EAI_FAMILY,
  EAI_NONAME,
  EAI_SERVICE,
  EAI_SOCKTYPE,
  type gaierror,
  getaddrinfo,
  getfqdn,
  gethostbyaddr,
  gethostbyname,
  gethostbynameEx,
  getnameinfo,
  HostResolver,
  InvalidIP,
  IPPROTO_UDP,
  makeResolver,
  NI_DGRAM,
  NI_NAMEREQD,
  NI_NOFQDN,
  NI_NUMERICHOST,
  NI_NUMERICSERV,
  resolve,
  reverse,
  SOCK_DGRAM,
  SOCK_RAW,
  UnicodeError,
  type AresResolverOptions,
  type Found,
  type RecordType,
  type Resolver,
} from "gevent-wasm/resolver"
import { AF_INET, AF_INET6, IPPROTO_TCP, SOCK_STREAM } from "gevent-wasm/socket"
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { hostname, tmpdir } from "node:os"
import { join } from "node:path"
import process from "node:process"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { hubModule } from "../ts/core/hubmodule.ts"
import { a, aaaa, named, NameServer, number, text, TYPES, wireName, type Question, type Reply } from "./nameserver.ts"

const test = suite("resolver")

const ZONE: Record<string, (question: Question) => Reply | null> = {
  "host.test": ({ type }) => ({ records: type === TYPES.A ? [a("192.0.2.1")] : [] }),
  "alias.test": ({ type, name }) => ({
    records: [named("CNAME", "host.test"), ...(type === TYPES.A ? [{ ...a("192.0.2.1"), name: "host.test" }] : [])],
    name,
  }),
  "six.test": ({ type }) => ({ records: type === TYPES.AAAA ? [aaaa("2001:db8:0:0:0:0:0:6")] : [] }),
  "both.test": ({ type }) => ({
    records:
      type === TYPES.A ? [a("192.0.2.11"), a("192.0.2.12")] : [aaaa("2001:db8:0:0:0:0:0:11"), aaaa("0:0:0:0:0:0:0:1")],
  }),
  "1.2.0.192.in-addr.arpa": () => ({ records: [named("PTR", "host.test")] }),
  "silent.test": () => null,
  "broken.test": () => ({ rcode: 2 }),
  "refused.test": () => ({ rcode: 5 }),
}

let server: NameServer
const open: Resolver[] = []

/** A resolver that asks the test's server only, and what it is told besides. */
function resolver(options: AresResolverOptions = {}): AresResolver {
  const made = new AresResolver({
    servers: server.address,
    useEnviron: false,
    timeout: 10,
    tries: 4,
    hosts: null,
    resolvConf: null,
    ...options,
  })
  open.push(made)
  return made
}

/** The number of the error that an operation fails with, and its class. */
async function failure(op: () => PromiseLike<unknown>): Promise<[name: string, errno: number, code: string]> {
  try {
    await op()
  } catch (error) {
    const { name, errno, code } = error as gaierror
    return [name, errno, code]
  }
  throw new Error("it did not fail")
}

const NONAME = ["gaierror", EAI_NONAME, "ENOTFOUND"]

test.before.each(async () => {
  server = await NameServer.start((question) => (ZONE[question.name] ?? (() => ({ rcode: 3 })))(question))
})
test.after.each(async () => {
  for (const one of open.splice(0)) one.close()
  getHub().resolver = null
  await server.close()
})

test("c-ares is the version that wasm/sources.lock names", () => {
  const { exports, memory } = hubModule()
  const [, version] = /^c-ares ([\d.]+)/m.exec(readFileSync("wasm/sources.lock", "utf8")) ?? []
  assert.is(memory.string(exports.resolver_version()), version)
})

test("RS-01: a resolver is an interface: one of one's own, a name, a class, or a list in the order of preference", async () => {
  class Fixed extends AbstractResolver {
    close(): void {}
    protected search<T>(_n: string, _f: number, _a: boolean, _t: unknown, finish: (found: Found) => T): Wait<T> {
      const found = { name: "fixed", aliases: [], addresses: [{ family: AF_INET, address: "192.0.2.99", ttl: 0 }] }
      return (async () => finish(found))() as unknown as Wait<T>
    }
    protected searchAddress<T>(_a: string, _f: number, finish: (found: Found) => T): Wait<T> {
      return this.search("", 0, false, null, finish)
    }
  }
  getHub().resolver = new Fixed()
  assert.is(await gethostbyname("anything.test"), "192.0.2.99")
  assert.instance(makeResolver("host"), HostResolver)
  assert.instance(makeResolver("thread"), HostResolver)
  assert.instance(makeResolver(Fixed), Fixed)
  assert.instance(makeResolver(["doh", "host"]), HostResolver, "doh has no URL")
  assert.instance(makeResolver("doh, host"), HostResolver)
  assert.throws(() => makeResolver("nothing"), /there is no resolver nothing: it is one of ares, host/)
  assert.throws(() => makeResolver("block"), /no resolver that blocks/)
  const made = makeResolver("ares")
  assert.instance(made, AresResolver)
  made.close()
})

test("RS-02: the variable GEVENT_RESOLVER chooses; without it there is c-ares", () => {
  const previous = process.env["GEVENT_RESOLVER"]
  try {
    process.env["GEVENT_RESOLVER"] = "doh,thread"
    assert.instance(getHub().resolver, HostResolver)
    delete process.env["GEVENT_RESOLVER"]
    getHub().resolver = null
    assert.instance(getHub().resolver, AresResolver)
    assert.is(getHub().resolver, getHub().resolver)
  } finally {
    if (previous !== undefined) process.env["GEVENT_RESOLVER"] = previous
  }
  assert.type(Hub.makeResolver, "function")
})

test("RS-03: results have Python's shapes", async () => {
  const one = resolver()
  assert.is(await one.gethostbyname("host.test"), "192.0.2.1")
  assert.equal(await one.gethostbynameEx("alias.test"), ["host.test", ["alias.test"], ["192.0.2.1"]])
  assert.equal(await one.getaddrinfo("host.test", 80, 0, SOCK_STREAM), [
    [AF_INET, SOCK_STREAM, IPPROTO_TCP, "", ["192.0.2.1", 80]],
  ])
  assert.equal(await one.getaddrinfo("six.test", 80, 0, SOCK_DGRAM), [
    [AF_INET6, SOCK_DGRAM, IPPROTO_UDP, "", ["2001:db8::6", 80, 0, 0]],
  ])
  assert.equal(await one.gethostbyaddr("192.0.2.1"), ["host.test", [], ["192.0.2.1"]])
  assert.equal(await one.getnameinfo(["192.0.2.1", 80], 0), ["host.test", "http"])
})

test("RS-04: a wrong type is a TypeError, a name that cannot be encoded a UnicodeError, both at the call", async () => {
  const one = resolver()
  for (const host of [undefined, 5, {}] as never[]) {
    assert.throws(() => one.gethostbyname(host), TypeError)
    assert.throws(() => one.gethostbynameEx(host), TypeError)
    assert.throws(() => one.gethostbyaddr(host), TypeError)
    assert.throws(() => one.getaddrinfo(host, 80), TypeError)
    assert.throws(() => one.getnameinfo([host, 80], 0), TypeError)
  }
  assert.throws(() => one.gethostbyname(null as never), TypeError)
  for (const name of ["x".repeat(64), `${"x".repeat(64)}.test`, "a..test", ".test", "ü".repeat(64)]) {
    assert.throws(
      () => one.gethostbyname(name),
      (error: Error) => error instanceof UnicodeError && error instanceof RangeError,
    )
    assert.throws(() => one.getaddrinfo(name, 80), /label empty or too long/)
  }
  assert.throws(() => one.gethostbyname("a\0b"), /must not contain NUL/)
  assert.throws(() => one.getnameinfo(["2001:db8::1", 80, 0x100000, 0], 0), /flowinfo must be 0-1048575/)
  assert.is(server.questions.length, 0)
  assert.equal(await failure(() => one.gethostbynameEx("missing.test")), NONAME)
  assert.equal(await failure(() => one.gethostbyaddr("192.0.2.99")), ["herror", 1, "ENOTFOUND"])
})

test("RS-05: numbers and messages are those of the system", async () => {
  const one = resolver()
  const message = async (op: PromiseLike<unknown>): Promise<string> =>
    Promise.resolve(op).then(
      () => "",
      (error: gaierror) => `${error.errno} ${error.strerror}`,
    )
  assert.is(await message(one.getaddrinfo("missing.test", 80)), "-2 Name or service not known")
  assert.is(await message(one.getaddrinfo("host.test", 80, 99)), "-6 ai_family not supported")
  assert.is(await message(one.getaddrinfo("host.test", 80, 0, 77)), "-7 ai_socktype not supported")
  assert.is(await message(one.getaddrinfo("host.test", "no such")), "-8 Servname not supported for ai_socktype")
  assert.is(await message(one.getaddrinfo("::1", 80, AF_INET)), "-9 Address family for hostname not supported")
  assert.is(await message(one.gethostbyaddr("192.0.2.99")), "1 Unknown host")
  assert.equal([EAI_NONAME, EAI_FAMILY, EAI_SOCKTYPE, EAI_SERVICE, EAI_ADDRFAMILY], [-2, -6, -7, -8, -9])
  const error = (await Promise.resolve(one.getaddrinfo("missing.test", 80)).catch((thrown: unknown) => thrown)) as Error
  assert.is(String(error), "gaierror: [Errno -2] Name or service not known")
})

test("RS-07: a Timeout or a kill leaves a look-up at once, and its queries are freed", async () => {
  const one = resolver({ timeout: 30 })
  const before = descriptors.size
  await run(function* () {
    const outcome = yield* withTimeout(0.05, () => one.gethostbyname("silent.test"), "late")
    assert.is(outcome, "late")
    assert.is(one.pending, 0)

    const greenlets = Array.from({ length: 20 }, (_, i) =>
      spawn(function* () {
        yield* i % 2 === 0 ? one.getaddrinfo("silent.test", i) : (one.resolve("silent.test", "MX") as Op<unknown>)
      }),
    )
    const other = spawn(function* () {
      return yield* one.gethostbyname("host.test")
    })
    assert.is(yield* other.get(), "192.0.2.1")
    assert.is(one.pending, 30)
    for (const greenlet of greenlets) yield* greenlet.kill()
    assert.is(one.pending, 0)
    assert.is(descriptors.size, before, "no socket stays open")

    const limit = Timeout.startNew(0.05)
    try {
      yield* one.gethostbyaddr("silent.test")
      assert.unreachable()
    } catch (error) {
      assert.is(error, limit)
    }
    assert.is(one.pending, 0)
  })
})

test("RS-07: an answer that comes after the kill wakes nobody", async () => {
  server.answer = () => ({ records: [a("192.0.2.1")], delay: 0.1 })
  const one = resolver({ timeout: 5 })
  await run(function* () {
    const greenlet = spawn(function* () {
      yield* one.gethostbyname("host.test")
    })
    yield* sleep(0.02)
    yield* greenlet.kill()
    yield* sleep(0.2)
    assert.is(yield* one.gethostbyname("host.test"), "192.0.2.1")
  })
})

test("RT-01: the host's resolver runs the system's functions, and their failures are not reported", async () => {
  const reports: string[] = []
  const hub = getHub()
  const { exceptionStream } = hub
  hub.exceptionStream = (report) => void reports.push(report)
  const one = new HostResolver()
  assert.is(await one.gethostbyname("localhost"), "127.0.0.1")
  const list = await one.getaddrinfo("localhost", "http", AF_INET, SOCK_STREAM)
  assert.equal(list[0], [AF_INET, SOCK_STREAM, IPPROTO_TCP, "", ["127.0.0.1", 80]])
  assert.is((await one.gethostbyaddr("127.0.0.1"))[2][0], "127.0.0.1")
  assert.equal(await one.getnameinfo(["127.0.0.1", 22], NI_NUMERICHOST), ["127.0.0.1", "ssh"])
  assert.is(await one.gethostbyname("192.0.2.5"), "192.0.2.5")
  const greenlet = spawn(function* () {
    yield* one.gethostbyname("nothing.invalid")
  })
  const [name, errno] = await failure(() => greenlet.get())
  assert.is(name, "gaierror")
  assert.ok(errno < 0)
  hub.exceptionStream = exceptionStream
  assert.equal(reports, [])
})

test("RA-01: options are checked, and those of the environment count when they are not given", async () => {
  const wrong: [AresResolverOptions, RegExp][] = [
    [{ servers: "name.test" }, /must be a numeric address.*"name.test"/],
    [{ servers: ["1.2.3.4", "1.2.3"] }, /"1.2.3"/],
    [{ servers: "1.2.3.4:70000" }, /numeric address/],
    [{ timeout: -1 }, /timeout must be/],
    [{ timeout: "1" as never }, /timeout must be a number/],
    [{ tries: 0 }, /tries must be/],
    [{ udpPort: 70000 }, /udpPort/],
    [{ lookups: "x" }, /lookups/],
  ]
  for (const [options, message] of wrong) assert.throws(() => resolver(options), message)
  assert.throws(
    () => resolver({ servers: "x" }),
    (error: Error) => error instanceof InvalidIP && error instanceof RangeError,
  )
  assert.throws(() => resolver({ servers: [5 as never] }), TypeError)

  const many = resolver({ servers: "192.0.2.1, [2001:db8::1]:5300,2001:db8::2,192.0.2.2:54" })
  assert.equal(many.servers, ["192.0.2.1:53", "[2001:db8::1]:5300", "[2001:db8::2]:53", "192.0.2.2:54"])
  many.setServers(["192.0.2.9"])
  assert.equal(many.servers, ["192.0.2.9:53"])
  assert.throws(() => many.setServers("x"), /numeric address/)

  assert.is(await resolver({ servers: "127.0.0.1", udpPort: server.port }).gethostbyname("host.test"), "192.0.2.1")
  const variables = { GEVENTARES_TCP_PORT: "1", GEVENT_RESOLVER_NAMESERVERS: server.address, GEVENTARES_TRIES: "2" }
  Object.assign(process.env, variables)
  try {
    const one = new AresResolver({ timeout: 0.5, hosts: null })
    open.push(one)
    assert.equal(one.servers, [server.address])
    assert.is(await one.gethostbyname("host.test"), "192.0.2.1")
    const own = resolver({ servers: "192.0.2.3", useEnviron: true })
    assert.equal(own.servers, ["dns://192.0.2.3:53?tcpport=1"])
    process.env["GEVENTARES_TIMEOUT"] = "soon"
    assert.throws(() => new AresResolver(), /TIMEOUT must be a number, not soon/)
  } finally {
    for (const name of [...Object.keys(variables), "GEVENTARES_TIMEOUT"]) delete process.env[name]
  }

  const closed = resolver()
  closed.close()
  assert.equal(await failure(() => closed.gethostbyname("host.test")), ["gaierror", 16, "EDESTRUCTION"])
  closed.close()
})

test("RA-01: closing ends what is under way; a destroyed hub closes its resolver", async () => {
  const one = resolver({ timeout: 30 })
  await run(function* () {
    const greenlet = spawn(function* () {
      try {
        yield* one.getaddrinfo("silent.test", 80)
        return null
      } catch (error) {
        return error as gaierror
      }
    })
    yield* sleep(0.02)
    one.close()
    assert.is((yield* greenlet.get())?.errno, 16)
  })
  const used = (getHub().resolver = resolver())
  getHub().destroy()
  assert.ok(used.closed)
})

test("RA-02: sockets and timers are watched only while somebody waits", async () => {
  const { loop } = getHub()
  const before = { active: loop.activecnt, descriptors: descriptors.size }
  const one = resolver()
  assert.is(loop.activecnt, before.active)
  await run(function* () {
    const greenlet = spawn(function* () {
      yield* one.gethostbyname("silent.test")
    })
    yield* sleep(0.02)
    assert.ok(loop.activecnt > before.active)
    assert.is(descriptors.size, before.descriptors + 1)
    yield* greenlet.kill()
  })
  assert.is(loop.activecnt, before.active)
  assert.is(descriptors.size, before.descriptors)
})

test("RA-03: a server that does not answer costs its timeout, and the error says so", async () => {
  const before = [descriptors.size, getHub().loop.activecnt]
  const one = resolver({ timeout: 0.1, tries: 2 })
  const started = performance.now()
  assert.equal(await failure(() => one.gethostbyname("silent.test")), ["herror", 12, "ETIMEOUT"])
  assert.ok(performance.now() - started >= 200)
  assert.equal(await failure(() => one.getaddrinfo("silent.test", 80)), ["gaierror", 12, "ETIMEOUT"])
  const error = await Promise.resolve(one.getaddrinfo("silent.test", 80)).catch((thrown: Error) => thrown)
  assert.match(String(error), /ARES_ETIMEOUT/)
  assert.equal([descriptors.size, getHub().loop.activecnt], before, "nothing holds the process")
})

test("RA-03: one bad server in the list only costs its timeout", async () => {
  const silent = await NameServer.start(() => null)
  try {
    const one = resolver({ servers: [silent.address, server.address], timeout: 0.1 })
    assert.is(await one.gethostbyname("host.test"), "192.0.2.1")
    assert.is(silent.questions.length, 1)
    assert.is(await one.gethostbyname("alias.test"), "192.0.2.1")
    assert.is(silent.questions.length, 1, "the server that answered is asked first now")
  } finally {
    await silent.close()
  }
})

test("RA-04: the hosts file gives names, aliases and addresses, in any case", async () => {
  const folder = mkdtempSync(join(tmpdir(), "hosts-"))
  const hosts = join(folder, "hosts")
  try {
    writeFileSync(
      hosts,
      "# comment\n192.0.2.50 Filed.test other  # more\n2001:db8::50 filed.test\n192.0.2.51\tsecond.test\n",
    )
    const one = resolver({ hosts })
    assert.is(await one.gethostbyname("FILED.TEST"), "192.0.2.50")
    assert.is(await one.gethostbyname("other"), "192.0.2.50")
    assert.equal(await one.gethostbynameEx("filed.test"), ["filed.test", ["other"], ["192.0.2.50"]])
    assert.equal(
      (await one.getaddrinfo("filed.test", 1, 0, SOCK_STREAM)).map((entry) => entry[4][0]),
      ["192.0.2.50", "2001:db8::50"],
    )
    assert.is((await one.gethostbyaddr("192.0.2.51"))[0], "second.test")
    assert.is(server.questions.length, 0)
    assert.equal(await failure(() => one.gethostbyname("third.test")), NONAME)

    writeFileSync(hosts, "192.0.2.53 third.test\n")
    await sleep(1.1)
    assert.is(await one.gethostbyname("third.test"), "192.0.2.53", "it has changed")
    assert.equal(await failure(() => one.gethostbyname("other")), NONAME)
    rmSync(hosts)
    await sleep(1.1)
    assert.equal(await failure(() => one.gethostbyname("second.test")), NONAME)
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test("RA-04: a table takes the place of the hosts file", async () => {
  const one = resolver({ hosts: { "db.internal": "192.0.2.7", "web.internal": ["192.0.2.8", "2001:db8::8"] } })
  assert.is(await one.gethostbyname("db.internal"), "192.0.2.7")
  assert.equal((await one.getaddrinfo("web.internal", 1, AF_INET6, SOCK_STREAM))[0]![4], ["2001:db8::8", 1, 0, 0])
  assert.is((await one.gethostbyaddr("192.0.2.8"))[0], "web.internal")
  assert.is(server.questions.length, 0)
})

test("RA-04: resolv.conf gives servers, search domains and options, and is read again when it has changed", async () => {
  const folder = mkdtempSync(join(tmpdir(), "resolv-"))
  const resolvConf = join(folder, "resolv.conf")
  const link = join(folder, "link")
  try {
    writeFileSync(
      resolvConf,
      `nameserver ${server.address}\nsearch nowhere.test test\noptions ndots:1 timeout:1 attempts:1\n`,
    )
    symlinkSync(resolvConf, link)
    const one = resolver({ servers: null, timeout: null, tries: null, resolvConf: link })
    assert.equal(one.servers, [server.address])
    assert.is(await one.gethostbyname("host"), "192.0.2.1")
    assert.equal(
      server.questions.map(({ name }) => name),
      ["host.nowhere.test", "host.test"],
    )

    writeFileSync(resolvConf, "nameserver 192.0.2.200\n")
    await sleep(1.1)
    assert.equal(one.servers, ["192.0.2.200:53"])
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test("RA-04: search domains, ndots and lookups can be given", async () => {
  const asked = async (options: AresResolverOptions, name: string): Promise<string[]> => {
    server.questions.length = 0
    await Promise.resolve(resolver(options).gethostbyname(name)).catch(() => {})
    return server.questions.map((question) => question.name)
  }
  const domains = ["a.test", "b.test"]
  assert.equal(await asked({ domains }, "x"), ["x.a.test", "x.b.test", "x"])
  assert.equal(await asked({ domains }, "x.y"), ["x.y", "x.y.a.test", "x.y.b.test"])
  assert.equal(await asked({ domains, ndots: 2 }, "x.y"), ["x.y.a.test", "x.y.b.test", "x.y"])
  assert.equal(await asked({ domains }, "x.y."), ["x.y"])
  assert.equal(await asked({ domains, flags: ARES_FLAG_NOSEARCH }, "x"), ["x"])
  assert.equal(await asked({ lookups: "f" }, "host.test"), [])
  const hosts = { "host.test": "192.0.2.77" }
  assert.is(await resolver({ hosts, lookups: "bf" }).gethostbyname("host.test"), "192.0.2.1")
  assert.is(await resolver({ hosts, lookups: "fb" }).gethostbyname("host.test"), "192.0.2.77")
})

test("RA-05: localhost and the broadcast address are special, and never asked for", async () => {
  const one = resolver()
  assert.is(await one.gethostbyname("localhost"), "127.0.0.1")
  assert.is(await one.gethostbyname("LOCALHOST"), "127.0.0.1")
  assert.is(await one.gethostbyname("any.localhost"), "127.0.0.1")
  assert.equal(
    (await one.getaddrinfo("localhost", 80, 0, SOCK_STREAM)).map((entry) => entry[4][0]),
    ["::1", "127.0.0.1"],
  )
  assert.is(await one.gethostbyname("<broadcast>"), "255.255.255.255")
  assert.is(await one.gethostbyname("255.255.255.255"), "255.255.255.255")
  assert.equal(await failure(() => one.gethostbynameEx("<broadcast>")), ["herror", 1, "ENOTFOUND"])
  assert.equal(await failure(() => one.gethostbyaddr("<broadcast>")), ["herror", 1, "ENOTFOUND"])
  assert.equal(await failure(() => one.getaddrinfo("<broadcast>", 80)), NONAME)
  assert.is(server.questions.length, 0)
})

test("RA-06: the empty host is any address", async () => {
  const one = resolver()
  assert.is(await one.gethostbyname(""), "0.0.0.0")
  assert.is(await one.gethostbyname("", AF_INET6), "::")
  assert.throws(() => one.gethostbyaddr(""), /wildcard resolved to multiple address/)
  assert.equal(await failure(() => one.getaddrinfo("", 80)), NONAME)
})

test("RA-07: a port is a number, digits, a service or null", async () => {
  const one = resolver()
  const ports = async (port: never, type = 0): Promise<[number, number][]> =>
    (await one.getaddrinfo("192.0.2.1", port, 0, type)).map((entry) => [entry[1], entry[4][1]])
  const both = (port: number): number[][] => [
    [SOCK_STREAM, port],
    [SOCK_DGRAM, port],
  ]
  assert.equal(await ports(80 as never), both(80))
  assert.equal(await ports("80" as never), both(80))
  assert.equal(await ports(new TextEncoder().encode("80") as never), both(80))
  assert.equal(await ports(null as never), both(0))
  assert.equal(await ports("" as never), both(0))
  assert.equal(await ports(70000 as never), both(4464))
  assert.equal(await ports(-1 as never), both(65535))
  assert.equal(await ports("domain" as never), both(53))
  assert.equal(await ports("http" as never), [[SOCK_STREAM, 80]])
  assert.equal(await ports("tftp" as never), [[SOCK_DGRAM, 69]])
  assert.equal(await ports("http" as never, SOCK_STREAM), [[SOCK_STREAM, 80]])
  assert.equal(await failure(() => ports("http" as never, SOCK_DGRAM)), ["gaierror", EAI_SERVICE, "EAI_SERVICE"])
  assert.equal(await failure(() => ports("nothing" as never)), ["gaierror", EAI_SERVICE, "EAI_SERVICE"])
  assert.equal(await failure(() => one.getaddrinfo("192.0.2.1", "http", 0, 0, 0, AI_NUMERICSERV)), NONAME)
  for (const port of [1.5, {}, true] as never[])
    assert.throws(() => one.getaddrinfo("192.0.2.1", port), /Int or String expected/)
})

test("RA-08: family, type and protocol choose; ::1 comes first, then IPv4, then the rest of IPv6", async () => {
  const one = resolver()
  const hosts = async (...rest: number[]): Promise<unknown[]> =>
    (await one.getaddrinfo("both.test", 80, ...rest)).map(([, type, proto, , [address]]) => [address, type, proto])
  const tcp = [SOCK_STREAM, IPPROTO_TCP]
  const udp = [SOCK_DGRAM, IPPROTO_UDP]
  const v4 = ["192.0.2.11", "192.0.2.12"]
  const v6 = ["::1", "2001:db8::11"]
  const all = ["::1", ...v4, "2001:db8::11"]
  assert.equal(
    await hosts(0, SOCK_STREAM),
    all.map((address) => [address, ...tcp]),
  )
  assert.equal(
    await hosts(0, SOCK_DGRAM),
    all.map((address) => [address, ...udp]),
  )
  assert.equal(
    await hosts(),
    all.flatMap((address) => [
      [address, ...tcp],
      [address, ...udp],
    ]),
  )
  assert.equal(
    await hosts(AF_INET, SOCK_STREAM),
    v4.map((address) => [address, ...tcp]),
  )
  assert.equal(
    await hosts(AF_INET6, SOCK_STREAM),
    v6.map((address) => [address, ...tcp]),
  )
  assert.equal(
    await hosts(AF_INET, 0, IPPROTO_UDP),
    v4.map((address) => [address, ...udp]),
  )
  assert.equal(
    await hosts(AF_INET, SOCK_RAW),
    v4.map((address) => [address, SOCK_RAW, 0]),
  )
  assert.equal(await failure(() => hosts(99)), ["gaierror", EAI_FAMILY, "EAI_FAMILY"])
  assert.equal(await failure(() => hosts(0, SOCK_STREAM, IPPROTO_UDP)), ["gaierror", EAI_SOCKTYPE, "EAI_SOCKTYPE"])
  assert.equal(await failure(() => hosts(0, 0, 41)), ["gaierror", EAI_SERVICE, "EAI_SERVICE"])
  assert.throws(() => one.getaddrinfo("both.test", 80, 0.5), TypeError)
})

test("RA-09: numeric hosts, no host and AI_PASSIVE need no network", async () => {
  const one = resolver()
  const addresses = async (host: string | null, flags = 0, family = 0): Promise<unknown[]> =>
    (await one.getaddrinfo(host, 80, family, SOCK_STREAM, 0, flags)).map((entry) => entry[4])
  assert.equal(await addresses(null, AI_PASSIVE), [
    ["0.0.0.0", 80],
    ["::", 80, 0, 0],
  ])
  assert.equal(await addresses(null), [
    ["::1", 80, 0, 0],
    ["127.0.0.1", 80],
  ])
  assert.equal(await addresses(null, 0, AF_INET), [["127.0.0.1", 80]])
  assert.equal(await addresses("192.0.2.1", AI_NUMERICHOST), [["192.0.2.1", 80]])
  assert.equal(await addresses("2001:DB8:0:0::0:1"), [["2001:db8::1", 80, 0, 0]])
  assert.equal(await addresses("::ffff:1.2.3.4"), [["::ffff:1.2.3.4", 80, 0, 0]])
  assert.equal(await failure(() => addresses("host.test", AI_NUMERICHOST)), NONAME)
  assert.equal(await failure(() => one.getaddrinfo(null, null)), NONAME)
  assert.is(server.questions.length, 0)
})

test("RA-10: scope ids of IPv6 addresses are numbers or interfaces", async () => {
  const one = resolver()
  const expected = [["fe80::1", 80, 0, 1]]
  const scoped = async (host: string): Promise<unknown[]> =>
    (await one.getaddrinfo(host, 80, 0, SOCK_STREAM)).map((entry) => entry[4])
  assert.equal(await scoped("fe80::1%1"), expected)
  const loopback = Number(readFileSync("/sys/class/net/lo/ifindex", "utf8"))
  assert.equal(await scoped("fe80::1%lo"), [["fe80::1", 80, 0, loopback]])
  assert.equal(await failure(() => scoped("fe80::1%nothing")), NONAME)
  assert.equal(await failure(() => scoped("fe80::1%/x")), NONAME)
  assert.equal(await failure(() => one.gethostbyname("::1")), ["gaierror", EAI_ADDRFAMILY, "EAI_ADDRFAMILY"])
  assert.equal(await one.getnameinfo(["fe80::1", 80, 0, loopback], NI_NUMERICHOST), ["fe80::1%lo", "http"])
  assert.equal(await one.getnameinfo(["fe80::1", 80, 0, 987654], NI_NUMERICHOST), ["fe80::1%987654", "http"])
})

test("RA-11: gethostbyaddr of a name resolves it first", async () => {
  const one = resolver()
  assert.equal(await one.gethostbyaddr("alias.test"), ["host.test", [], ["192.0.2.1"]])
  assert.equal(await failure(() => one.gethostbyaddr("missing.test")), NONAME)
  assert.equal(await failure(() => one.gethostbyaddr("both.test")), ["herror", 1, "ENOTFOUND"])
})

test("RA-12: getnameinfo checks its arguments and understands the flags", async () => {
  const one = resolver()
  assert.throws(() => one.getnameinfo("x" as never, 0), /must be an array/)
  assert.throws(() => one.getnameinfo(["192.0.2.1", "80"] as never, 0), /port must be a whole number/)
  assert.throws(() => one.getnameinfo(["192.0.2.1", 80], "x" as never), /flags must be a whole number/)
  const names = (flags: number, port = 80, host = "192.0.2.1"): PromiseLike<unknown> =>
    one.getnameinfo([host, port], flags)
  assert.equal(await names(0), ["host.test", "http"])
  assert.equal(await names(NI_NUMERICHOST), ["192.0.2.1", "http"])
  assert.equal(await names(NI_NUMERICSERV), ["host.test", "80"])
  assert.equal(await names(NI_NUMERICHOST | NI_NUMERICSERV), ["192.0.2.1", "80"])
  assert.equal(await names(NI_NUMERICHOST, 69), ["192.0.2.1", "69"])
  assert.equal(await names(NI_NUMERICHOST | NI_DGRAM, 69), ["192.0.2.1", "tftp"])
  assert.equal(await names(NI_NUMERICHOST, 0), ["192.0.2.1", "0"])
  assert.equal(await names(NI_NUMERICHOST, 70000), ["192.0.2.1", "0"])
  assert.equal(await names(NI_NUMERICHOST, 64999), ["192.0.2.1", "64999"])
  assert.equal(await names(NI_NUMERICHOST | (1 << 20)), ["192.0.2.1", "http"])
  assert.equal(await names(0, 80, "192.0.2.99"), ["192.0.2.99", "http"])
  assert.equal(await names(NI_NOFQDN), ["host.test", "http"])
  assert.equal(await failure(() => names(NI_NAMEREQD, 80, "192.0.2.99")), NONAME)
  assert.equal(await names(0, 80, "host.test"), ["host.test", "http"])
  assert.match(await failure(() => one.getnameinfo(["192.0.2.1", 80, 0, 0], 0)).then(String), /EINVAL/)
  const several = await Promise.resolve(one.getnameinfo(["both.test", 80], 0)).catch((error: Error) => error)
  assert.match(String(several), /sockaddr resolved to multiple addresses/)
})

test("RA-13: international names are encoded, bytes are taken as they are", async () => {
  server.answer = ({ type }) => ({ records: type === TYPES.A ? [a("192.0.2.30")] : [] })
  const asked = async (name: string | Uint8Array): Promise<string> => {
    server.questions.length = 0
    assert.is(await resolver().gethostbyname(name), "192.0.2.30")
    return server.questions[0]!.name
  }
  assert.is(await asked("bücher.test"), "xn--bcher-kva.test")
  assert.is(await asked("BÜCHER.test"), "xn--bcher-kva.test")
  assert.is(await asked("bu\u0308cher.test"), "xn--bcher-kva.test", "composed first")
  assert.is(await asked("faß.test"), "fass.test", "as IDNA 2003 has it")
  assert.is(await asked("例え。テスト"), "xn--r8jz45g.xn--zckzah")
  assert.is(await asked("президент.рф"), "xn--d1abbgf6aiiy.xn--p1ai")
  assert.is(await asked("ｆｕｌｌ.test"), "full.test")
  assert.is(await asked(new TextEncoder().encode("bytes.test")), "bytes.test")
  assert.is(await asked("xn--bcher-kva.test"), "xn--bcher-kva.test")
})

test("RA-14: what differs from the system: short numbers are names, .onion is refused", async () => {
  const one = resolver()
  assert.equal(await failure(() => one.gethostbyname("something.onion")), NONAME)
  assert.is(server.questions.length, 0)
  assert.equal(await failure(() => one.gethostbyname("0")), NONAME)
  assert.equal(await failure(() => one.gethostbyname("127.1")), NONAME)
})

test("RA-16: AI_CANONNAME puts the name into the first entry", async () => {
  const one = resolver()
  const names = async (host: string, flags: number): Promise<string[]> =>
    (await one.getaddrinfo(host, 80, 0, 0, 0, flags)).map((entry) => entry[3])
  assert.equal(await names("alias.test", AI_CANONNAME), ["host.test", ""])
  assert.equal(await names("alias.test", 0), ["", ""])
  assert.equal(await names("192.0.2.1", AI_CANONNAME), ["192.0.2.1", ""])
})

test("SO-21: getfqdn gives a name with a dot when there is one", async () => {
  getHub().resolver = resolver({
    hosts: { short: "192.0.2.40", "long.example.test": "192.0.2.41", [hostname()]: "192.0.2.41" },
  })
  assert.is(await getfqdn("192.0.2.1"), "host.test")
  assert.is(await getfqdn("short"), "short")
  assert.is(await getfqdn("missing.test"), "missing.test")
  assert.is(await getfqdn(" 192.0.2.1 "), "host.test")
  for (const own of ["", "0.0.0.0", "::"]) assert.is(await getfqdn(own), "long.example.test")
})

test("SO-22: the functions of the module ask the hub's resolver", async () => {
  getHub().resolver = resolver()
  assert.is(await gethostbyname("host.test"), "192.0.2.1")
  assert.equal(await gethostbynameEx("alias.test"), ["host.test", ["alias.test"], ["192.0.2.1"]])
  assert.equal(await getaddrinfo("host.test", 80, AF_INET, SOCK_STREAM), [[2, 1, 6, "", ["192.0.2.1", 80]]])
  assert.equal(await gethostbyaddr("192.0.2.1"), ["host.test", [], ["192.0.2.1"]])
  assert.equal(await getnameinfo(["192.0.2.1", 80], 0), ["host.test", "http"])
  assert.equal(await resolve("host.test"), [{ name: "host.test", ttl: 60, address: "192.0.2.1" }])
  assert.equal(await reverse("192.0.2.1"), ["host.test"])
  await run(function* () {
    assert.is(yield* gethostbyname("host.test"), "192.0.2.1")
    assert.equal(yield* getnameinfo(["192.0.2.1", 80], 0), ["host.test", "http"])
  })
})

test("records of every type have their fields and their TTL", async () => {
  const soa = [3, 7200, 900, 1209600, 300].map((value) => number(value, 4))
  const records: Partial<Record<RecordType, Buffer>> = {
    A: Buffer.from([192, 0, 2, 1]),
    AAAA: aaaa("2001:db8:0:0:0:0:0:1").data,
    NS: wireName("ns.test"),
    CNAME: wireName("target.test"),
    PTR: wireName("pointer.test"),
    SOA: Buffer.concat([wireName("ns.test"), wireName("root.test"), ...soa]),
    MX: Buffer.concat([number(10, 2), wireName("mail.test")]),
    TXT: Buffer.concat([text("first"), text("zweites ü"), text("")]),
    SRV: Buffer.concat([number(1, 2), number(2, 2), number(5060, 2), wireName("sip.test")]),
    NAPTR: Buffer.concat([
      number(100, 2),
      number(10, 2),
      text("S"),
      text("SIP+D2U"),
      text(""),
      wireName("_sip._udp.test"),
    ]),
    TLSA: Buffer.from([3, 1, 1, 0xde, 0xad, 0xbe, 0xef]),
    URI: Buffer.concat([number(10, 2), number(1, 2), Buffer.from("https://uri.test/path")]),
    CAA: Buffer.concat([number(128, 1), text("issue"), Buffer.from("ca.test")]),
    SVCB: Buffer.concat([number(0, 2), wireName("service.test")]),
    HTTPS: Buffer.concat([
      number(1, 2),
      wireName("."),
      ...[
        [0, Buffer.concat([number(1, 2), number(3, 2)])] as const,
        [1, Buffer.concat([text("h2"), text("h3")])] as const,
        [2, Buffer.alloc(0)] as const,
        [3, number(8443, 2)] as const,
        [4, Buffer.from([192, 0, 2, 1, 192, 0, 2, 2])] as const,
        [5, Buffer.from([1, 2, 3])] as const,
        [6, aaaa("2001:db8:0:0:0:0:0:1").data] as const,
        [65280, Buffer.from("x")] as const,
      ].flatMap(([key, value]) => [number(key, 2), number(value.length, 2), value]),
    ]),
  }
  server.answer = ({ type }) => {
    const [name] = Object.entries(TYPES).find(([, value]) => value === type)!
    return { records: [{ type, ttl: 1234, data: records[name as RecordType]! }] }
  }
  const one = resolver()
  const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values)
  const expected: Record<RecordType, object> = {
    A: { address: "192.0.2.1" },
    AAAA: { address: "2001:db8::1" },
    NS: { value: "ns.test" },
    CNAME: { value: "target.test" },
    PTR: { value: "pointer.test" },
    SOA: {
      nsname: "ns.test",
      hostmaster: "root.test",
      serial: 3,
      refresh: 7200,
      retry: 900,
      expire: 1209600,
      minttl: 300,
    },
    MX: { priority: 10, exchange: "mail.test" },
    TXT: {
      entries: ["first", "zweites ü", ""],
      data: ["first", "zweites ü", ""].map((value) => new TextEncoder().encode(value)),
    },
    SRV: { priority: 1, weight: 2, port: 5060, target: "sip.test" },
    NAPTR: { order: 100, preference: 10, flags: "S", service: "SIP+D2U", regexp: "", replacement: "_sip._udp.test" },
    TLSA: { certUsage: 3, selector: 1, match: 1, data: bytes(0xde, 0xad, 0xbe, 0xef) },
    URI: { priority: 10, weight: 1, target: "https://uri.test/path" },
    CAA: { critical: 128, tag: "issue", value: "ca.test" },
    SVCB: { priority: 0, target: "service.test", params: {} },
    HTTPS: {
      priority: 1,
      target: "",
      params: {
        mandatory: ["alpn", "port"],
        alpn: ["h2", "h3"],
        noDefaultAlpn: true,
        port: 8443,
        ipv4hint: ["192.0.2.1", "192.0.2.2"],
        ech: bytes(1, 2, 3),
        ipv6hint: ["2001:db8::1"],
        key65280: bytes(120),
      },
    },
  }
  for (const type of Object.keys(expected) as RecordType[]) {
    assert.equal(await one.resolve("Every.test", type), [{ name: "Every.test", ttl: 1234, ...expected[type] }], type)
  }
  assert.throws(() => one.resolve("every.test", "X" as never), /there are no records of type X, but of A, NS/)
  assert.equal((await one.resolve("every.test"))[0]!.address, "192.0.2.1")
})

test("resolve tells apart that there is no name, no record of the type, and no answer", async () => {
  const one = resolver()
  const impatient = resolver({ timeout: 0.1 })
  assert.equal(await failure(() => one.resolve("missing.test")), ["gaierror", 4, "ENOTFOUND"])
  assert.equal(await failure(() => one.resolve("host.test", "AAAA")), ["gaierror", 1, "ENODATA"])
  assert.equal(await failure(() => one.resolve("broken.test")), ["gaierror", 3, "ESERVFAIL"])
  assert.equal(await failure(() => one.resolve("refused.test")), ["gaierror", 6, "EREFUSED"])
  assert.equal(await failure(() => impatient.resolve("silent.test")), ["gaierror", 12, "ETIMEOUT"])
  assert.equal(await one.resolve("alias.test"), [{ name: "host.test", ttl: 60, address: "192.0.2.1" }])
  assert.equal(await one.resolve("alias.test", "CNAME"), [{ name: "alias.test", ttl: 60, value: "host.test" }])
  assert.equal(await one.reverse("192.0.2.1"), ["host.test"])
  assert.throws(() => one.reverse("host.test"), /a numeric address is needed/)
  const [, questions] = await (async () => {
    await failure(() => one.reverse("2001:db8::ff00:42:8329"))
    return [null, server.questions.map(({ name }) => name)] as const
  })()
  assert.is(questions.at(-1), "9.2.3.8.2.4.0.0.0.0.f.f.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa")
})

test("an answer that does not fit is asked for over TCP", async () => {
  const many = Array.from({ length: 200 }, (_, i) => a(`10.0.${i >> 8}.${i & 255}`))
  server.answer = () => ({ truncated: true, records: many })
  const one = resolver()
  assert.is((await one.resolve("large.test")).length, 200)
  assert.equal(
    server.questions.map(({ transport }) => transport),
    ["udp", "tcp"],
  )
})

test("answers with another id or question, or from elsewhere, are ignored", async () => {
  const lie = { records: [a("192.0.2.66")] }
  const truth = { records: [a("192.0.2.1")], delay: 0.05 }
  for (const wrong of [
    { ...lie, question: "other.test" },
    { ...lie, elsewhere: true },
  ] as Reply[]) {
    server.answer = ({ type }) => (type === TYPES.A ? { ...truth, before: wrong } : { rcode: 3 })
    assert.is(await resolver().gethostbyname("host.test"), "192.0.2.1")
  }
  server.answer = ({ id }) => ({ ...truth, before: { ...lie, id: id ^ 0x5555 } })
  assert.is(await resolver().gethostbyname("host.test"), "192.0.2.1")
  server.answer = ({ spelled }) => ({
    ...truth,
    before: { ...lie, question: spelled === spelled.toLowerCase() ? "HOST.test" : spelled.toLowerCase() },
  })
  assert.is(await resolver().gethostbyname("host.test"), "192.0.2.1", "the case is part of the question")
})

test("a name with a dot at its end, an escape or a label that is too long is asked for or refused as c-ares has it", async () => {
  server.answer = ({ type }) => ({ records: type === TYPES.A ? [a("192.0.2.1")] : [] })
  const one = resolver({ flags: ARES_FLAG_NOSEARCH, cache: 0 })
  const label = "l".repeat(63)
  const longest = `${label}.${label}.${label}.${"l".repeat(61)}`
  for (const [name, asked] of [
    ["dot.test.", "dot.test"],
    ["e\\scape.test", "escape.test"],
    ["under_score.test", "under_score.test"],
    [longest, longest],
  ] as const) {
    server.questions.length = 0
    const [record] = await one.resolve(name)
    assert.is(record!.address, "192.0.2.1", name)
    assert.is(server.questions[0]!.name, asked)
  }
  server.questions.length = 0
  const bytes = (name: string): Uint8Array => new TextEncoder().encode(name)
  for (const name of [`${label}l.test`, `${longest}.l.l`, "two..dots.test", ".first.test"]) {
    assert.equal(await failure(() => one.resolve(bytes(name))), ["gaierror", 8, "EBADNAME"], name)
  }
  assert.is(server.questions.length, 0)
  assert.is(one.pending, 0)
  assert.is((await one.resolve("after.test"))[0]!.address, "192.0.2.1", "the server is none the worse")
})

test("ids, ports and case of queries are random", async () => {
  for (let i = 0; i < 12; i++) {
    await failure(() => resolver({ cache: 0 }).resolve(`a-long-name-to-spell-${i}.test`))
  }
  const { questions } = server
  assert.ok(new Set(questions.map(({ id }) => id)).size > 8)
  assert.ok(new Set(questions.map(({ port }) => port)).size > 8)
  assert.ok(questions.filter(({ spelled, name }) => spelled !== name).length > 8)
  server.questions.length = 0
  await failure(() => resolver({ dns0x20: false }).resolve("A-Long-Name.test"))
  assert.is(questions[0]!.spelled, "A-Long-Name.test")
})

test("malformed and looping replies are errors, not crashes", async () => {
  const header = (answers: number): Buffer => Buffer.concat([0x8180, 1, answers, 0, 0].map((word) => number(word, 2)))
  const bad: ((question: Question) => Buffer)[] = [
    () => Buffer.alloc(0),
    () => Buffer.from([0x81]),
    ({ spelled }) => Buffer.concat([header(1), wireName(spelled), number(1, 2), number(1, 2)]),
    // a name that points at itself
    ({ spelled }) =>
      Buffer.concat([
        header(1),
        wireName(spelled),
        number(1, 2),
        number(1, 2),
        number(0xc000 | (12 + wireName(spelled).length + 4), 2),
        ...[1, 1].map((word) => number(word, 2)),
        number(60, 4),
        number(4, 2),
        Buffer.from([192, 0, 2, 1]),
      ]),
    // a record that is shorter than it says
    ({ spelled }) =>
      Buffer.concat([
        header(1),
        wireName(spelled),
        number(1, 2),
        number(1, 2),
        number(0xc00c, 2),
        ...[1, 1].map((word) => number(word, 2)),
        number(60, 4),
        number(400, 2),
        Buffer.from([192, 0, 2, 1]),
      ]),
  ]
  for (const make of bad) {
    server.answer = (question) => ({ raw: make(question) })
    const [name, errno] = await failure(() => resolver({ timeout: 0.1 }).resolve("host.test"))
    assert.is(name, "gaierror")
    assert.ok([10, 12].includes(errno), `errno ${errno}`)
  }
})

test("answers are kept as long as they hold, and not longer than is wished", async () => {
  server.answer = ({ name }) => ({ records: [a("192.0.2.1", name === "short.test" ? 1 : 60)] })
  const one = resolver()
  for (let i = 0; i < 3; i++) assert.is(await one.gethostbyname("long.test"), "192.0.2.1")
  assert.is(server.questions.length, 1)
  await one.gethostbyname("short.test")
  await sleep(1.2)
  await one.gethostbyname("short.test")
  assert.is(server.questions.length, 3)
  const forgetful = resolver({ cache: 0 })
  for (let i = 0; i < 3; i++) await forgetful.gethostbyname("long.test")
  assert.is(server.questions.length, 6)
})

test("many names at once share one socket", async () => {
  server.answer = ({ name }) => ({ records: [a(`10.0.0.${parseInt(name.slice(1), 10)}`)] })
  const one = resolver({ timeout: 5 })
  await run(function* () {
    const greenlets = Array.from({ length: 200 }, (_, i) => spawn(() => one.gethostbyname(`n${i}.test`) as Op<string>))
    for (const [i, greenlet] of greenlets.entries()) assert.is(yield* greenlet.get(), `10.0.0.${i}`)
  })
  assert.is(new Set(server.questions.map(({ port }) => port)).size, 1)
})

test.run()
