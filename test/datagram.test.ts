import { host } from "#host"
import { E, IN, OUT, type Descriptor } from "gevent-wasm/host"
import { test } from "uvu"
import * as assert from "uvu/assert"

type Inet = { family: "inet"; host: string; port: number }

const opened: Descriptor[] = []

test.after.each(() => {
  for (const descriptor of opened.splice(0)) descriptor.close()
})

function datagram(family: "inet" | "inet6" = "inet"): Descriptor {
  const descriptor = host.datagram(family)
  if (typeof descriptor === "number") throw new Error(`no UDP here: ${descriptor}`)
  opened.push(descriptor)
  return descriptor
}

function bound(): Descriptor {
  const descriptor = datagram()
  assert.is(descriptor.bind({ family: "inet", host: "127.0.0.1", port: 0 }), 0)
  return descriptor
}

function addressOf(descriptor: Descriptor): Inet {
  return descriptor.localAddress() as Inet
}

/** Waits until it is readable. */
function readable(descriptor: Descriptor, milliseconds = 5000): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => end(false), milliseconds)
    const observer = { ready: () => (descriptor.readiness() & IN) !== 0 && end(true), closed() {} }
    const end = (result: boolean): void => {
      clearTimeout(timer)
      descriptor.observers.splice(descriptor.observers.indexOf(observer), 1)
      resolve(result)
    }
    descriptor.observers.push(observer)
    observer.ready()
  })
}

function bytes(...values: number[]): Uint8Array {
  return Uint8Array.from(values)
}

test("the port is known as soon as it is bound, and taken", () => {
  const one = bound()
  const address = addressOf(one)
  assert.is(address.host, "127.0.0.1")
  assert.ok(address.port > 0)
  const two = datagram()
  assert.is(two.bind(address), -E.ADDRINUSE)
  assert.is(two.bind({ family: "inet", host: "203.0.113.9", port: 0 }), -E.ADDRNOTAVAIL)
  assert.is(two.bind({ family: "inet6", host: "::1", port: 0 }), -E.AFNOSUPPORT)
  assert.is(two.bind({ family: "inet", host: "localhost", port: 0 }), -E.INVAL)
  assert.is(two.bind({ family: "inet", host: "127.0.0.1", port: 0 }), 0)
  assert.is(two.bind({ family: "inet", host: "127.0.0.1", port: 0 }), -E.INVAL)
  assert.is.not(addressOf(two).port, address.port)
})

test("datagrams keep their bounds and their order, and say who sent them", async () => {
  const one = bound()
  const two = bound()
  for (let i = 0; i < 10; i++) assert.is(two.sendto(bytes(i, i), addressOf(one)), 2)
  for (let i = 0; i < 10; i++) {
    assert.ok(await readable(one))
    const received = one.recvfrom(100, false)
    assert.equal(received, { data: bytes(i, i), address: addressOf(two) })
  }
  assert.is(one.recvfrom(100, false), -E.AGAIN)
  assert.is(one.readiness(), OUT)
})

test("a datagram may be empty, as large as a packet, and no larger", async () => {
  const one = bound()
  const two = bound()
  assert.is(two.sendto(bytes(), addressOf(one)), 0)
  assert.ok(await readable(one))
  assert.equal(one.take(10), bytes())
  const large = new Uint8Array(65507).fill(7)
  assert.is(two.sendto(large, addressOf(one)), 65507)
  large.fill(8) // it is the caller's again
  assert.ok(await readable(one))
  assert.equal(one.take(70000), new Uint8Array(65507).fill(7))
  assert.is(two.sendto(new Uint8Array(65508), addressOf(one)), -E.MSGSIZE)
})

test("a short buffer gets the beginning of a datagram, and the rest is gone", async () => {
  const one = bound()
  const two = bound()
  two.sendto(bytes(1, 2, 3, 4), addressOf(one))
  two.sendto(bytes(5), addressOf(one))
  assert.ok(await readable(one))
  assert.equal(one.recvfrom(2, true), { data: bytes(1, 2, 3, 4), address: addressOf(two) })
  const into = new Uint8Array(2)
  assert.is(one.recv(into), 2)
  assert.equal(into, bytes(1, 2))
  assert.ok(await readable(one))
  assert.equal(one.take(2), bytes(5))
})

test("a connected socket has a peer, and hears nobody else", async () => {
  const server = bound()
  const client = datagram()
  const stranger = bound()
  assert.is(client.send(bytes(1)), -E.DESTADDRREQ)
  assert.is(client.peerAddress(), -E.NOTCONN)
  assert.is(client.connect(addressOf(server)), 0)
  assert.equal(client.peerAddress(), addressOf(server))
  assert.is(client.send(bytes(1)), 1)
  assert.ok(await readable(server))
  const { address } = server.recvfrom(10, false) as { address: Inet }
  const port = { family: "inet" as const, host: "127.0.0.1", port: addressOf(client).port }
  assert.equal(address, port)
  stranger.sendto(bytes(66), port)
  server.sendto(bytes(2), port)
  assert.ok(await readable(client))
  assert.equal(client.take(10), bytes(2))
  assert.is(client.take(10), -E.AGAIN)
  assert.is(client.sendto(bytes(3), addressOf(server)), 1)
  assert.is(client.sendto(bytes(3), addressOf(stranger)), -E.ISCONN)
  // another peer
  assert.is(client.connect(addressOf(stranger)), 0)
  assert.is(addressOf(client).port, port.port)
  stranger.sendto(bytes(4), port)
  assert.ok(await readable(client))
  assert.equal(client.take(10), bytes(4))
  // and none
  assert.is(client.disconnect(), 0)
  assert.is(client.peerAddress(), -E.NOTCONN)
  assert.is(addressOf(client).port, port.port)
  server.sendto(bytes(5), port)
  assert.ok(await readable(client))
  assert.equal(client.take(10), bytes(5))
})

