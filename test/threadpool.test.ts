import { spawnSync } from "node:child_process"
import process from "node:process"
import { MessageChannel, type MessagePort } from "node:worker_threads"
import { getHub, iwait, run, sleep, spawn, Timeout, wait, type Op } from "gevent-wasm"
import { processes } from "gevent-wasm/core"
import { Event } from "gevent-wasm/event"
import { createConnection } from "gevent-wasm/socket"
import {
  getThreadpool,
  ThreadExit,
  ThreadPool,
  ThreadPoolExecutor,
  transfer,
  type ModuleExport,
} from "gevent-wasm/threadpool"
import { test } from "uvu"
import * as assert from "uvu/assert"
import { moduleArguments } from "./hostprocess.ts"
import { reported } from "./reports.ts"

const module = new URL("programs/threadtasks.mjs", import.meta.url)

const block = (milliseconds: number): number => {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds)
  return milliseconds
}
const add = (a: number, b: number): number => a + b
const fail = (): never => {
  throw Object.assign(new RangeError("too far"), { code: "EFAR", detail: [1, 2] })
}

/** Runs a test with a pool, whose threads are ended behind it. */
async function withPool(size: number, body: (pool: ThreadPool) => Op<unknown>): Promise<void> {
  const pool = new ThreadPool(size)
  try {
    await run(() => body(pool))
  } finally {
    await pool.kill(5)
  }
  assert.is(pool.length, 0)
  assert.is(pool.size, 0)
}

test("TP-01: threads are started on demand, and the length is the number of unfinished tasks", () =>
  withPool(3, function* (pool) {
    assert.is(pool.size, 0)
    assert.is(pool.length, 0)
    const first = yield* pool.spawn(block, 20)
    assert.is(pool.size, 1)
    const second = yield* pool.spawn(block, 20)
    assert.is(pool.size, 2)
    assert.is(pool.length, 2)
    assert.is(String(pool), "<ThreadPool 2/3 threads, 2 tasks>")
    yield* wait([first, second])
    assert.is(pool.length, 0)
    yield* pool.apply(block, [1])
    assert.is(pool.size, 2, "a free thread is used again")
  }))

test("TP-01: a thread ends when it had no task for long enough", async () => {
  await run(function* () {
    const pool = new ThreadPool(2, { idleTaskTimeout: 0.05 })
    yield* pool.apply(block, [1])
    assert.is(pool.size, 1)
    for (let i = 0; i < 200 && pool.size > 0; i++) yield* sleep(0.01)
    assert.is(pool.size, 0)
    assert.is(yield* pool.apply(add, [1, 2]), 3)
    yield* pool.kill()
  })
})

test("TP-01: the hub goes on while threads compute", () =>
  withPool(1, function* (pool) {
    let turns = 0
    const clock = spawn(function* () {
      for (;;) {
        yield* sleep(0.005)
        turns++
      }
    })
    yield* pool.apply(block, [100])
    yield* clock.kill()
    assert.ok(turns >= 3, `${turns} turns`)
  }))

test("TP-01: a bad size or timeout is told", () => {
  assert.throws(() => new ThreadPool("3" as unknown as number), /maxsize must be a number, not 3/)
  assert.throws(() => new ThreadPool(-1), /whole number of at least 0, not -1/)
  assert.throws(() => new ThreadPool(1.5), /whole number/)
  assert.throws(
    () => new ThreadPool(1, { idleTaskTimeout: "x" as unknown as number }),
    /idleTaskTimeout must be a number/,
  )
})

test("TP-02: spawn waits for a slot: maxsize that run, and one that waits", () =>
  withPool(2, function* (pool) {
    const started: number[] = []
    const spawner = spawn(function* () {
      for (let i = 0; i < 5; i++) {
        yield* pool.spawn(block, 100)
        started.push(i)
      }
    })
    yield* sleep(0.02)
    assert.equal(started, [0, 1, 2])
    yield* spawner.get()
    assert.equal(started, [0, 1, 2, 3, 4])
    yield* pool.join()
  }))

