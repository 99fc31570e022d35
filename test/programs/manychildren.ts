// Run with a small limit of descriptors: starts children until none can be started any more, and then ends them.
import { run, sleep } from "gevent-wasm"
import { call, PIPE, Popen } from "gevent-wasm/subprocess"
import { closeSync, openSync, readdirSync } from "node:fs"

const STREAMS = { stdin: PIPE, stdout: PIPE, stderr: PIPE } as const

// one descriptor is kept, so that those that are open can be counted
let spare = openSync("/dev/null", "r")
function open(): number {
  closeSync(spare)
  const count = readdirSync("/proc/self/fd").length
  spare = openSync("/dev/null", "r")
  return count
}

const children: Popen<typeof STREAMS>[] = []

/** Starts one more child: the code of what it fails with, or nothing. */
function more(): string {
  try {
    children.push(new Popen(["sleep", "30"], STREAMS))
    return ""
  } catch (error) {
    return (error as { code: string }).code
  }
}

await run(function* () {
  // the host opens some for good with the first one
  yield* new Popen(["true"], STREAMS).communicate()
  yield* sleep(0.05)
  const before = open()
  let code = more()
  while (code === "" && children.length < 100) code = more()
  console.log(`started ${children.length}, then ${code}`)

  const full = open()
  for (let i = 0; i < 20; i++) code = more()
  yield* sleep(0.05)
  console.log(`again ${code}, ${open() - full} more open`)

  for (const child of children) {
    child.kill()
    child[Symbol.dispose]()
    yield* child.wait()
  }
  const result = yield* call(["true"])
  let now = open()
  for (let i = 0; i < 100 && now > before; i++) {
    yield* sleep(0.02)
    now = open()
  }
  console.log(`afterwards ${result}, ${Math.max(0, now - before)} more open`)
})
