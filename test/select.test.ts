import { getHub, run, sleep, spawn, Timeout } from "gevent-wasm"
import { descriptors } from "gevent-wasm/core"
import { FileObject } from "gevent-wasm/fileobject"
import { SocketError } from "gevent-wasm/exceptions"
import {
  error,
  Poll,
  poll,
  POLLERR,
  POLLHUP,
  POLLIN,
  POLLNVAL,
  POLLOUT,
  select,
  type PollEvent,
  type Selectable,
} from "gevent-wasm/select"
import { SHUT_WR, Socket } from "gevent-wasm/socket"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { createPipe } from "../ts/core/pipe.ts"
import { connectedPair, failure, listening } from "./sockets.ts"
import { testGenericWait } from "./timing.ts"

const test = suite("select")

/** The numbers of both ends of a new pipe. */
function pipe(): [reader: number, writer: number] {
  const [reader, writer] = createPipe()
  return [descriptors.install(reader), descriptors.install(writer)]
}

function close(...fds: number[]): void {
  for (const fd of fds) descriptors.close(fd)
}

/** How many observe a descriptor. */
function observers(fd: number): number {
  return descriptors.get(fd)!.observers.length
}

const x = Uint8Array.of(120)

testGenericWait(
  "SL-01: select",
  test,
  () => {
    const [reader] = pipe()
    return { call: (timeout) => select([reader], [], [], timeout), waiters: () => observers(reader) }
  },
  { expired: [[], [], []] },
)

test("SL-01: select returns what is ready: sockets, files, numbers", () =>
  run(function* () {
    const [client, server] = yield* connectedPair()
    using _client = client
    using _server = server
    const [reader, writer] = pipe()
    using file = new FileObject(reader, "rb", { closefd: false })
    assert.equal(yield* select([client, server, file, reader], [], [], 0), [[], [], []])
    assert.equal(yield* select([client], [writer, client], [], 5), [[], [writer, client], []])
    descriptors.get(writer)!.send(x)
    assert.equal(yield* select([client, file, reader], [], [client], 5), [[file, reader], [], []])
    yield* client.sendall("x")
    assert.equal(yield* select([client, server], [], []), [[server], [], []])
    assert.equal(yield* select(new Set([server]), [], []), [[server], [], []])
    close(reader, writer)
  }))

test("SL-01: a listener, the end of a stream and an error are readable", () =>
  run(function* () {
    using listener = listening()
    const waiting = spawn(() => select([listener], [], []))
    yield* sleep(0.001)
    using client = new Socket()
    yield* client.connect(listener.getsockname())
    assert.equal(yield* waiting.get(), [[listener], [], []])
    using server = (yield* listener.accept())[0]
    client.shutdown(SHUT_WR)
    assert.equal(yield* select([server], [], [], 5), [[server], [], []])
    assert.is((yield* server.recv(1)).length, 0)
  }))

test("SL-01: a timeout and arguments that are none are refused, and a number that is not open is EBADF", () =>
  run(function* () {
    assert.throws(
      () => select([], [], [], -1),
      (error: Error) => error instanceof RangeError,
    )
    assert.throws(
      () => select([], [], [], "1" as never),
      (error: Error) => error instanceof TypeError,
    )
    assert.throws(
      () => select(5 as never, [], []),
      (error: Error) => error instanceof TypeError,
    )
    const wrong: [number[], number[], number[]][] = [
      [[9999], [], []],
      [[], [9999], []],
      [[], [], [9999]],
      [[-1], [], []],
    ]
    for (const lists of wrong) {
      const caught = yield* failure(select(...lists, 1))
      assert.instance(caught, error)
      assert.is(caught.code, "EBADF")
    }
    assert.is(error, SocketError)
    assert.equal(yield* select([], [], [], 0.001), [[], [], []])
  }))