test("TP-02: what cannot be called or sent is an error of the result", () =>
  withPool(1, function* (pool) {
    getHub().exceptionStream = null
    const attempts: [unknown, unknown[], RegExp][] = [
      [5, [], /a thread runs a function or \{ module, export \}, not 5/],
      [null, [], /not null/],
      [Math.max, [1], /max is native or bound/],
      [class Thing {}, [], /Thing is a class/],
      [{ module: "./tasks.js" }, [], /\.\/tasks\.js is relative.*new URL\("\.\/tasks\.js", import\.meta\.url\)/],
      [{ module, export: "nothing" }, [], /exports no function nothing/],
      [{ module, export: "notCallable" }, [], /exports no function notCallable/],
      [add, [() => 1, 2], /the arguments cannot be sent/],
      [() => () => 1, [], /the result cannot be sent/],
      [() => outside(), [], /outside is not defined: a function goes to a thread as its source/],
    ]
    for (const [task, args, message] of attempts) {
      const result = yield* pool.spawn(task as () => unknown, ...(args as []))
      yield* result.wait()
      assert.match(String((result.exception as Error).message), message, String(message))
    }
    assert.is(yield* pool.apply(add, [1, 2]), 3)
    getHub().exceptionStream = original
  }))

const original = getHub().exceptionStream
declare function outside(): void

test("TP-03: apply throws the error of the task, which is reported too", () =>
  withPool(1, function* (pool) {
    let caught: RangeError & { code?: string; detail?: number[] }
    const text = yield* reported(function* () {
      try {
        yield* pool.apply(fail)
        assert.unreachable()
      } catch (error) {
        caught = error as RangeError
      }
    })
    assert.instance(caught!, RangeError)
    assert.is(caught!.message, "too far")
    assert.is(caught!.code, "EFAR")
    assert.equal(caught!.detail, [1, 2])
    assert.match(caught!.stack!, /fail[^]*in a thread of a pool/)
    assert.match(text, /RangeError: too far[^]*<ThreadTask fail> failed with RangeError/)
  }))

test("TP-03: what is thrown and no error, and errors of other classes", () =>
  withPool(1, function* (pool) {
    yield* reported(function* () {
      const thrown = yield* pool.spawn(() => {
        throw "text"
      })
      yield* thrown.wait()
      assert.is(thrown.exception, "text")
      const other = yield* pool.spawn(() => {
        class Special extends Error {
          override name = "Special"
        }
        throw new Special("of its own")
      })
      yield* other.wait()
      assert.instance(other.exception, Error)
      assert.is(String(other.exception), "Special: of its own")
    })
  }))

test("TP-03: an error keeps its cause, and what it has gathered", () =>
  withPool(1, function* (pool) {
    yield* reported(function* () {
      const caught = function* (task: () => unknown) {
        const result = yield* pool.spawn(task)
        yield* result.wait()
        return result.exception as AggregateError & { suppressed?: unknown; error?: unknown; code?: string }
      }
      const gathered = yield* caught(() => {
        throw new AggregateError([new RangeError("first"), "second"], "none did")
      })
      assert.instance(gathered, AggregateError)
      assert.is(gathered.message, "none did")
      assert.instance(gathered.errors[0], RangeError)
      assert.is((gathered.errors[0] as Error).message, "first")
      assert.is(gathered.errors[1], "second")
      assert.not(Object.keys(gathered).includes("errors"))

      const caused = yield* caught(() => {
        const cause = Object.assign(new TypeError("why", { cause: "a text" }), { code: "EWHY" })
        throw new Error("what", { cause })
      })
      const cause = caused.cause as Error & { code: string }
      assert.instance(cause, TypeError)
      assert.equal([cause.message, cause.code, cause.cause], ["why", "EWHY", "a text"])
      assert.not(Object.keys(caused).includes("cause"))

      const circular = yield* caught(() => {
        const error = new Error("its own cause")
        throw Object.assign(error, Object.defineProperty(error, "cause", { value: error }), {
          fn: () => 1,
          code: "EOWN",
        })
      })
      assert.equal([circular.message, circular.cause, circular.code], ["its own cause", undefined, "EOWN"])

      const both = yield* caught(() => {
        const { SuppressedError } = globalThis as unknown as { SuppressedError?: new (...args: unknown[]) => Error }
        throw SuppressedError === undefined
          ? "none here"
          : new SuppressedError(new Error("a"), new RangeError("b"), "c")
      })
      if ((both as unknown) === "none here") return
      assert.equal([both.name, both.message, (both.error as Error).message], ["SuppressedError", "c", "a"])
      assert.instance(both.suppressed, RangeError)
    })
  }))

