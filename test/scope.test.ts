import { host } from "#host"
import { run } from "gevent-wasm"
import { AF_INET6, createConnection, SOCK_DGRAM, Socket, type AddressArgument } from "gevent-wasm/socket"
import { networkInterfaces } from "node:os"
import { test } from "uvu"
import * as assert from "uvu/assert"
import { failure, text } from "./sockets.ts"

const onDeno = host.name === "deno"

interface Link {
  readonly address: string
  readonly name: string
  readonly scopeid: number
}

/** An address that needs its scope, on a machine that has one. */
const link = Object.entries(networkInterfaces())
  .flatMap(([name, addresses = []]) => addresses.map((one) => ({ ...one, name })))
  .find(({ address }) => address.startsWith("fe80:")) as Link | undefined

const testOnLink = (name: string, body: (link: Link) => Promise<void>): void =>
  link === undefined ? test.skip(name, () => {}) : test(name, () => body(link))

testOnLink("SO-13: a datagram socket takes the number or the name of a scope, and its addresses have one", (link) =>
  run(function* () {
    const { address, name, scopeid } = link
    const whole = `${address}%${name}`
    for (const bound of [
      [address, 0, 0, scopeid],
      [whole, 0],
    ] as const) {
      using server = new Socket(AF_INET6, SOCK_DGRAM)
      server.bind(bound)
      const [shown, port] = server.getsockname()
      assert.is(shown, whole)
      for (const target of [
        [address, port, 0, scopeid],
        [whole, port],
      ] as const) {
        using client = new Socket(AF_INET6, SOCK_DGRAM)
        yield* client.sendto("question", target)
        const [, from] = yield* server.recvfrom(10)
        assert.is(from![0], whole)
        yield* server.sendto("answer", from!)
        assert.is(text(yield* client.recv(10)), "answer")
        yield* client.connect(target)
        assert.equal(client.getpeername(), [whole, port])
        yield* client.send("again")
        const [data, again] = yield* server.recvfrom(10)
        assert.is(text(data), "again")
        yield* server.sendto("heard", again!)
        assert.is(text(yield* client.recv(10)), "heard")
        yield* client.sendto("same", target)
        assert.is(text(yield* server.recv(10)), "same")
      }
    }
  }),
)

testOnLink("SO-13: a stream takes the number or the name of a scope, where the host does", (link) =>
  run(function* () {
    const { address, name, scopeid } = link
    const whole = `${address}%${name}`
    using anywhere = new Socket(AF_INET6)
    anywhere.bind(["", 0])
    anywhere.listen()
    for (const [host, scope] of [
      [address, [0, scopeid]],
      [whole, []],
    ] as const) {
      const at = (port: number): AddressArgument => [host, port, ...scope] as unknown as AddressArgument
      const [, port] = anywhere.getsockname()
      using client = new Socket(AF_INET6)
      using listener = new Socket(AF_INET6)
      if (onDeno) {
        assert.is((yield* failure(client.connect(at(port)))).code, "EINVAL")
        assert.throws(() => listener.bind(at(0)), /EADDRNOTAVAIL/)
        continue
      }
      yield* client.connect(at(port))
      assert.equal(client.getpeername(), [whole, port])
      listener.bind(at(0))
      listener.listen()
      assert.is(listener.getsockname()[0], whole)
      using second = yield* createConnection(listener.getsockname(), 5)
      assert.equal(second.getpeername(), listener.getsockname())
    }
  }),
)

test.run()
