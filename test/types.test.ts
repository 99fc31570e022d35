import { readFileSync } from "node:fs"
import { ESLint } from "eslint"
import ts from "typescript"
import { test } from "uvu"
import * as assert from "uvu/assert"

const GOOD = "test/types/must-compile.ts"
const BAD = "test/types/must-not-compile.ts"
const EXPECT = "// @ts-expect-error"

/** The compiler's errors in files, some of which are replaced by other texts. */
function compile(files: string[], replaced: Record<string, string> = {}): string[] {
  const { config } = ts.readConfigFile("tsconfig.json", (path) => ts.sys.readFile(path)) as { config: unknown }
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, ".")
  const host = ts.createCompilerHost(options)
  const read = (name: string): string | undefined => ts.sys.readFile(name)
  host.readFile = (name) => {
    const file = Object.keys(replaced).find((path) => name.endsWith(path))
    return file === undefined ? read(name) : replaced[file]
  }
  const program = ts.createProgram(files, options, host)
  return files.flatMap((file) => {
    const source = program.getSourceFiles().find((one) => one.fileName.endsWith(file))!
    return ts.getPreEmitDiagnostics(program, source).map((diagnostic) => {
      const { line } = source.getLineAndCharacterOfPosition(diagnostic.start ?? 0)
      return `${file}:${line + 1}: ${ts.flattenDiagnosticMessageText(diagnostic.messageText, "\n")}`
    })
  })
}

test("GV-01 GR-10 GV-08 GV-13: what a user writes compiles, and results are typed", () => {
  assert.equal(compile([GOOD]), [])
})

test("GV-01 GR-03 GR-22 TO-04: each mistake in must-not-compile.ts is an error, in its own statement", () => {
  assert.equal(compile([BAD]), [])
  const text = readFileSync(BAD, "utf8")
  const lines = text.split("\n").flatMap((line, at) => (line.trim() === EXPECT ? [at + 2] : []))
  assert.ok(lines.length > 30)
  const errors = compile([BAD], { [BAD]: text.replaceAll(EXPECT, "//") })
  const hit = errors.map((error) => Number(/:(\d+):/.exec(error)![1]))
  for (const [at, line] of lines.entries()) {
    const end = lines[at + 1] ?? Infinity
    assert.ok(
      hit.some((one) => one >= line && one < end),
      `no error after line ${line}`,
    )
  }
})

test("GV-01: a forgotten yield* or await is found by the linter", async () => {
  // the text is not the file's: the parser must not take it from the disk, as it does where it sees that CI runs
  const parserOptions = { disallowAutomaticSingleRunInference: true }
  const eslint = new ESLint({ overrideConfig: { languageOptions: { parserOptions } } })
  const lint = async (body: string): Promise<string[]> => {
    const code = `import { run, sleep, spawn } from "gevent-wasm"\nawait run(${body})\n`
    const [result] = await eslint.lintText(code, { filePath: GOOD })
    return result!.messages.filter((one) => one.line > 1).map((one) => String(one.ruleId))
  }
  const rule = "@typescript-eslint/no-floating-promises"
  assert.equal(await lint("function* () { sleep(1) }"), [rule])
  assert.equal(await lint("function* () { spawn(() => sleep(1)).kill() }"), [rule])
  assert.equal(await lint("async () => { sleep(1) }"), [rule])
  assert.equal(await lint("function* () { yield* sleep(1); spawn(() => sleep(1)) }"), [])
  assert.equal(await lint("async () => { await sleep(1) }"), [])
})

test.run()
