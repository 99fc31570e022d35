import { test } from "uvu"
import * as assert from "uvu/assert"
import { createPipe, PIPE_BUF, PIPE_CAPACITY } from "../ts/core/pipe.ts"
import { ERR, HUP, IN, OUT } from "../ts/host/descriptor.ts"
import { E } from "../ts/host/errno.ts"

const bytes = (length: number, from = 0): Uint8Array => Uint8Array.from({ length }, (_, i) => (from + i) & 255)

test("bytes come out as they went in", () => {
  const [reader, writer] = createPipe()
  assert.is(reader.readiness(), 0)
  assert.is(writer.readiness(), OUT)
  assert.is(reader.recv(new Uint8Array(4)), -E.AGAIN)
  assert.is(writer.send(bytes(10)), 10)
  assert.is(reader.readiness(), IN)
  const into = new Uint8Array(4)
  assert.is(reader.recv(into), 4)
  assert.equal([...into], [0, 1, 2, 3])
  assert.equal([...(reader.take(100) as Uint8Array)], [4, 5, 6, 7, 8, 9])
  assert.is(reader.take(100), -E.AGAIN)
  assert.is(reader.recv(new Uint8Array(0)), 0)
})

test("it keeps no reference to what was sent", () => {
  const [reader, writer] = createPipe()
  const chunk = bytes(3)
  writer.send(chunk)
  chunk.fill(9)
  assert.equal([...(reader.take(3) as Uint8Array)], [0, 1, 2])
})

test("a million bytes in chunks of all sizes", () => {
  const [reader, writer] = createPipe()
  let sent = 0
  let received = 0
  for (let step = 1; received < 1_000_000; step = (step * 7 + 3) % 9973) {
    const accepted = writer.send(bytes(step, sent))
    if (accepted > 0) sent += accepted
    const chunk = reader.take((step * 3) % 8191)
    if (typeof chunk === "number") continue
    for (const byte of chunk) if (byte !== (received++ & 255)) assert.unreachable(`byte ${received}`)
  }
  assert.ok(sent >= received)
})

test("a full pipe is EAGAIN; small writes are whole, large ones partial", () => {
  const [reader, writer] = createPipe()
  assert.is(writer.send(bytes(PIPE_CAPACITY - 10)), PIPE_CAPACITY - 10)
  assert.is(writer.readiness(), 0)
  assert.is(writer.send(bytes(11)), -E.AGAIN, "atomic")
  assert.is(writer.send(bytes(PIPE_BUF + 1)), 10)
  assert.is(writer.send(bytes(1)), -E.AGAIN)
  assert.is(writer.send(bytes(PIPE_BUF * 2)), -E.AGAIN)
  let ready = 0
  writer.observers.push({ ready: () => ready++, closed: () => undefined })
  reader.recv(new Uint8Array(PIPE_BUF))
  assert.is(ready, 1)
  assert.is(writer.readiness(), OUT)
})

test("after the writer has closed, what is left can be read, then the end", () => {
  const [reader, writer] = createPipe()
  writer.send(bytes(2))
  writer.close()
  writer.close()
  assert.is(reader.readiness(), IN | HUP)
  assert.is(reader.recv(new Uint8Array(9)), 2)
  assert.is(reader.recv(new Uint8Array(9)), 0)
  assert.is((reader.take(9) as Uint8Array).length, 0)
  assert.is(writer.send(bytes(1)), -E.BADF)
})

test("without a reader a write is EPIPE", () => {
  const [reader, writer] = createPipe()
  let ready = 0
  writer.observers.push({ ready: () => ready++, closed: () => undefined })
  reader.close()
  assert.is(ready, 1)
  assert.is(writer.readiness(), OUT | ERR)
  assert.is(writer.send(bytes(1)), -E.PIPE)
  assert.is(reader.recv(new Uint8Array(1)), -E.BADF)
})

test("the calls of sockets are refused", () => {
  const [reader, writer] = createPipe()
  for (const end of [reader, writer]) {
    assert.is(end.listen(1), -E.NOTSOCK)
    assert.is(end.accept(), -E.NOTSOCK)
    assert.is(end.localAddress(), -E.NOTSOCK)
  }
  assert.ok(reader.send(bytes(1)) < 0)
  assert.ok(writer.recv(new Uint8Array(1)) < 0)
})

test.run()
