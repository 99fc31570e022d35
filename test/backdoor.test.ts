import { getcurrent, getHub, joinall, run, sleep, spawn, SystemExit, type Op, type Wait } from "gevent-wasm"
import { BackdoorServer, type BackdoorOptions } from "gevent-wasm/backdoor"
import { Event } from "gevent-wasm/event"
import { capabilities } from "gevent-wasm/host"
import { AF_INET, AF_UNIX, createConnection, IPPROTO_TCP, SHUT_WR, Socket, TCP_NODELAY } from "gevent-wasm/socket"
import { PIPE, Popen } from "gevent-wasm/subprocess"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { test } from "uvu"
import * as assert from "uvu/assert"
import { takeReports } from "./reports.ts"

const LOOPBACK = "127.0.0.1:0"
const decoder = new TextDecoder()

type Steps<T> = Generator<Wait<unknown>, T, unknown>

/** A user at a prompt. */
class User implements Disposable {
  readonly socket: Socket
  private received = ""

  constructor(socket: Socket) {
    this.socket = socket
  }

  /** What comes up to a text. */
  *until(end: string): Steps<string> {
    while (!this.received.includes(end)) {
      const chunk = yield* this.socket.recv(65536)
      if (chunk.length === 0) throw new Error(`ended with ${JSON.stringify(this.received)}`)
      this.received += decoder.decode(chunk)
    }
    const at = this.received.indexOf(end)
    const before = this.received.slice(0, at)
    this.received = this.received.slice(at + end.length)
    return before
  }

  /** What a line of code prints. */
  *types(line: string, prompt = ">>> "): Steps<string> {
    yield* this.socket.sendall(`${line}\n`)
    return yield* this.until(prompt)
  }

  /** What comes until the connection ends. */
  *rest(): Steps<string> {
    for (;;) {
      const chunk = yield* this.socket.recv(65536)
      if (chunk.length === 0) return this.received
      this.received += decoder.decode(chunk)
    }
  }

  [Symbol.dispose](): void {
    this.socket.close()
  }
}

/** Runs `body` with a server and its first user. */
async function session(
  options: BackdoorOptions,
  body: (user: User, server: BackdoorServer) => Op<unknown>,
): Promise<void> {
  const before = methods()
  await run(function* () {
    const server = new BackdoorServer(LOOPBACK, { banner: "", ...options })
    server.start()
    try {
      using user = yield* connected(server)
      yield* body(user, server)
    } finally {
      server.close()
      yield* server.stop(0.2)
    }
  })
  for (const [index, method] of methods().entries()) assert.is(method, before[index])
}

/** What the console of this process has now. */
function methods(): unknown[] {
  return Object.values(globalThis.console)
}

function* connected(server: BackdoorServer): Steps<User> {
  const user = new User(yield* createConnection(server.address, 5))
  yield* user.until(">>> ")
  return user
}

/** What the console of this process prints meanwhile. */
function* printed(body: () => Op<unknown>): Steps<string[]> {
  const lines: string[] = []
  const log: unknown = Reflect.get(globalThis.console, "log")
  globalThis.console.log = (...args: unknown[]) => void lines.push(args.join(" "))
  try {
    yield* body()
  } finally {
    globalThis.console.log = log as (...args: unknown[]) => void
  }
  return lines
}

test("BD-01: the banner comes first, then the prompt, and a value is shown", async () => {
  await run(function* () {
    using server = new BackdoorServer(LOOPBACK, { banner: "Hello from the backdoor!", locals: { foo: "From here!" } })
    server.start()
    using user = new User(yield* createConnection(server.address, 5))
    assert.is(yield* user.until(">>> "), "Hello from the backdoor!\n")
    assert.is(yield* user.types("foo"), "'From here!'\n")
    assert.is(yield* user.types("1 + 1"), "2\n")
    assert.is(yield* user.types("_ * 21"), "42\n")
    assert.is(yield* user.types("undefined"), "")
    assert.is(yield* user.types("_"), "42\n")
    assert.is(yield* user.types(""), "")
    assert.is(yield* user.types("// nothing"), "")
    assert.is(yield* user.types("({ a: [1, 'x'], s: new Set([1]) });"), "{ a: [ 1, 'x' ], s: Set(1) { 1 } }\n")
    assert.is(yield* user.types("{ a: 1 }"), "{ a: 1 }\n")
    assert.is(yield* user.types("null"), "null\n")
    assert.is(yield* user.types("[1] instanceof Array"), "true\n")
    assert.is(yield* user.types("6 * 7; // ; 8"), "42\n")
    assert.is(yield* user.types("let s = ';'; s + 'x;y'"), "';x;y'\n")
    yield* server.stop(0)
  })
})

