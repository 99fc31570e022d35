import { createServer, type AddressInfo, type Socket as NodeSocket } from "node:net"
import { inspect } from "node:util"
import {
  getHub,
  GreenletExit,
  joinall,
  kill,
  run,
  sleep,
  spawn,
  Timeout,
  wait,
  withTimeout,
  type Wait,
} from "gevent-wasm"
import { Async, Io, READ, Timer } from "gevent-wasm/core"
import { createConnection } from "gevent-wasm/socket"
import { test } from "uvu"
import * as assert from "uvu/assert"
import { takeReports } from "./reports.ts"
import { failure, isA } from "./timing.ts"

test.before.each(() => void takeReports())
test.after.each(() => assert.is(getHub().loop.activecnt, 0))

/** What an operation throws in a greenlet. */
function thrownIn(body: () => Generator<Wait<unknown>, unknown, unknown>): Promise<unknown> {
  return failure(run(body))
}

test("TO-01: a Timeout is made unstarted and belongs to the greenlet that starts it", async () => {
  const limit = new Timeout(0.005)
  assert.not(limit.pending)
  await sleep(0.01)
  const order: string[] = []
  const starter = spawn(function* () {
    limit.start()
    try {
      yield* sleep(10)
    } catch (error) {
      assert.is(error, limit)
      order.push("starter")
    }
  })
  const bystander = spawn(function* () {
    yield* sleep(0.3)
    order.push("bystander")
  })
  await joinall([starter, bystander])
  assert.equal(order, ["starter", "bystander"])
})

test("TO-01: in async greenlets and in MAIN it belongs there too", async () => {
  const starter = spawn(async () => {
    await sleep(0)
    const limit = Timeout.startNew(0.005)
    assert.is(await failure(sleep(10)), limit)
    return "hit"
  })
  const bystander = spawn(async () => {
    await sleep(0.02)
    return "slept"
  })
  assert.equal([await starter.get(), await bystander.get()], ["hit", "slept"])
  const limit = Timeout.startNew(0.005)
  assert.is(await failure(sleep(10)), limit)
})

test("TO-01: with ref false it does not keep wait() alive", async () => {
  const limit = Timeout.startNew(10, null, { ref: false })
  assert.is(await wait(), true)
  assert.ok(limit.pending)
  limit.cancel()
  limit.start()
  limit.close()
})

test("TO-02: a pending Timeout cannot be started; after it fired or was cancelled it can", async () => {
  const limit = Timeout.startNew(0.005)
  assert.throws(() => limit.start(), isA(Error, "already started; to restart it, cancel it first"))
  assert.is(await failure(sleep(10)), limit)
  limit.start()
  assert.is(await failure(sleep(10)), limit)
  limit.start()
  limit.cancel()
  limit.start()
  assert.ok(limit.pending)
  limit.cancel()
  await sleep(0.01)
})

test("TO-03: without an exception, with a text or false it throws itself", async () => {
  for (const exception of [null, "text", false] as const) {
    const limit = new Timeout(0.001, exception)
    const thrown = await thrownIn(function* () {
      limit.start()
      yield* sleep(10)
    })
    assert.is(thrown, limit)
    assert.instance(thrown, Error)
    assert.instance(thrown, Timeout)
  }
})

test("TO-04: it throws the error it was given, or one of the class", async () => {
  const error = new RangeError("given")
  assert.is(
    await thrownIn(function* () {
      Timeout.startNew(0.001, error)
      yield* sleep(10)
    }),
    error,
  )
  assert.instance(
    await thrownIn(function* () {
      Timeout.startNew(0.001, RangeError)
      yield* sleep(10)
    }),
    RangeError,
  )
  const exit = spawn(function* () {
    Timeout.startNew(0.001, GreenletExit)
    yield* sleep(10)
  })
  assert.instance(await exit.get(), GreenletExit)
})

test("TO-04: what is no exception, or no number of seconds, is a TypeError in the constructor", () => {
  for (const wrong of [42, true, {}, () => {}, Date]) {
    assert.throws(() => new Timeout(1, wrong as never), isA(TypeError))
    assert.throws(() => Timeout.startNew(1, wrong as never), isA(TypeError))
  }
  for (const wrong of ["1", NaN, {}, true]) assert.throws(() => new Timeout(wrong as never), isA(TypeError))
})

test("TO-05: cancel and close may be repeated, and it is not pending after it fired", async () => {
  const limit = new Timeout(0.005)
  limit.cancel()
  limit.start()
  assert.ok(limit.pending)
  limit.cancel()
  limit.close()
  assert.not(limit.pending)
  await sleep(0.01)
  limit.start()
  assert.is(await failure(sleep(10)), limit)
  assert.not(limit.pending)
  limit.cancel()
})

