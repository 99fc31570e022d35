import { test } from "uvu"
import * as assert from "uvu/assert"
import { getHub } from "gevent-wasm"
import { ProgramError } from "gevent-wasm/exceptions"
import { Program } from "gevent-wasm/program"

const cases = {
  switching: ["depth", "many", "indirect", "growth", "errnos", "alignment", "outside"],
  crashing: [
    "unreachable",
    "division",
    "overflowing_division",
    "out_of_bounds",
    "bad_call",
    "wrong_signature",
    "locals",
    "large_local",
    "saved_frames",
    "host_stack",
    "waits",
    "killed",
  ],
  threads: [
    "spawn",
    "join",
    "joinall",
    "detach",
    "kill_before",
    "kill_waiting",
    "kill_self",
    "sleep",
    "order",
    "stacks",
    "fifty_thousand",
  ],
  polling: ["timeouts", "pipes", "several", "sockets", "closing", "killing", "sets", "arguments", "uninteresting"],
  channels: ["rendezvous", "waiting_receivers", "buffered", "closing", "killing", "traffic", "memory"],
  datagrams: ["exchange", "truncation", "messages", "options", "streams", "closing"],
}

/** The reports that the hub gets of crashed threads. */
const reports: string[] = []
getHub().exceptionStream = (text) => void reports.push(text)

/** Runs one test of a program in test/wasm: its status and what it printed. */
async function run(program: string, name: string, stdout?: (text: string) => void): Promise<[number, string]> {
  let printed = ""
  const decoder = new TextDecoder()
  const loaded = await Program.load(`build/test/wasm/${program}.wasm`)
  const status = await loaded
    .run([name], {
      stdout: (bytes) => {
        const text = decoder.decode(bytes)
        stdout?.(text)
        printed += text
      },
    })
    .get()
  return [status, printed]
}

for (const [program, names] of Object.entries(cases)) {
  for (const name of names) {
    test(`${program}: ${name}`, async () => {
      assert.equal(await run(program, name), [0, "ok\n"])
    })
  }
}

test("switching: prints of several threads come in their order", async () => {
  assert.equal(await run("switching", "prints"), [0, "a0 0.00\nb0 0.00\na1 0.25\nb1 0.25\na2 0.50\nb2 0.50\nok\n"])
})

for (const name of ["exception", "mixed"]) {
  test(`crashing: ${name}: an error of the embedder's function ends the thread that called it`, async () => {
    const throwing = (text: string): void => {
      if (text.includes("throw")) throw new Error("stdout is full")
    }
    const [status, printed] = await run("crashing", name, throwing)
    assert.is(status, 0, printed)
    assert.match(printed, /ok\n$/)
  })
}

test("crashing: each crash is reported with its kind", async () => {
  const kinds = {
    unreachable: /unreachable/i,
    division: /divi(de|sion) by zero/i,
    out_of_bounds: /out of bounds/i,
    locals: /stack overflow/,
    saved_frames: /stack overflow/,
  }
  for (const [name, pattern] of Object.entries(kinds)) {
    reports.length = 0
    await run("crashing", name)
    assert.is(reports.length, name === "saved_frames" ? 6 : 8, name)
    for (const report of reports) assert.match(report, pattern)
  }
})

test("channels: a program in which everybody waits for ever fails", async () => {
  try {
    await run("channels", "deadlock")
    assert.unreachable()
  } catch (error) {
    assert.instance(error, ProgramError)
    assert.match((error as Error).message, /waits for what can never come/)
  }
})

test("several runs at once do not disturb each other", async () => {
  const results = await Promise.all(
    ["depth", "many", "indirect", "errnos"].flatMap((name) => [run("switching", name), run("crashing", "locals")]),
  )
  for (const result of results) assert.equal(result, [0, "ok\n"])
})

test.run()
