import { getHub, joinall, run, sleep, spawn } from "gevent-wasm"
import { descriptors, processes } from "gevent-wasm/core"
import { AsyncResult } from "gevent-wasm/event"
import {
  close,
  fork,
  forkAndWatch,
  forkpty,
  kill,
  killpg,
  makeNonblocking,
  nbRead,
  nbWrite,
  pipe,
  tpRead,
  tpWrite,
  waitpid,
  waitstatusToExitcode,
  WCONTINUED,
  WCOREDUMP,
  WEXITSTATUS,
  WIFCONTINUED,
  WIFEXITED,
  WIFSIGNALED,
  WIFSTOPPED,
  WNOHANG,
  WSTOPSIG,
  WTERMSIG,
} from "gevent-wasm/os"
import { SIGKILL, SIGTERM } from "gevent-wasm/signal"
import { DEVNULL, Popen } from "gevent-wasm/subprocess"
import process from "node:process"
import { test } from "uvu"
import * as assert from "uvu/assert"
import { bytes, forgetEnded, text } from "./processes.ts"
import { connectedPair, failure } from "./sockets.ts"

const { loop } = getHub()
const quiet = { stdin: DEVNULL, stdout: DEVNULL, stderr: DEVNULL }

function throws(call: () => unknown, code: string): void {
  assert.throws(call, (error: unknown) => (error as { code?: string }).code === code)
}

test.before.each(forgetEnded)

test("OS-01: descriptors are non-blocking already", () => {
  const [reader, writer] = pipe()
  assert.is(makeNonblocking(reader), false)
  close(reader)
  close(writer)
  throws(() => makeNonblocking(reader), "EBADF")
})

test("OS-02: nbRead and nbWrite wait for a pipe, and only the greenlet does", () =>
  run(function* () {
    const [reader, writer] = pipe()
    const size = 1_000_000
    const sent = spawn(function* () {
      let done = 0
      while (done < size) done += yield* nbWrite(writer, new Uint8Array(Math.min(100_000, size - done)).fill(7))
      close(writer)
      return done
    })
    let others = 0
    const other = spawn(function* () {
      for (;;) {
        others++
        yield* sleep(0)
      }
    })
    let received = 0
    for (;;) {
      const chunk = yield* nbRead(reader, 65536)
      if (chunk.length === 0) break
      assert.ok(chunk.every((byte) => byte === 7))
      received += chunk.length
    }
    assert.is(received, size)
    assert.is(yield* sent.get(), size)
    assert.is((yield* nbRead(reader, 10)).length, 0)
    assert.ok(others > 1)
    yield* other.kill()
    close(reader)
  }))

test("OS-02: they serve sockets, and can be awaited", async () => {
  const [client, server] = await run(connectedPair)
  using one = client
  using two = server
  assert.is(await nbWrite(one.fileno(), "hello"), 5)
  assert.is(text(await nbRead(two.fileno(), 100)), "hello")
  assert.is((await nbRead(two.fileno(), 0)).length, 0)
})

test("OS-02: errors are thrown, and no watcher stays behind", () =>
  run(function* () {
    const before = [loop.handles, loop.activecnt]
    const [reader, writer] = pipe()
    const waiting = spawn(() => nbRead(reader, 10))
    yield* sleep(0.01)
    yield* waiting.kill()
    const [closed, ended] = [spawn(() => failure(nbRead(reader, 10))), spawn(() => nbRead(reader, 10))]
    yield* sleep(0.01)
    yield* ended.kill()
    close(reader)
    assert.is((yield* closed.get()).code, "EBADF")
    assert.is((yield* failure(nbRead(reader, 10))).code, "EBADF")
    assert.is((yield* failure(nbRead(writer, 10))).code, "EBADF")
    assert.is((yield* failure(nbWrite(writer, "x"))).code, "EPIPE")
    close(writer)
    assert.is((yield* failure(nbWrite(writer, "x"))).code, "EBADF")
    assert.equal([loop.handles, loop.activecnt], before)
    assert.throws(() => nbRead("1" as never, 10), /descriptor/)
    assert.throws(() => nbRead(1, -1), /size/)
    assert.throws(() => nbWrite(1, 5 as never), /data/)
  }))