test("BD-01: an unfinished input goes on in the next line", () =>
  session({}, function* (user) {
    const inputs = [
      ["function twice(x) {", "  return x * 2", "}"],
      ["[1, 2].map((x) => {", "return x + (", "1)", "})"],
      ["`a", "b`"],
      ["/* a comment", "of two lines */ 5"],
      ["1 +", "2"],
      ["{ a: 1,", "b: { c: 2 },", "}"],
      ["try { twice(", "2) }", "finally {}"],
      ["await Promise.all([", "Promise.resolve(twice(4)),", "])"],
    ]
    const answers = ["", "[ 2, 3 ]\n", "'a\\nb'\n", "5\n", "3\n", "{ a: 1, b: { c: 2 } }\n", "", "[ 8 ]\n"]
    for (const [index, lines] of inputs.entries()) {
      for (const line of lines.slice(0, -1)) assert.is(yield* user.types(line, "... "), "")
      assert.is(yield* user.types(lines.at(-1)!), answers[index], lines.join())
    }
    for (const wrong of ["a b", ")", "}", "f(}", "'abc", "let x = 5 5", "1) + (2", "} function* x() {", "/(/"]) {
      assert.match(yield* user.types(wrong), /^SyntaxError: .+\n$/, wrong)
    }
    assert.is(yield* user.types("twice(21)"), "42\n")
  }))

test("BD-01: an error is shown with its stack, and the prompt goes on", () =>
  session({}, function* (user) {
    assert.is(yield* user.types("function fail() { throw new RangeError('too far') }"), "")
    const report = yield* user.types("fail()")
    assert.match(report, /^RangeError: too far\n +at .*<console>/)
    assert.not.match(report, /session|Session/)
    assert.is(yield* user.types("throw 5"), "Uncaught 5\n")
    assert.match(yield* user.types("nobody"), /^ReferenceError: nobody is not defined\n/)
    assert.match(yield* user.types("await Promise.reject(new Error('later'))"), /^Error: later\n/)
    assert.is(yield* user.types("typeof nobody"), "'undefined'\n")
    assert.match(yield* user.types("({ get a() { throw 1 } }).a"), /^Uncaught 1\n/)
    assert.is(yield* user.types("'still here'"), "'still here'\n")
    assert.equal(takeReports(), [])
  }))

test("BD-01: what can be waited for is waited for in the session's greenlet", () =>
  session({ locals: { sleep, getcurrent, spawn, Event } }, function* (user) {
    assert.is(yield* user.types("sleep(0.01)"), "")
    assert.is(yield* user.types("yield* sleep(0.01); 'slept'"), "'slept'\n")
    assert.is(yield* user.types("await sleep(0.01); 'awaited'"), "'awaited'\n")
    assert.is(yield* user.types("Promise.resolve('promised')"), "'promised'\n")
    assert.is(yield* user.types("spawn(function* () { yield* sleep(0.01); return 'got' }).get()"), "'got'\n")
    assert.is(yield* user.types("function* three() { yield* sleep(0.01); return 3 }"), "")
    assert.is(yield* user.types("three()"), "3\n")
    assert.is(yield* user.types("const n = yield* three(), m = n + 1"), "")
    assert.is(yield* user.types("const [k] = [await sleep(0.01).then(() => 5)]"), "")
    assert.is(yield* user.types("[n, m, k]"), "[ 3, 4, 5 ]\n")
    assert.is(yield* user.types("const here = getcurrent(); yield* sleep(0.01); here === getcurrent()"), "true\n")
    assert.match(yield* user.types("new Map([[1, 2]]).values()"), /\[Map Iterator\] \{ 2 \}/)
    assert.is(yield* user.types("for (const i of [1, 2]) { yield* sleep(0); console.log(i) }"), "1\n2\n")
  }))