test("TP-03: a class of that name that needs more than a message does not keep a task from failing", () =>
  withPool(1, function* (pool) {
    const scope = globalThis as { Demanding?: unknown }
    scope.Demanding = class Demanding extends Error {
      constructor(given: { detail: string }) {
        super(given.detail.trim())
      }
    }
    try {
      yield* reported(function* () {
        const result = yield* pool.spawn(() => {
          throw Object.assign(new Error("boom"), { name: "Demanding" })
        })
        yield* result.wait(10)
        assert.is(String(result.exception), "Demanding: boom")
      })
      assert.is(yield* pool.apply(add, [1, 2]), 3)
    } finally {
      delete scope.Demanding
    }
  }))

test("TP-03: a module that cannot be imported fails its tasks, and the thread goes on", () =>
  withPool(1, function* (pool) {
    const url = (source: string): string => `data:text/javascript,${encodeURIComponent(source)}`
    const modules = [
      "file:///no/such/module.mjs",
      "no-such-package",
      url("export const a = ("),
      url("throw new Error('no')"),
    ]
    yield* reported(function* () {
      for (const module of modules) {
        for (let i = 0; i < 2; i++) {
          const result = yield* pool.spawn({ module, export: "a" })
          yield* result.wait(20)
          assert.instance(result.exception, Error, module)
          assert.is.not((result.exception as Error).message, "")
        }
      }
    })
    assert.is(pool.size, 1)
    assert.is(yield* pool.apply(add, [1, 2]), 3)
  }))

test("TP-04: errors that are none to the hub are not reported", () =>
  withPool(1, function* (pool) {
    const hub = getHub()
    hub.notError.push(RangeError)
    try {
      const text = yield* reported(function* () {
        const result = yield* pool.spawn(fail)
        yield* result.wait()
      })
      assert.is(text, "")
    } finally {
      hub.notError.pop()
    }
  }))

test("TP-05: apply and map run right there in a thread, and spawn is not allowed", () =>
  withPool(1, function* (pool) {
    assert.is(yield* pool.apply<[number], number>({ module, export: "factorial" }, [10]), 3628800)
    assert.equal(yield* pool.apply<[number[]], number[]>({ module, export: "squares" }, [[1, 2, 3]]), [1, 4, 9])
    assert.is(yield* pool.apply<[], string>({ module, export: "nested" }), "InvalidThreadUseError")
  }))

test("TP-06: maxsize may be changed", () =>
  withPool(1, function* (pool) {
    assert.throws(() => (pool.maxsize = "2" as unknown as number), /must be a number/)
    assert.throws(() => (pool.maxsize = -2), /at least 0/)
    const spawned: number[] = []
    const spawner = spawn(function* () {
      for (let i = 0; i < 4; i++) {
        yield* pool.spawn(block, 60)
        spawned.push(i)
      }
    })
    yield* sleep(0.01)
    assert.equal(spawned, [0, 1])
    pool.maxsize = 3
    yield* sleep(0.01)
    assert.equal(spawned, [0, 1, 2, 3])
    assert.is(pool.size, 3)
    yield* spawner.get()
    yield* pool.join()
    pool.maxsize = 0
    assert.is(pool.size, 0)
    const never = spawn(() => pool.apply(add, [1, 2]))
    yield* sleep(0.02)
    assert.not.ok(never.dead)
    pool.maxsize = 1
    assert.is(yield* never.get(), 3)
  }))

test("TP-07: size starts and ends threads", () =>
  withPool(3, function* (pool) {
    assert.throws(() => (pool.size = -1), /at least 0/)
    assert.throws(() => (pool.size = 4), /at most maxsize, which is 3, not 4/)
    pool.size = 2
    assert.is(pool.size, 2)
    pool.size = 0
    assert.is(pool.size, 0)
    pool.size = 3
    const busy = [yield* pool.spawn(block, 30), yield* pool.spawn(block, 30), yield* pool.spawn(block, 30)]
    pool.size = 1
    assert.is(pool.size, 1)
    yield* wait(busy)
    assert.is(pool.size, 1)
    assert.is(yield* pool.apply(add, [3, 4]), 7)
  }))

test("TP-08: join waits for all tasks, kill for the end of the threads", async () => {
  await run(function* () {
    const pool = new ThreadPool(2)
    const results = []
    for (let i = 0; i < 3; i++) results.push(yield* pool.spawn(block, 20))
    yield* pool.join()
    assert.ok(results.every((result) => result.successful()))
    const last = yield* pool.spawn(block, 20)
    yield* pool.kill()
    assert.is(last.value, 20)
    assert.is(pool.size, 0)
    assert.is(yield* pool.apply(add, [1, 1]), 2, "it can be used again")
    yield* pool.kill()
  })
})