test("OS-03: tpRead and tpWrite do the same, and their errors come through", () =>
  run(function* () {
    const [reader, writer] = pipe()
    const read = spawn(() => tpRead(reader, 100))
    assert.is(yield* tpWrite(writer, bytes("some")), 4)
    assert.is(text(yield* read.get()), "some")
    close(reader)
    assert.is((yield* failure(tpWrite(writer, "x"))).code, "EPIPE")
    close(writer)
    assert.is((yield* failure(tpRead(reader, 1))).code, "EBADF")
  }))

test("OS-05: close tells those who wait for the descriptor", () =>
  run(function* () {
    const before = descriptors.size
    const [reader, writer] = pipe()
    const waiting = [spawn(() => failure(nbRead(reader, 1))), spawn(() => failure(nbRead(reader, 1)))]
    yield* sleep(0.01)
    close(reader)
    yield* joinall(waiting)
    assert.equal(
      waiting.map((one) => (one.value as { code: string }).code),
      ["EBADF", "EBADF"],
    )
    throws(() => close(reader), "EBADF")
    throws(() => close(-1), "EBADF")
    close(writer)
    assert.is(descriptors.size, before)
  }))

test("OS-06 OS-07: nothing forks, and the error says what does instead", () => {
  for (const call of [fork, forkpty, forkAndWatch]) {
    assert.throws(call, (error: unknown) => {
      const { code, message } = error as { code: string; message: string }
      return code === "ENOSYS" && /Popen/.test(message)
    })
  }
})

test("OS-09: waitpid gives the pid and the status, once", () =>
  run(function* () {
    const { pid } = new Popen(["sh", "-c", "exit 42"], quiet)
    const [found, status] = yield* waitpid(pid, 0)
    assert.is(found, pid)
    assert.ok(WIFEXITED(status))
    assert.is(WEXITSTATUS(status), 42)
    assert.is((yield* failure(waitpid(pid, 0))).code, "ECHILD")
    assert.is((yield* failure(waitpid(pid, WNOHANG))).code, "ECHILD")
  }))

test("OS-09: WNOHANG does not wait", () =>
  run(function* () {
    const sleeper = new Popen(["sleep", "30"], quiet)
    assert.equal(yield* waitpid(sleeper.pid, WNOHANG), [0, 0])
    sleeper.kill()
    const [, status] = yield* waitpid(sleeper.pid)
    assert.ok(WIFSIGNALED(status))
    assert.is(WTERMSIG(status), SIGKILL)
    assert.is(yield* sleeper.wait(), -9) // the Popen knows all the same
  }))

test("OS-09: only the greenlet waits, and one that is killed leaves no trace", () =>
  run(function* () {
    const sleeper = new Popen(["sleep", "30"], quiet)
    const before = loop.handles
    const waiting = [spawn(() => waitpid(sleeper.pid)), spawn(() => failure(waitpid(sleeper.pid)))]
    const killed = spawn(() => waitpid(sleeper.pid))
    yield* sleep(0.02)
    yield* killed.kill()
    sleeper.kill()
    yield* joinall(waiting)
    assert.equal(waiting[0]!.value, [sleeper.pid, SIGKILL])
    assert.is((waiting[1]!.value as { code: string }).code, "ECHILD")
    assert.is(loop.handles, before)
  }))

test("OS-09: a process that is no child of ours is none", () =>
  run(function* () {
    for (const pid of [process.pid, 1, 4_000_000]) {
      assert.is((yield* failure(waitpid(pid, WNOHANG))).code, "ECHILD")
    }
    throws(() => waitpid(1, 1024), "EINVAL")
    assert.throws(() => waitpid("1" as never, 0), /pid/)
    assert.throws(() => waitpid(1, "1" as never), /options/)
    assert.is((yield* failure(waitpid(1, WNOHANG | WCONTINUED))).code, "ECHILD")
  }))

test("OS-10: -1 is any child: one that has ended first", () =>
  run(function* () {
    throws(() => waitpid(-2, 0), "ECHILD")
    throws(() => waitpid(0, 0), "ECHILD")
    assert.is((yield* failure(waitpid(-1, 0))).code, "ECHILD")
    const slow = new Popen(["sleep", "30"], quiet)
    assert.equal(yield* waitpid(-1, WNOHANG), [0, 0])
    const fast = new Popen(["sh", "-c", "exit 1"], quiet)
    assert.equal(yield* waitpid(-1), [fast.pid, 1 << 8])
    const waiting = spawn(() => waitpid(-1))
    yield* sleep(0.01)
    slow.kill()
    assert.equal(yield* waiting.get(), [slow.pid, SIGKILL])
    assert.is((yield* failure(waitpid(-1, WNOHANG))).code, "ECHILD")
  }))

