import { host } from "#host"
import { getHub, run, sleep, spawn, type Wait } from "gevent-wasm"
import { DatagramServer } from "gevent-wasm/server"
import {
  AF_INET,
  AF_INET6,
  AF_UNIX,
  ConcurrentObjectUseError,
  IP_ADD_MEMBERSHIP,
  IP_MULTICAST_TTL,
  IPPROTO_IP,
  MSG_DONTWAIT,
  MSG_PEEK,
  MSG_TRUNC,
  SHUT_RD,
  SHUT_RDWR,
  SHUT_WR,
  SO_BROADCAST,
  SO_TYPE,
  SOCK_DGRAM,
  Socket,
  SocketTimeout,
  SOL_SOCKET,
  socketpair,
  type SocketAddress,
} from "gevent-wasm/socket"
import dgram from "node:dgram"
import { test } from "uvu"
import * as assert from "uvu/assert"
import { connectedPair, failure, openDescriptors, settled, text } from "./sockets.ts"

function udp(address: [string, number] | null = ["127.0.0.1", 0]): Socket {
  const socket = new Socket(AF_INET, SOCK_DGRAM)
  if (address !== null) socket.bind(address)
  return socket
}

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values)

test("SO-23: a datagram goes to an address and says where it came from", () =>
  run(function* () {
    using one = udp()
    using two = udp()
    assert.is(one.type, SOCK_DGRAM)
    assert.is(one.getsockopt(SOL_SOCKET, SO_TYPE), SOCK_DGRAM)
    assert.is(yield* two.sendto("hello", one.getsockname()), 5)
    const [data, address] = yield* one.recvfrom(100)
    assert.is(text(data), "hello")
    assert.equal(address, two.getsockname())
    assert.is(yield* one.sendto(bytes(1, 2), 0, address!), 2)
    assert.equal(yield* two.recv(100), bytes(1, 2))
  }))

test("SO-23: a datagram socket has a port as soon as it sends", () =>
  run(function* () {
    using server = udp()
    using client = udp(null)
    assert.equal(client.getsockname(), ["0.0.0.0", 0])
    yield* client.sendto("x", server.getsockname())
    const [, address] = yield* server.recvfrom(10)
    assert.is(address![1], client.getsockname()[1])
  }))

test("SO-23: sendto and connect look names up", () =>
  run(function* () {
    using server = udp()
    using client = udp(null)
    yield* client.sendto("one", ["localhost", server.getsockname()[1]])
    assert.is(text(yield* server.recv(10)), "one")
    yield* client.connect(["localhost", server.getsockname()[1]])
    assert.is(yield* client.send("two"), 3)
    assert.is(text(yield* server.recv(10)), "two")
    const error = yield* failure(client.sendto("x", ["no-such-name.invalid", 9]))
    assert.ok(error.code?.startsWith("E"), error.code)
  }))

test("SO-23: who is killed while a name is looked up sends nothing", () =>
  run(function* () {
    using server = udp()
    using client = udp(null)
    const sending = spawn(() => client.sendto("x", ["localhost", server.getsockname()[1]]))
    yield* sleep(0)
    yield* sending.kill()
    server.settimeout(0.05)
    assert.instance(yield* failure(server.recv(10)), SocketTimeout)
  }))

test("SO-23: connect sets the peer, and disconnect takes it back", () =>
  run(function* () {
    using server = udp()
    using other = udp()
    using client = udp()
    assert.is((yield* failure(client.send("x"))).code, "EDESTADDRREQ")
    yield* client.connect(server.getsockname())
    assert.equal(client.getpeername(), server.getsockname())
    yield* client.sendall("one")
    yield* other.sendto("stranger", client.getsockname())
    yield* server.sendto("two", client.getsockname())
    assert.is(text(yield* client.recv(10)), "two")
    assert.is((yield* failure(client.sendto("x", other.getsockname()))).code, "EISCONN")
    const port = client.getsockname()[1]
    client.disconnect()
    assert.is(client.getsockname()[1], port)
    assert.throws(() => client.getpeername(), /ENOTCONN|not connected/)
    yield* other.sendto("friend", client.getsockname())
    assert.is(text(yield* client.recv(10)), "friend")
  }))

test("SO-23: the peer of a connected socket that is not there is ECONNREFUSED, where the host hears of it", () =>
  run(function* () {
    using gone = udp()
    const address = gone.getsockname()
    gone.close()
    using client = udp(null)
    client.settimeout(host.name === "deno" ? 0.05 : 5)
    yield* client.connect(address)
    yield* client.send("x")
    const error = yield* failure(client.recv(10))
    assert.is(error.code, host.name === "deno" ? "ETIMEDOUT" : "ECONNREFUSED")
  }))

