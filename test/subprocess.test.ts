import { host } from "#host"
import { getHub, iwait, joinall, run as runGreenlet, sleep, spawn, Timeout, wait, type Wait } from "gevent-wasm"
import { processes } from "gevent-wasm/core"
import { UnicodeDecodeError, UnicodeEncodeError } from "gevent-wasm/exceptions"
import { FileObject } from "gevent-wasm/fileobject"
import { close, nbRead, nbWrite, pipe, waitpid } from "gevent-wasm/os"
import { select } from "gevent-wasm/select"
import { DefaultSelector, EVENT_READ } from "gevent-wasm/selectors"
import { SIG_DFL, SIG_IGN, SIGCHLD, SIGKILL, signal, SIGTERM, SIGUSR1 } from "gevent-wasm/signal"
import {
  call,
  CalledProcessError,
  checkCall,
  checkOutput,
  CompletedProcess,
  DEVNULL,
  getoutput,
  getstatusoutput,
  list2cmdline,
  PIPE,
  Popen,
  run,
  STDOUT,
  SubprocessError,
  TimeoutExpired,
  type PopenOptions,
} from "gevent-wasm/subprocess"
import { ThreadPool } from "gevent-wasm/threadpool"
import { ChildProcess, spawn as nodeSpawn } from "node:child_process"
import { subscribe, unsubscribe } from "node:diagnostics_channel"
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import process from "node:process"
import { pathToFileURL } from "node:url"
import { test } from "uvu"
import * as assert from "uvu/assert"
import { bytes, forgetEnded, held, opened, released, text } from "./processes.ts"
import { connectedPair, failure, readAll } from "./sockets.ts"

const folder = realpathSync(mkdtempSync(join(tmpdir(), "subprocess-")))
test.after(() => rmSync(folder, { recursive: true }))

const BOTH = { stdout: PIPE, stderr: PIPE, text: true } as const

function code(error: unknown): string | undefined {
  return (error as { code?: string }).code
}

/** What is thrown by a call that waits for nothing. */
function thrown(body: () => unknown): Error {
  try {
    body()
  } catch (error) {
    return error as Error
  }
  throw new Error("nothing was thrown")
}

/** A greenlet that counts how often it gets its turn. */
function counting(): { readonly turns: number; stop(): Wait<unknown> } {
  let turns = 0
  const greenlet = spawn(function* () {
    for (;;) {
      turns++
      yield* sleep(0.001)
    }
  })
  return {
    get turns() {
      return turns
    },
    stop: () => greenlet.kill(),
  }
}

test.before(opened)
test.before.each(forgetEnded)

test("SP-01: a list starts a program with its arguments as they are", () =>
  runGreenlet(function* () {
    const args = ["printf", "%s|", "a b", "", "$HOME", "*", "ä\n"]
    const popen = new Popen(args, BOTH)
    assert.is(popen.args, args)
    assert.type(popen.pid, "number")
    assert.is(popen.stdin, null)
    assert.is(popen.returncode, null)
    const [output, errors] = yield* popen.communicate()
    assert.is(output, "a b||$HOME|*|ä\n|")
    assert.is(errors, "")
    assert.is(popen.returncode, 0)
  }))

test("SP-01: a text is the program, and with shell a command line", () =>
  runGreenlet(function* () {
    assert.is(yield* call("true"), 0)
    assert.is(code(thrown(() => new Popen("exit 3"))), "ENOENT")
    assert.is(yield* call("exit 3", { shell: true }), 3)
    const list = yield* checkOutput(['echo "$0" "$1"', "zero", "one"], { shell: true, text: true })
    assert.is(list, "zero one\n")
  }))

test("SP-01: executable is what runs, and the first argument its name", () =>
  runGreenlet(function* () {
    const name = yield* checkOutput(["other", "-c", 'echo "$0"'], { executable: "/bin/sh", text: true })
    assert.is(name, "other\n")
    writeFileSync(join(folder, "shell"), '#!/bin/sh\necho "called with $@"\n', { mode: 0o755 })
    const shell = yield* checkOutput("command", { executable: join(folder, "shell"), shell: true, text: true })
    assert.is(shell, "called with -c command\n")
  }))

test("SP-02: arguments and options that are none are refused before anything starts", () => {
  const type: [unknown, unknown][] = [
    [["true"], { bufsize: "orange" }],
    [["true"], { bufsize: 1.5 }],
    [["true"], { preexecFn: () => {} }],
    [["true"], { startupinfo: 1 }],
    [["true"], { creationflags: 1 }],
    [["true"], { nosuch: 1 }],
    [["true"], { processGroup: 0 }],
    [["true"], { cwd: 5 }],
    [["true"], { env: { A: 1 } }],
    [["true"], { env: "A=1" }],
    [["true"], { env: new Map([["A", "1"]]) }],
    [["true"], { env: ["A=1"] }],
    [["true"], { executable: 1 }],
    [["true"], { stdin: "pipe" }],
    [["true"], { stdout: {} }],
    [["true"], { passFds: ["1"] }],
    [["true"], { user: {} }],
    [["true", 1], {}],
    [null, {}],
    [undefined, {}],
    [{}, {}],
  ]
  const range: [unknown, unknown][] = [
    [[], {}],
    ["", {}],
    [["tr\0ue"], {}],
    [["true"], { env: { A: "\0" } }],
    [["true"], { env: { "A=B": "1" } }],
    [["true"], { env: { "": "1" } }],
    [["true"], { stdin: STDOUT }],
    [["true"], { stdout: STDOUT }],
    [["true"], { stdin: -4 }],
    [["true"], { stdin: 1.5 }],
    [["true"], { text: true, universalNewlines: false }],
    [["true"], { restoreSignals: false }],
    [["true"], { user: -1 }],
    [["true"], { user: 2 ** 40 }],
    [["true"], { group: 2 ** 32 }],
    [["true"], { user: "no such user" }],
    [["true"], { group: "no such group" }],
    [["true"], { stdout: PIPE, encoding: "no such encoding" }],
    [["true"], { stdout: PIPE, text: true, errors: "no such handler" }],
  ]
  const before = processes.size
  for (const [args, options] of type) {
    const error = thrown(() => new Popen(args as never, options as never))
    assert.instance(error, TypeError, `${JSON.stringify(args)} ${JSON.stringify(options)}: ${error.message}`)
  }
  for (const [args, options] of range) {
    const error = thrown(() => new Popen(args as never, options as never))
    assert.instance(error, RangeError, `${JSON.stringify(args)} ${JSON.stringify(options)}: ${error.message}`)
  }
  assert.match(thrown(() => new Popen(["true"], { preexecFn: (() => {}) as never })).message, /between fork and exec/)
  assert.instance(
    thrown(() => new Popen(["echo", "half \ud83d"])),
    UnicodeEncodeError,
  )
  assert.instance(
    thrown(() => new Popen(["true"], { env: { A: "\ude00" } })),
    UnicodeEncodeError,
  )
  assert.is(code(thrown(() => new Popen(["true"], { stdin: 4444 }))), "EBADF")
  for (const fd of [4444, 1e9, -1]) assert.is(code(thrown(() => new Popen(["true"], { passFds: [fd] }))), "EBADF")
  assert.is(processes.size, before)
})