test("OS-11: ends that nobody asks for are dropped after a minute", () =>
  run(function* () {
    const child = new Popen(["true"], quiet)
    yield* child.wait()
    assert.is(processes.size, 1)
    const now = performance.now.bind(performance)
    performance.now = () => now() + 61_000
    try {
      assert.is(processes.size, 0)
    } finally {
      performance.now = now
    }
    assert.is((yield* failure(waitpid(child.pid, WNOHANG))).code, "ECHILD")
  }))

test("OS-12: many who wait for one child: one gets it, the others ECHILD", () =>
  run(function* () {
    const child = new Popen(["true"], quiet)
    const results: unknown[] = []
    const waiting = Array.from({ length: 5 }, () =>
      spawn(function* () {
        try {
          results.push(yield* waitpid(child.pid))
        } catch (error) {
          results.push((error as { code: string }).code)
        }
      }),
    )
    yield* joinall(waiting)
    assert.is(results.filter((result) => result === "ECHILD").length, 4)
    assert.equal(
      results.find((result) => result !== "ECHILD"),
      [child.pid, 0],
    )
  }))

test("a status says how a process has ended", () => {
  assert.ok(WIFEXITED(3 << 8) && !WIFSIGNALED(3 << 8) && !WIFSTOPPED(3 << 8) && !WIFCONTINUED(3 << 8))
  assert.is(waitstatusToExitcode(3 << 8), 3)
  assert.ok(!WIFEXITED(9) && WIFSIGNALED(9) && !WCOREDUMP(9) && WCOREDUMP(0x8b))
  assert.is(WTERMSIG(0x8b), 11)
  assert.is(waitstatusToExitcode(9), -9)
  const stopped = (19 << 8) | 0x7f
  assert.ok(WIFSTOPPED(stopped) && !WIFEXITED(stopped) && !WIFSIGNALED(stopped))
  assert.is(WSTOPSIG(stopped), 19)
  assert.ok(WIFCONTINUED(0xffff) && !WIFSTOPPED(0xffff))
  assert.throws(() => waitstatusToExitcode(stopped), RangeError)
})

test("kill sends a signal to a child, to any process, and to a group", () =>
  run(function* () {
    const child = new Popen(["sleep", "30"], quiet)
    kill(child.pid, 0)
    kill(child.pid, SIGTERM)
    assert.is(yield* child.wait(), -15)
    throws(() => kill(child.pid, 0), "ESRCH")
    kill(process.pid, 0)
    throws(() => kill(0x3ffffffe, 0), "ESRCH")
    throws(() => kill(process.pid, 1000), "EINVAL")
    assert.throws(() => kill("1" as never, 0), /pid/)
    assert.throws(() => kill(1, "SIGTERM" as never), /signal/)
    // the shell and what it has started
    const group = new Popen("sleep 30 & sleep 30", { ...quiet, shell: true, startNewSession: true })
    yield* sleep(0.05)
    killpg(group.pid, SIGKILL)
    assert.is(yield* group.wait(), -9)
    assert.throws(() => killpg(0, 0), /group/)
    throws(() => killpg(0x3ffffffe, 0), "ESRCH")
  }))

test("a process of our own has a number that the host gives to nobody, and is waited for as any other", () =>
  run(function* () {
    const signals: number[] = []
    const pid = processes.startOwn((signum) => {
      signals.push(signum)
      return 0
    })
    assert.ok(pid > 4_194_304)
    assert.equal(yield* waitpid(pid, WNOHANG), [0, 0])
    kill(pid, SIGTERM)
    assert.equal(signals, [SIGTERM])
    const ended = new AsyncResult<[number, number]>()
    spawn(() => waitpid(pid)).link(ended)
    yield* sleep(0)
    processes.exited(pid, 7 << 8)
    assert.equal(yield* ended.get(), [pid, 7 << 8])
    throws(() => kill(pid, 0), "ESRCH")
  }))

test.run()
