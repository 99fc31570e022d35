// c-ares inside hub.wasm, before it has a TypeScript face: that the build is whole, from its allocator to its sockets.
import { createServer, type AddressInfo, type Socket } from "node:net"
import { test } from "uvu"
import * as assert from "uvu/assert"
import { hubModule } from "../ts/core/hubmodule.ts"
import { Loop } from "../ts/core/loop.ts"
import { decodeAddress } from "../ts/core/sockaddr.ts"

const AF_INET = 2
const USE_TCP = 1 // ARES_FLAG_USEVC
const NUMERIC_SERVICE = 1 << 5 // ARES_AI_NUMERICSERV
const NOT_FOUND = 4 // ARES_ENOTFOUND
const TIMED_OUT = 12 // ARES_ETIMEOUT

const module = hubModule()
const loop = Loop.default()
let lastQuery = 0

function text(value: string): number {
  const bytes = new TextEncoder().encode(`${value}\0`)
  const pointer = module.exports.allocate(bytes.length)
  module.memory.bytes.set(bytes, pointer)
  return pointer
}

function resolver(servers: string, timeoutMs = 2000, tries = 1): number {
  const pointer = module.exports.resolver_new(loop.live(), text(servers), timeoutMs, tries, USE_TCP)
  assert.ok(pointer !== 0)
  return pointer
}

async function lookup(pointer: number, name: string): Promise<{ status: number; addresses: string[] }> {
  return new Promise((resolve) => {
    const id = ++lastQuery
    module.queries.set(id, (status, info) => {
      const addresses: string[] = []
      for (
        let node = info && module.exports.addrinfo_next(info, 0);
        node;
        node = module.exports.addrinfo_next(0, node)
      ) {
        const bytes = module.memory.slice(module.exports.addrinfo_address(node), module.exports.addrinfo_length(node))
        const address = decodeAddress(bytes)
        if (typeof address !== "number" && address.family !== "unix") addresses.push(`${address.host}:${address.port}`)
      }
      resolve({ status, addresses })
    })
    module.exports.resolver_getaddrinfo(pointer, text(name), text("80"), AF_INET, NUMERIC_SERVICE, id)
    loop.touch()
  })
}

/** A name server over TCP: `answer` gives the address of a name, null for none, undefined for silence. */
async function nameServer(answer: (name: string) => number[] | null | undefined): Promise<[string, () => void]> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on("error", () => {})
    socket.on("data", (data) => {
      const query = data.subarray(2)
      const labels: string[] = []
      let at = 12
      for (let length = query[at]!; length !== 0; length = query[at]!) {
        labels.push(query.subarray(at + 1, at + 1 + length).toString())
        at += length + 1
      }
      const address = answer(labels.join("."))
      if (address === undefined) return
      const question = query.subarray(12, at + 5)
      const header = Buffer.from([
        query[0]!,
        query[1]!,
        0x81,
        address ? 0x80 : 0x83,
        0,
        1,
        0,
        address ? 1 : 0,
        0,
        0,
        0,
        0,
      ])
      const record = address ? Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, ...address]) : Buffer.alloc(0)
      const message = Buffer.concat([header, question, record])
      socket.write(Buffer.concat([Buffer.from([message.length >> 8, message.length & 255]), message]))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const stop = (): void => {
    server.close()
    for (const socket of sockets) socket.destroy()
  }
  return [`127.0.0.1:${(server.address() as AddressInfo).port}`, stop]
}

test("c-ares is the version that wasm/sources.lock names", () => {
  assert.is(module.memory.string(module.exports.resolver_version()), "1.34.5")
  assert.match(module.memory.string(module.exports.resolver_error(NOT_FOUND)), /not found/i)
})

test("a numeric name needs no server", async () => {
  const pointer = resolver("127.0.0.1:9")
  assert.equal(await lookup(pointer, "192.0.2.7"), { status: 0, addresses: ["192.0.2.7:80"] })
  module.exports.resolver_free(pointer)
})

test("a name is asked for over our sockets; an unknown one is not found", async () => {
  const [address, stop] = await nameServer((name) => (name === "host.test" ? [192, 0, 2, 1] : null))
  const pointer = resolver(address)
  assert.equal(await lookup(pointer, "host.test"), { status: 0, addresses: ["192.0.2.1:80"] })
  assert.is((await lookup(pointer, "missing.test")).status, NOT_FOUND)
  module.exports.resolver_free(pointer)
  stop()
})

test("a silent server costs its timeout, and nothing stays open", async () => {
  const [address, stop] = await nameServer(() => undefined)
  const before = module.opened.size
  const pointer = resolver(address, 100)
  assert.is((await lookup(pointer, "host.test")).status, TIMED_OUT)
  module.exports.resolver_free(pointer)
  assert.is(module.opened.size, before)
  stop()
})

test.run()