test("SP-02: whole surrogate pairs are given as they are", () =>
  runGreenlet(function* () {
    assert.is(yield* checkOutput(["printf", "%s", "\ud83d\ude00"], { text: true }), "\ud83d\ude00")
  }))

test("SP-03: DEVNULL gives nothing and takes all", () =>
  runGreenlet(function* () {
    const popen = new Popen(["sh", "-c", "cat; echo out; echo err >&2"], {
      stdin: DEVNULL,
      stdout: PIPE,
      stderr: DEVNULL,
    })
    assert.equal(
      (yield* popen.communicate()).map((output) => output && text(output)),
      ["out\n", null],
    )
  }))

test("SP-03: STDOUT joins both outputs in the order in which they were written", () =>
  runGreenlet(function* () {
    const script = "for i in 1 2 3; do echo out $i; echo err $i >&2; done"
    const output = yield* checkOutput(["sh", "-c", script], { stderr: STDOUT, text: true })
    assert.is(output, "out 1\nerr 1\nout 2\nerr 2\nout 3\nerr 3\n")
    // what starts the program in between leaves no trace, and takes no signal
    const env = yield* checkOutput(["env"], {
      stderr: STDOUT,
      text: true,
      env: { PATH: process.env["PATH"]!, A: "b c" },
    })
    assert.equal(env.trim().split("\n").sort(), ["A=b c", `PATH=${process.env["PATH"]}`])
    const popen = new Popen(["sleep", "30"], { stdout: PIPE, stderr: STDOUT })
    popen.terminate()
    assert.is(yield* popen.wait(), -SIGTERM)
    popen[Symbol.dispose]()
    assert.is(code(thrown(() => new Popen(["no-such-program"], { stdout: PIPE, stderr: STDOUT }))), "ENOENT")
    const quiet = new Popen(["sh", "-c", "echo out; echo err >&2"], { stdout: DEVNULL, stderr: STDOUT })
    assert.is(yield* quiet.wait(), 0)
  }))

test("SP-03: a number or what has one is what a child reads and writes: a pipe", () =>
  runGreenlet(function* () {
    const before = held()
    const [reader, writer] = pipe()
    const echo = new Popen(["echo", "through a pipe"], { stdout: writer })
    close(writer)
    assert.is(text(yield* nbRead(reader, 100)), "through a pipe\n")
    assert.is((yield* nbRead(reader, 100)).length, 0)
    close(reader)
    assert.is(yield* echo.wait(), 0)

    const [input, feeding] = pipe()
    const cat = new Popen(["cat"], { stdin: input, stdout: PIPE, text: true })
    close(input)
    using file = new FileObject(feeding, "w")
    yield* file.write("some text")
    yield* file.close()
    assert.is((yield* cat.communicate())[0], "some text")
    yield* wait(released(before))
  }))

test("SP-03: a socket", () =>
  runGreenlet(function* () {
    const before = held()
    const [client, server] = yield* connectedPair()
    using _client = client
    const cat = new Popen(["cat"], { stdin: server, stdout: server })
    server.close()
    const received = spawn(() => readAll(client))
    yield* client.sendall("there ".repeat(50_000))
    client.shutdown(1)
    assert.is((yield* received.get()).length, 300_000)
    assert.is(yield* cat.wait(), 0)
    client.close()
    yield* wait(released(before))
  }))

test("SP-03: files, from where they are", () =>
  runGreenlet(function* () {
    const before = held()
    const path = join(folder, "output")
    const output = new FileObject(path, "w")
    const echo = new Popen(["sh", "-c", "echo out; echo err >&2"], { stdout: output, stderr: output })
    assert.is(yield* echo.wait(), 0)
    yield* output.close()
    assert.is(readFileSync(path, "utf8"), "out\nerr\n")

    const input = new FileObject(path, "rb")
    const cat = new Popen(["cat"], { stdin: input, stdout: PIPE, text: true })
    assert.is((yield* cat.communicate())[0], "out\nerr\n")
    yield* input.close()
    yield* wait(released(before))
  }))

test("SP-03: another child's pipe: a pipeline", () =>
  runGreenlet(function* () {
    const before = held()
    const seq = new Popen(["seq", "100000"], { stdout: PIPE })
    const sort = new Popen(["sort", "-rn"], { stdin: seq.stdout, stdout: PIPE, stderr: DEVNULL })
    const head = new Popen(["head", "-n", "2"], { stdin: sort.stdout, stdout: PIPE, text: true })
    yield* seq.stdout.close()
    yield* sort.stdout.close()
    assert.is((yield* head.communicate())[0], "100000\n99999\n")
    assert.is(yield* seq.wait(5), 0)
    yield* sort.wait(5) // it may have had to write more than the head wanted
    yield* wait(released(before))
  }))

test("SP-03: in a pipeline who reads less ends who writes", () =>
  runGreenlet(function* () {
    const before = held()
    const yes = new Popen(["yes"], { stdout: PIPE, stderr: DEVNULL })
    const head = new Popen(["head", "-n", "1"], { stdin: yes.stdout, stdout: PIPE, text: true })
    yield* yes.stdout.close()
    assert.is((yield* head.communicate())[0], "y\n")
    assert.is.not(yield* yes.wait(5), 0)
    // and into another child's input
    const cat = new Popen(["cat"], { stdin: PIPE, stdout: PIPE, text: true })
    const echo = new Popen(["echo", "from another child"], { stdout: cat.stdin })
    yield* cat.stdin.close()
    assert.is((yield* cat.communicate())[0], "from another child\n")
    assert.is(yield* echo.wait(), 0)
    yield* wait(released(before))
  }))

