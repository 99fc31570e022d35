// Runs build/test/**/*.test.mjs, each in a process of its own, two at a time, and adds their counts up. The last line is
// "N passed, N failed". A file that fails beside another one runs again by itself, and that counts: a test of time may fail on a
// machine that has too much to do. How each test ended, by its title, goes to build/results/HOST.json, from which
// scripts/hosts-table.mjs
// makes the tables of what works where.
//   node scripts/test.mjs [--host node|deno|bun] [--timeout SECONDS] [WORD…]
//                                     WORD: only files whose path contains one of the words
//   TEST_NODE=/path/to/node           the Node that runs the files
import { spawn } from "node:child_process"
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { availableParallelism } from "node:os"
import { join } from "node:path"

const FOLDER = "build/test"
const HOSTS = {
  node: [process.env.TEST_NODE || process.execPath, "--enable-source-maps"],
  deno: ["node_modules/.bin/deno", "run", "--allow-all", "--no-prompt"],
  bun: ["node_modules/.bin/bun"],
}

// What only Node runs, and why.
const NODE_ONLY = {
  "build.test.mjs": "the build is the same for all hosts and runs on Node",
  "browser.test.mjs": "runs in Chromium, which Node starts",
  "edge.test.mjs": "runs in workerd, which Node starts",
  "edgesocket.test.mjs": "runs in workerd, which Node starts",
  "edgetls.test.mjs": "runs in workerd, which Node starts",
  "docs.test.mjs": "runs the examples of the documentation, which serve all hosts, in Node's processes",
  "types.test.mjs": "the types are the same on all hosts",
}

// How a test ended, as test/outcomes.ts tells it. What a failed test prints may have any bytes in it.
const OUTCOME = /\x1e(\["(?:[^"\\]|\\.)*","(?:passed|failed|skipped)"\])\n/g

const words = process.argv.slice(2)
const seconds = Number(option("--timeout") ?? 240)
const host = option("--host") ?? "node"
if (!Object.hasOwn(HOSTS, host)) {
  console.error(`test: no host ${host}: it is one of ${Object.keys(HOSTS).join(", ")}`)
  process.exit(2)
}
const [command, ...flags] = HOSTS[host]

const files = (existsSync(FOLDER) ? readdirSync(FOLDER, { recursive: true }) : [])
  .filter((name) => name.endsWith(".test.mjs"))
  .filter((name) => !words.length || words.some((word) => name.includes(word)))
  .filter((name) => host === "node" || !Object.hasOwn(NODE_ONLY, name))
  .sort()
const newest = host === "node" && process.env.TEST_NODE
const RESULTS = `build/results/${host}${newest ? "-newest" : ""}.json`
const outcomes = {}
const running = new Set()
const totals = { passed: 0, failed: 0 }

process.on("exit", () => running.forEach(kill))
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => process.exit(1))
const queue = [...files]
const again = []
const worker = async () => {
  for (let file = queue.shift(); file; file = queue.shift()) {
    const result = await runFile(file)
    if (failureOf(result)) again.push(file)
    report(file, result, "again")
  }
}
await Promise.all(Array.from({ length: Math.min(2, availableParallelism()) }, worker))
for (const file of again) report(file, await runFile(file))

saveOutcomes()
if (!files.length) console.log(`no test file in ${FOLDER}${words.length ? ` matches ${words.join(" ")}` : ""}`)
console.log(`${totals.passed} passed, ${totals.failed} failed`)
process.exit(totals.failed || !totals.passed ? 1 : 0)

/** Takes an option and its value out of the words. */
function option(name) {
  const at = words.indexOf(name)
  return at < 0 ? undefined : words.splice(at, 2)[1]
}

/** Runs one file and returns { passed, total, output, ended, milliseconds }. */
function runFile(file) {
  return new Promise((resolve) => {
    const started = performance.now()
    // a group of its own, so that what a test has left running ends with it
    const child = spawn(command, [...flags, join(FOLDER, file)], {
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
      env: { ...process.env, TEST_OUTCOMES: "1", NO_COLOR: "1", FORCE_COLOR: undefined, DENO_NO_UPDATE_CHECK: "1" },
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
      output = output.replace(OUTCOME, (_, told) => {
        const [title, outcome] = JSON.parse(told)
        ;(outcomes[file] ??= {})[title] = outcome
        return ""
      })
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

/** Why a run of a file has failed; undefined when it has not. */
function failureOf({ passed, total, ended }) {
  return ended ?? (total === 0 ? "ran no test" : passed < total ? "a test has failed" : undefined)
}

/** Prints how a file went. Its failure counts unless it is to run again. */
function report(file, result, failure = "FAIL") {
  const { passed, total, output, milliseconds } = result
  const why = failureOf(result)
  const failed = Math.max(total - passed, why ? 1 : 0)
  if (!why || failure === "FAIL") {
    totals.passed += passed
    totals.failed += failed
  }
  const state = why ? failure.padEnd(4) : "ok  "
  const counts = `${passed} passed${failed ? `, ${failed} failed` : ""}`
  console.log(`${state} ${file}  ${counts}  (${(milliseconds / 1000).toFixed(1)} s)${why ? `: ${why}` : ""}`)
  if (failed) console.log(output.replace(/^/gm, "     | "))
}

/** Adds the outcomes of this run to those of earlier ones, which may have been of other files. */
function saveOutcomes() {
  const earlier = existsSync(RESULTS) ? JSON.parse(readFileSync(RESULTS, "utf8")) : {}
  const all = { ...earlier, ...outcomes }
  const kept = Object.entries(all).filter(([file]) => existsSync(join(FOLDER, file)))
  mkdirSync("build/results", { recursive: true })
  writeFileSync(RESULTS, JSON.stringify(Object.fromEntries(kept.sort()), null, 1))
}

function kill(child) {
  try {
    process.kill(-child.pid, "SIGKILL")
  } catch {
    // its group is gone already
  }
}
