import { getHub, run, sleep, spawn } from "gevent-wasm"
import {
  AresResolver,
  DohResolver,
  type gaierror,
  getaddrinfo,
  gethostbyname,
  type herror,
  resolve,
  type RecordResolver,
} from "gevent-wasm/resolver"
import { SOCK_STREAM } from "gevent-wasm/socket"
import http from "node:http"
import type { AddressInfo } from "node:net"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { DohServer } from "./dohserver.ts"
import { a, aaaa, named, NameServer, number, TYPES, wireName, type Question, type Reply } from "./nameserver.ts"

const test = suite("doh")

function answer({ name, type }: Question): Reply | null {
  if (name === "silent.test") return null
  if (name === "junk.test") return { raw: Buffer.from([1, 2, 3]) }
  if (name === "host.test" && type === TYPES.A) return { records: [a("192.0.2.1", 30)] }
  if (name === "host.test" && type === TYPES.AAAA) return { records: [aaaa("2001:db8:0:0:0:0:0:1")] }
  if (name === "host.test" && type === TYPES.MX) {
    return { records: [{ type, data: Buffer.concat([number(10, 2), wireName("mail.test")]) }] }
  }
  if (name === "alias.test") {
    const alias = named("CNAME", "host.test")
    return { records: type === TYPES.A ? [alias, { ...a("192.0.2.1"), name: "host.test" }] : [alias] }
  }
  if (name === "1.2.0.192.in-addr.arpa") return { records: [named("PTR", "host.test")] }
  return { rcode: name === "broken.test" ? 2 : 3 }
}

const server = await DohServer.start(answer)
const { questions, url } = server

test.before.each(() => {
  server.status = 200
  questions.length = 0
  getHub().resolver = new DohResolver({ url, hosts: { "db.internal": "192.0.2.9" } })
})

test.after(async () => {
  getHub().resolver = null
  await server.close()
})

test("RS-01: names are asked for over HTTP, in messages that c-ares writes and reads", async () => {
  assert.is(await gethostbyname("host.test"), "192.0.2.1")
  assert.equal(
    (await getaddrinfo("host.test", "https", 0, SOCK_STREAM)).map((entry) => entry[4]),
    [
      ["192.0.2.1", 443],
      ["2001:db8::1", 443, 0, 0],
    ],
  )
  assert.equal(await getHub().resolver.gethostbynameEx("alias.test"), ["host.test", ["alias.test"], ["192.0.2.1"]])
  assert.equal(await getHub().resolver.gethostbyaddr("192.0.2.1"), ["host.test", [], ["192.0.2.1"]])
  assert.equal(await resolve("host.test", "MX"), [{ name: "host.test", ttl: 60, priority: 10, exchange: "mail.test" }])
  assert.equal(await (getHub().resolver as DohResolver).reverse("192.0.2.1"), ["host.test"])
  assert.ok(questions.every(({ id }) => id === 0))
})

test("what is known is not asked for", async () => {
  assert.is(await gethostbyname("db.internal"), "192.0.2.9")
  assert.is(await gethostbyname("localhost"), "127.0.0.1")
  assert.is(await gethostbyname("192.0.2.7"), "192.0.2.7")
  assert.is(questions.length, 0)
})

test("failures are those of the other resolvers", async () => {
  const errno = async (op: PromiseLike<unknown>): Promise<unknown> =>
    Promise.resolve(op).catch((error: gaierror | herror) => [error.name, error.errno])
  assert.equal(await errno(gethostbyname("missing.test")), ["gaierror", -2])
  assert.equal(await errno(getHub().resolver.gethostbyaddr("192.0.2.99")), ["herror", 1])
  assert.equal(await errno(resolve("missing.test")), ["gaierror", 4])
  assert.equal(await errno(resolve("alias.test", "TXT")), ["gaierror", 1])
  assert.equal(await errno(getaddrinfo("broken.test", 80)), ["gaierror", 3])
  assert.equal(await errno(resolve("junk.test")), ["gaierror", 10])
  server.status = 500
  assert.equal(await errno(resolve("host.test")), ["gaierror", 3])
  const nowhere = new DohResolver({ url: "http://127.0.0.1:1/" })
  assert.equal(await errno(nowhere.resolve("host.test")), ["gaierror", 11])
  assert.throws(() => new DohResolver(), /needs the URL/)
  assert.throws(() => new DohResolver({ url: "nonsense" }), TypeError)
})