test("SP-04: pipes are files, and only the greenlet waits for them", () =>
  runGreenlet(function* () {
    const counter = counting()
    const cat = new Popen(["cat"], { stdin: PIPE, stdout: PIPE })
    for (const line of ["one\n", "two\n"]) {
      yield* cat.stdin.write(bytes(line))
      yield* cat.stdin.flush()
      assert.is(text(yield* cat.stdout.readline()), line)
    }
    yield* cat.stdin.close()
    assert.is((yield* cat.stdout.read()).length, 0)
    yield* cat.stdout.close()
    assert.is(yield* cat.wait(), 0)
    const slow = new Popen("sleep 0.1; echo x", { shell: true, stdout: PIPE })
    const { turns } = counter
    assert.is(text(yield* slow.stdout.read()), "x\n")
    assert.ok(counter.turns > turns + 5, `${counter.turns - turns} turns`)
    slow[Symbol.dispose]()
    yield* slow.wait()
    yield* counter.stop()
  }))

test("SP-04: select and selectors wait for pipes", () =>
  runGreenlet(function* () {
    using popen = new Popen(["cat"], { stdin: PIPE, stdout: PIPE })
    const [none, writable] = yield* select([popen.stdout], [popen.stdin], [], 10)
    assert.is(none.length, 0) // nothing was written yet
    assert.is(writable[0], popen.stdin)
    yield* popen.stdin.write(bytes("x"))
    yield* popen.stdin.flush()
    const [readable] = yield* select([popen.stdout], [], [], 10)
    assert.is(readable[0], popen.stdout)
    assert.is(text(yield* popen.stdout.read1()), "x")
    using selector = new DefaultSelector()
    selector.register(popen.stdout, EVENT_READ, "the end")
    assert.equal(yield* selector.select(0), [])
    const selected = spawn(() => selector.select(10))
    yield* popen.stdin.close()
    assert.equal(
      (yield* selected.get()).map(([{ data }, events]) => [data, events]),
      [["the end", EVENT_READ]],
    )
    assert.is((yield* popen.stdout.read()).length, 0)
    assert.is(yield* popen.wait(), 0)
  }))

test("SP-05: texts have their newlines translated, and are empty texts when there is nothing", () =>
  runGreenlet(function* () {
    const script = String.raw`printf 'a\nb\r\nc\rd'; printf 'e\r\n' >&2`
    for (const options of [{ text: true }, { universalNewlines: true }, { encoding: "utf-8" }] as const) {
      const popen = new Popen(["sh", "-c", script], { stdout: PIPE, stderr: PIPE, ...options })
      assert.equal(yield* popen.communicate(), ["a\nb\nc\nd", "e\n"])
    }
    const kept = new Popen(["sh", "-c", script], { ...BOTH, newline: "" })
    assert.equal(yield* kept.communicate(), ["a\nb\r\nc\rd", "e\r\n"])
    assert.equal(yield* new Popen(["true"], BOTH).communicate(), ["", ""])
    const raw = yield* new Popen(["sh", "-c", script], { stdout: PIPE, stderr: DEVNULL }).communicate()
    assert.is(text(raw[0]), "a\nb\r\nc\rd")
    assert.is(raw[1], null)
    const latin = new Popen(["cat"], { stdin: PIPE, stdout: PIPE, encoding: "latin-1" })
    assert.is((yield* latin.communicate("äöü"))[0], "äöü")
    const lines = new Popen(["sh", "-c", String.raw`printf 'x\r\ny\n'`], BOTH)
    assert.equal(yield* lines.stdout.readlines(), ["x\n", "y\n"])
    yield* lines.communicate()
  }))

test("SP-06: poll gives null while it runs, and then the code", () =>
  runGreenlet(function* () {
    const popen = new Popen("sleep 0.05; exit 4", { shell: true })
    assert.is(popen.poll(), null)
    while (popen.poll() === null) yield* sleep(0.01)
    assert.is(popen.poll(), 4)
    assert.is(popen.returncode, 4)
  }))

test("SP-07: wait gives the code or the signal, to all who wait", () =>
  runGreenlet(function* () {
    const popen = new Popen("sleep 0.05; exit 3", { shell: true })
    const waiting = [1, 2, 3].map(() => spawn(() => popen.wait()))
    yield* joinall(waiting)
    assert.equal(
      waiting.map((one) => one.value),
      [3, 3, 3],
    )
    assert.is(yield* popen.wait(), 3)
    for (const signum of [SIGTERM, SIGKILL, SIGUSR1]) {
      const sleeper = new Popen(["sleep", "30"])
      sleeper.sendSignal(signum)
      assert.is(yield* sleeper.wait(), -signum)
    }
    const exits = [0, 1, 127, 255].map((exit) => new Popen(["sh", "-c", `exit ${exit}`]))
    for (const [i, exit] of [0, 1, 127, 255].entries()) assert.is(yield* exits[i]!.wait(), exit)
  }))

test("SP-07: it can be awaited outside greenlets", async () => {
  const popen = new Popen(["sh", "-c", "exit 6"])
  assert.is(await popen.wait(), 6)
  assert.is(await call(["sh", "-c", "exit 6"]), 6)
  assert.equal(await new Popen(["echo", "x"], BOTH).communicate(), ["x\n", ""])
})

test("SP-08: wait and iwait take it, and a link is called", () =>
  runGreenlet(function* () {
    const slow = new Popen(["sleep", "30"])
    const fast = new Popen(["true"])
    assert.equal(yield* wait([slow, fast], 5, 1), [fast])
    assert.equal(yield* wait([slow], 0.01), [])
    const linked: unknown[] = []
    slow.rawlink((popen) => linked.push(popen.returncode))
    const unlinked = (): void => assert.unreachable()
    slow.rawlink(unlinked)
    slow.unlink(unlinked)
    slow.kill()
    const next = iwait([slow], 5)
    assert.is((yield* next.next()).value, slow)
    assert.equal(linked, [-9])
    assert.ok(slow.ready())
    slow.rawlink(() => linked.push("late"))
    yield* sleep(0)
    assert.equal(linked, [-9, "late"])
  }))

