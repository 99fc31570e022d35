// Checks that every row of the specification that is built is either tested (its id, such as GR-17, begins or stands in a
// test's title) or explained in docs/differences.md, and that neither names a row that there is not.
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"

// How many rows each section has. A section is added with the module that it specifies.
const SECTIONS = {
  GV: 18,
  GR: 35,
  HB: 22,
  CO: 24,
  TO: 14,
  EV: 17,
  LK: 14,
  QU: 18,
  PL: 24,
  LO: 7,
  TP: 16,
  SO: 26,
  SS: 10,
  RS: 7,
  RT: 1,
  RB: 1,
  RA: 16,
  RD: 1,
  SL: 11,
  OS: 12,
  SG: 7,
  SP: 31,
  FO: 16,
  SV: 27,
  BD: 6,
  UT: 12,
}

const ID = /\b([A-Z]{2})-(\d{2})\b/g
// a title is the first argument of test(…), or of what makes tests from it
const TITLE = /^\s*(?:\w+\.)?\w+\(\s*[`"']([^\n]*)/gm
const problems = []
const tested = new Set()
const explained = new Set()

for (const name of readdirSync("test", { recursive: true })) {
  if (!name.endsWith(".ts")) continue
  for (const [, title] of readFileSync(join("test", name), "utf8").matchAll(TITLE)) collect(title, tested, name)
}
for (const line of readFileSync("docs/differences.md", "utf8").split("\n")) {
  const head = /^- ([A-Z]{2}-\d{2}(?:, [A-Z]{2}-\d{2})*): \S/.exec(line)
  if (head) collect(head[1], explained, "docs/differences.md")
}
for (const [section, count] of Object.entries(SECTIONS)) {
  for (let i = 1; i <= count; i++) {
    const id = `${section}-${String(i).padStart(2, "0")}`
    if (!tested.has(id) && !explained.has(id))
      problems.push(`${id}: no test has it in its title, and docs/differences.md does not explain it`)
  }
}

for (const problem of problems) console.error(problem)
console.log(`rows: ${tested.size} tested, ${explained.size} explained, ${problems.length} problems`)
process.exitCode = problems.length ? 1 : 0

function collect(text, into, where) {
  for (const [id, section, number] of text.matchAll(ID)) {
    if (!(section in SECTIONS)) continue
    if (Number(number) < 1 || Number(number) > SECTIONS[section]) problems.push(`${where}: there is no row ${id}`)
    into.add(id)
  }
}