test("TP-08: kill with a time limit ends what still runs, and what has not begun", async () => {
  await run(function* () {
    const pool = new ThreadPool(1)
    const endless = yield* pool.spawn(() => {
      for (;;);
    })
    const queued = yield* pool.spawn(add, 1, 2)
    yield* reported(() => pool.kill(0.1))
    assert.instance(endless.exception, ThreadExit)
    assert.instance(queued.exception, ThreadExit)
    assert.is(pool.length, 0)
    assert.is(pool.size, 0)
  })
})

test("TP-09: map, imap, imapUnordered, mapAsync and applyAsync", () =>
  withPool(2, function* (pool) {
    const square = (value: number): number => value * value
    assert.equal(yield* pool.map(square, [1, 2, 3, 4, 5]), [1, 4, 9, 16, 25])
    const inOrder: number[] = []
    for (const next of pool.imap(square, [1, 2, 3])) inOrder.push(yield* next)
    assert.equal(inOrder, [1, 4, 9])
    const sums: number[] = []
    for (const next of pool.imap(add, [1, 2, 3], [10, 20, 30])) sums.push(yield* next)
    assert.equal(sums, [11, 22, 33])
    const unordered: number[] = []
    yield* pool.imapUnordered(square, [4, 3, 2, 1]).each((value) => void unordered.push(value))
    assert.equal(
      unordered.sort((a, b) => a - b),
      [1, 4, 9, 16],
    )
    assert.equal(yield* pool.mapAsync(square, [2, 3]).get(), [4, 9])
    assert.is(yield* pool.applyAsync(add, [2, 3]).get(), 5)
    yield* reported(function* () {
      try {
        yield* pool.map((value: number) => (value === 2 ? (JSON.parse("{") as number) : value), [1, 2, 3])
        assert.unreachable()
      } catch (error) {
        assert.instance(error, SyntaxError)
      }
    })
  }))

test("TP-09: imap takes items only when there is room", () =>
  withPool(1, function* (pool) {
    let taken = 0
    function* items() {
      for (;;) yield taken++
    }
    const results = pool.imap((value: number) => value, items(), { maxsize: 2 })
    assert.is((yield* results.next()).value, 0)
    yield* sleep(0.05)
    assert.ok(taken <= 5, `${taken} were taken`)
    yield* results.kill()
    yield* pool.join()
  }))

test("TP-10: applyCb and mapCb call back in the current greenlet", () =>
  withPool(1, function* (pool) {
    const seen: unknown[] = []
    assert.is(yield* pool.applyCb(add, [1, 2], (value) => seen.push(value)), 3)
    assert.equal(
      yield* pool.mapCb(
        (value: number) => -value,
        [1, 2],
        (values) => seen.push(values),
      ),
      [-1, -2],
    )
    assert.equal(seen, [3, [-1, -2]])
  }))

test("TP-11: arguments and results are not kept", async () => {
  const program = `
    import { run, sleep } from "gevent-wasm"
    import { ThreadPool } from "gevent-wasm/threadpool"
    const pool = new ThreadPool(1)
    const refs = []
    await run(function* () {
      for (let i = 0; i < 10; i++) {
        const given = { big: new Array(100) }
        refs.push(new WeakRef(given))
        const result = yield* pool.spawn((value) => ({ value }), given)
        yield* result.wait()
        refs.push(new WeakRef(result.value))
      }
      const left = () => refs.filter((ref) => ref.deref() !== undefined).length
      for (let i = 0; i < 50 && left() > 4; i++) {
        yield* sleep(0.01)
        globalThis.gc ? globalThis.gc() : Bun.gc(true)
      }
      // the last ones may still be on a stack
      console.log(left() <= 4)
      yield* pool.kill()
    })`
  const { stdout, stderr } = spawnSync(process.execPath, moduleArguments(program), { encoding: "utf8" })
  assert.is(stdout, "true\n", stderr)
})

test("TP-12: adjust leaves a pool alone that is as it should be; maxsize has already ended the threads that are too many", () =>
  withPool(2, function* (pool) {
    pool.size = 2
    const busy = yield* pool.spawn(block, 100)
    pool.adjust()
    assert.is(pool.size, 2)
    pool.maxsize = 1
    assert.is(pool.size, 1)
    pool.adjust()
    assert.equal([pool.size, pool.length], [1, 1])
    assert.is(yield* busy.get(), 100)
  }))

