// Messages of DNS from hostile servers: 100,000 of them, changed at random. FUZZ_SEED replays a run.
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { readFound, readRecords } from "../ts/resolver/answer.ts"
import { readMessage, writeQuery } from "../ts/resolver/message.ts"
import { readReply } from "../ts/resolver/records.ts"
import { a, aaaa, encode, named, number, text, TYPES, wireName, type Question } from "./nameserver.ts"

const test = suite("messages")

const COUNT = 100_000
const SEED = Number(process.env["FUZZ_SEED"] ?? 20240917)

/** A generator of numbers that repeats itself for a seed: mulberry32. */
function random(seed: number): (below: number) => number {
  let state = seed >>> 0
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) % below
  }
}

const question = (type: number): Question => ({
  id: 1,
  spelled: "some.host.test",
  name: "some.host.test",
  type,
  transport: "udp",
  port: 1,
})

const replies: Buffer[] = [
  [TYPES.A, [a("192.0.2.1"), a("192.0.2.2"), named("CNAME", "other.test")]] as const,
  [TYPES.AAAA, [aaaa("2001:db8:0:0:0:0:0:1")]] as const,
  [TYPES.MX, [{ type: TYPES.MX, data: Buffer.concat([number(1, 2), wireName("mail.test")]) }]] as const,
  [TYPES.TXT, [{ type: TYPES.TXT, data: Buffer.concat([text("one"), text("two")]) }]] as const,
  [
    TYPES.SOA,
    [{ type: TYPES.SOA, data: Buffer.concat([wireName("a.test"), wireName("b.test"), Buffer.alloc(20)]) }],
  ] as const,
  [TYPES.SRV, [{ type: TYPES.SRV, data: Buffer.concat([Buffer.alloc(6), wireName("a.test")]) }]] as const,
  [
    TYPES.NAPTR,
    [{ type: TYPES.NAPTR, data: Buffer.concat([Buffer.alloc(4), text("S"), text("x"), text(""), wireName("a.test")]) }],
  ] as const,
  [TYPES.CAA, [{ type: TYPES.CAA, data: Buffer.concat([number(0, 1), text("issue"), Buffer.from("ca")]) }]] as const,
  [TYPES.TLSA, [{ type: TYPES.TLSA, data: Buffer.from([3, 1, 1, 1, 2, 3]) }]] as const,
  [TYPES.URI, [{ type: TYPES.URI, data: Buffer.concat([Buffer.alloc(4), Buffer.from("http://x")]) }]] as const,
  [
    TYPES.HTTPS,
    [
      {
        type: TYPES.HTTPS,
        data: Buffer.concat([
          number(1, 2),
          wireName("."),
          number(1, 2),
          number(3, 2),
          text("h2"),
          number(4, 2),
          number(4, 2),
          Buffer.alloc(4),
        ]),
      },
    ],
  ] as const,
].map(([type, records]) => encode(question(type), { records }))

/** Another message: bytes changed, cut out, doubled, numbers at their ends, names that point somewhere. */
function mutated(message: Buffer, pick: (below: number) => number): Buffer {
  let bytes = Buffer.from(message)
  for (let left = 1 + pick(4); left > 0; left--) {
    const at = pick(bytes.length || 1)
    switch (pick(6)) {
      case 0:
        bytes[at] = pick(256)
        break
      case 1:
        bytes[at] = (bytes[at] ?? 0) ^ (1 << pick(8))
        break
      case 2:
        bytes = Buffer.from(bytes.subarray(0, at))
        break
      case 3:
        bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(pick(at + 1))])
        break
      case 4:
        bytes[at] = [0, 0xff, 0x7f, 0x80, 0xc0, 63][pick(6)]!
        break
      default:
        if (at + 1 < bytes.length) bytes.writeUInt16BE(0xc000 | pick(bytes.length), at)
    }
  }
  return bytes
}

test(`${COUNT} changed replies neither trap nor hang (FUZZ_SEED=${SEED})`, () => {
  const pick = random(SEED)
  const statuses = new Map<number, number>()
  const started = performance.now()
  let slowest = 0
  for (let i = 0; i < COUNT; i++) {
    const bytes = mutated(replies[pick(replies.length)]!, pick)
    const before = performance.now()
    readMessage(bytes, (status, answer) => {
      statuses.set(status, (statuses.get(status) ?? 0) + 1)
      if (answer.length > 0) readRecords(answer)
    })
    slowest = Math.max(slowest, performance.now() - before)
  }
  assert.ok(performance.now() - started < 60_000)
  assert.ok(slowest < 2000, `one took ${slowest} ms`)
  assert.ok((statuses.get(0) ?? 0) > 100, "some are still good")
  assert.ok((statuses.get(10) ?? 0) > 100, "most are not")
})

test("a reply that was not changed is read, field by field", () => {
  for (const reply of replies)
    readMessage(reply, (status, answer) => assert.ok(status === 0 && readRecords(answer).length > 0))
  assert.equal(
    readMessage(replies[0]!, (status, answer) => readReply("A", status, answer).map(({ address }) => address)),
    ["192.0.2.1", "192.0.2.2"],
  )
  assert.type(readFound, "function")
})

test("a query is written by c-ares, and a name that is none is an error", () => {
  const query = writeQuery("host.test", TYPES.AAAA)
  assert.equal(
    [...query],
    [0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 4, ...Buffer.from("host"), 4, ...Buffer.from("test"), 0, 0, 28, 0, 1],
  )
  assert.throws(() => writeQuery(`${"x".repeat(64)}.test`, 1), /EBADNAME/)
})

test.run()