test("SP-09: signals are sent, and to one that has ended nothing is", () =>
  runGreenlet(function* () {
    const trap = new Popen("trap 'echo got it; exit 5' USR1; echo ready; while :; do sleep 0.01; done", {
      shell: true,
      ...BOTH,
    })
    assert.is(yield* trap.stdout.readline(), "ready\n")
    trap.sendSignal(SIGUSR1)
    assert.equal(yield* trap.communicate(null, 10), ["got it\n", ""])
    assert.is(trap.returncode, 5)
    trap.sendSignal(SIGTERM)
    trap.terminate()
    trap.kill()
    assert.is(trap.returncode, 5)
    const other = new Popen(["sleep", "30"])
    assert.throws(() => other.sendSignal("SIGTERM" as never), TypeError)
    assert.is(code(thrown(() => other.sendSignal(999))), "EINVAL")
    other.sendSignal(0)
    other.terminate()
    assert.is(yield* other.wait(), -SIGTERM)
  }))

test("SP-10: the end of a block closes the pipes, and waits if it can", async () => {
  const before = held()
  let popen
  {
    await using cat = new Popen(["cat"], { stdin: PIPE, ...BOTH })
    popen = cat
  }
  assert.is(popen.returncode, 0)
  assert.ok(popen.stdin.closed && popen.stdout.closed && popen.stderr.closed)
  {
    using cat = new Popen(["cat"], { stdin: PIPE, ...BOTH })
    popen = cat
  }
  assert.is(popen.returncode, null)
  assert.ok(popen.stdin.closed && popen.stdout.closed && popen.stderr.closed)
  assert.is(await popen.wait(), 0)
  await released(before)
})

test("SP-11: wait with a timeout throws, and the process goes on", () =>
  runGreenlet(function* () {
    const before = getHub().loop.handles
    const popen = new Popen(["sleep", "30"])
    const error = yield* failure(popen.wait(0.01))
    assert.instance(error, TimeoutExpired)
    assert.instance(error, SubprocessError)
    assert.is((error as TimeoutExpired).timeout, 0.01)
    assert.equal((error as TimeoutExpired).cmd, ["sleep", "30"])
    assert.is(error.message, 'Command ["sleep","30"] timed out after 0.01 seconds')
    const limit = new Timeout(0.01)
    assert.is(yield* failure(popen.wait(limit)), limit)
    assert.instance(yield* failure(popen.wait(0)), TimeoutExpired)
    assert.throws(() => popen.wait(-1), RangeError)
    assert.is(popen.returncode, null)
    assert.is(popen.linkcount(), 0)
    popen.kill()
    assert.is(yield* popen.wait(5), -9)
    assert.is(yield* popen.wait(0), -9)
    assert.is(getHub().loop.handles, before)
  }))

test("SP-12: communicate writes and reads all at once", () =>
  runGreenlet(function* () {
    const size = 1_000_000
    const script = `head -c ${size} /dev/zero >&2; cat; head -c ${size} /dev/zero >&2`
    const popen = new Popen(["sh", "-c", script], { stdin: PIPE, stdout: PIPE, stderr: PIPE })
    const input = new Uint8Array(size)
    for (let i = 0; i < size; i++) input[i] = i * 7
    const [output, errors] = yield* popen.communicate(input)
    assert.ok(Buffer.from(output).equals(input))
    assert.is(errors.length, 2 * size)
    assert.is(popen.returncode, 0)
    assert.ok(popen.stdin.closed && popen.stdout.closed && popen.stderr.closed)
  }))

test("SP-12: what is no pipe is null, and what was read before is not read again", () =>
  runGreenlet(function* () {
    assert.equal(yield* new Popen(["true"]).communicate(), [null, null])
    const popen = new Popen(["cat"], { stdin: PIPE, stdout: PIPE, text: true })
    yield* popen.stdin.write("first\nsecond ") // stays in the buffer in part
    yield* popen.stdin.flush()
    assert.is(yield* popen.stdout.readline(), "first\n")
    yield* popen.stdin.write("and third ")
    assert.equal(yield* popen.communicate("and last"), ["second and third and last", null])
    const error = thrown(() => new Popen(["true"]).communicate("x"))
    assert.instance(error, RangeError)
    const bytesOnly = new Popen(["cat"], { stdin: PIPE, stdout: PIPE })
    assert.is(text((yield* bytesOnly.communicate("a text goes as UTF-8: ä"))[0]), "a text goes as UTF-8: ä")
  }))

test("SP-13: communicate with a timeout can be called again, and nothing is lost", () =>
  runGreenlet(function* () {
    const [gate, opener] = pipe()
    const script = `echo one; echo err >&2; read go <&${gate}; echo two; cat`
    const popen = new Popen(["sh", "-c", script], { stdin: PIPE, passFds: [gate], ...BOTH })
    close(gate)
    const input = "x".repeat(500_000)
    let error = yield* failure(popen.communicate(input, 0.01))
    for (let i = 0; i < 100; i++) {
      assert.instance(error, TimeoutExpired)
      const { output, stderr } = error as TimeoutExpired
      if (output !== "" && stderr !== "") break
      error = yield* failure(popen.communicate(null, 0.1))
    }
    assert.is((error as TimeoutExpired).output, "one\n")
    assert.is((error as TimeoutExpired).stderr, "err\n")
    const limit = new Timeout(0.01)
    assert.is(yield* failure(popen.communicate(null, limit)), limit)
    assert.throws(() => popen.communicate("again"), RangeError)
    yield* nbWrite(opener, "go\n")
    close(opener)
    const [output, errors] = yield* popen.communicate(null, 30)
    assert.is(output, `one\ntwo\n${input}`)
    assert.is(errors, "err\n")
    assert.equal(yield* popen.communicate(), [output, errors])
  }))

test("SP-13: it is honoured without pipes, and a killed greenlet leaves the rest to another", () =>
  runGreenlet(function* () {
    const sleeper = new Popen(["sleep", "30"])
    assert.instance(yield* failure(sleeper.communicate(null, 0.01)), TimeoutExpired)
    sleeper.kill()
    yield* sleeper.wait()
    const popen = new Popen(["sh", "-c", "echo one; sleep 0.1; echo two"], BOTH)
    const killed = spawn(() => popen.communicate())
    yield* sleep(0.03)
    yield* killed.kill()
    assert.equal(yield* popen.communicate(), ["one\ntwo\n", ""])
  }))