test("BD-02: each connection has its own copy of locals, which keep what is declared and assigned", () => {
  const locals = { shared: { hits: 0 }, mine: 1 }
  return session({ locals }, function* (user, server) {
    using other = yield* connected(server)
    assert.is(yield* user.types("mine = 2; shared.hits++"), "0\n")
    assert.is(yield* user.types("mine"), "2\n")
    assert.is(yield* other.types("mine"), "1\n")
    assert.is(yield* other.types("shared.hits"), "1\n")
    assert.is(locals.mine, 1)

    const lines = ["let a = 1, { b, c: [d, ...e] } = { b: 2, c: [3, 4] }", "var v = 5", "undeclared = 6", "class K {}"]
    for (const line of [
      ...lines,
      "function next() { return ++a }",
      "const F = 7",
      "async function slow() { return v }",
    ]) {
      assert.is(yield* user.types(line), line === "undeclared = 6" ? "6\n" : "", line)
    }
    assert.is(yield* user.types("String([a, b, d, e, v, undeclared, F])"), "'1,2,3,4,5,6,7'\n")
    assert.is(yield* user.types("next(); next(); a"), "3\n", "a function and the prompt see the same variable")
    assert.is(yield* user.types("a = 10; next()"), "11\n")
    assert.is(yield* user.types("slow()"), "5\n")
    assert.is(yield* user.types("new K() instanceof K"), "true\n")
    assert.match(yield* user.types("F = 8"), /^TypeError: /)
    assert.is(yield* user.types("let a = 'anew'; a"), "'anew'\n")
    assert.is(yield* user.types("let _ = 'own'"), "")
    assert.is(yield* user.types("1; _"), "'own'\n")
    for (const name of ["a", "v", "undeclared", "K", "next"]) {
      assert.is(yield* other.types(`typeof ${name}`), "'undefined'\n")
      assert.is(name in globalThis, false)
    }
  })
})

test("BD-02: what is global is there, and not changed by an assignment", () =>
  session({}, function* (user) {
    assert.is(
      yield* user.types("typeof setTimeout(() => {}, 1)"),
      "'object'\n".replace("object", typeof setTimeout(() => {}, 1)),
    )
    assert.is(yield* user.types("structuredClone([1])"), "[ 1 ]\n")
    assert.is(yield* user.types("Math = 1; Math"), "1\n")
    assert.type(Math.max, "function")
    assert.is(yield* user.types("globalThis.Math.max(1, 2)"), "2\n")
    assert.is(yield* user.types("(await import('node:path')).posix.sep"), "'/'\n")
  }))

test("BD-03: quit() and exit() end only the connection", () =>
  session({}, function* (user, server) {
    for (const line of ["quit()", "exit(1)", "await quit()", "yield* (function* () { exit() })()"]) {
      using other = yield* connected(server)
      yield* other.socket.sendall(`${line}\n'never'\n`)
      assert.is(yield* other.rest(), "", line)
    }
    assert.is(yield* user.types("'here'"), "'here'\n")
    assert.equal(takeReports(), [])
  }))

test("BD-03: a SystemExit ends only the connection", () =>
  session({ locals: { SystemExit } }, function* (user, server) {
    using other = yield* connected(server)
    yield* other.socket.sendall("throw new SystemExit(3)\n")
    assert.is(yield* other.rest(), "")
    assert.is(yield* user.types("'here'"), "'here'\n")
    assert.equal(takeReports(), [])
  }))

