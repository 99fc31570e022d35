// Runs build/test/**/*.test.mjs, each in a Node process of its own, two at a time, and adds their counts up. The last line is
// "N passed, N failed".
//   node scripts/test.mjs [--timeout SECONDS] [WORD…]     only files whose path contains one of the words
//   TEST_NODE=/path/to/node                               the Node that runs the files
import { spawn } from "node:child_process"
import { existsSync, readdirSync } from "node:fs"
import { availableParallelism } from "node:os"
import { join } from "node:path"

const FOLDER = "build/test"
const node = process.env.TEST_NODE || process.execPath
const words = process.argv.slice(2)
const at = words.indexOf("--timeout")
const seconds = at < 0 ? 120 : Number(words.splice(at, 2)[1])

const files = (existsSync(FOLDER) ? readdirSync(FOLDER, { recursive: true }) : [])
  .filter((name) => name.endsWith(".test.mjs"))
  .filter((name) => !words.length || words.some((word) => name.includes(word)))
  .sort()
const running = new Set()
const totals = { passed: 0, failed: 0 }

process.on("exit", () => running.forEach(kill))
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => process.exit(1))
const queue = [...files]
const worker = async () => {
  for (let file = queue.shift(); file; file = queue.shift()) report(file, await runFile(file))
}
await Promise.all(Array.from({ length: Math.min(2, availableParallelism()) }, worker))

if (!files.length) console.log(`no test file in ${FOLDER}${words.length ? ` matches ${words.join(" ")}` : ""}`)
console.log(`${totals.passed} passed, ${totals.failed} failed`)
process.exit(totals.failed || !totals.passed ? 1 : 0)

/** Runs one file and returns { passed, total, output, ended, milliseconds }. */
function runFile(file) {
  return new Promise((resolve) => {
    const started = performance.now()
    // a group of its own, so that what a test has left running ends with it
    const child = spawn(node, ["--enable-source-maps", join(FOLDER, file)], {
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
      env: { ...process.env, NO_COLOR: "1", FORCE_COLOR: "0" },
    })
    running.add(child)
    let output = ""
    let ended
    child.stdout.on("data", (chunk) => (output += chunk))
    child.stderr.on("data", (chunk) => (output += chunk))
    const timer = setTimeout(() => {
      ended = `still running after ${seconds} s`
      kill(child)
    }, seconds * 1000)
    let finished = false
    const finish = (how) => {
      if (finished) return
      finished = true
      clearTimeout(timer)
      kill(child)
      running.delete(child)
      const total = Number(/^ {2}Total: +(\d+)/m.exec(output)?.[1] ?? 0)
      const passed = Number(/^ {2}Passed: +(\d+)/m.exec(output)?.[1] ?? 0)
      resolve({ passed, total, output, ended: ended ?? how, milliseconds: performance.now() - started })
    }
    child.on("error", (error) => finish(`could not be started: ${error.message}`))
    child.on("close", (code, signal) => finish(code === 0 ? undefined : `ended with ${code ?? signal}`))
    // a process that the test left behind may hold the pipes open
    child.on("exit", (code, signal) => {
      setTimeout(() => finish(code === 0 ? undefined : `ended with ${code ?? signal}`), 1000).unref()
    })
  })
}

function report(file, { passed, total, output, ended, milliseconds }) {
  const why = ended ?? (total ? undefined : "ran no test")
  const failed = Math.max(total - passed, why ? 1 : 0)
  totals.passed += passed
  totals.failed += failed
  const state = failed ? "FAIL" : "ok  "
  const result = `${passed} passed${failed ? `, ${failed} failed` : ""}`
  console.log(`${state} ${file}  ${result}  (${(milliseconds / 1000).toFixed(1)} s)${why ? `: ${why}` : ""}`)
  if (failed) console.log(output.replace(/^/gm, "     | "))
}

function kill(child) {
  try {
    process.kill(-child.pid, "SIGKILL")
  } catch {
    // its group is gone already
  }
}