test("SP-13: a child that has closed its outputs, or given them on, does not end with them", () =>
  runGreenlet(function* () {
    const closed = new Popen("exec >&- 2>&-; sleep 0.1; exit 3", { shell: true, ...BOTH })
    assert.equal(yield* closed.communicate(null, 10), ["", ""])
    assert.is(closed.returncode, 3)
    const before = held()
    const parent = new Popen("sleep 30 & echo $!", { shell: true, stdout: PIPE, text: true })
    assert.is(yield* parent.wait(10), 0) // the grandchild holds stdout
    const error = yield* failure(parent.communicate(null, 0.5))
    assert.instance(error, TimeoutExpired)
    const grandchild = Number((error as TimeoutExpired).output)
    assert.ok(grandchild > 0)
    process.kill(grandchild, "SIGKILL")
    assert.equal(yield* parent.communicate(null, 10), [`${grandchild}\n`, null])
    yield* wait(released(before))
  }))

test("SP-14: that nobody reads the input is no error of communicate, and EPIPE of a write", () =>
  runGreenlet(function* () {
    const popen = new Popen(["true"], { stdin: PIPE, stdout: PIPE })
    assert.is((yield* popen.communicate(new Uint8Array(1_000_000)))[0].length, 0)
    assert.is(popen.returncode, 0)
    const ended = new Popen(["true"], { stdin: PIPE })
    yield* ended.wait()
    let error: unknown = null
    for (let i = 0; i < 100 && error === null; i++) {
      try {
        yield* ended.stdin.write(new Uint8Array(10_000))
        yield* ended.stdin.flush()
        yield* sleep(0.01)
      } catch (caught) {
        error = caught
      }
    }
    assert.is(code(error), "EPIPE")
    ended[Symbol.dispose]()
    assert.ok(ended.stdin.closed)
    const waiting = new Popen(["sleep", "30"], { stdin: PIPE })
    const writer = spawn(() => failure(waiting.stdin.write(new Uint8Array(10_000_000))))
    yield* sleep(0.02)
    waiting.kill()
    assert.is(code(yield* writer.get()), "EPIPE")
    waiting[Symbol.dispose]()
  }))

test("SP-15: what is no text is an error of communicate", () =>
  runGreenlet(function* () {
    const before = held()
    const script = String.raw`printf 'abc\377def'`
    const popen = new Popen(["sh", "-c", script], BOTH)
    assert.instance(yield* failure(popen.communicate()), UnicodeDecodeError)
    assert.is(yield* popen.wait(), 0)
    popen[Symbol.dispose]()
    const replaced = new Popen(["sh", "-c", script], { ...BOTH, errors: "replace" })
    assert.is((yield* replaced.communicate())[0], "abc\ufffddef")
    yield* wait(released(before))
  }))

test("SP-16: call, checkCall", () =>
  runGreenlet(function* () {
    assert.is(yield* call(["true"]), 0)
    assert.is(yield* call(["sh", "-c", "exit 47"]), 47)
    assert.is(yield* checkCall(["true"]), 0)
    const error = yield* failure(checkCall(["sh", "-c", "exit 47"]))
    assert.instance(error, CalledProcessError)
    assert.is((error as CalledProcessError).returncode, 47)
    assert.equal((error as CalledProcessError).cmd, ["sh", "-c", "exit 47"])
    assert.is(error.message, 'Command ["sh","-c","exit 47"] returned non-zero exit status 47.')
    assert.match((yield* failure(checkCall("kill -9 $$", { shell: true }))).message, /died with SIGKILL/)
    assert.instance(yield* failure(call(["sleep", "30"], { timeout: 0.02 })), TimeoutExpired)
    const limit = new Timeout(0.02)
    assert.is(yield* failure(call(["sleep", "30"], { timeout: limit })), limit)
    assert.is(processes.running, 0)
  }))

test("SP-16: checkOutput", () =>
  runGreenlet(function* () {
    assert.is(text(yield* checkOutput(["echo", "hello"])), "hello\n")
    assert.is(yield* checkOutput(["cat"], { input: "given", text: true }), "given")
    assert.is(text(yield* checkOutput(["cat"], { input: new Uint8Array([65, 66]) })), "AB")
    assert.is(yield* checkOutput(["cat"], { input: "", text: true }), "")
    const error = (yield* failure(
      checkOutput(["sh", "-c", "echo out; echo err >&2; exit 2"], { stderr: PIPE, text: true }),
    )) as CalledProcessError
    assert.instance(error, CalledProcessError)
    assert.equal([error.output, error.stdout, error.stderr], ["out\n", "out\n", "err\n"])
    const late = (yield* failure(
      checkOutput(["sh", "-c", "echo early; exec sleep 30"], { text: true, timeout: 0.3 }),
    )) as TimeoutExpired
    assert.instance(late, TimeoutExpired)
    assert.equal([late.output, late.stdout, late.timeout], ["early\n", "early\n", 0.3])
    assert.throws(() => checkOutput(["true"], { stdout: PIPE } as never), /stdout is not allowed/)
    assert.throws(() => checkOutput(["true"], { check: true } as never), /check is not allowed/)
    assert.throws(() => checkOutput(["true"], { input: "x", stdin: PIPE }), /stdin and input/)
    assert.is(processes.running, 0)
  }))

test("SP-16: run", () =>
  runGreenlet(function* () {
    const done = yield* run(["sh", "-c", "cat; echo err >&2; exit 3"], { input: "in", captureOutput: true, text: true })
    assert.instance(done, CompletedProcess)
    assert.equal([done.returncode, done.stdout, done.stderr], [3, "in", "err\n"])
    assert.equal(done.args, ["sh", "-c", "cat; echo err >&2; exit 3"])
    assert.equal((yield* run(["true"])).stdout, null)
    assert.instance(yield* failure(run(["false"], { check: true })), CalledProcessError)
    const late = (yield* failure(
      run(["sh", "-c", "echo out; echo err >&2; exec sleep 30"], { captureOutput: true, text: true, timeout: 0.3 }),
    )) as TimeoutExpired
    assert.instance(late, TimeoutExpired)
    assert.equal([late.output, late.stderr], ["out\n", "err\n"])
    assert.throws(() => run(["true"], { input: "x", stdin: DEVNULL }), RangeError)
    assert.throws(() => run(["true"], { captureOutput: true, stdout: PIPE }), RangeError)
    assert.throws(() => run(["true"], { captureOutput: true, stderr: STDOUT }), RangeError)
    assert.is(code(yield* failure(run(["no-such-program"]))), "ENOENT")
    assert.is(processes.running, 0)
  }))

