// Makes the tables of what works where, in docs/hosts.md and README.md, from how the tests ended: build/results/*.json, which
// scripts/test.mjs writes.
//   node scripts/hosts-table.mjs            writes the tables
//   node scripts/hosts-table.mjs --check    fails when they are not what the results say
import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { format, resolveConfig } from "prettier"

// A row and the files of tests that prove it, test/NAME.test.ts, on Node, Deno and Bun. It is there on a host on which one of
// them passed; when one has failed, nothing is written. On workerd and in browsers the tests of edge*.test.ts and browser.test.ts
// prove it whose titles begin with "ROW:"; "missing: ROW: …: CODE" proves that a host has it not and which error tells that.
// `short` rows are in README.md.
const ROWS = [
  { row: "greenlets, timers", tests: ["greenlet", "gevent", "timeout"], short: true },
  { row: "events, locks, queues, pools", tests: ["event", "lock", "queue", "pool"] },
  { row: "TCP", tests: ["socket"], short: true },
  { row: "servers", tests: ["server"], short: true },
  { row: "connections that the host accepts", tests: [] },
  { row: "UDP", tests: ["datagram", "udp"] },
  { row: "names", tests: ["resolver", "connection"] },
  { row: "unix sockets", tests: ["unix"] },
  { row: "TLS client", tests: ["ssl", "sslsocket"] },
  { row: "TLS server", tests: ["sslserver"] },
  { row: "select, selectors", tests: ["select", "selectors"] },
  { row: "file objects", tests: ["fileobject", "makefile"] },
  { row: "processes", tests: ["subprocess"] },
  { row: "thread pools", tests: ["threadpool"] },
  { row: "signals", tests: ["signal"], short: true },
  { row: "files, `Stat` watchers", tests: ["stat"] },
  { row: "C programs", tests: ["program"], short: true },
]

const HOSTS = [
  { name: "Node 20 and newer", results: ["node", "node-newest"] },
  { name: "Deno 2.9", results: ["deno"] },
  { name: "Bun 1.4", results: ["bun"] },
  { name: "workerd", results: ["node"], files: ["edge.test.mjs", "edgesocket.test.mjs", "edgetls.test.mjs"] },
  { name: "browsers", results: ["node"], files: ["browser.test.mjs"] },
]

const BEGIN = "<!-- the rows are made by scripts/hosts-table.mjs from the results of the tests -->"
const END = "<!-- end of the rows -->"

const check = process.argv.includes("--check")
const problems = []
const results = new Map()
for (const { name, results: names } of HOSTS) {
  if (names.every((one) => !load(one))) problems.push(`there are no results for ${name}: run scripts/test.mjs for it`)
}
if (!problems.length) {
  await write("docs/hosts.md", ROWS)
  await write(
    "README.md",
    ROWS.filter(({ short }) => short),
  )
}
for (const problem of problems) console.error(problem)
console.log(`hosts: ${ROWS.length} rows, ${problems.length} problems`)
process.exitCode = problems.length ? 1 : 0

async function write(path, rows) {
  const text = readFileSync(path, "utf8")
  const begin = text.indexOf(BEGIN)
  const end = text.indexOf(END)
  if (begin < 0 || end < begin) {
    problems.push(`${path}: has no ${BEGIN} and ${END}`)
    return
  }
  const heads = HOSTS.map(({ name }) => name)
  const lines = rows.map(({ row, ...entry }) => [row, ...HOSTS.map((host) => cell({ row, ...entry }, host))])
  const table = [["", ...heads], heads.concat("").map(() => "-"), ...lines].map((line) => `| ${line.join(" | ")} |`)
  const made = `${text.slice(0, begin)}${BEGIN}\n\n${table.join("\n")}\n\n${text.slice(end)}`
  if (problems.length) return
  const formatted = await format(made, { ...(await resolveConfig(path)), parser: "markdown" })
  if (formatted === text) return
  if (check) problems.push(`${path}: the table is not what the tests say: run node scripts/hosts-table.mjs`)
  else writeFileSync(path, formatted)
}

/** What a table says of a row on a host. */
function cell({ row, tests }, { results: names, files: own }) {
  const files = own ?? tests.map((name) => `${name}.test.mjs`)
  const outcomes = names.flatMap((name) => files.flatMap((one) => Object.entries(load(name)?.[one] ?? {})))
  const proofs = own ? titled(outcomes, `${row}:`) : outcomes
  for (const [title, outcome] of proofs)
    if (outcome === "failed") problems.push(`${row}: nothing can be said, since a test of it has failed: ${title}`)
  if (proofs.some(([, outcome]) => outcome === "passed")) return "yes"
  if (!own) return "no"
  const [missing] = titled(outcomes, `missing: ${row}:`)
  if (!missing || missing[1] !== "passed") return "no"
  return `no: \`${missing[0].split(": ").pop()}\``
}

function titled(outcomes, start) {
  return outcomes.filter(([title]) => title.startsWith(start))
}

function load(name) {
  if (!results.has(name)) {
    const path = `build/results/${name}.json`
    results.set(name, existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : undefined)
  }
  return results.get(name)
}