test("BD-04: the console of a session's greenlet is its connection, and that of others is not", async () => {
  const go = new Event()
  const lines = await run(() =>
    printed(() =>
      (function* () {
        const server = new BackdoorServer(LOOPBACK, { banner: "", locals: { sleep, go, spawn } })
        server.start()
        using user = yield* connected(server)
        using other = yield* connected(server)
        assert.is(yield* user.types("console.log('a %d', 1, { b: 2 })"), "a 1 { b: 2 }\n")
        assert.is(yield* user.types("console.error('wrong'); console.warn('odd')"), "wrong\nodd\n")
        assert.is(yield* user.types("print('one', 2)"), "one 2\n")
        assert.match(yield* user.types("console.table([{ a: 1 }])"), "(index)")
        assert.is(yield* user.types("console.group(); console.log('in')"), "  in\n")
        assert.is(yield* other.types("console.log('in')"), "in\n")

        const talks = [user, other].map((one, i) =>
          spawn(() => one.types(`console.log('before ${i}'); yield* go.wait(); console.log('after ${i}')`)),
        )
        const awaits = yield* connected(server)
        const third = spawn(() => awaits.types("await go.wait(); console.log('async'); await null; print('end')"))
        yield* sleep(0.05)
        globalThis.console.log("meanwhile")
        go.set()
        assert.is(yield* talks[0]!.get(), "  before 0\n  after 0\n")
        assert.is(yield* talks[1]!.get(), "before 1\nafter 1\n")
        assert.is(yield* third.get(), "async\nend\n")
        assert.is(yield* other.types("yield* spawn(() => { console.log('child'); return sleep(0) }).join()"), "")
        awaits.socket.close()
        yield* server.stop(0.1)
      })(),
    ),
  )
  assert.equal(lines, ["meanwhile", "child"])
})

test("BD-04: it stays so across exceptions", async () => {
  const lines = await run(() =>
    printed(() =>
      (function* () {
        const server = new BackdoorServer(LOOPBACK, { banner: "", locals: { sleep } })
        server.start()
        using user = yield* connected(server)
        const failing = "try { yield* sleep(0.01); throw new Error('x') } finally { console.log('finally') }"
        assert.match(yield* user.types(failing), /^finally\nError: x/)
        globalThis.console.log("outside")
        assert.is(yield* user.types("console.log('inside')"), "inside\n")
        assert.match(
          yield* user.types("await sleep(0.01); throw console.log('thrown')"),
          "thrown\nUncaught undefined\n",
        )
        assert.is(yield* user.types("console.log('inside')"), "inside\n")
        yield* user.socket.sendall("quit()\n")
        yield* user.rest()
        globalThis.console.log("afterwards")
        yield* server.stop(0.1)
      })(),
    ),
  )
  assert.equal(lines, ["outside", "afterwards"])
})

test("BD-05: ten clients at once", () =>
  session({ locals: { sleep } }, function* (_user, server) {
    const clients = Array.from({ length: 10 }, (_, i) =>
      spawn(function* () {
        using user = yield* connected(server)
        assert.is(yield* user.types(`const id = ${i}`), "")
        assert.is(yield* user.types("yield* sleep(0.05); id"), `${i}\n`)
        yield* user.socket.sendall("quit()\n")
        return yield* user.rest()
      }),
    )
    yield* joinall(clients, 10, { raiseError: true })
    for (const client of clients) assert.is(client.value, "")
  }))

test("BD-05: no more than maxSessions are served at once", () =>
  session({ maxSessions: 1 }, function* (user, server) {
    using other = new User(yield* createConnection(server.address, 5))
    const waiting = spawn(() => other.until(">>> "))
    yield* waiting.join(0.1)
    assert.is(waiting.ready(), false)
    yield* user.socket.sendall("quit()\n")
    assert.is(yield* waiting.get(), "")
  }))