test("SP-16: whoever is killed in one of them takes the process along", () =>
  runGreenlet(function* () {
    const before = held()
    const waiting = [
      spawn(() => call(["sleep", "30"])),
      spawn(() => run(["sleep", "30"], { captureOutput: true })),
      spawn(() => checkOutput(["sleep", "30"], { input: "x" })),
    ]
    yield* sleep(0.05)
    for (const greenlet of waiting) yield* greenlet.kill()
    assert.is(processes.running, 0)
    yield* wait(released(before))
  }))

test("SP-16: whoever is killed twice leaves nothing open either", () =>
  runGreenlet(function* () {
    const before = held()
    for (let i = 0; i < 5; i++) {
      const greenlet = spawn(() => call(["sleep", "30"], { stdin: PIPE, stdout: PIPE }))
      yield* sleep(0.02)
      greenlet.kill(undefined, false)
      yield* sleep(0)
      yield* greenlet.kill()
    }
    for (let i = 0; i < 500 && processes.running > 0; i++) yield* sleep(0.01)
    yield* wait(released(before))
  }))

test("SP-16: getoutput and getstatusoutput run a command line", () =>
  runGreenlet(function* () {
    assert.is(yield* getoutput("echo out; echo err >&2; exit 3"), "out\nerr")
    assert.equal(yield* getstatusoutput("echo out; echo; exit 3"), [3, "out\n"])
    assert.equal(yield* getstatusoutput("true"), [0, ""])
    assert.is((yield* getstatusoutput("no-such-program"))[0], 127)
    assert.is((yield* getstatusoutput("kill -9 $$"))[0], -9)
  }))

test("SP-17: CompletedProcess.checkReturncode throws unless the code is 0", () => {
  new CompletedProcess(["x"], 0).checkReturncode()
  const completed = new CompletedProcess("x", 2, "out", "err")
  const error = thrown(() => completed.checkReturncode()) as CalledProcessError
  assert.instance(error, CalledProcessError)
  assert.equal([error.returncode, error.cmd, error.output, error.stderr], [2, "x", "out", "err"])
  assert.is(String(completed), '<CompletedProcess args="x" returncode=2 stdout="out" stderr="err">')
})

test("SP-18: what keeps a program from starting is thrown by the constructor", () => {
  writeFileSync(join(folder, "not-executable"), "")
  writeFileSync(join(folder, "no-interpreter"), "#! /no/such/interpreter -x\n", { mode: 0o755 })
  writeFileSync(join(folder, "bad-interpreter"), `#!${folder}/not-executable\n`, { mode: 0o755 })
  chmodSync(folder, 0o755)
  writeFileSync(join(folder, "root-only"), "#!/bin/sh\n", { mode: 0o700 })
  const closed = join(folder, "closed")
  mkdirSync(closed, { mode: 0o700 })
  writeFileSync(join(closed, "program"), "#!/bin/sh\n", { mode: 0o755 })
  const cases: [string[], PopenOptions, string][] = [
    [["no-such-program"], {}, "ENOENT"],
    [["/no/such/program"], {}, "ENOENT"],
    [[join(folder, "not-executable")], {}, "EACCES"],
    [[folder], {}, "EACCES"],
    [["true"], { cwd: "/no/such/folder" }, "ENOENT"],
    [["true"], { cwd: join(folder, "not-executable") }, "ENOTDIR"],
    [["true"], { env: { PATH: "/no/such/folder" } }, "ENOENT"],
    [["no-such-program"], { shell: true, executable: "/no/such/shell" }, "ENOENT"],
    [["true", "x".repeat(200_000)], {}, "E2BIG"],
    [[join(folder, "no-interpreter")], {}, "ENOENT"],
    [[join(folder, "bad-interpreter")], {}, "EACCES"],
  ]
  if (process.getuid!() === 0) {
    cases.push(
      [[join(folder, "root-only")], { user: 65534 }, "EACCES"],
      [["./program"], { cwd: closed, user: 65534 }, "EACCES"],
    )
  }
  for (const [args, options, expected] of cases) {
    const error = thrown(() => new Popen(args, options))
    assert.is(code(error), expected, `${args[0]!}: ${error.message}`)
    assert.is((error as unknown as { syscall: string }).syscall, "spawn")
    assert.match(
      error.message,
      args[0] === "true" && !options.env ? /./ : /no-such-program|\/no\/such|subprocess-|true|program/,
    )
  }
})

test("SP-19: others run while many programs start", () =>
  runGreenlet(function* () {
    const counter = counting()
    yield* sleep(0)
    // on some hosts ten of them take no more than five milliseconds
    for (let i = 0; i < 50; i++) yield* call(["true"])
    yield* counter.stop()
    assert.ok(counter.turns > 5, `${counter.turns} turns`)
  }))

test("SP-20: a start that fails leaves nothing open, whatever the streams are", () =>
  runGreenlet(function* () {
    const before = held()
    const { handles } = getHub().loop
    const [reader, writer] = pipe()
    const file = new FileObject(join(folder, "unused"), "w")
    const inputs = [null, PIPE, DEVNULL, reader, file]
    const outputs = [null, PIPE, DEVNULL, writer, file]
    let failed = 0
    for (const [args, options] of [
      [["no-such-program"], {}],
      [[folder], {}],
      [["true"], { cwd: "/no/such/folder" }],
      [["true"], { cwd: "/etc/passwd" }],
    ] as [string[], PopenOptions][]) {
      for (const stdin of inputs) {
        for (const stdout of outputs) {
          for (const stderr of [...outputs, STDOUT]) {
            assert.ok(code(thrown(() => new Popen(args, { ...options, stdin, stdout, stderr, passFds: [writer] }))))
            failed++
          }
        }
      }
    }
    assert.is(failed, 4 * 5 * 5 * 6)
    // this one is known only after the pipes were made
    for (const stdin of inputs) {
      const args = ["true", "x".repeat(200_000)]
      assert.is(code(thrown(() => new Popen(args, { stdin, stdout: PIPE, stderr: PIPE, passFds: [writer] }))), "E2BIG")
    }
    close(reader)
    close(writer)
    yield* file.close()
    yield* wait(released(before))
    assert.is(processes.running, 0)
    assert.ok(getHub().loop.handles <= handles)
  }))