test("RS-04: what goes wrong on the way is an error of the class that AresResolver has for it", async () => {
  const silent = await NameServer.start(() => null)
  const options = { servers: silent.address, useEnviron: false, hosts: null, resolvConf: null }
  const ares = new AresResolver({ ...options, timeout: 0.1, tries: 1 })
  const doh = new DohResolver({ url, timeout: 0.1, fetch: () => new Promise(() => {}) })
  const long = Buffer.from(`${"x".repeat(64)}.test`)
  const failures = (one: RecordResolver): Promise<unknown[]> => {
    const calls: PromiseLike<unknown>[] = [
      ...["host.test", long].flatMap((name) => [
        one.gethostbyname(name),
        one.gethostbynameEx(name),
        one.getaddrinfo(name, 80),
        one.gethostbyaddr(name),
        one.resolve(name),
      ]),
      one.gethostbyaddr("192.0.2.1"),
      one.getnameinfo(["192.0.2.1", 80], 0),
      one.reverse("192.0.2.1"),
    ]
    return Promise.all(
      calls.map((op) => Promise.resolve(op).catch((error: gaierror | herror) => [error.name, error.errno])),
    )
  }
  const [expected, ours] = [await failures(ares), await failures(doh)]
  ares.close()
  await silent.close()
  assert.equal(ours, expected)
})

test("RS-07: a kill aborts the request", () =>
  run(function* () {
    const greenlet = spawn(function* () {
      yield* gethostbyname("silent.test")
    })
    while (questions.length === 0) yield* sleep(0.01)
    const before = server.aborted
    yield* greenlet.kill()
    while (server.aborted === before) yield* sleep(0.01)
  }))

test("RS-01: a service that does not answer is given up, and one that answers without end is not heard out", async () => {
  const failure = (op: PromiseLike<unknown>): Promise<unknown> =>
    Promise.resolve(op).catch((error: gaierror | herror) => [error.name, error.errno])
  const before = server.aborted
  const impatient = new DohResolver({ url, timeout: 0.1 })
  assert.equal(await failure(impatient.resolve("silent.test")), ["gaierror", 12])
  assert.equal(await failure(impatient.gethostbyname("silent.test")), ["herror", 12])
  while (server.aborted < before + 2) await sleep(0.01)

  const deaf = new DohResolver({ url, timeout: 0.1, fetch: () => new Promise(() => {}) })
  assert.equal(await failure(deaf.resolve("host.test")), ["gaierror", 12])

  const chunk = Buffer.alloc(16_384)
  let closed = 0
  const flood = http.createServer((request, response) => {
    request.resume()
    // with the loop's turn in between: on some hosts a write tells of its end before anything else may happen
    const more = (error?: Error | null): void => {
      if (!error && !response.destroyed) response.write(chunk, (failure) => void setImmediate(more, failure))
    }
    response.on("close", () => void closed++)
    more()
  })
  await new Promise<void>((done) => flood.listen(0, "127.0.0.1", done))
  try {
    const { port } = flood.address() as AddressInfo
    const flooded = new DohResolver({ url: `http://127.0.0.1:${port}/`, timeout: 60 })
    assert.equal(await failure(flooded.resolve("host.test")), ["gaierror", 10])
    while (closed === 0) await sleep(0.01)
  } finally {
    flood.closeAllConnections()
    await new Promise((done) => flood.close(done))
  }
  assert.throws(() => new DohResolver({ url, timeout: -1 }), /timeout must be 0 to/)
  assert.throws(() => new DohResolver({ url, timeout: "1" as never }), /timeout must be a number/)
})

test.run()
