import { run, type Wait } from "gevent-wasm"
import { AF_INET, createConnection, SOCK_DGRAM, Socket, socketpair, type Bytes } from "gevent-wasm/socket"
import { test } from "uvu"
import * as assert from "uvu/assert"
import { listening, text } from "./sockets.ts"

function buffers(content: string): Bytes[] {
  const bytes = new TextEncoder().encode(content)
  const shared = new SharedArrayBuffer(bytes.length)
  new Uint8Array(shared).set(bytes)
  return [bytes, new DataView(bytes.slice().buffer), bytes.slice().buffer, shared, new Uint8Array(shared)]
}

/** A pair of TCP, and one within the process. */
function* pairs(): Generator<Wait<unknown>, [Socket, Socket][], unknown> {
  using listener = listening()
  const client = yield* createConnection(listener.getsockname(), 5)
  const [server] = yield* listener.accept()
  return [[client, server], socketpair()]
}

test("SO-07: send, sendall and sendmsg take any kind of buffer", () =>
  run(function* () {
    for (const [left, right] of yield* pairs()) {
      for (const data of buffers("hello")) {
        yield* left.sendall(data)
        assert.is(text(yield* right.recv(100)), "hello")
        assert.is(yield* left.send(data), 5)
        assert.is(text(yield* right.recv(100)), "hello")
        assert.is(yield* left.sendmsg([data, "!"]), 6)
        assert.is(text(yield* right.recv(100)), "hello!")
      }
      assert.throws(() => left.sendall([1, 2] as never), TypeError)
      left.close()
      right.close()
    }
  }))

test("SO-07: a datagram may be any kind of buffer", () =>
  run(function* () {
    using socket = new Socket(AF_INET, SOCK_DGRAM)
    socket.bind(["127.0.0.1", 0])
    for (const data of buffers("hello")) {
      yield* socket.sendto(data, socket.getsockname())
      assert.is(text(yield* socket.recv(100)), "hello")
    }
  }))

test("SO-05: recvInto, recvfromInto and recvmsgInto take any kind of buffer", () =>
  run(function* () {
    for (const [left, right] of yield* pairs()) {
      for (const into of buffers(".....")) {
        const content = (): string =>
          text((ArrayBuffer.isView(into) ? new Uint8Array(into.buffer) : new Uint8Array(into)).slice())
        yield* left.sendall("abcde")
        assert.is(yield* right.recvInto(into), 5)
        assert.is(content(), "abcde")
        yield* left.sendall("xy")
        assert.equal(yield* right.recvfromInto(into), [2, null])
        assert.is(content(), "xycde")
        yield* left.sendall("z")
        assert.is((yield* right.recvmsgInto([into]))[0], 1)
        assert.is(content(), "zycde")
      }
      assert.throws(() => right.recvInto("x" as never), TypeError)
      left.close()
      right.close()
    }
  }))

test.run()