test("SO-23: an empty datagram is one, and one that is too large is EMSGSIZE", () =>
  run(function* () {
    using one = udp()
    using two = udp()
    assert.is(yield* two.sendto("", one.getsockname()), 0)
    assert.is((yield* one.recv(10)).length, 0)
    assert.is((yield* failure(two.sendto(new Uint8Array(65508), one.getsockname()))).code, "EMSGSIZE")
  }))

test("SO-23: what comes at once from the peer comes whole and in order, and errors behind it", () =>
  run(function* () {
    using one = udp()
    const two = udp()
    yield* one.connect(two.getsockname())
    yield* two.connect(one.getsockname())
    const sizeOf = (i: number): number => (i % 10 === 3 ? 0 : i % 10 === 7 ? 5000 : 1 + i * 3)
    // from the second time on all that waits is read at once
    for (let burst = 1; burst <= 5; burst++) {
      const receiver = spawn(function* () {
        for (let i = 0; i < 40; i++) {
          const [data, address] = yield* one.recvfrom(10_000)
          assert.is(data.length, sizeOf(i), `datagram ${i} of burst ${burst}`)
          assert.ok(data.every((byte) => byte === ((i * burst) & 255)))
          assert.equal(address, two.getsockname())
        }
        return "all"
      })
      for (let i = 0; i < 40; i++) {
        const size = sizeOf(i)
        assert.is(yield* two.send(new Uint8Array(size).fill(i * burst)), size)
      }
      assert.is(yield* receiver.get(true, 5), "all")
    }
    two.close()
    if (host.name === "deno") return // it does not hear of it
    yield* sleep(0.05)
    yield* one.send("x")
    one.settimeout(5)
    assert.is((yield* failure(one.recv(10))).code, "ECONNREFUSED")
  }))

test("SO-23: broadcast and multicast options", () =>
  run(function* () {
    using one = udp(["0.0.0.0", 0])
    assert.is((yield* failure(one.sendto("x", ["255.255.255.255", 9]))).code, "EACCES")
    one.setsockopt(SOL_SOCKET, SO_BROADCAST, true)
    assert.is(one.getsockopt(SOL_SOCKET, SO_BROADCAST), 1)
    one.setsockopt(IPPROTO_IP, IP_MULTICAST_TTL, 2)
    assert.is(one.getsockopt(IPPROTO_IP, IP_MULTICAST_TTL), 2)
    one.setsockopt(IPPROTO_IP, IP_ADD_MEMBERSHIP, bytes(239, 7, 7, 9, 127, 0, 0, 1))
    assert.throws(
      () => one.setsockopt(IPPROTO_IP, IP_ADD_MEMBERSHIP, bytes(1, 2, 3, 4, 0, 0, 0, 0)),
      (error: Error & { code: string }) => error.code === "EINVAL",
    )
    assert.throws(() => one.setsockopt(SOL_SOCKET, SO_BROADCAST, "1" as never), TypeError)
  }))

test("SO-23: IPv6", () =>
  run(function* () {
    using one = new Socket(AF_INET6, SOCK_DGRAM)
    try {
      one.bind(["::1", 0])
    } catch {
      return // this machine has none
    }
    using two = new Socket(AF_INET6, SOCK_DGRAM)
    yield* two.sendto("x", one.getsockname())
    const [, address] = yield* one.recvfrom(10)
    assert.equal(address, ["::1", two.getsockname()[1]])
  }))

test("SO-23: it talks to the host's own sockets", async () => {
  const peer = dgram.createSocket("udp4", (data, { address, port }) => peer.send(data, port, address))
  await new Promise<void>((resolve) => peer.bind(0, "127.0.0.1", resolve))
  using client = udp(null)
  for (let i = 0; i < 100; i++) {
    await client.sendto(`message ${i}`, ["127.0.0.1", peer.address().port])
    assert.is(text(await client.recv(100)), `message ${i}`)
  }
  peer.close()
})

