import { execFile } from "node:child_process"
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { join } from "node:path"
import { promisify } from "node:util"
import { build } from "esbuild"
import { test } from "uvu"
import * as assert from "uvu/assert"

const BUILT = "build/docs"
const SECONDS = 20

const run = promisify(execFile)
const pages = [...(existsSync("README.md") ? ["README.md"] : []), ...markdownIn("docs")]

rmSync(BUILT, { recursive: true, force: true })
mkdirSync(BUILT, { recursive: true })

for (const page of pages) {
  for (const { line, code } of blocks(readFileSync(page, "utf8"))) {
    test(`${page}:${line} runs and ends by itself`, async () => {
      const file = join(BUILT, `${page.replace(/\W+/g, "-")}-${line}.mjs`)
      await build({
        stdin: { contents: code, loader: "ts", sourcefile: `${page}:${line}`, resolveDir: "." },
        outfile: file,
        bundle: true,
        packages: "external",
        format: "esm",
        platform: "node",
        target: "node20",
        keepNames: true,
        tsconfigRaw: {},
        logLevel: "silent",
      })
      const { stderr } = await run(process.execPath, [file], { timeout: SECONDS * 1000 })
      assert.not.match(stderr, /failed with|Error/)
    })
  }
}

test("the pages hold programs to run", () => {
  assert.ok(readdirSync(BUILT).length > 0)
})

/** The blocks that are marked `ts` and nothing more: `ts no-run` needs what a test does not have. */
function* blocks(markdown: string): Generator<{ line: number; code: string }> {
  for (const match of markdown.matchAll(/^```ts\n([^]*?)^```$/gm)) {
    yield { line: markdown.slice(0, match.index).split("\n").length, code: match[1]! }
  }
}

function markdownIn(folder: string): string[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder)
    .filter((name) => name.endsWith(".md"))
    .sort()
    .map((name) => join(folder, name))
}

test.run()