test("TO-05: one that is due but not yet thrown can still be cancelled", async () => {
  await run(function* () {
    const limit = Timeout.startNew(0.002)
    const until = performance.now() + 5
    while (performance.now() < until);
    // due, and in line behind this greenlet
    yield* sleep(0)
    limit.cancel()
    yield* sleep(0.005)
    assert.not(limit.pending)
  })
})

test("TO-05: one whose greenlet has ended is not pending for ever", async () => {
  const limit = new Timeout(0.1)
  await spawn(async () => limit.start()).join()
  assert.ok(limit.pending)
  await sleep(0.2)
  assert.not(limit.pending)
})

test("TO-06: using cancels at the end of the block, however that ends", async () => {
  let kept!: Timeout
  const body = function* (fails: boolean): Generator<Wait<unknown>, void, unknown> {
    using limit = Timeout.startNew(0.005)
    kept = limit
    yield* sleep(0)
    if (fails) throw new RangeError()
  }
  await run(body, false)
  assert.not(kept.pending)
  assert.instance(await failure(run(body, true)), RangeError)
  assert.not(kept.pending)
  const killed = spawn(body, false)
  await sleep(0)
  await killed.kill()
  assert.not(kept.pending)
})

test("TO-06: withTimeout starts it if it is not pending, cancels it, and swallows that one alone", async () => {
  const limit = new Timeout(0.005, false)
  await run(function* () {
    assert.is(yield* withTimeout(limit, () => sleep(10), "silent"), "silent")
    assert.not(limit.pending)
    limit.start()
    assert.is(yield* withTimeout(limit, () => sleep(10), "again"), "again")
    assert.is(yield* withTimeout(limit, () => sleep(0), "not this"), undefined)
    assert.not(limit.pending)
  })
})

test("TO-07: an outer Timeout passes through a silent inner one", async () => {
  await run(function* () {
    const outer = Timeout.startNew(0.005)
    let thrown: unknown
    try {
      yield* withTimeout(10, () => sleep(10), "swallowed")
    } catch (error) {
      thrown = error
    }
    assert.is(thrown, outer)
  })
})

test("TO-07: after a silent inner one the outer body goes on, and the outer one still counts", async () => {
  await run(function* () {
    const outer = Timeout.startNew(0.03)
    assert.is(yield* withTimeout(0.005, () => sleep(10), "inner"), "inner")
    assert.ok(outer.pending)
    let thrown: unknown
    try {
      yield* withTimeout(new Timeout(10), () => sleep(10))
    } catch (error) {
      thrown = error
    }
    assert.is(thrown, outer)
  })
})

test("TO-07: two that are due at once are both thrown, one at each wait, the first started first", async () => {
  const seen: unknown[] = []
  const [first, second] = [new Timeout(0.002), new Timeout(0.002)]
  for (const kind of ["generator", "async"]) {
    seen.length = 0
    if (kind === "generator") {
      await run(function* () {
        first.start()
        second.start()
        const until = performance.now() + 5
        while (performance.now() < until);
        for (let i = 0; i < 2; i++) {
          try {
            yield* sleep(10)
          } catch (error) {
            seen.push(error)
          }
        }
      })
    } else {
      await run(async () => {
        first.start()
        second.start()
        const until = performance.now() + 5
        while (performance.now() < until);
        for (let i = 0; i < 2; i++) await sleep(10).then(undefined, (error: unknown) => seen.push(error))
      })
    }
    assert.is(seen[0], first)
    assert.is(seen[1], second)
  }
})

test("TO-08: startNew makes one of a number and starts a Timeout that is not pending", () => {
  const made = Timeout.startNew(1)
  assert.ok(made.pending)
  assert.is(made.seconds, 1)
  const given = new Timeout(1)
  assert.is(Timeout.startNew(given), given)
  assert.ok(given.pending)
  assert.is(Timeout.startNew(given), given)
  made.cancel()
  given.cancel()
  const none = Timeout.startNew(null)
  assert.not(none.pending)
  assert.throws(() => Timeout.startNew("1" as never), isA(TypeError))
})

test("TO-09: without seconds it never fires and allocates no timer", async () => {
  const limit = Timeout.startNew(null)
  assert.is(limit.seconds, null)
  assert.is(getHub().loop.activecnt, 0)
  assert.not(limit.pending)
  limit.start()
  await sleep(0.005)
  limit.cancel()
  assert.is(new Timeout().seconds, null)
})

test("TO-10: 0 seconds survive a sleep(0) and hit a wait", async () => {
  await run(function* () {
    const limit = Timeout.startNew(0)
    yield* sleep(0)
    assert.ok(limit.pending)
    let thrown: unknown
    try {
      yield* sleep(1)
    } catch (error) {
      thrown = error
    }
    assert.is(thrown, limit)
  })
})