test("SO-05: recv, recvInto, recvfrom and recvfromInto cut a datagram to the room there is", () =>
  run(function* () {
    using one = udp()
    const address = one.getsockname()
    for (let i = 0; i < 4; i++) yield* one.sendto(bytes(1, 2, 3, 4), address)
    assert.equal(yield* one.recv(2), bytes(1, 2))
    const buffer = new Uint8Array(4)
    assert.is(yield* one.recvInto(buffer, 3), 3)
    assert.equal(buffer, bytes(1, 2, 3, 0))
    assert.equal(yield* one.recvfrom(1), [bytes(1), address])
    assert.equal(yield* one.recvfromInto(new DataView(buffer.buffer, 2)), [2, address])
    assert.equal(buffer, bytes(1, 2, 1, 2))
    assert.throws(() => one.recvInto(buffer, 5), RangeError)
    assert.throws(() => one.recvfromInto("x" as never), TypeError)
  }))

test("SO-05: recvmsg and recvmsgInto say what was cut", () =>
  run(function* () {
    using one = udp()
    const address = one.getsockname()
    for (let i = 0; i < 3; i++) yield* one.sendmsg([bytes(1, 2), "", bytes(3, 4)], [], 0, address)
    assert.equal(yield* one.recvmsg(10), [bytes(1, 2, 3, 4), [], 0, address])
    assert.equal(yield* one.recvmsg(3, 100), [bytes(1, 2, 3), [], MSG_TRUNC, address])
    const buffers = [new Uint8Array(1), new Uint8Array(2)]
    assert.equal(yield* one.recvmsgInto(buffers), [3, [], MSG_TRUNC, address])
    assert.equal(buffers, [bytes(1), bytes(2, 3)])
    assert.throws(() => one.recvmsgInto(buffers[0] as never), TypeError)
  }))

const streams = {
  TCP: connectedPair,
  *"a socket pair"(): Generator<Wait<unknown>, [Socket, Socket], unknown> {
    yield* sleep(0)
    return socketpair()
  },
}

for (const [kind, pair] of Object.entries(streams)) {
  test(`SO-05: ${kind} has the calls for messages too, and no address`, () =>
    run(function* () {
      const [client, server] = yield* pair()
      using _one = client
      using _two = server
      assert.is(yield* client.sendmsg(["ab", bytes(99, 100)]), 4)
      assert.is(text(yield* server.recv(2, MSG_PEEK)), "ab")
      assert.equal(yield* server.recvfrom(1), [bytes(97), null])
      const buffers = [new Uint8Array(1), new Uint8Array(1)]
      assert.equal(yield* server.recvmsgInto(buffers), [2, [], 0, null])
      assert.equal(buffers, [bytes(98), bytes(99)])
      assert.equal(yield* server.recvmsg(10), [bytes(100), [], 0, null])
      const address: never = client.getsockname() as never
      assert.is(yield* client.sendto("x", address), 1)
      assert.equal(yield* server.recvfromInto(new Uint8Array(4)), [1, null])
      assert.is(yield* client.sendmsg([new Uint8Array(50000), new Uint8Array(50000)]), 65536) // a part, as streams may
      client.close()
      for (let left = 65536; left > 0;) left -= (yield* server.recvmsg(65536))[0].length
      assert.equal(yield* server.recvfrom(10), [bytes(), null])
      assert.equal(yield* server.recvmsg(10), [bytes(), [], 0, null])
      assert.equal(yield* server.recvmsgInto([new Uint8Array(1)]), [0, [], 0, null])
    }))
}

test("SO-05: MSG_PEEK leaves what it received", () =>
  run(function* () {
    using one = udp()
    yield* one.sendto("ab", one.getsockname())
    yield* one.sendto("cd", one.getsockname())
    assert.is(text(yield* one.recv(1, MSG_PEEK)), "a")
    assert.is(yield* one.recvInto(new Uint8Array(5), 0, MSG_PEEK), 2)
    assert.equal((yield* one.recvfrom(5, MSG_PEEK))[0], bytes(97, 98))
    assert.is(text(yield* one.recv(5)), "ab")
    assert.is(text(yield* one.recv(5)), "cd")
  }))