test("SL-02: what has no number is a TypeError", () => {
  for (const wrong of [{}, "3", null, undefined, { fileno: () => "3" }]) {
    assert.throws(
      () => select([wrong as Selectable], [], []),
      (error: Error) => error instanceof TypeError,
    )
    assert.throws(
      () => new Poll().register(wrong as Selectable),
      (error: Error) => error instanceof TypeError,
    )
  }
})

test("SL-03: what is ready already is returned at once, when others have run", () =>
  run(function* () {
    const [reader, writer] = pipe()
    descriptors.get(writer)!.send(x)
    let rounds = 0
    const other = spawn(function* () {
      for (;;) {
        rounds++
        yield* sleep(0)
      }
    })
    for (let i = 0; i < 10; i++) assert.equal(yield* select([reader], [], []), [[reader], [], []])
    for (let i = 0; i < 10; i++) assert.equal(yield* select([], [], [], 0), [[], [], []])
    assert.ok(rounds >= 19, String(rounds))
    yield* other.kill()
    close(reader, writer)
  }))

test("SL-03: all that became ready in the same turn is returned", () =>
  run(function* () {
    const pipes = [pipe(), pipe(), pipe()]
    const readers = pipes.map(([reader]) => reader)
    const waiting = spawn(() => select(readers, [], []))
    yield* sleep(0.001)
    for (const [, writer] of pipes.slice(1)) descriptors.get(writer)!.send(x)
    assert.equal(yield* waiting.get(), [readers.slice(1), [], []])
    for (const ends of pipes) close(...ends)
  }))

test("SL-04: nothing is left behind, however the call ends", () =>
  run(function* () {
    const [reader, writer] = pipe()
    const active = getHub().loop.activecnt
    const killed = spawn(() => select([reader, writer], [], []))
    yield* sleep(0.001)
    assert.is(observers(reader), 1)
    assert.is(getHub().loop.activecnt, active + 1)
    yield* killed.kill()
    assert.is(observers(reader), 0)
    yield* select([reader], [], [], 0.001)
    using limit = Timeout.startNew(0.001)
    assert.is(yield* failure(select([reader], [], [])), limit)
    const woken = spawn(() => select([reader], [], []))
    yield* sleep(0.001)
    descriptors.get(writer)!.send(x)
    yield* woken.get()
    const watched = new Poll()
    watched.register(reader, POLLOUT)
    yield* watched.poll(1)
    assert.equal([observers(reader), observers(writer)], [0, 0])
    assert.is(getHub().loop.activecnt, active)
    close(reader, writer)
  }))

test("SL-05: register takes IN and OUT by default, and again it replaces the mask", () =>
  run(function* () {
    const [client, server] = yield* connectedPair()
    using _client = client
    using _server = server
    const watched = poll()
    assert.instance(watched, Poll)
    watched.register(client)
    assert.equal(yield* watched.poll(0), [[client.fileno(), POLLOUT]])
    yield* server.sendall("x")
    watched.register(client, POLLIN)
    assert.equal(yield* watched.poll(), [[client.fileno(), POLLIN]])
    watched.register(client)
    assert.equal(yield* watched.poll(), [[client.fileno(), POLLIN | POLLOUT]])
    for (const mask of [-1, 1.5, 1 << 20]) {
      assert.throws(
        () => watched.register(client, mask),
        (error: Error) => error instanceof RangeError,
      )
    }
    assert.throws(
      () => watched.register(client, "1" as never),
      (error: Error) => error instanceof TypeError,
    )
  }))

test("SL-06: modify is register", () =>
  run(function* () {
    const [reader, writer] = pipe()
    const watched = new Poll()
    watched.modify(writer, POLLIN)
    assert.equal(yield* watched.poll(0), [])
    watched.modify(writer, POLLOUT)
    assert.equal(yield* watched.poll(0), [[writer, POLLOUT]])
    close(reader, writer)
  }))

