// Options of resolvers that are wrong say so, and servers that are told can be given again.
import { getHub } from "gevent-wasm"
import { Resolver as DnsResolver } from "gevent-wasm/dns"
import { AresResolver, DohResolver, InvalidIP, type AresResolverOptions } from "gevent-wasm/resolver"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { suite } from "uvu"
import * as assert from "uvu/assert"

const test = suite("resolveroptions")

/** Makes a resolver that reads no files, calls, and closes it. */
function having<T>(options: object, call: (resolver: AresResolver) => T): T {
  using resolver = new AresResolver({ useEnviron: false, resolvConf: null, hosts: null, ...options })
  return call(resolver)
}

test("RA-01: an option that there is not, or that makes no sense, is an error at construction", () => {
  const wrong: [options: object, type: abstract new () => Error, message: RegExp][] = [
    [{ nothing: 1 }, TypeError, /no option "nothing"/],
    [{ rotate: "yes" }, TypeError, /rotate must be true or false, not yes/],
    [{ dns0x20: 1 }, TypeError, /dns0x20 must be true or false/],
    [{ useEnviron: 1 }, TypeError, /useEnviron must be true or false/],
    [{ tries: 1.5 }, RangeError, /tries must be a whole number, not 1.5/],
    [{ ndots: "1" }, TypeError, /ndots must be a number/],
    [{ domains: "x" }, TypeError, /domains must be a list of strings, not x/],
    [{ domains: [5] }, TypeError, /domains must be a list of strings/],
    [{ domains: ["a b"] }, RangeError, /a domain must be a name, not "a b"/],
    [{ domains: [""] }, RangeError, /a domain must be a name/],
    [{ hosts: 5 }, TypeError, /hosts must be a table.*not 5/],
    [{ hosts: ["a"] }, TypeError, /hosts must be a table/],
    [{ hosts: { a: 5 } }, TypeError, /addresses of a in hosts must be strings, not 5/],
    [{ hosts: { a: "nonsense" } }, RangeError, /addresses of a in hosts must be numeric, not "nonsense"/],
    [{ hosts: { a: ["192.0.2.1", "x"] } }, RangeError, /must be numeric, not "x"/],
    [{ hosts: { "a b": "192.0.2.1" } }, RangeError, /a name that is none: "a b"/],
    [{ resolvConf: 5 }, TypeError, /resolvConf must be a string/],
    [{ sortlist: 5 }, TypeError, /sortlist must be a string/],
    [{ lookups: 5 }, TypeError, /lookups must be a string/],
  ]
  for (const [options, type, message] of wrong) {
    assert.throws(
      () => having(options, () => undefined),
      (error: Error) => error instanceof type && message.test(error.message),
      JSON.stringify(options),
    )
  }
  const good: AresResolverOptions = { timeout: 0.5, domains: ["a.test"], rotate: false, hosts: "/nowhere", cache: null }
  assert.equal(
    having({ ...good, servers: "192.0.2.1" }, ({ servers }) => servers),
    ["192.0.2.1:53"],
  )
  const url = "http://127.0.0.1/"
  assert.throws(() => new DohResolver({ url, hosts: { a: "x" } }), /must be numeric/)
  assert.throws(() => new DohResolver({ url, fetch: 5 as never }), /fetch must be a function/)
  assert.throws(() => (getHub().resolver = 5 as never), /a resolver must be an object with getaddrinfo\(\).*not 5/)
})

test("RA-01: the servers of a resolver are servers for another", () => {
  for (const servers of ["192.0.2.1", "[2001:db8::1]:5300,192.0.2.2:54", "2001:db8::2"]) {
    for (const ports of [{}, { udpPort: 5353 }, { udpPort: 5353, tcpPort: 5454 }]) {
      having({ servers, ...ports }, (resolver) => {
        const told = resolver.servers
        resolver.setServers(told)
        assert.equal(resolver.servers, told)
        resolver.setServers(told.join(","))
        assert.equal(resolver.servers, told)
        assert.equal(
          having({ servers: told }, (other) => other.servers),
          told,
        )
      })
    }
  }
  for (const servers of ["dns://x", "dns://192.0.2.1?tcpport=70000", "dns://192.0.2.1?port=1", "http://192.0.2.1"]) {
    assert.throws(() => having({ servers }, () => undefined), /must be a numeric address/)
  }
  const node = new DnsResolver({ resolvConf: null, hosts: null, udpPort: 5353 })
  node.setServers(["192.0.2.1", "192.0.2.2:53"])
  assert.equal(node.getServers(), ["dns://192.0.2.1:5353?tcpport=53", "192.0.2.2"])
  node.setServers(node.getServers())
  node.close()
})

test("RA-01: a link-local server is an InvalidIP, and passed over in resolv.conf", () => {
  for (const servers of ["fe80::1", "fe80::1%lo", "[fe80::1%lo]:53", "::1%lo", ["192.0.2.1", "FE80::1%1"]]) {
    assert.throws(
      () => having({ servers }, () => undefined),
      (error: Error) => error instanceof InvalidIP && /not link-local/.test(error.message),
    )
  }
  const folder = mkdtempSync(join(tmpdir(), "resolv-"))
  try {
    const resolvConf = join(folder, "resolv.conf")
    writeFileSync(resolvConf, "nameserver fe80::1%lo\nnameserver 192.0.2.53\n")
    assert.equal(
      having({ resolvConf }, ({ servers }) => servers),
      ["192.0.2.53:53"],
    )
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test.run()
