import { execFileSync, spawnSync } from "node:child_process"
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs"
import { createServer, type AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { getHub, GreenletExit, joinall, run, sleep, spawn } from "gevent-wasm"
import { ProgramError } from "gevent-wasm/exceptions"
import { Program } from "gevent-wasm/program"
import { ThreadPool } from "gevent-wasm/threadpool"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { openDescriptors } from "./sockets.ts"

const test = suite("program")
const folder = mkdtempSync(join(tmpdir(), "gevent-program-"))
const CLI = "dist/cli.js"

function gevent(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [CLI, ...args], { encoding: "utf8" })
}

/** Compiles a program with `gevent cc`. */
function compile(name: string, source: string): string {
  const path = join(folder, `${name}.c`)
  writeFileSync(path, source)
  const output = join(folder, `${name}.wasm`)
  execFileSync(process.execPath, [CLI, "cc", path, "-Wall", "-Wextra", "-o", output])
  return output
}

/** test/wasm/everything.c */
const everything = "build/test/wasm/everything.wasm"
const program = await Program.load(everything)

function* output(...args: string[]) {
  let text = ""
  const decoder = new TextDecoder()
  const greenlet = program.run(args, { stdout: (bytes) => void (text += decoder.decode(bytes)) })
  const status = yield* greenlet.get()
  return [status, text]
}

test("arguments, standard output and the exit status", () =>
  run(function* () {
    assert.equal(yield* output("a", "b"), [0, "2 arguments\n"])
    assert.equal(yield* output("status", "7"), [7, ""])
    assert.equal(yield* output("exit", "9"), [9, ""])
  }))

test("the environment is what it was given", () =>
  run(function* () {
    assert.equal(yield* output("env"), [0, "none\n"])
    let text = ""
    const stdout = (bytes: Uint8Array): void => void (text += new TextDecoder().decode(bytes))
    yield* program.run(["env"], { env: { NAME: "value" }, stdout }).get()
    assert.is(text, "value\n")
  }))

test("many runs go on at once", () =>
  run(function* () {
    const runs = Array.from({ length: 20 }, (_, i) => program.run(["status", String(i)]))
    yield* joinall(runs)
    assert.equal(
      runs.map((greenlet) => greenlet.value),
      Array.from({ length: 20 }, (_, i) => i),
    )
  }))

test("a program runs in a thread of a pool, and what it writes comes back", () =>
  run(function* () {
    const pool = new ThreadPool(2)
    try {
      let text = ""
      const stdout = (bytes: Uint8Array): void => void (text += new TextDecoder().decode(bytes))
      const env = { NAME: "value" }
      assert.is(yield* program.runIn(pool, ["env"], { env, stdout }).get(), 0)
      assert.is(text, "value\n")
      assert.is(yield* program.runIn(pool, ["status", "7"]).get(), 7)
      assert.is(yield* program.runIn(pool, ["server"], { stdout }).get(), 0)
      assert.is(text, "value\nping 0\n")
      assert.throws(() => program.runIn(pool, ["\0"]), /without NUL/)
      const forever = program.runIn(pool, ["forever"])
      yield* sleep(0.05)
      yield* forever.kill()
      assert.is(pool.length, 1)
    } finally {
      const { exceptionStream } = getHub()
      getHub().exceptionStream = null
      yield* pool.kill(0)
      getHub().exceptionStream = exceptionStream
    }
    assert.is(pool.size, 0)
  }))

test("a crash ends its own green thread, and is reported", () =>
  run(function* () {
    const hub = getHub()
    const reports: string[] = []
    const { exceptionStream } = hub
    hub.exceptionStream = (text) => void reports.push(text)
    try {
      assert.equal(yield* output("crashes"), [0, "2 2 0 100\n"])
    } finally {
      hub.exceptionStream = exceptionStream
    }
    assert.is(reports.length, 2)
    assert.match(reports[0]!, /green thread 2 crashed/)
    assert.match(reports[1]!, /green thread 3: stack overflow/)
  }))

for (const [what, message] of [
  ["trap", /green thread 1 crashed: RuntimeError/],
  ["overflow", /green thread 1: stack overflow/],
  ["abort", /abort\(\) was called/],
  ["deadlock", /waits for what can never come/],
] as const) {
  test(`main that ends with ${what} fails its greenlet with ProgramError`, async () => {
    const hub = getHub()
    const { exceptionStream } = hub
    hub.exceptionStream = null
    try {
      await program.run([what]).get()
      assert.unreachable()
    } catch (error) {
      assert.instance(error, ProgramError)
      assert.match((error as Error).message, message)
    } finally {
      hub.exceptionStream = exceptionStream
    }
  })
}