test("BD-05: at a unix socket", async () => {
  const folder = mkdtempSync(join(tmpdir(), "backdoor-"))
  const path = join(folder, "socket")
  try {
    await run(function* () {
      using server = new BackdoorServer(path)
      server.start()
      using socket = new Socket(AF_UNIX)
      yield* socket.connect(path)
      using user = new User(socket)
      assert.match(yield* user.until(">>> "), `open the socket ${JSON.stringify(path)}`)
      assert.is(yield* user.types("2 + 2"), "4\n")
      yield* user.socket.sendall("quit()\n")
      assert.is(yield* user.rest(), "")
      yield* server.stop(0)
    })
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test("BD-05: stop() ends the sessions, whatever they wait for", async () => {
  const ended: string[] = []
  await run(function* () {
    const locals = { sleep, note: (text: string) => void ended.push(text) }
    const server = new BackdoorServer(LOOPBACK, { banner: "", locals })
    server.start()
    const users = [yield* connected(server), yield* connected(server), yield* connected(server)]
    yield* users[0]!.socket.sendall("try { yield* sleep(60) } finally { note('yield') }\n")
    yield* users[1]!.socket.sendall("try { await sleep(60) } finally { note('await') }\n")
    yield* sleep(0.05)
    yield* server.stop(0.05)
    for (const user of users) {
      assert.is(yield* user.rest(), "")
      user.socket.close()
    }
    yield* sleep(0.01)
  })
  assert.equal(ended.sort(), ["await", "yield"])
  assert.equal(takeReports(), [])
  assert.is(getHub().loop.activecnt, 0)
})

test("BD-05: connections have no delay", async () => {
  const options: unknown[] = []
  class Watched extends BackdoorServer {
    override *handle(socket: Socket): ReturnType<BackdoorServer["handle"]> {
      yield* super.handle(socket)
      options.push(socket.getsockopt(IPPROTO_TCP, TCP_NODELAY))
    }
  }
  await run(function* () {
    using server = new Watched(LOOPBACK, { banner: "" })
    server.start()
    using user = yield* connected(server)
    yield* user.socket.sendall("quit()\n")
    yield* user.rest()
    yield* server.stop(1)
  })
  assert.is(Number(options[0]) > 0, true)
})

test("BD-06: only this machine may connect unless it is allowed", () => {
  for (const listener of [
    "0.0.0.0:0",
    ":0",
    "0",
    0,
    ["", 0],
    "[::]:0",
    "192.0.2.1:5001",
    "example.org:1",
    "127.evil.org:1",
  ]) {
    assert.throws(
      () => new BackdoorServer(listener as never),
      (error: Error) => {
        return error instanceof RangeError && /allowRemote: true/.test(error.message)
      },
      String(listener),
    )
  }
  for (const listener of [
    "127.0.0.1:0",
    "127.1.2.3:0",
    "[::1]:0",
    "localhost:0",
    "/tmp/x",
    "\0x",
    ["::ffff:127.0.0.1", 0],
  ]) {
    assert.is(new BackdoorServer(listener as never).started, false)
  }
  using anywhere = new Socket(AF_INET)
  anywhere.bind(["", 0])
  assert.throws(() => new BackdoorServer(anywhere), RangeError)
})

test("BD-06: the banner says that there is no password, and who can connect", () =>
  run(function* () {
    for (const [listener, allowRemote, who] of [
      [LOOPBACK, false, /Every user and program of this machine can connect to 127\.0\.0\.1:\d+/],
      ["0.0.0.0:0", true, /OTHER MACHINES can connect to 0\.0\.0\.0:\d+/],
    ] as const) {
      using server = new BackdoorServer(listener, { allowRemote })
      server.start()
      using user = new User(yield* createConnection(["127.0.0.1", server.serverPort], 5))
      const banner = yield* user.until(">>> ")
      assert.match(banner, "There is no password.")
      assert.match(banner, who)
      yield* server.stop(0)
    }
  }))

test("BD-06: ^C drops the input, ^D and the end of the stream end the session", () =>
  session({}, function* (user, server) {
    yield* user.socket.sendall("f(\n\x03")
    assert.is(yield* user.until(">>> "), "... \nKeyboardInterrupt\n")
    yield* user.socket.sendall("garbage )(\x031 + 1\n")
    assert.match(yield* user.until("2\n>>> "), "KeyboardInterrupt")
    assert.is(yield* user.types("'\x04'.length"), "0\n", "within a line it is nothing")
    yield* user.socket.sendall("\x04'never'\n")
    assert.is(yield* user.rest(), "")

    using half = yield* connected(server)
    yield* half.socket.sendall("1 + 1\n2 + 2")
    half.socket.shutdown(SHUT_WR)
    assert.is(yield* half.rest(), "2\n>>> 4\n>>> ", "what came before the end is answered")
  }))

test("BD-06: telnet's commands are no code, and its options are refused", () =>
  session({}, function* (user) {
    const { socket } = user
    const bytes = (...parts: (string | number[])[]): Uint8Array =>
      Buffer.concat(parts.map((part) => (typeof part === "string" ? Buffer.from(part) : Buffer.from(part))))
    yield* socket.sendall(
      bytes("1 ", [255, 241], "+ ", [255, 250, 24, 1, 255, 255, 2, 255, 240], "1", [255, 252, 3], "\r\0\n"),
    )
    assert.is(yield* user.until(">>> "), "2\n")
    yield* socket.sendall(bytes([255]))
    yield* sleep(0.02)
    yield* socket.sendall(bytes([244, 255, 253], [6]))
    const answer: number[] = []
    while (!decoder.decode(Uint8Array.from(answer)).endsWith(">>> ") || !answer.includes(6)) {
      answer.push(...(yield* socket.recv(100)))
    }
    assert.equal(answer.slice(answer.indexOf(255), answer.indexOf(255) + 3), [255, 252, 6])
    assert.match(decoder.decode(Uint8Array.from(answer)), "KeyboardInterrupt")
    yield* socket.sendall(bytes([0xc3, 0x28, 0xfe, 0x80, 0, 10]))
    assert.match(yield* user.until(">>> "), "SyntaxError")
    assert.is(yield* user.types("'grüße'.length"), "5\n")
  }))

test("BD-06: strangers cannot send without end", () =>
  session({ maxInput: 1000 }, function* (user, server) {
    assert.is(yield* user.types(`'${"x".repeat(900)}'.length`), "900\n")
    yield* user.socket.sendall("x".repeat(1001))
    assert.match(yield* user.rest(), /^RangeError: a line has 1000 bytes at most\n$/)

    using lines = yield* connected(server)
    yield* lines.socket.sendall("f(\n".repeat(400))
    assert.match(yield* lines.rest(), /RangeError: an input has 1000 bytes at most\n$/)
  }))

test("BD-06: a request that a web page sends is not run", () =>
  session({ locals: { attacked } }, function* (_user, server) {
    for (const request of ["POST / HTTP/1.1", "GET /a HTTP/1.0", "attacked /1 HTTP/1.1"]) {
      using browser = yield* connected(server)
      yield* browser.socket.sendall(`${request}\r\nHost: 127.0.0.1\r\n\r\nattacked()\r\n`)
      assert.is(yield* browser.rest(), "this is a prompt, and no HTTP server\n")
    }
    assert.is(attacks, 0)
  }))

let attacks = 0
function attacked(): void {
  attacks++
}

test("BD-06: a client that goes away or reads nothing leaves the others alone", () =>
  session({ locals: { sleep } }, function* (user, server) {
    using rude = yield* connected(server)
    yield* rude.socket.sendall("for (;;) { console.log('x'.repeat(1000)); yield* sleep(0) }\n")
    yield* sleep(0.05)
    rude.socket.close()
    using mute = yield* connected(server)
    yield* mute.socket.sendall("for (let i = 0; i < 3000; i++) console.log('x'.repeat(1000)); 'printed'\n")
    assert.is(yield* user.types("'fine'"), "'fine'\n")
    assert.match(yield* mute.until("'printed'"), "more was printed than could be kept")
    assert.equal(takeReports(), [])
  }))

test("a program of the system is a client", () =>
  run(function* () {
    using server = new BackdoorServer(LOOPBACK, { banner: "hello", locals: { sleep } })
    server.start()
    const client = new Popen(["nc", "127.0.0.1", String(server.serverPort)], { stdin: PIPE, stdout: PIPE, text: true })
    const [answer] = yield* client.communicate("1 + 1\nawait sleep(0.01)\nquit()\n", 10)
    assert.is(answer, "hello\n>>> 2\n>>> >>> ")
    yield* server.stop(0)
  }))

test("wrong options", () => {
  assert.is(capabilities.evaluate, true)
  assert.throws(() => new BackdoorServer(LOOPBACK, { locals: 5 as never }), TypeError)
  assert.throws(() => new BackdoorServer(LOOPBACK, { banner: 5 as never }), TypeError)
  assert.throws(() => new BackdoorServer(LOOPBACK, { allowRemote: "yes" as never }), TypeError)
  assert.throws(() => new BackdoorServer(LOOPBACK, { maxInput: "1" as never }), TypeError)
  assert.throws(() => new BackdoorServer(LOOPBACK, { maxInput: 0 }), RangeError)
  assert.throws(() => new BackdoorServer(LOOPBACK, { maxSessions: 1.5 }), RangeError)
  assert.throws(() => new BackdoorServer("nowhere"), RangeError)
})

test.run()