test("SP-21: the standard streams of a child are not non-blocking", () =>
  runGreenlet(function* () {
    const script = "for fd in 0 1 2; do sed -n 's/^flags:.*\\(.\\)...$/\\1/p' /proc/self/fdinfo/$fd; done"
    const popen = new Popen(["sh", "-c", script], { stdin: PIPE, ...BOTH })
    const [output] = yield* popen.communicate()
    // O_NONBLOCK is 04000
    for (const digit of output.trim().split("\n")) assert.is(Number(digit) & 4, 0, output)
  }))

test("SP-22: a child has no other descriptors than it is given, and those under their numbers", () =>
  runGreenlet(function* () {
    const before = held()
    const [reader, writer] = pipe()
    const [input, feeding] = pipe()
    const script = `cat <&${input} >&${writer}; ls /proc/self/fd`
    const popen = new Popen(["sh", "-c", script], {
      passFds: [writer, input],
      stdin: DEVNULL,
      stdout: PIPE,
      text: true,
    })
    close(writer)
    close(input)
    using file = new FileObject(feeding, "w")
    yield* file.write("through descriptors")
    yield* file.close()
    assert.is(text(yield* nbRead(reader, 100)), "through descriptors")
    const open = (yield* popen.communicate())[0].trim().split("\n").map(Number)
    // besides, the listing's own; and what whoever has started this process has left open
    for (const fd of [writer, input]) assert.ok(open.includes(fd))
    const bare = yield* checkOutput(["ls", "/proc/self/fd"], { text: true, closeFds: true })
    for (const fd of [writer, input]) assert.not(bare.trim().split("\n").map(Number).includes(fd))
    close(reader)
    yield* wait(released(before))
  }))

test("SP-22: a file that was read before is passed from there to its end", () =>
  runGreenlet(function* () {
    const before = held()
    const path = join(folder, "passed")
    writeFileSync(path, "one\ntwo\nthree\n")
    const file = new FileObject(path, "rb", { bufsize: 0 })
    assert.is(text(yield* file.read(4)), "one\n")
    const fd = file.fileno()
    const popen = new Popen(`cat <&${fd}`, { shell: true, passFds: [fd], stdout: PIPE, text: true })
    assert.equal(yield* popen.communicate(null, 10), ["two\nthree\n", null])
    yield* file.close()
    const log = new FileObject(path, "wb", { bufsize: 0 })
    yield* log.write(bytes("ours\n"))
    const number = log.fileno()
    assert.is(yield* call(`echo theirs >&${number}`, { shell: true, passFds: [number] }), 0)
    yield* log.close()
    yield* wait(released(before))
    assert.is(readFileSync(path, "utf8"), "ours\ntheirs\n")
  }))

test("SP-22: a socket that is passed has its end for the child, which answers behind it", () =>
  runGreenlet(function* () {
    const before = held()
    const [client, server] = yield* connectedPair()
    const fd = server.fileno()
    const upper = new Popen(`tr a-z A-Z <&${fd} >&${fd}`, { shell: true, passFds: [fd] })
    server.close()
    const answer = spawn(() => readAll(client))
    yield* client.sendall("there and back ".repeat(20_000))
    client.shutdown(1)
    assert.is(yield* upper.wait(20), 0)
    assert.is(text(yield* answer.get()), "THERE AND BACK ".repeat(20_000))
    client.close()
    yield* wait(released(before))
  }))

test("SP-22: what a child has not read of a socket stays there for others", () =>
  runGreenlet(function* () {
    const before = held()
    const [client, server] = yield* connectedPair()
    assert.is(yield* call(["true"], { passFds: [server.fileno()] }), 0)
    yield* client.sendall("for us")
    assert.is(text(yield* server.recv(100)), "for us")
    client.close()
    server.close()
    yield* wait(released(before))
  }))

test("SP-23: cwd, env, startNewSession, user and group", () =>
  runGreenlet(function* () {
    assert.is(yield* checkOutput(["pwd"], { cwd: folder, text: true }), `${folder}\n`)
    assert.is(yield* checkOutput(["pwd"], { cwd: pathToFileURL(`${folder}/`), text: true }), `${folder}\n`)
    writeFileSync(join(folder, "program"), "#!/bin/sh\necho relative\n", { mode: 0o755 })
    assert.is(yield* checkOutput(["./program"], { cwd: folder, text: true }), "relative\n")
    assert.is(yield* checkOutput(["program"], { env: { PATH: folder }, text: true }), "relative\n")
    const env = yield* checkOutput(["env"], { env: { A: "1", PATH: process.env["PATH"]! }, text: true })
    assert.equal(env.trim().split("\n").sort(), ["A=1", `PATH=${process.env["PATH"]!}`])
    process.env["SUBPROCESS_TEST"] = "inherited"
    assert.is(yield* checkOutput('echo "$SUBPROCESS_TEST"', { shell: true, text: true }), "inherited\n")
    const leader = new Popen("ps -o sid= -p $$ || cut -d' ' -f6 /proc/$$/stat", {
      shell: true,
      startNewSession: true,
      ...BOTH,
    })
    assert.is(Number((yield* leader.communicate())[0]), leader.pid)
    if (process.getuid!() !== 0) return
    const id = ["sh", "-c", "id -u; id -g"]
    assert.is(yield* checkOutput(id, { user: 65534, group: 65534, text: true }), "65534\n65534\n")
    assert.is(yield* checkOutput(id, { user: "nobody", group: "daemon", text: true }), "65534\n1\n")
    const large = { user: 3_000_000_000, group: 2 ** 32 - 2, text: true } as const
    if (host.name === "node") {
      assert.is(yield* checkOutput(id, large), "3000000000\n4294967294\n")
      assert.is(yield* checkOutput(id, { ...large, env: { PATH: process.env["PATH"]! } }), "3000000000\n4294967294\n")
    } else assert.is(code(yield* failure(checkOutput(id, large))), "EINVAL")
  }))

test("SP-23: a child inherits what process.env has when it starts, also where that is no longer the system's", () =>
  runGreenlet(function* () {
    const shown = (): Wait<string> => checkOutput('echo "$SUBPROCESS_TEST"', { shell: true, text: true })
    process.env["SUBPROCESS_TEST"] = "first"
    assert.is(yield* shown(), "first\n")
    process.env["SUBPROCESS_TEST"] = "b c\n= \u00e4"
    assert.is(yield* shown(), "b c\n= \u00e4\n")
    delete process.env["SUBPROCESS_TEST"]
    assert.is(yield* shown(), "\n")
    const system = process.env
    process.env = { ...system, SUBPROCESS_TEST: "replaced" }
    try {
      assert.is(yield* shown(), "replaced\n")
    } finally {
      process.env = system
    }
    assert.is(yield* shown(), "\n")
  }))