test("a server and a client in one program", () =>
  run(function* () {
    assert.equal(yield* output("server"), [0, "ping 0\n"])
  }))

test("a refused connection is ECONNREFUSED", () =>
  run(function* () {
    const [, text] = yield* output("refused", "1")
    assert.match(text as string, /refused/i)
  }))

test("killing the greenlet ends the program and closes what it opened", async () => {
  const server = createServer((socket) => socket.on("error", () => {}))
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const before = openDescriptors().system
  await run(function* () {
    let text = ""
    const port = String((server.address() as AddressInfo).port)
    const greenlet = program.run(["hold", port], { stdout: (bytes) => void (text += new TextDecoder().decode(bytes)) })
    while (!text.includes("connected")) yield* sleep(0.01)
    yield* greenlet.kill()
    assert.instance(greenlet.value, GreenletExit)
    yield* program.run(["forever"]).kill()
    const late = program.run(["forever"])
    yield* sleep(0)
    yield* late.kill()
  })
  await new Promise<void>((resolve) => server.close(() => resolve()))
  await sleep(0.05)
  assert.is(openDescriptors().system, before - 1)
})

test("greenlets here and threads there take turns", () =>
  run(function* () {
    let ticks = 0
    const ticker = spawn(function* () {
      for (;;) {
        ticks++
        yield* sleep(0)
      }
    })
    const busy = program.run(["forever"])
    yield* sleep(0.05)
    assert.ok(ticks > 10)
    yield* busy.kill()
    yield* ticker.kill()
  }))

test("what is no program is refused clearly", async () => {
  for (const [source, message] of [
    [new TextEncoder().encode("no module"), /is no WebAssembly module/],
    [Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0), /is not linked with the hub/],
  ] as const) {
    try {
      await Program.load(source)
      assert.unreachable()
    } catch (error) {
      assert.instance(error, ProgramError)
      assert.match((error as Error).message, message)
    }
  }
  try {
    await Program.load("nowhere.wasm")
    assert.unreachable()
  } catch (error) {
    assert.is((error as NodeJS.ErrnoException).code, "ENOENT")
  }
  assert.throws(() => program.run([1 as unknown as string]), TypeError)
  assert.throws(() => program.run(["a\0b"]), TypeError)
})

test("gevent run: output, status and errors", () => {
  assert.equal(gevent("run", everything, "x").stdout, "1 arguments\n")
  assert.is(gevent("run", everything, "status", "5").status, 5)
  assert.match(gevent("run", everything, "trap").stderr, /crashed/)
  assert.is(gevent("run", everything, "trap").status, 1)
  assert.match(gevent("run").stderr, /usage: gevent run/)
  assert.match(gevent("run", join(folder, "missing.wasm")).stderr, /ENOENT/)
})

test("gevent cc: errors are one clear message", () => {
  const bad = join(folder, "bad.c")
  writeFileSync(bad, "int main(void) { return missing(); }\n")
  const jumping = join(folder, "jumping.c")
  writeFileSync(
    jumping,
    "#include <setjmp.h>\njmp_buf place;\nint main(void) { if (setjmp(place)) return 0; longjmp(place, 1); }\n",
  )
  for (const [args, message] of [
    [[], /no input files/],
    [["-o"], /-o needs a value/],
    [[join(folder, "none.c")], /none\.c/],
    [[bad], /missing/],
    [[jumping], /setjmp\(\) and longjmp\(\) cannot be linked yet/],
    [["program.cpp"], /neither C source/],
    [["notes.txt"], /neither C source/],
    [["-c", bad], /links/],
  ] as const) {
    const { status, stderr } = gevent("cc", ...args)
    assert.is(status, 1)
    assert.match(stderr, message)
  }
  assert.match(gevent("nothing").stderr, /unknown command/)
  assert.is(gevent("nothing").status, 2)
  assert.match(gevent("--help").stdout, /gevent cc/)
})

for (const page of ["README.md", "docs/program.md"]) {
  test(`the C code in ${page} compiles and runs`, () => {
    const blocks = [...readFileSync(page, "utf8").matchAll(/^```c\n([^]*?)^```$/gm)].map((match) => match[1]!)
    assert.ok(blocks.length > 0)
    blocks.forEach((block, i) => {
      const path = compile(`page-${page.replace(/\W/g, "-")}-${i}`, block)
      assert.is(gevent("run", path, "Ada", "Grace").status, 0)
    })
  })
}

test.run()
