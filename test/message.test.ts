// Messages of DNS from hostile servers, changed at random: 100,000 as answers over HTTP, and thousands from a server over UDP.
// FUZZ_SEED replays a run.
import { getHub, withTimeout, type Wait } from "gevent-wasm"
import { descriptors } from "gevent-wasm/core"
import {
  AresResolver,
  DohResolver,
  gaierror,
  herror,
  NI_NAMEREQD,
  type RecordResolver,
  type RecordType,
} from "gevent-wasm/resolver"
import process from "node:process"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { mutated, random } from "./mutation.ts"
import {
  a,
  aaaa,
  encode,
  named,
  NameServer,
  number,
  text,
  TYPES,
  wireName,
  type Question,
  type Record as Answer,
} from "./nameserver.ts"

const test = suite("messages")

const COUNT = 100_000
const LOOKUPS = 3000
const SEED = Number(process.env["FUZZ_SEED"] ?? 20240917)

const record = (type: keyof typeof TYPES, ...parts: Uint8Array[]): Answer => ({
  type: TYPES[type],
  data: Buffer.concat(parts),
})
const parameters = [wireName("."), number(1, 2), number(3, 2), text("h2"), number(4, 2), number(4, 2), Buffer.alloc(4)]

const ANSWERS: { readonly [T in RecordType]: readonly Answer[] } = {
  A: [a("192.0.2.1"), a("192.0.2.2"), named("CNAME", "other.test")],
  AAAA: [aaaa("2001:db8:0:0:0:0:0:1")],
  CNAME: [named("CNAME", "other.test")],
  MX: [record("MX", number(1, 2), wireName("mail.test"))],
  NS: [named("NS", "ns.test")],
  PTR: [named("PTR", "host.test"), named("PTR", "other.test")],
  SOA: [record("SOA", wireName("a.test"), wireName("b.test"), Buffer.alloc(20))],
  SRV: [record("SRV", Buffer.alloc(6), wireName("a.test"))],
  TXT: [record("TXT", text("one"), text("two"))],
  CAA: [record("CAA", number(0, 1), text("issue"), Buffer.from("ca"))],
  NAPTR: [record("NAPTR", Buffer.alloc(4), text("S"), text("x"), text(""), wireName("a.test"))],
  TLSA: [record("TLSA", Buffer.from([3, 1, 1, 1, 2, 3]))],
  SVCB: [record("SVCB", number(1, 2), ...parameters)],
  HTTPS: [record("HTTPS", number(1, 2), ...parameters)],
  URI: [record("URI", Buffer.alloc(4), Buffer.from("http://x"))],
}
const CALLS = ["getaddrinfo", "gethostbynameEx", "gethostbyaddr", "getnameinfo", "resolve"]
const KINDS = Object.keys(ANSWERS) as RecordType[]
const RECORDS = new Map(KINDS.map((type) => [TYPES[type] as number, ANSWERS[type]]))

/** What a server that means well says. */
function good(question: Question): Buffer {
  return encode(question, { records: RECORDS.get(question.type)! })
}

/** The same to whoever asks over HTTP, where nothing has to match. */
const GOOD = new Map(
  [...RECORDS.keys()].map((type) => {
    const name = "some.host.test"
    return [type, good({ id: 0, spelled: name, name, type, transport: "tcp", address: "", port: 0 })]
  }),
)

/** The type that a query asks for. */
function typeOf(query: Buffer): number {
  return query.readUInt16BE(query.length - 4)
}

/** A DohResolver whose service answers so, without the network. */
function service(answer: (query: Buffer) => Buffer): DohResolver {
  return new DohResolver({
    url: "http://service.test/",
    fetch: async (_url, { body }) => {
      const chunks = [answer(Buffer.from(body as Uint8Array))]
      const read = async (): Promise<unknown> => ({ value: chunks.pop() })
      // no more of a Response than is read: making real ones takes most of the time
      return { status: 200, body: { getReader: () => ({ read }) } } as unknown as Response
    },
  })
}

/** A look-up, the `i`th one, which has a name of its own. */
function lookUp(resolver: RecordResolver, i: number): [call: string, op: Wait<unknown>] {
  const name = `n${i}.test`
  const address = `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`
  switch (i % 6) {
    case 0:
      return ["getaddrinfo", resolver.getaddrinfo(name, 80)]
    case 1:
      return ["gethostbynameEx", resolver.gethostbynameEx(name)]
    case 2:
      return ["gethostbyaddr", resolver.gethostbyaddr(address)]
    case 3:
      return ["getnameinfo", resolver.getnameinfo([address, 80], NI_NAMEREQD)]
    default:
      return ["resolve", resolver.resolve(name, KINDS[i % KINDS.length]!)]
  }
}