test("a port that is closed is reported to who is connected, where the host hears of it", async () => {
  const gone = bound()
  const address = addressOf(gone)
  gone.close()
  const client = datagram()
  client.connect(address)
  assert.is(client.send(bytes(1)), 1)
  if (host.name === "deno") {
    assert.not.ok(await readable(client, 50))
    return
  }
  assert.ok(await readable(client))
  assert.is(client.take(10), -E.CONNREFUSED)
  assert.is(client.take(10), -E.AGAIN)
})

test("what comes beyond the receive buffer is dropped", async () => {
  const one = bound()
  const two = bound()
  assert.is(one.setOption(1, 8, 8192), 0)
  const size = 1000
  for (let i = 0; i < 200; i++) {
    two.sendto(new Uint8Array(size), addressOf(one))
    if (i % 10 === 9) await new Promise((resolve) => setTimeout(resolve, 2))
  }
  let count = 0
  while (typeof one.take(size) !== "number") count++
  assert.ok(count > 0 && count < 30, `${count} datagrams`)
})

test("options are set before and after it is bound, and read", () => {
  const one = datagram()
  assert.is(one.getOption(1, 3), 2) // SO_TYPE
  assert.is(one.getOption(1, 38), 17) // SO_PROTOCOL
  for (const [level, name, value] of [
    [1, 6, 1], // SO_BROADCAST
    [0, 2, 5], // IP_TTL
    [0, 33, 4], // IP_MULTICAST_TTL
    [0, 34, 0], // IP_MULTICAST_LOOP
  ] as const) {
    assert.is(one.setOption(level, name, value), 0)
    assert.is(one.getOption(level, name), value)
  }
  assert.is(one.bind({ family: "inet", host: "127.0.0.1", port: 0 }), 0)
  assert.is(one.setOption(0, 2, 6), 0)
  assert.is(one.getOption(0, 2), 6)
  assert.is(one.setOption(0, 2, 300), -E.INVAL)
  assert.ok(one.setOptionBytes(0, 32, Uint8Array.of(203, 0, 113, 1)) < 0) // IP_MULTICAST_IF, and no interface has that
  assert.is(one.getOption(0, 32), 0)
  assert.is(one.setOption(6, 1, 1), -E.NOPROTOOPT) // TCP_NODELAY
  assert.is(one.getOption(6, 1), -E.NOPROTOOPT)
})

test("a broadcast needs the option", () => {
  const one = datagram()
  const everybody: Inet = { family: "inet", host: "255.255.255.255", port: 9 }
  assert.is(one.sendto(bytes(1), everybody), -E.ACCES)
})

test("a member of a multicast group gets what is sent to it", async () => {
  const member = datagram()
  const group = bytes(239, 7, 7, 7, 127, 0, 0, 1)
  assert.is(member.setOptionBytes(0, 35, bytes(1, 2, 3, 4, 0, 0, 0, 0)), -E.INVAL)
  assert.is(member.setOptionBytes(0, 36, group), -E.ADDRNOTAVAIL)
  assert.is(member.setOptionBytes(0, 35, group), 0)
  assert.is(member.bind({ family: "inet", host: "0.0.0.0", port: 0 }), 0)
  const sender = datagram()
  assert.is(sender.setOptionBytes(0, 32, bytes(127, 0, 0, 1)), 0)
  assert.is(sender.sendto(bytes(1, 2), { family: "inet", host: "239.7.7.7", port: addressOf(member).port }), 2)
  assert.ok(await readable(member))
  assert.equal(member.take(10), bytes(1, 2))
  assert.is(member.setOptionBytes(0, 36, group), 0)
})

test("a port is shared by those who say so", () => {
  const one = datagram()
  const two = datagram()
  assert.is(one.setOption(1, 2, 1), 0)
  assert.is(two.setOption(1, 2, 1), 0)
  assert.is(one.bind({ family: "inet", host: "0.0.0.0", port: 0 }), 0)
  assert.is(two.bind(addressOf(one)), 0)
})

test("what a datagram socket cannot do is refused", () => {
  const one = bound()
  assert.is(one.listen(1), -E.NOTSUP)
  assert.is(one.accept(), -E.NOTSUP)
  assert.is(one.shutdown(2), -E.NOTCONN)
  one.close()
  for (const result of [one.recv(bytes(1)), one.send(bytes(1)), one.localAddress(), one.peerAddress(), one.shutdown(2)])
    assert.is(result, -E.BADF)
})

test("IPv6", async () => {
  const one = datagram("inet6")
  if (one.bind({ family: "inet6", host: "::1", port: 0 }) !== 0) return
  const two = datagram("inet6")
  assert.is(two.connect({ ...addressOf(one), host: "0:0:0:0:0:0:0:1" }), 0)
  two.send(bytes(1))
  assert.ok(await readable(one))
  const { address } = one.recvfrom(10, false) as { address: Inet }
  assert.is(address.host, "::1")
  one.sendto(bytes(2), address)
  assert.ok(await readable(two))
  assert.equal(two.take(10), bytes(2))
})

test.run()