test("TP-14: an executor has futures", async () => {
  await run(function* () {
    const executor = new ThreadPoolExecutor(2)
    const called: unknown[] = []
    const futures = [1, 2, 3].map((value) => executor.submit(add, value, 1))
    futures[0]!.addDoneCallback((future) => called.push(future))
    const forgotten = (future: unknown): void => void called.push(["never", future])
    futures[1]!.rawlink(forgotten)
    futures[1]!.unlink(forgotten)
    assert.is(futures[2]!.done(), false)
    assert.is(futures[2]!.running(), true)
    assert.is(futures[2]!.cancel(), false)
    assert.is(futures[2]!.cancelled(), false)
    assert.is((yield* wait(futures)).length, 3)
    const seen = []
    const ready = iwait(futures)
    for (let next = yield* ready.next(); !next.done; next = yield* ready.next()) seen.push(next.value)
    assert.is(seen.length, 3)
    const values = []
    for (const future of futures) values.push(yield* future.result())
    assert.equal(values, [2, 3, 4])
    assert.equal(called, [futures[0]])
    assert.is(yield* futures[0]!.exception(), null)
    yield* reported(function* () {
      const failed = executor.submit(fail)
      assert.instance(yield* failed.exception(), RangeError)
    })
    const slow = executor.submit(block, 100)
    try {
      yield* slow.exception(0.01)
      assert.unreachable()
    } catch (error) {
      assert.instance(error, Timeout)
    }
    const doubled: number[] = []
    for (const next of executor.map((value: number) => 2 * value, [1, 2])) doubled.push(yield* next)
    assert.equal(doubled, [2, 4])
    yield* executor.shutdown()
    assert.is(slow.done(), true)
    assert.throws(() => executor.submit(add, 1, 2), /cannot schedule new futures after shutdown/)
    assert.throws(() => executor.map(add, [1], [2]), /after shutdown/)
  })
})

test("TP-14: an executor that is not waited for finishes its tasks", async () => {
  await run(function* () {
    const executor = new ThreadPoolExecutor(1)
    const futures = [executor.submit(block, 10), executor.submit(add, 1, 2)]
    yield* executor.shutdown(false)
    yield* wait(futures)
    assert.is(yield* futures[1]!.result(), 3)
  })
})

test("TP-15: a task may use greenlets in its thread, whose hub goes with it and all that it held", async () => {
  let port = 0
  await withPool(1, function* (pool) {
    assert.is(yield* pool.apply<[number], number>({ module, export: "slowly" }, [41]), 42)
    assert.is(yield* pool.apply<[number], number>({ module, export: "slowly" }, [1]), 2)
    port = yield* pool.apply<[], number>({ module, export: "linger" })
    const client = yield* createConnection(["127.0.0.1", port])
    client.close()
  })
  await run(function* () {
    // hosts end a thread soon, but not at once
    for (let tries = 0; tries < 500; tries++) {
      try {
        const client = yield* createConnection(["127.0.0.1", port])
        client.close()
      } catch (error) {
        assert.is((error as { code?: string }).code, "ECONNREFUSED")
        return
      }
      yield* sleep(0.01)
    }
    assert.unreachable("the thread's server still listens")
  })
})

test("SP-25: a thread of a pool starts and waits for children of its own", () =>
  withPool(1, function* (pool) {
    const echo: ModuleExport = { module, export: "echo" }
    assert.equal(yield* pool.apply<[string], [string, number]>(echo, ["from a thread"]), ["from a thread\n", 0])
    assert.equal(yield* pool.apply<[string], [string, number]>(echo, ["again"]), ["again\n", 0])
    assert.is(processes.running, 0, "the children are the thread's")
  }))

test("HB-14: a hub has a pool of ten threads", async () => {
  const pool = getThreadpool()
  assert.is(getThreadpool(), pool)
  assert.is(pool.maxsize, 10)
  assert.is(await pool.apply(add, [1, 2]), 3)
  await pool.kill()
})

test("a module is imported once by each thread", () =>
  withPool(1, function* (pool) {
    const count: ModuleExport = { module: module.href, export: "count" }
    assert.is(yield* pool.apply<[], number>(count), 1)
    assert.is(yield* pool.apply<[], number>(count), 2)
    assert.is(yield* pool.apply<[number], number>({ module }, [21]), 42)
  }))

test("methods, async functions and generators are tasks", () =>
  withPool(1, function* (pool) {
    const tasks = {
      plain(this: void, value: number) {
        return value + 1
      },
      async later(this: void, value: number) {
        await Promise.resolve()
        return value + 2
      },
    }
    assert.is(yield* pool.apply(tasks.plain, [1]), 2)
    assert.is(yield* pool.apply(tasks.later, [1]), 3)
    assert.is(
      yield* pool.apply(
        function* (value: number): Generator<never, number, never> {
          return value + 3
        },
        [1],
      ),
      4,
    )
  }))

