import { getHub, run, sleep } from "gevent-wasm"
import { Program } from "gevent-wasm/program"
import { AresResolver } from "gevent-wasm/resolver"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { a, aaaa, named, NameServer, TYPES } from "./nameserver.ts"

const test = suite("names of C programs")

const program = await Program.load("build/test/wasm/names.wasm")
const server = await NameServer.start(({ name, type }) => {
  if (name === "silent.test") return null
  if (name === "host.test" && type === TYPES.A) return { records: [a("192.0.2.1")] }
  if (name === "host.test") return { records: [aaaa("2001:db8:0:0:0:0:0:1")] }
  if (name === "alias.test") {
    return {
      records: [named("CNAME", "host.test"), ...(type === TYPES.A ? [{ ...a("192.0.2.1"), name: "host.test" }] : [])],
    }
  }
  if (name === "1.2.0.192.in-addr.arpa") return { records: [named("PTR", "host.test")] }
  return name === "broken.test" ? { rcode: 2 } : { rcode: 3 }
})
const options = { servers: server.address, hosts: null, resolvConf: null, useEnviron: false }
const resolver = new AresResolver({ ...options, timeout: 30 })
const impatient = new AresResolver({ ...options, timeout: 0.1, tries: 1 })

test.before.each(() => void (getHub().resolver = resolver))

test.after(async () => {
  resolver.close()
  impatient.close()
  await server.close()
})

/** What a run prints. */
async function output(...args: string[]): Promise<string> {
  let text = ""
  const decoder = new TextDecoder()
  const status = await program.run(args, { stdout: (bytes) => void (text += decoder.decode(bytes)) }).get()
  assert.is(status, 0)
  return text.trimEnd()
}

test("SO-22: getaddrinfo() asks the hub's resolver", async () => {
  assert.is(await output("addresses", "host.test", "http"), "-: 2/1 192.0.2.1 80 10/1 2001:db8::1 80")
  assert.is(await output("addresses", "alias.test", "443", "2"), "host.test: 2/1 192.0.2.1 443")
  assert.is(await output("addresses", "192.0.2.7", "80", "4"), "-: 2/1 192.0.2.7 80")
  assert.is(await output("addresses", "", "80"), "-: 10/1 ::1 80 2/1 127.0.0.1 80")
  assert.is(await output("addresses", "", "80", "1"), "-: 2/1 0.0.0.0 80 10/1 :: 80")
  assert.match(await output("addresses", "missing.test", "80"), /^error -2 Name does not resolve/)
  assert.match(await output("addresses", "host.test", "nothing"), /^error -8 /)
  assert.match(await output("addresses", "broken.test", "80"), /^error -4 /)
  getHub().resolver = impatient
  assert.match(await output("addresses", "silent.test", "80"), /^error -3 Try again/)
})

test("SO-22: gethostbyname(), gethostbyaddr() and getnameinfo() do too", async () => {
  assert.is(await output("byname", "alias.test"), "host.test (alias.test 4) 192.0.2.1")
  assert.match(await output("byname", "missing.test"), /^error 1 /)
  assert.is(await output("byaddr", "192.0.2.1"), "host.test (4) 192.0.2.1")
  assert.match(await output("byaddr", "192.0.2.99"), /^error 1 /)
  assert.is(await output("names", "192.0.2.1", "80", "0"), "host.test http")
  assert.is(await output("names", "192.0.2.99", "80", "0"), "192.0.2.99 http")
  assert.is(await output("names", "192.0.2.99", "80", "8"), "error -2")
  getHub().resolver = impatient
  assert.match(await output("byname", "silent.test"), /^error 2 /)
})

test("a thread waits alone, and a killed one has its query freed", async () => {
  const lines = (await output("many")).split("\n")
  assert.is(lines.length, 50)
  assert.equal([...new Set(lines)], ["-: 2/1 192.0.2.1 80 10/1 2001:db8::1 80"])
  assert.is(await output("kill"), "cancelled")
  assert.is(resolver.pending, 0)
})

test("a program that ends while it waits leaves no query", () =>
  run(function* () {
    const greenlet = program.run(["hang"])
    while (resolver.pending === 0) yield* sleep(0.01)
    yield* greenlet.kill()
    while (resolver.pending > 0) yield* sleep(0.01)
  }))

test.run()
