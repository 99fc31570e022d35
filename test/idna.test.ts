// Names that IDNA 2003 refuses. What it says of each is what Python's encodings.idna says.
import { AresResolver, UnicodeError } from "gevent-wasm/resolver"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { NameServer } from "./nameserver.ts"

const test = suite("idna")

const server = await NameServer.start(() => ({ rcode: 3 }))
const resolver = new AresResolver({
  servers: server.address,
  timeout: 10,
  hosts: null,
  resolvConf: null,
  useEnviron: false,
})

test.before.each(() => void (server.questions.length = 0))
test.after(async () => {
  resolver.close()
  await server.close()
})

test("RA-13: characters that no name may have, and mixed directions of writing, are a UnicodeError at the call", () => {
  const refused: [label: string, message: RegExp][] = [
    ["\u05d0a", /BIDI requirement 2/],
    ["a\u05d0", /BIDI requirement 2/],
    ["\u05d0\u00fc\u05d1", /BIDI requirement 2/],
    ["1\u05d0", /BIDI requirement 3/],
    ["\u05d01", /BIDI requirement 3/],
    ["a\ud800", /Invalid character/],
    ["\u00fc\udc00x", /Invalid character/],
    ["\u00fc\u2028", /Invalid character/],
    ["a\u200f\u00fc", /Invalid character/],
    ["\ue000\u00fc", /Invalid character/],
    ["\u{1fffe}\u00fc", /Invalid character/],
    ["a\ufffd", /Invalid character/],
    ["xn--\u00fc", /ACE prefix/],
  ]
  for (const [label, message] of refused) {
    for (const call of [
      () => resolver.gethostbyname(`${label}.test`),
      () => resolver.getaddrinfo(`www.${label}`, 80),
      () => resolver.resolve(label),
    ]) {
      assert.throws(call, (error: Error) => error instanceof UnicodeError && message.test(error.message))
    }
  }
  assert.is(server.questions.length, 0)
})

test("RA-13: what IDNA 2003 takes is asked for", async () => {
  const taken: [name: string, asked: string][] = [
    ["\u05d0\u05d1.test", "xn--4dbc.test"],
    ["\u05d01\u05d1.test", "xn--1-zhce.test"],
    ["\u0221.test", "xn--6la.test"],
    ["\u{1f4a9}.test", "xn--ls8h.test"],
    ["a\u00adb.test", "ab.test"],
    ["xn--4dbc.\u00fc.test", "xn--4dbc.xn--tda.test"],
  ]
  for (const [name, asked] of taken) {
    server.questions.length = 0
    await Promise.resolve(resolver.resolve(name)).catch(() => undefined)
    assert.is(server.questions[0]?.name, asked)
  }
})

test.run()
