import { test } from "uvu"
import * as assert from "uvu/assert"
import { descriptors } from "../ts/core/descriptors.ts"
import { ERROR, READ, WRITE } from "../ts/core/flags.ts"
import { hubModule } from "../ts/core/hubmodule.ts"
import { Io } from "../ts/core/io.ts"
import { Loop } from "../ts/core/loop.ts"
import { createPipe } from "../ts/core/pipe.ts"
import { Timer } from "../ts/core/timer.ts"

const loop = new Loop()
const FAILED = ERROR | READ | WRITE

/** A pipe in the fd table. */
function pipe(): [reader: number, writer: number] {
  const [reader, writer] = createPipe()
  return [descriptors.install(reader), descriptors.install(writer)]
}

function send(fd: number, ...bytes: number[]): void {
  assert.is(descriptors.get(fd)!.send(Uint8Array.from(bytes)), bytes.length)
}

function receive(fd: number): number {
  return descriptors.get(fd)!.recv(new Uint8Array(100))
}

/** Starts a watcher and collects its events; it stops itself after the first. */
function once(fd: number, events: number, seen: unknown[], name: unknown = "event"): Io {
  const io = new Io(loop, fd, events)
  io.startWithEvents((got) => {
    seen.push(name, got)
    io.stop()
  })
  return io
}

test("CO-10: readable and writable, one after the other and together", async () => {
  const [reader, writer] = pipe()
  const seen: unknown[] = []
  once(reader, READ, seen, "read")
  loop.run({ nowait: true })
  assert.equal(seen, [], "nothing to read yet")
  once(writer, WRITE, seen, "write")
  loop.run({ nowait: true })
  assert.equal(seen, ["write", WRITE])
  setTimeout(() => send(writer, 1), 5)
  await loop.run()
  assert.equal(seen.slice(2), ["read", READ])
  descriptors.close(reader)
  descriptors.close(writer)
})

test("CO-10: it is level-triggered and goes on until it is stopped", () => {
  const [reader, writer] = pipe()
  send(writer, 1, 2, 3)
  let calls = 0
  const io = new Io(loop, reader, READ)
  io.start(() => {
    if (++calls === 3) assert.is(receive(reader), 3)
  })
  for (let i = 0; i < 6; i++) loop.run({ nowait: true })
  assert.is(calls, 3)
  io.stop()
  descriptors.close(reader)
  descriptors.close(writer)
})

test("CO-10: many watchers of one descriptor are all called", () => {
  const [reader, writer] = pipe()
  const seen: unknown[] = []
  for (let i = 0; i < 5; i++) once(reader, READ, seen, i)
  send(writer, 1)
  loop.run({ nowait: true })
  assert.equal(seen.filter((_, i) => i % 2 === 0).sort(), [0, 1, 2, 3, 4])
  assert.is(loop.activecnt, 0)
  descriptors.close(reader)
  descriptors.close(writer)
})

test("CO-10: fd and events can be set only while it is not active", () => {
  const [reader, writer] = pipe()
  const io = new Io(loop, reader, READ)
  io.start(() => undefined)
  assert.throws(() => (io.fd = writer), /active/)
  assert.throws(() => (io.events = WRITE), /active/)
  io.stop()
  io.fd = writer
  io.events = WRITE
  const seen: unknown[] = []
  io.startWithEvents((events) => {
    seen.push(events)
    io.stop()
  })
  loop.run({ nowait: true })
  assert.equal(seen, [WRITE])
  descriptors.close(reader)
  descriptors.close(writer)
})

test("CO-10: a callback that fails stops its watcher", () => {
  const [reader, writer] = pipe()
  send(writer, 1)
  const errors: unknown[] = []
  loop.errorHandler = { handleError: (context, error) => void errors.push(context, error) }
  const io = new Io(loop, reader, READ)
  io.start(() => {
    throw new Error("each time")
  })
  loop.run({ nowait: true })
  loop.run({ nowait: true })
  loop.errorHandler = null
  assert.is(errors.length, 2)
  assert.is(errors[0], io)
  assert.not(io.active)
  descriptors.close(reader)
  descriptors.close(writer)
})

test("CO-11: a number that is no descriptor is an event with ERROR, once", async () => {
  for (const fd of [999, 262143, 1_000_000_000, 2 ** 31 - 1]) {
    for (const ref of [true, false]) {
      const seen: unknown[] = []
      const io = new Io(loop, fd, READ, { ref })
      io.startWithEvents((events) => seen.push(events))
      for (let i = 0; i < 3; i++) loop.run({ nowait: true })
      assert.equal(seen, [FAILED], String(fd))
      assert.not(io.active)
      assert.is(io.callback, null)
      assert.is(loop.activecnt, 0)
    }
  }
  await loop.run()
  loop.verify()
})