test("SL-07: unregister takes it out, and is an error for what is not in", () =>
  run(function* () {
    const [reader, writer] = pipe()
    const watched = new Poll()
    watched.register(writer)
    watched.unregister(writer)
    assert.equal(yield* watched.poll(0), [])
    assert.throws(
      () => watched.unregister(writer),
      (error: Error) => error instanceof RangeError && error.message === `fd ${writer} is not registered`,
    )
    close(reader, writer)
  }))

test("SL-08: poll waits for milliseconds, or for any time", () =>
  run(function* () {
    const [reader, writer] = pipe()
    const watched = new Poll()
    watched.register(reader, POLLIN)
    const started = performance.now()
    assert.equal(yield* watched.poll(30), [])
    assert.ok(performance.now() - started >= 25)
    for (const forever of [null, -1, -5]) {
      const waiting = spawn(() => watched.poll(forever))
      yield* sleep(0.005)
      assert.not(waiting.ready())
      descriptors.get(writer)!.send(x)
      assert.equal(yield* waiting.get(), [[reader, POLLIN]])
      descriptors.get(reader)!.take(1)
    }
    assert.throws(
      () => watched.poll("1" as never),
      (error: Error) => error instanceof TypeError,
    )
    close(reader, writer)
  }))

test("SL-08: the other end that goes is told, also to those who did not ask", () =>
  run(function* () {
    const [reader, writer] = pipe()
    const watched = new Poll()
    watched.register(reader, 0)
    const waiting = spawn(() => watched.poll())
    yield* sleep(0.001)
    close(writer)
    assert.equal(yield* waiting.get(), [[reader, POLLHUP]])
    close(reader)
    const [left, right] = pipe()
    close(left)
    const writing = new Poll()
    writing.register(right, POLLOUT)
    assert.equal(yield* writing.poll(), [[right, POLLOUT | POLLERR]])
    close(right)
  }))

test("SL-09: a number that is not open is POLLNVAL", () =>
  run(function* () {
    const [reader, writer] = pipe()
    const watched = new Poll()
    watched.register(reader)
    close(reader)
    assert.equal(yield* watched.poll(), [[reader, POLLNVAL]])
    close(writer)
  }))

test("SL-11: closing a descriptor ends the calls that wait for it", () =>
  run(function* () {
    const [reader, writer] = pipe()
    const [other, end] = pipe()
    const selecting = spawn(() => failure(select([other, reader], [], [])))
    const watched = new Poll()
    watched.register(reader, POLLIN)
    const polling = spawn(() => watched.poll())
    yield* sleep(0.001)
    close(reader)
    assert.is((yield* selecting.get()).code, "EBADF")
    assert.equal(yield* polling.get(), [[reader, POLLNVAL]])
    assert.is(observers(other), 0)
    close(writer, other, end)
  }))

test("SL-11: a number that another descriptor has got meanwhile is another", () =>
  run(function* () {
    const [reader, writer] = pipe()
    const second = descriptors.install(descriptors.get(reader)!)
    const waiting = spawn(() => select([reader], [], []))
    yield* sleep(0.001)
    close(second)
    yield* sleep(0.001)
    assert.not(waiting.ready())
    descriptors.get(writer)!.send(x)
    assert.equal(yield* waiting.get(), [[reader], [], []])
    close(reader, writer)
  }))

test("many wait for the same descriptor", () =>
  run(function* () {
    const [reader, writer] = pipe()
    const waiting = Array.from({ length: 20 }, (_, i) => {
      const watched = new Poll()
      watched.register(reader, POLLIN)
      return i % 2 === 0 ? spawn(() => select([reader], [], [])) : spawn(() => watched.poll())
    })
    yield* sleep(0.001)
    descriptors.get(writer)!.send(x)
    for (const [i, greenlet] of waiting.entries()) {
      const expected: unknown = i % 2 === 0 ? [[reader], [], []] : ([[reader, POLLIN]] satisfies PollEvent[])
      assert.equal(yield* greenlet.get(), expected)
    }
    assert.is(observers(reader), 0)
    close(reader, writer)
  }))

test.run()