test("TO-12: negative seconds are a RangeError", () => {
  assert.throws(() => new Timeout(-1), isA(RangeError, "must not be negative"))
  assert.throws(() => Timeout.startNew(-0.5), isA(RangeError))
  assert.throws(() => withTimeout(-1, () => sleep(0)), isA(RangeError))
})

test("TO-13: the message says the seconds, the text and that it is silent", () => {
  const cases: [Timeout, string][] = [
    [new Timeout(), ""],
    [new Timeout(1), "1 second"],
    [new Timeout(2), "2 seconds"],
    [new Timeout(0.5), "0.5 seconds"],
    [new Timeout(2, false), "2 seconds (silent)"],
    [new Timeout(2, "msg"), "2 seconds: msg"],
    [new Timeout(2, RangeError), "2 seconds: RangeError"],
    [new Timeout(2, new RangeError("why")), "2 seconds: RangeError: why"],
  ]
  for (const [limit, message] of cases) {
    assert.is(limit.message, message)
    assert.is(String(limit), message === "" ? "Timeout" : `Timeout: ${message}`)
    assert.is(limit.name, "Timeout")
  }
  assert.match(inspect(new Timeout(2)), /^Timeout: 2 seconds/)
})

test("TO-14: it cannot interrupt code that does not wait", async () => {
  await run(function* () {
    const limit = Timeout.startNew(0.001)
    let turns = 0
    const until = performance.now() + 10
    while (performance.now() < until) turns++
    assert.ok(limit.pending)
    assert.ok(turns > 0)
    let thrown: unknown
    try {
      yield* sleep(1)
    } catch (error) {
      thrown = error
    }
    assert.is(thrown, limit)
  })
})

test("HB-21: what became ready in the same iteration wins against a Timeout", async () => {
  const hub = getHub()
  for (let round = 0; round < 5; round++) {
    const got = await run(function* () {
      const data = new Async(hub.loop)
      const limit = Timeout.startNew(0.002)
      const waiting = hub.wait(data)
      // both are due by the time the loop looks
      hub.loop.runCallback(() => {
        const until = performance.now() + 4
        while (performance.now() < until);
        data.send()
      })
      try {
        yield* waiting
        return "data"
      } catch {
        return "timeout"
      } finally {
        limit.cancel()
      }
    })
    assert.is(got, "data")
  }
})

test("HB-21: data on a socket that is ready by the time wins against a Timeout, 5 of 5", async () => {
  const peers: NodeSocket[] = []
  const server = createServer((peer) => void peers.push(peer))
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const { port } = server.address() as AddressInfo
  await run(function* () {
    for (let round = 0; round < 5; round++) {
      using socket = yield* createConnection(["127.0.0.1", port])
      while (peers.length <= round) yield* sleep(0.001)
      using _limit = Timeout.startNew(0.01)
      const receiver = socket.recv(100)
      spawn(async () => {
        await new Promise((resolve) => peers[round]!.write("data", resolve))
        const until = performance.now() + 20
        while (performance.now() < until); // both are due when the loop looks again
      })
      assert.is(new TextDecoder().decode(yield* receiver), "data")
    }
  })
  for (const peer of peers) peer.destroy()
  await new Promise((resolve) => server.close(resolve))
})

test("HB-21: with equal priorities a timer is called before an io watcher, with -1 after it", async () => {
  const { loop } = getHub()
  const server = createServer((peer) => void peer.end("data"))
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  using socket = await createConnection(["127.0.0.1", (server.address() as AddressInfo).port])
  await sleep(0.05) // the data is there
  for (const [priority, expected] of [
    [0, ["timer", "io"]],
    [-1, ["io", "timer"]],
  ] as const) {
    const order: string[] = []
    const io = new Io(loop, socket.fileno(), READ)
    io.start(() => {
      order.push("io")
      io.stop()
    })
    new Timer(loop, 0, 0, { priority }).start(() => void order.push("timer"))
    await sleep(0.01)
    assert.equal(order, expected)
  }
  socket.close()
  server.close()
})

test("a Timeout and a kill that come together: the first is thrown, then the other", async () => {
  const seen: unknown[] = []
  const limit = new Timeout(0.002)
  const victim = spawn(function* () {
    limit.start()
    try {
      yield* sleep(10)
    } catch (error) {
      seen.push(error)
      yield* sleep(10)
    } finally {
      seen.push("finally")
    }
  })
  await sleep(0)
  const until = performance.now() + 4
  while (performance.now() < until);
  kill(victim)
  await victim.join()
  assert.not(limit.pending && seen.length === 0)
  assert.is(seen[seen.length - 1], "finally")
  assert.instance(victim.value, GreenletExit)
  limit.cancel()
})

test.run()
