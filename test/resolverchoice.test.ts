// Which resolver a program gets, and what a setting that is wrong says.
import { getHub } from "gevent-wasm"
import { InvalidIP, NotSupportedError } from "gevent-wasm/exceptions"
import { AresResolver, gethostbyname, HostResolver, makeResolver } from "gevent-wasm/resolver"
import process from "node:process"
import { suite } from "uvu"
import * as assert from "uvu/assert"

const test = suite("resolverchoice")

/** Calls with a variable of the environment set. */
function having(name: string, value: string, call: () => void): void {
  const previous = process.env[name]
  process.env[name] = value
  try {
    call()
  } finally {
    if (previous === undefined) delete process.env[name]
    else process.env[name] = previous
  }
}

test.before.each(() => void (getHub().resolver = null))
test.after(() => void (getHub().resolver = null))

test("RA-01: a variable that is wrong is an error of whoever asks, and chooses no other resolver", () => {
  const wrong: [name: string, value: string, type: abstract new () => Error, message: RegExp][] = [
    ["GEVENT_RESOLVER_NAMESERVERS", "junk", InvalidIP, /must be a numeric address.*"junk"/],
    ["GEVENTARES_SERVERS", "192.0.2.1,192.0.2", InvalidIP, /"192.0.2"/],
    ["GEVENT_RESOLVER_TIMEOUT", "x", RangeError, /GEVENT_RESOLVER_TIMEOUT must be a number, not x/],
    ["GEVENT_RESOLVER_TIMEOUT", "-1", RangeError, /timeout must be 0 to/],
    ["GEVENTARES_TRIES", "0", RangeError, /tries must be 1 to/],
    ["GEVENTARES_NDOTS", "abc", RangeError, /GEVENTARES_NDOTS must be a number, not abc/],
  ]
  for (const [name, value, type, message] of wrong) {
    having(name, value, () => {
      for (const call of [() => makeResolver(), () => getHub().resolver, () => gethostbyname("host.test")]) {
        assert.throws(call, (error: Error) => error instanceof type && message.test(error.message), `${name}=${value}`)
      }
      assert.instance(makeResolver("host"), HostResolver)
    })
  }
  assert.instance(getHub().resolver, AresResolver)
})

test("RS-01: only what a host does not support is passed over", () => {
  class Unsupported extends HostResolver {
    constructor() {
      super()
      throw new NotSupportedError("udp")
    }
  }
  class Broken extends HostResolver {
    constructor() {
      super()
      throw new TypeError("broken")
    }
  }
  assert.instance(makeResolver([Unsupported, "doh", "host"]), HostResolver)
  assert.throws(() => makeResolver([Broken, "host"]), /broken/)
  assert.throws(() => makeResolver(["host", "nothing"]), /there is no resolver nothing/)
  assert.throws(() => makeResolver([Unsupported]), /has no UDP/i)
  assert.throws(() => makeResolver("doh"), /needs the URL/)
  assert.throws(() => makeResolver([]), /a list of resolvers must name one/)
  having("GEVENT_RESOLVER_DOH", "nonsense", () => assert.throws(() => makeResolver(["doh", "host"]), TypeError))
})

test.run()