/** How many look-ups found something, and how many failed with an error of names. No server may cause another error. */
class Outcomes {
  readonly found: Record<string, number> = {}
  readonly failed: Record<string, number> = {}

  async add(call: string, op: PromiseLike<unknown>): Promise<void> {
    let counts = this.found
    try {
      assert.ok(await op)
    } catch (error) {
      if (!(error instanceof gaierror) && !(error instanceof herror)) throw error
      counts = this.failed
    }
    counts[call] = (counts[call] ?? 0) + 1
  }

  /** Every call has to have come to both ends. */
  check(): void {
    for (const counts of [this.found, this.failed])
      for (const call of CALLS) assert.ok((counts[call] ?? 0) > 20, `${call}: ${JSON.stringify(this)}`)
  }
}

test(`${COUNT} changed replies over HTTP neither trap nor hang (FUZZ_SEED=${SEED})`, async () => {
  const pick = random(SEED)
  const outcomes = new Outcomes()
  let count = 0
  const resolver = service((query) => {
    count++
    return mutated(GOOD.get(typeOf(query))!, pick)
  })
  const { stackTraceLimit } = Error
  Error.stackTraceLimit = 0 // most replies are errors
  try {
    for (let i = 0; count < COUNT; i++) await outcomes.add(...lookUp(resolver, i))
  } finally {
    Error.stackTraceLimit = stackTraceLimit
  }
  outcomes.check()
})

test(`${LOOKUPS} look-ups with changed replies over UDP leave nothing behind (FUZZ_SEED=${SEED})`, async () => {
  // what a name gets does not depend on when it is asked for
  const server = await NameServer.start((question) => {
    const seed = Buffer.from(`${question.name} ${question.type}`).reduce((sum, byte) => Math.imul(sum, 31) + byte, SEED)
    const bytes = mutated(good(question), random(seed))
    return bytes.length < 2 ? { raw: bytes } : { id: bytes.readUInt16BE(0), raw: bytes.subarray(2) }
  })
  const { loop } = getHub()
  const count = (): number[] => [descriptors.size, loop.activecnt, loop.handles]
  const before = count()
  const options = { servers: server.address, useEnviron: false, hosts: null, resolvConf: null, cache: 0 }
  // a reply that cannot be read ends all that its socket waits for
  const resolvers = [1, 0].map(
    (udpMaxQueries) => new AresResolver({ ...options, udpMaxQueries, timeout: 0.1, tries: 1 }),
  )
  const outcomes = new Outcomes()
  let next = 0
  const worker = async (): Promise<void> => {
    for (let i = next++; i < LOOKUPS; i = next++) {
      const [call, op] = lookUp(resolvers[i % 8 === 7 ? 1 : 0]!, i)
      await outcomes.add(
        call,
        withTimeout(30, () => op),
      )
    }
  }
  try {
    await Promise.all(Array.from({ length: 60 }, worker))
    outcomes.check()
    for (const resolver of resolvers) assert.is(resolver.pending, 0)
    assert.equal(count(), before)
    server.answer = (question) => ({ records: RECORDS.get(question.type)! })
    for (const resolver of resolvers) assert.is(await resolver.gethostbyname("host.test"), "192.0.2.1")
  } finally {
    for (const resolver of resolvers) resolver.close()
    await server.close()
  }
  assert.equal(count(), before)
})

test("a reply that was not changed is read, field by field", async () => {
  const resolver = service((query) => GOOD.get(typeOf(query))!)
  for (const type of KINDS) assert.ok((await resolver.resolve("host.test", type)).length > 0, type)
  assert.equal(
    (await resolver.resolve("host.test")).map(({ address }) => address),
    ["192.0.2.1", "192.0.2.2"],
  )
})

test("a query is written by c-ares, and a name that is none is an error", async () => {
  const queries: Buffer[] = []
  const resolver = service((query) => {
    queries.push(query)
    return GOOD.get(typeOf(query))!
  })
  await resolver.resolve("host.test", "AAAA")
  assert.equal(
    [...queries[0]!],
    [0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 4, ...Buffer.from("host"), 4, ...Buffer.from("test"), 0, 0, 28, 0, 1],
  )
  const error = await Promise.resolve(resolver.resolve(Buffer.from(`${"x".repeat(64)}.test`))).catch((e: unknown) => e)
  assert.is((error as gaierror).code, "EBADNAME")
  assert.is(queries.length, 1)
})

test.run()