test("CO-11: closing the descriptor ends every watcher of it with ERROR", () => {
  for (const turns of [0, 1]) {
    const [reader, writer] = pipe()
    const seen: unknown[] = []
    const watchers = [READ, READ, WRITE].map((events) => once(reader, events, seen))
    for (let i = 0; i < turns; i++) loop.run({ nowait: true })
    assert.is(descriptors.close(reader), 0)
    assert.equal(seen, [], "events come in the next iteration")
    loop.run({ nowait: true })
    assert.equal(seen, ["event", FAILED, "event", FAILED, "event", FAILED])
    assert.ok(watchers.every((io) => !io.active))
    loop.run({ nowait: true })
    assert.is(seen.length, 6)
    assert.is(loop.activecnt, 0)
    descriptors.close(writer)
  }
})

test("CO-11: closing in the callback of an event that is pending for others", () => {
  const [reader, writer] = pipe()
  send(writer, 1)
  const seen: unknown[] = []
  for (let i = 0; i < 2; i++) {
    const io = new Io(loop, reader, READ)
    io.startWithEvents((events) => {
      seen.push(events)
      io.stop()
      if (seen.length === 1) descriptors.close(reader)
    })
  }
  loop.run({ nowait: true })
  assert.equal(seen, [READ, FAILED])
  assert.is(loop.activecnt, 0)
  descriptors.close(writer)
})

test("CO-11: a watcher that is stopped before its error comes is not called", () => {
  const [reader, writer] = pipe()
  for (const ref of [true, false]) {
    const io = new Io(loop, reader, READ, { ref })
    io.start(() => assert.unreachable("it was stopped"))
    loop.run({ nowait: true })
    if (ref) io.stop()
    else {
      descriptors.close(reader)
      io.stop()
    }
    loop.run({ nowait: true })
    assert.is(loop.activecnt, 0)
  }
  descriptors.close(writer)
})

test("CO-11: a number that is used again is another descriptor", async () => {
  for (const turns of [0, 1, 2]) {
    const [reader, writer] = pipe()
    const seen: unknown[] = []
    once(reader, READ, seen, "old")
    for (let i = 0; i < turns; i++) loop.run({ nowait: true })
    descriptors.close(reader)
    descriptors.close(writer)
    const [reader2, writer2] = pipe()
    assert.is(reader2, reader)
    once(reader2, READ, seen, "new")
    loop.run({ nowait: true })
    assert.equal(seen, ["old", FAILED])
    send(writer2, 1)
    await loop.run()
    assert.equal(seen.slice(2), ["new", READ])
    descriptors.close(reader2)
    descriptors.close(writer2)
  }
  loop.verify()
})

test("CO-11: stopped watchers leave an interest behind, which costs no endless turns", async () => {
  const [reader, writer] = pipe()
  const io = new Io(loop, reader, READ)
  io.start(() => undefined)
  loop.run({ nowait: true })
  io.stop()
  send(writer, 1)
  const before = loop.iteration
  new Timer(loop, 0.03).start(() => undefined)
  await loop.run()
  assert.ok(loop.iteration - before < 10, `${loop.iteration - before} iterations`)
  const seen: unknown[] = []
  once(reader, READ, seen)
  loop.run({ nowait: true })
  assert.equal(seen, ["event", READ])
  descriptors.close(reader)
  descriptors.close(writer)
})

test("HB-21: a timer comes before an io watcher of its priority, a Timeout's after it", () => {
  const [reader, writer] = pipe()
  send(writer, 1)
  const seen: string[] = []
  const io = new Io(loop, reader, READ)
  new Timer(loop, 0).start(() => seen.push("timer"))
  new Timer(loop, 0, 0, { priority: -1 }).start(() => seen.push("timeout"))
  io.start(() => {
    seen.push("data")
    io.stop()
  })
  const until = performance.now() + 1
  while (performance.now() < until);
  loop.run({ nowait: true })
  assert.equal(seen, ["timer", "data", "timeout"])
  descriptors.close(reader)
  descriptors.close(writer)
})

test("CO-24: stop and start again between two polls", () => {
  const [reader, writer] = pipe()
  let calls = 0
  const io = new Io(loop, reader, READ)
  for (let i = 0; i < 100; i++) {
    io.start(() => calls++)
    if (i % 3 === 0) loop.run({ nowait: true })
    io.stop()
  }
  assert.is(calls, 0)
  io.start(() => calls++)
  send(writer, 1)
  loop.run({ nowait: true })
  assert.is(calls, 1)
  io.stop()
  descriptors.close(reader)
  descriptors.close(writer)
})

test("CO-21: a destroyed loop hears nothing more, and its epoll instance is not a descriptor that is closed", () => {
  const { size } = descriptors
  const [reader, writer] = pipe()
  const { handles } = hubModule()
  // enough loops that their epoll instances have the numbers of open descriptors
  const loops = Array.from({ length: 8 }, () => new Loop())
  for (const each of loops) new Io(each, reader, READ).start(() => assert.unreachable("its loop is destroyed"))
  for (const each of loops) each.destroy()
  assert.is(hubModule().handles, handles)
  assert.is(descriptors.size, size + 2)
  assert.is(descriptors.get(reader)!.observers.length, 0)
  send(writer, 1)
  assert.is(receive(reader), 1)
  descriptors.close(reader)
  descriptors.close(writer)
})

test.run()
