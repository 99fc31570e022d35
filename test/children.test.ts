// Many children, and what is left of them. STRESS_SECONDS says how long the storm lasts, STRESS_SEED repeats it.
import { getHub, GreenletExit, joinall, run, sleep, spawn, Timeout, wait, type Greenlet, type Wait } from "gevent-wasm"
import { processes } from "gevent-wasm/core"
import { Pool } from "gevent-wasm/pool"
import { SIGKILL, SIGTERM } from "gevent-wasm/signal"
import { formatRunInfo } from "gevent-wasm/util"
import { call, checkOutput, DEVNULL, PIPE, Popen, TimeoutExpired } from "gevent-wasm/subprocess"
import { spawn as startProcess } from "node:child_process"
import { once } from "node:events"
import process from "node:process"
import { fileURLToPath } from "node:url"
import { test } from "uvu"
import * as assert from "uvu/assert"
import { forgetEnded, held, opened, released } from "./processes.ts"

const SECONDS = Number(process.env["STRESS_SECONDS"] ?? 3)
const SEED = Number(process.env["STRESS_SEED"] ?? Date.now() % 1_000_000)
const QUIET = { stdin: DEVNULL, stdout: DEVNULL, stderr: DEVNULL }
const CHILDREN = 1000
const AT_ONCE = 50
/** How many children the storm has at the least, however slow the machine is. */
const STORM = 200

let state = SEED
/** A whole number below `limit`. */
function random(limit: number): number {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0
  return Math.floor((state / 2 ** 32) * limit)
}

test.before(opened)
test.before.each(forgetEnded)

test("a thousand children, fifty at a time, leave nothing behind", () =>
  run(function* () {
    const before = held()
    const { handles } = getHub().loop
    const pool = new Pool(AT_ONCE)
    let most = 0
    const codes = yield* pool.map(function* (i: number) {
      const popen = new Popen(["cat"], { stdin: PIPE, stdout: PIPE, text: true })
      most = Math.max(most, processes.running)
      const [output] = yield* popen.communicate(`${i}\n`)
      assert.is(output, `${i}\n`)
      return popen.returncode
    }, Array(CHILDREN).keys())
    assert.equal(codes, Array(CHILDREN).fill(0))
    assert.ok(most > 1 && most <= AT_ONCE, `${most} ran at once`)
    assert.is(processes.running, 0)
    yield* wait(released(before))
    assert.is(getHub().loop.handles, handles)
    yield* wait(forgetEnded())
    assert.is(processes.size, 0)
  }))

/** Does something with a child that may end in any way, at any time. */
function* trouble(): Generator<Wait<unknown>, void> {
  const seconds = random(30) / 100
  const script = `head -c ${random(200_000)} /dev/zero; sleep ${seconds}; exec cat`
  try {
    switch (random(5)) {
      case 0:
        yield* call(["sleep", String(seconds)], { ...QUIET, timeout: random(20) / 100 })
        break
      case 1:
        yield* checkOutput(["sh", "-c", script], { input: new Uint8Array(random(300_000)), timeout: random(40) / 100 })
        break
      case 2: {
        using popen = new Popen(["sh", "-c", script], { stdin: PIPE, stdout: PIPE, stderr: DEVNULL })
        popen.sendSignal([SIGTERM, SIGKILL][random(2)]!)
        yield* popen.communicate(new Uint8Array(random(100_000)), new Timeout(random(20) / 100))
        break
      }
      case 3: {
        const popen = new Popen(["yes"], { stdout: PIPE, stderr: DEVNULL })
        using head = new Popen(["head", "-c", String(random(300_000))], { stdin: popen.stdout, stdout: PIPE })
        popen[Symbol.dispose]()
        yield* head.communicate(null, 0.3)
        break
      }
      default: {
        using popen = new Popen(["cat"], { stdin: PIPE, stdout: PIPE })
        yield* popen.stdin.write(new Uint8Array(random(500_000)))
        yield* popen.stdin.close()
        yield* popen.stdout.read(random(400_000))
      }
    }
  } catch (error) {
    const { code } = error as { code?: string }
    if (error instanceof TimeoutExpired || error instanceof Timeout || code === "EPIPE") return
    throw error
  }
}

test(`a storm of children, kills, timeouts and pipelines leaves nothing behind (STRESS_SEED=${SEED})`, () =>
  run(function* () {
    const before = held()
    const { handles, activecnt } = getHub().loop
    const end = performance.now() + SECONDS * 1000
    let greenlets: Greenlet<void>[] = []
    let started = 0
    while (performance.now() < end || started < STORM) {
      while (greenlets.length < AT_ONCE) {
        greenlets.push(spawn(trouble))
        started++
      }
      for (let i = random(4); i > 0; i--) greenlets[random(greenlets.length)]!.kill(undefined, false)
      yield* sleep(random(20) / 1000)
      for (const greenlet of greenlets.filter((each) => each.dead)) {
        if (greenlet.exception !== null) throw greenlet.exception
        assert.ok(greenlet.value === undefined || greenlet.value instanceof GreenletExit)
      }
      greenlets = greenlets.filter((each) => !each.dead)
    }
    yield* joinall(greenlets, 10)
    const stuck = greenlets.filter((each) => !each.dead)
    const where = formatRunInfo().join("\n")
    for (const greenlet of stuck) yield* greenlet.kill()
    assert.is(stuck.length, 0, where)
    // whoever was killed between start and end has left a child that its closed pipes end, or nobody
    const limit = performance.now() + 10_000
    while (processes.running > 0 && performance.now() < limit) yield* sleep(0.01)
    assert.is(processes.running, 0)
    yield* wait(forgetEnded())
    assert.is(processes.size, 0)
    yield* wait(released(before))
    assert.equal([getHub().loop.handles, getHub().loop.activecnt], [handles, activecnt])
    getHub().loop.verify()
  }))

/** What a program of ours prints that can open 80 descriptors. */
async function outputWithFewDescriptors(name: string): Promise<string> {
  const program = fileURLToPath(new URL(`programs/${name}.mjs`, import.meta.url))
  const flags = process.versions["deno"] ? "run --allow-all" : ""
  const child = startProcess("bash", ["-c", `ulimit -n 80 && exec "${process.execPath}" ${flags} "${program}"`])
  let output = ""
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (output += chunk.toString()))
  await once(child, "close")
  return output
}

test("without descriptors left a start fails with EMFILE, leaves nothing open, and works again later", async () => {
  const output = await outputWithFewDescriptors("manychildren")
  // Deno opens a pair for its signals at a time of its own
  const more = process.versions["deno"] ? "[0-2]" : "0"
  const pattern = `^started [1-9]\\d*, then EMFILE\nagain EMFILE, ${more} more open\nafterwards 0, ${more} more open\n$`
  assert.match(output, new RegExp(pattern))
})

test("SP-20: with few descriptors left a start succeeds or fails with EMFILE, whatever the streams are, and leaves nothing open", async () => {
  assert.is(await outputWithFewDescriptors("scarcedescriptors"), "true true 120 {}\n0 0 more open, 0 running\n")
})

test.run()
