import { getHub, run, sleep, spawn, Timeout } from "gevent-wasm"
import { descriptors } from "gevent-wasm/core"
import type { Selectable } from "gevent-wasm/select"
import { DefaultSelector, EVENT_READ, EVENT_WRITE, GeventSelector } from "gevent-wasm/selectors"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { connectedPair, failure } from "./sockets.ts"
import { createPipe } from "../ts/core/pipe.ts"

const test = suite("selectors")
const both = EVENT_READ | EVENT_WRITE

/** The numbers of both ends of a new pipe. */
function pipe(): [reader: number, writer: number] {
  const [reader, writer] = createPipe()
  return [descriptors.install(reader), descriptors.install(writer)]
}

test("SL-10: select ends when its timeout has passed, and leaves nothing behind", () =>
  run(function* () {
    using selector = new DefaultSelector()
    const [reader, writer] = pipe()
    selector.register(reader, EVENT_READ)
    const started = performance.now()
    assert.equal(yield* selector.select(0.03), [])
    assert.ok(performance.now() - started >= 25)
    assert.equal(yield* selector.select(new Timeout(0.001)), [])
    using limit = Timeout.startNew(0.001)
    assert.is(yield* failure(selector.select(10)), limit)
    assert.is(descriptors.get(reader)!.observers.length, 0)
    descriptors.close(reader)
    descriptors.close(writer)
  }))

test("SL-10: select returns the keys of what is ready, with their events", () =>
  run(function* () {
    assert.is(DefaultSelector, GeventSelector)
    const [client, server] = yield* connectedPair()
    using _client = client
    using _server = server
    using selector = new DefaultSelector<string>()
    const key = selector.register(client, EVENT_READ, "client")
    assert.equal(key, { fileobj: client, fd: client.fileno(), events: EVENT_READ, data: "client" })
    assert.equal(yield* selector.select(0), [])
    assert.equal(yield* selector.select(-1), [])
    const second = selector.register(server.fileno(), both, "server")
    assert.equal(yield* selector.select(), [[second, EVENT_WRITE]])
    yield* server.sendall("x")
    yield* client.sendall("x")
    while ((yield* selector.select()).length < 2) yield* sleep(0.001)
    assert.equal(yield* selector.select(), [
      [key, EVENT_READ],
      [second, both],
    ])
    assert.is(selector.getKey(client), key)
    assert.is(selector.getKey(server), second)
    assert.is(selector.getMap()!.get(client), key)
    assert.is(selector.getMap()!.size, 2)
  }))

test("SL-10: modify and unregister", () =>
  run(function* () {
    const [client, server] = yield* connectedPair()
    using _client = client
    using _server = server
    using selector = new DefaultSelector<number | null>()
    selector.register(client, EVENT_READ, 1)
    const key = selector.modify(client, EVENT_WRITE, 2)
    assert.equal(yield* selector.select(), [[key, EVENT_WRITE]])
    assert.throws(
      () => selector.modify(client, 0),
      (error: Error) => error instanceof RangeError,
    )
    assert.is(selector.getKey(client), key)
    assert.is(selector.unregister(client), key)
    assert.equal(yield* selector.select(0), [])
    assert.throws(
      () => selector.unregister(client),
      (error: Error) => error instanceof RangeError,
    )
    // one that is closed already can still be taken out
    selector.register(server, EVENT_READ)
    server.close()
    assert.equal(yield* selector.select(0), [])
    assert.is(selector.unregister(server).fileobj, server)
  }))

test("SL-10: what cannot be registered is refused", () => {
  using selector = new DefaultSelector()
  const [reader, writer] = pipe()
  for (const events of [0, 4, 7, -1, 1.5, "1"]) {
    assert.throws(
      () => selector.register(reader, events as number),
      (error: Error) => error instanceof RangeError && /invalid events/.test(error.message),
    )
  }
  assert.throws(
    () => selector.register(-1, EVENT_READ),
    (error: Error) => error instanceof RangeError,
  )
  for (const wrong of [{}, "3", null, undefined]) {
    assert.throws(
      () => selector.register(wrong as Selectable, EVENT_READ),
      (error: Error) => error instanceof TypeError,
    )
  }
  selector.register(reader, EVENT_READ)
  assert.throws(
    () => selector.register({ fileno: () => reader }, EVENT_WRITE),
    (error: Error) => error instanceof RangeError && error.message === `fd ${reader} is already registered`,
  )
  assert.throws(
    () => selector.select("1" as never),
    (error: Error) => error instanceof TypeError,
  )
  descriptors.close(reader)
  descriptors.close(writer)
})

test("SL-10: a closed selector has no map, and its calls fail", () => {
  const selector = new DefaultSelector()
  const [reader, writer] = pipe()
  selector.register(reader, EVENT_READ)
  selector.close()
  selector.close()
  assert.is(selector.getMap(), null)
  for (const call of [
    () => selector.getKey(reader),
    () => selector.select(),
    () => selector.register(writer, EVENT_READ),
    () => selector.unregister(reader),
  ]) {
    assert.throws(call, "the selector is closed")
  }
  assert.ok(descriptors.get(reader) !== undefined)
  descriptors.close(reader)
  descriptors.close(writer)
})

test("SL-11: a file that is closed or unregistered while somebody selects is left out", () =>
  run(function* () {
    const [reader, writer] = pipe()
    const [other, end] = pipe()
    const active = getHub().loop.activecnt
    using selector = new DefaultSelector()
    selector.register(reader, EVENT_READ)
    selector.register(other, EVENT_READ)
    const waiting = spawn(() => selector.select())
    yield* sleep(0.001)
    descriptors.close(reader)
    selector.unregister(other)
    descriptors.get(end)!.send(Uint8Array.of(1))
    yield* sleep(0.001)
    assert.not(waiting.ready())
    yield* waiting.kill()
    assert.is(getHub().loop.activecnt, active)
    using limit = Timeout.startNew(0.001)
    assert.is(yield* failure(selector.select()), limit)
    for (const fd of [writer, other, end]) descriptors.close(fd)
  }))

test.run()