test("SO-06: MSG_DONTWAIT never waits, and neither does timeout 0", () =>
  run(function* () {
    using one = udp()
    const buffer = new Uint8Array(1)
    for (const op of [
      one.recv(1, MSG_DONTWAIT),
      one.recvInto(buffer, 0, MSG_DONTWAIT),
      one.recvfrom(1, MSG_DONTWAIT | MSG_PEEK),
      one.recvfromInto(buffer, 0, MSG_DONTWAIT),
      one.recvmsg(1, 0, MSG_DONTWAIT),
      one.recvmsgInto([buffer], 0, MSG_DONTWAIT),
    ])
      assert.is((yield* failure(op)).code, "EAGAIN")
    one.setblocking(false)
    assert.is((yield* failure(one.recvfrom(1))).code, "EAGAIN")
    assert.is(yield* one.sendto("x", MSG_DONTWAIT, one.getsockname()), 1)
    assert.is(yield* one.sendto("x", ["localhost", one.getsockname()[1]]), 1) // it waits for the name alone
    const [client, server] = yield* connectedPair()
    using _one = client
    using _two = server
    let code: string | undefined
    for (let sent = 0; code === undefined && sent < 100; sent++)
      try {
        yield* client.send(new Uint8Array(1 << 20), MSG_DONTWAIT)
      } catch (error) {
        code = (error as { code?: string }).code
      }
    assert.is(code, "EAGAIN")
  }))

test("SO-06: other flags and control messages are ENOTSUP", () => {
  using one = udp()
  const refused = (error: Error & { code: string }): boolean => error.code === "ENOTSUP"
  assert.throws(() => one.recv(1, 1), refused) // MSG_OOB
  assert.throws(() => one.send("x", MSG_PEEK), refused)
  assert.throws(() => one.sendmsg(["x"], [[SOL_SOCKET, 1, "fd"]], 0, one.getsockname()), refused)
  assert.throws(() => one.recv(1, 0.5), TypeError)
  assert.throws(() => one.sendmsg("x" as never), TypeError)
  assert.throws(() => one.sendto("x", 5 as never), TypeError)
  assert.throws(() => one.sendto("x", ["127.0.0.1", 70000]), RangeError)
})

test("SO-04: a timeout limits recvfrom, and leaves the socket usable", () =>
  run(function* () {
    using one = udp()
    one.settimeout(0.02)
    const error = yield* failure(one.recvfrom(1))
    assert.instance(error, SocketTimeout)
    assert.match(error.message, /timed out/)
    yield* one.sendto("x", one.getsockname())
    assert.is((yield* one.recv(1)).length, 1)
  }))

test("SO-08: two greenlets that receive datagrams are refused", () =>
  run(function* () {
    using one = udp()
    const first = spawn(() => one.recvfrom(10))
    yield* sleep(0)
    assert.instance(yield* failure(one.recv(10)), ConcurrentObjectUseError)
    yield* one.sendto("x", one.getsockname())
    assert.is((yield* first.get())[0].length, 1)
  }))

test("SO-09: close wakes who waits for a datagram, and later calls are EBADF", () =>
  run(function* () {
    const one = udp()
    const waiting = spawn(() => failure(one.recvfrom(10)))
    yield* sleep(0)
    one.close()
    assert.is((yield* waiting.get()).code, "EBADF")
    for (const op of [one.recvfrom(1), one.sendto("x", ["127.0.0.1", 9]), one.recvmsg(1), one.send("x")])
      assert.is((yield* failure(op)).code, "EBADF")
    assert.throws(
      () => one.disconnect(),
      (error: Error & { code: string }) => error.code === "EBADF",
    )
  }))

test("SO-10: shutdown of a datagram socket needs a peer", () =>
  run(function* () {
    using one = udp()
    assert.throws(
      () => one.shutdown(SHUT_RDWR),
      (error: Error & { code: string }) => error.code === "ENOTCONN",
    )
    using two = udp()
    yield* one.connect(two.getsockname())
    const waiting = spawn(() => failure(one.recv(10)))
    yield* sleep(0)
    one.shutdown(SHUT_RD)
    assert.is((yield* waiting.get()).code, "EBADF")
    assert.is((yield* one.recv(10)).length, 0)
    one.shutdown(SHUT_WR)
    assert.is((yield* failure(one.send("x"))).code, "EPIPE")
  }))

test("SO-01: what a datagram socket cannot be", () => {
  const refused = (code: string) => (error: Error & { code: string }) => error.code === code
  using one = udp()
  assert.throws(() => one.listen(), refused("ENOTSUP"))
  assert.throws(() => one.acceptNow(), refused("ENOTSUP"))
  assert.throws(() => new Socket(AF_UNIX, SOCK_DGRAM), refused("EPROTONOSUPPORT"))
  assert.throws(() => new Socket(AF_INET, 3), refused("EPROTONOSUPPORT"))
})

test("SO-20: many datagram sockets leave nothing open", async () => {
  const before = openDescriptors()
  await run(function* () {
    using server = udp()
    for (let i = 0; i < 200; i++) {
      using client = udp(null)
      yield* client.connect(server.getsockname())
      yield* client.send("x")
      yield* server.recv(1)
    }
  })
  await settled(before)
})