test("SP-23: a child of a thread inherits what process.env has there", () =>
  runGreenlet(function* () {
    const pool = new ThreadPool(1)
    const modules = [import.meta.resolve("gevent-wasm"), import.meta.resolve("gevent-wasm/subprocess")] as const
    const shown = yield* pool.apply(
      async (top: string, subprocess: string) => {
        const { run } = (await import(top)) as { run: typeof runGreenlet }
        const { getoutput: output } = (await import(subprocess)) as { getoutput: typeof getoutput }
        const { env } = (await import("node:process")).default
        env["SUBPROCESS_TEST"] = "of a thread"
        return run(() => output('echo "$SUBPROCESS_TEST"'))
      },
      [...modules],
    )
    assert.is(shown, "of a thread")
    assert.is(yield* checkOutput('echo "$SUBPROCESS_TEST"', { shell: true, text: true }), "\n")
    yield* pool.kill()
  }))

test("SP-23: who watches or replaces how Node starts processes sees those of Popen", () =>
  runGreenlet(function* () {
    let seen = 0
    // what a host does for its own it has to do for ours
    const compared = function* (): Generator<Wait<unknown>, void, unknown> {
      seen = 0
      nodeSpawn("true")
      const own = seen
      yield* call(["true"])
      assert.is(seen, own * 2)
    }
    const watch = (): void => void seen++
    subscribe("child_process", watch)
    yield* compared()
    unsubscribe("child_process", watch)
    const prototype = ChildProcess.prototype as unknown as Record<"spawn", (options: object) => number>
    const { spawn: original } = prototype
    prototype.spawn = function (options) {
      seen++
      return original.call(this, options)
    }
    yield* compared()
    prototype.spawn = original
  }))

test("SP-23: signals have their default actions in a child", () =>
  runGreenlet(function* () {
    signal(SIGUSR1, SIG_IGN)
    try {
      const popen = new Popen("kill -USR1 $$; echo alive", { shell: true, restoreSignals: true, ...BOTH })
      assert.equal(yield* popen.communicate(), ["", ""])
      assert.is(popen.returncode, -SIGUSR1)
    } finally {
      signal(SIGUSR1, SIG_DFL)
    }
  }))

test("SP-28: list2cmdline quotes as Windows' programs read it", () => {
  assert.is(list2cmdline(["a b", 'say "hi"']), '"a b" "say \\"hi\\""')
  assert.is(
    list2cmdline(["", "a\\", "a b\\", 'a\\"b', "a\\\\b c", "tab\tx"]),
    '"" a\\ "a b\\\\" a\\\\\\"b "a\\\\b c" "tab\tx"',
  )
  assert.throws(() => list2cmdline([1 as never]), TypeError)
})

test("SP-29: children are waited for after SIGCHLD was ignored", () =>
  runGreenlet(function* () {
    signal(SIGCHLD, SIG_IGN)
    assert.is(yield* call(["sh", "-c", "exit 9"]), 9)
    signal(SIGCHLD, SIG_DFL)
    assert.is(yield* call(["sh", "-c", "exit 9"]), 9)
  }))

test("SP-30: of many children that end at once each is told", () =>
  runGreenlet(function* () {
    const [reader, writer] = pipe()
    // all of them wait for the end of one pipe
    const children = Array.from({ length: 30 }, (_, i) => new Popen(["sh", "-c", `cat; exit ${i}`], { stdin: PIPE }))
    yield* sleep(0.05)
    for (const child of children) yield* child.stdin.close()
    const codes = []
    for (const child of children) codes.push(yield* child.wait(10))
    assert.equal(codes, [...children.keys()])
    for (const child of children) assert.is((yield* waitpid(child.pid))[0], child.pid)
    close(reader)
    close(writer)
  }))

test("what is read slowly or not at all keeps who writes waiting", () =>
  runGreenlet(function* () {
    const size = 100_000_000
    const memory = process.memoryUsage.rss()
    const cat = new Popen(["cat"], { stdin: PIPE, stdout: PIPE })
    let written = 0
    const writer = spawn(function* () {
      const chunk = new Uint8Array(65536).fill(1)
      while (written < size) {
        const part = chunk.subarray(0, Math.min(chunk.length, size - written))
        yield* cat.stdin.write(part)
        written += part.length
      }
      yield* cat.stdin.close()
    })
    yield* sleep(0.2)
    // what the pipes hold, the hosts and we
    assert.ok(written < 4_000_000, `${written} bytes were written, and none was read`)
    let received = 0
    let most = 0
    for (;;) {
      const chunk = yield* cat.stdout.read1(65536)
      if (chunk.length === 0) break
      received += chunk.length
      assert.ok(written - received < 4_000_000)
      most = Math.max(most, process.memoryUsage.rss())
    }
    assert.is(received, size)
    yield* writer.get()
    assert.is(yield* cat.wait(), 0)
    cat[Symbol.dispose]()
    assert.ok(most - memory < 200_000_000, `${most - memory} bytes of memory`)
  }))

test("a child keeps the program alive, unless it is told not to", () =>
  runGreenlet(function* () {
    const { loop } = getHub()
    const before = loop.activecnt
    const popen = new Popen(["sleep", "30"])
    assert.ok(popen.ref)
    assert.is(loop.activecnt, before + 1)
    popen.ref = false
    assert.is(loop.activecnt, before)
    popen.kill()
    assert.is(yield* popen.wait(), -9) // who waits for it is alive
    // what others have left behind may end meanwhile
    for (let i = 0; i < 500 && loop.activecnt > before; i++) yield* sleep(0.01)
    assert.ok(loop.activecnt <= before, `${loop.activecnt} hold the loop, and ${before} did`)
  }))

test("it shows what it is", () =>
  runGreenlet(function* () {
    const popen = new Popen(["true"])
    assert.is(String(popen), `<Popen ${popen.pid} ["true"] running>`)
    yield* popen.wait()
    assert.is(String(popen), `<Popen ${popen.pid} ["true"] returncode=0>`)
  }))

test.run()
