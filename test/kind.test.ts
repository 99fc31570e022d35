import { descriptors } from "gevent-wasm/core"
import { FileObject } from "gevent-wasm/fileobject"
import {
  AF_INET,
  AF_UNIX,
  fromfd,
  gethostname,
  hasIpv6,
  SO_KEEPALIVE,
  SOCK_DGRAM,
  SOCK_STREAM,
  Socket,
  socketpair,
  SOL_SOCKET,
  type SocketError,
} from "gevent-wasm/socket"
import { closeSync, openSync, unlinkSync } from "node:fs"
import { hostname, tmpdir } from "node:os"
import { join } from "node:path"
import process from "node:process"
import { test } from "uvu"
import * as assert from "uvu/assert"

const coded =
  (code: string) =>
  (error: SocketError): boolean =>
    error.code === code

test("SO-01: a protocol has to be the one of the family and the type", () => {
  new Socket(AF_INET, SOCK_STREAM, 6).close()
  new Socket(AF_INET, SOCK_DGRAM, 17).close()
  const { size } = descriptors
  assert.throws(() => new Socket(AF_INET, SOCK_STREAM, 17), coded("EPROTONOSUPPORT"))
  assert.throws(() => new Socket(AF_INET, SOCK_DGRAM, 6), coded("EPROTONOSUPPORT"))
  assert.throws(() => new Socket(AF_UNIX, SOCK_STREAM, 6), coded("EPROTONOSUPPORT"))
  assert.throws(() => new Socket(AF_INET, SOCK_STREAM, "x" as never), TypeError)
  assert.throws(() => new Socket("inet" as never), TypeError)
  assert.throws(() => new Socket(AF_INET, SOCK_STREAM, 0, "x" as never), TypeError)
  assert.is(descriptors.size, size)
})

test("SO-02: an option is a whole number", () => {
  using socket = new Socket()
  for (const value of [NaN, 1.5, Infinity]) {
    assert.throws(() => socket.setsockopt(SOL_SOCKET, SO_KEEPALIVE, value), RangeError)
  }
  assert.is(socket.getsockopt(SOL_SOCKET, SO_KEEPALIVE), 0)
})

test("SO-15: fromfd and the constructor take sockets only", async () => {
  const path = join(tmpdir(), `gevent-wasm-kind-${process.pid}`)
  closeSync(openSync(path, "w"))
  const file = new FileObject(path, "rb")
  const { size } = descriptors
  assert.throws(() => fromfd(file.fileno(), AF_INET, SOCK_STREAM), coded("ENOTSOCK"))
  assert.throws(() => new Socket(AF_INET, SOCK_STREAM, 0, file.fileno()), coded("ENOTSOCK"))
  assert.throws(() => fromfd(9999, AF_INET, SOCK_STREAM), coded("EBADF"))
  assert.throws(() => fromfd("3" as never, AF_INET, SOCK_STREAM), TypeError)
  assert.is(descriptors.size, size)
  await file.close()
  unlinkSync(path)
  const [left, right] = socketpair()
  assert.throws(() => fromfd(left.fileno(), AF_UNIX, SOCK_STREAM, 6), coded("EPROTONOSUPPORT"))
  using copy = fromfd(left.fileno(), AF_UNIX, SOCK_STREAM)
  left.close()
  await copy.sendall("x")
  assert.is((await right.recv(9)).length, 1)
  right.close()
})

test("SO-25: the name of this machine, and whether there is IPv6", () => {
  assert.is(gethostname(), hostname())
  assert.ok(hasIpv6)
})

test.run()
