// A file or folder is named after the one thing it holds; these names say nothing.
import { readdirSync } from "node:fs"
import { join } from "node:path"

const FORBIDDEN = /^(utils?|helpers?|common|misc|miscellaneous|stuff)(\.|$)/i
// gevent has a module of that name
const GIVEN = ["ts/util.ts", "docs/util.md", "test/util.test.ts"]
const SKIPPED = ["node_modules", "build", "dist", ".git"]

const found = []
let count = 0
const walk = (folder) => {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (SKIPPED.includes(entry.name)) continue
    const path = join(folder, entry.name)
    count++
    if (FORBIDDEN.test(entry.name) && !GIVEN.includes(path)) found.push(path)
    if (entry.isDirectory()) walk(path)
  }
}
walk(".")
for (const path of found) console.error(`${path}: name it after what it holds`)
console.log(`names: ${count} files and folders, ${found.length} problems`)
process.exitCode = found.length ? 1 : 0