test("SV-26: a DatagramServer runs a handler for each datagram", () =>
  run(function* () {
    const server: DatagramServer = new DatagramServer("127.0.0.1:0", (data: Uint8Array, address: SocketAddress) =>
      server.sendto(`got ${text(data)}`, address),
    )
    assert.ok(server.closed)
    server.start()
    assert.ok(server.started)
    assert.ok(server.serverPort > 0)
    using client = udp(null)
    yield* client.connect(server.address)
    for (const word of ["one", "two", ""]) {
      yield* client.send(word)
      assert.is(text(yield* client.recv(100)), `got ${word}`)
    }
    yield* server.stop()
    assert.ok(server.closed)
    assert.is((yield* failure(server.sendto("x", ["127.0.0.1", 9]))).code, "EBADF")
    // its port is free again
    server.start()
    using other = udp(null)
    yield* other.sendto("three", server.address)
    assert.is(text(yield* other.recv(100)), "got three")
    server.close()
  }))

test("SV-26: no more than 8192 bytes of a datagram are read", () =>
  run(function* () {
    const sizes: number[] = []
    using server = new DatagramServer("127.0.0.1:0", (data: Uint8Array) => void sizes.push(data.length))
    server.start()
    using client = udp(null)
    yield* client.sendto(new Uint8Array(10000), server.address)
    while (sizes.length === 0) yield* sleep(0.005)
    assert.equal(sizes, [8192])
  }))

test("SV-26: sendto of many greenlets at once is serialised, and every datagram goes out", () =>
  run(function* () {
    using client = udp()
    const server = new DatagramServer("127.0.0.1:0", () => {})
    server.start()
    const senders = Array.from({ length: 20 }, (_, i) =>
      spawn(() => server.sendto(bytes(i), ["localhost", client.getsockname()[1]])),
    )
    for (const sender of senders) assert.is(yield* sender.get(), 1)
    const seen = new Set<number>()
    while (seen.size < 20) seen.add((yield* client.recv(10))[0]!)
    yield* server.stop()
  }))

test("SV-26: the handler of a datagram server may be a method, and runs in a pool or in the hub", () =>
  run(function* () {
    class Upper extends DatagramServer {
      override handle(data: Uint8Array, address: SocketAddress): unknown {
        return this.sendto(text(data).toUpperCase(), address)
      }
    }
    using client = udp(null)
    using upper = new Upper(":0", null, { spawn: 1 })
    upper.start()
    yield* client.sendto("abc", ["127.0.0.1", upper.serverPort])
    assert.is(text(yield* client.recv(10)), "ABC")

    using socket = udp()
    const seen: string[] = []
    using inHub = new DatagramServer(socket, (data: Uint8Array) => void seen.push(text(data)), { spawn: null })
    inHub.start()
    yield* client.sendto("one", socket.getsockname())
    yield* client.sendto("two", socket.getsockname())
    while (seen.length < 2) yield* sleep(0.005)
    assert.equal(seen, ["one", "two"])
  }))

test("SV-26: a datagram server needs a datagram socket, and an address that is free", () =>
  run(function* () {
    yield* sleep(0)
    using stream = new Socket()
    stream.bind(["127.0.0.1", 0])
    assert.throws(() => new DatagramServer(stream, () => {}), TypeError)
    assert.throws(() => new DatagramServer(":0"), TypeError)
    using taken = udp()
    const server = new DatagramServer(taken.getsockname(), () => {})
    assert.throws(
      () => server.start(),
      (error: Error & { code: string }) => error.code === "EADDRINUSE" && error.message.includes("127.0.0.1"),
    )
  }))

test("SV-26: the error of a datagram's handler is reported, and the server goes on", () =>
  run(function* () {
    const hub = getHub()
    const { exceptionStream } = hub
    let reports = ""
    hub.exceptionStream = (report) => (reports += report)
    try {
      const server: DatagramServer = new DatagramServer("127.0.0.1:0", (data: Uint8Array, address: SocketAddress) => {
        if (text(data) === "bad") throw new Error("that was bad")
        return server.sendto(data, address)
      })
      server.start()
      using client = udp(null)
      yield* client.connect(server.address)
      yield* client.send("bad")
      yield* client.send("good")
      assert.is(text(yield* client.recv(10)), "good")
      server.close()
    } finally {
      hub.exceptionStream = exceptionStream
    }
    assert.match(reports, /that was bad/)
  }))

test.run()