test("buffers are handed over in both directions", () =>
  withPool(1, function* (pool) {
    const bytes = new Uint8Array(1000).fill(3)
    const length = (given: Uint8Array): number => given.length + given[0]!
    assert.is(yield* pool.apply(length, [bytes]), 1003)
    assert.is(bytes.length, 1000)
    assert.is(yield* pool.apply(length, [transfer(bytes)]), 1003)
    assert.is(bytes.length, 0)
    const made = yield* pool.apply<[number], Uint8Array>({ module, export: "bytes" }, [1000])
    assert.is(made.length, 1000)
    assert.is(made[999], 7)
    assert.throws(() => transfer(1 as unknown as object), /only objects/)
  }))

test("megabytes are copied there and back in less than seconds", () =>
  withPool(1, function* (pool) {
    yield* pool.apply(add, [1, 2])
    const bytes = new Uint8Array(8_000_000).fill(5)
    const started = performance.now()
    const made = yield* pool.apply((given: Uint8Array) => given.map((byte) => byte + 1), [bytes])
    assert.is(made.length, 8_000_000)
    assert.is(made[7_999_999], 6)
    const seconds = (performance.now() - started) / 1000
    assert.ok(seconds < 3, `${seconds} s`)
  }))

test("ports are handed over, and are those of the host's threads", () =>
  withPool(1, function* (pool) {
    const { port1, port2 } = new MessageChannel()
    const received = new Event()
    port1.once("message", (value) => {
      message = value
      received.set()
    })
    let message: unknown
    yield* pool.apply(
      (port: MessagePort) => {
        port.once("message", (value) => port.postMessage(["back", value]))
      },
      [transfer(port2)],
    )
    port1.postMessage("there")
    yield* received.wait(20)
    assert.equal(message, ["back", "there"])
    port1.close()
  }))

test("a crash of a thread fails its task only", () =>
  withPool(2, function* (pool) {
    yield* reported(function* () {
      const other = yield* pool.spawn(block, 50)
      const left = yield* pool.spawn(() => {
        process.exit(3)
      })
      yield* left.wait()
      assert.instance(left.exception, ThreadExit)
      assert.is((left.exception as ThreadExit).code, 3)
      const crashed = yield* pool.spawn(
        () =>
          new Promise(() => {
            setTimeout(() => {
              throw new Error("nobody catches this")
            })
          }),
      )
      yield* crashed.wait()
      assert.match(String(crashed.exception), /nobody catches this/)
      assert.is(yield* other.get(), 50)
      assert.is(yield* pool.apply(add, [1, 2]), 3)
    })
  }))

test("what the leftovers of a task throw behind its result is reported, and another thread takes the next task", () =>
  withPool(1, function* (pool) {
    const text = yield* reported(function* () {
      const late = (): number => {
        setTimeout(() => {
          throw new RangeError("too late")
        }, 300)
        return 1
      }
      assert.is(yield* pool.apply(late), 1)
      for (let i = 0; i < 500 && pool.size > 0; i++) yield* sleep(0.01)
    })
    assert.is(pool.size, 0)
    assert.match(text, /RangeError: too late[^]*<PoolThread after 1 task> failed with RangeError/)
    assert.is(yield* pool.apply(add, [1, 2]), 3)
  }))

test("who stops waiting leaves the task alone", () =>
  withPool(1, function* (pool) {
    const waiting = spawn(() => pool.apply(block, [50]))
    yield* sleep(0.01)
    yield* waiting.kill()
    assert.is(pool.length, 1)
    yield* pool.join()
    assert.is(pool.length, 0)
  }))

test("threads without a task do not keep the process alive, and a task does", () => {
  const program = `
    import { ThreadPool } from "gevent-wasm/threadpool"
    const pool = new ThreadPool(2)
    console.log(await pool.apply((a, b) => a + b, [1, 2]))
    pool.applyAsync(() => new Promise((resolve) => setTimeout(resolve, 50, "late"))).rawlink(({ value }) => console.log(value))
  `
  const { stdout, status, stderr } = spawnSync(process.execPath, moduleArguments(program), {
    encoding: "utf8",
    timeout: 20_000,
  })
  assert.is(stdout, "3\nlate\n", stderr)
  assert.is(status, 0)
})

test.run()
