// What build.sh says when it cannot do its work. The commands that would reach out of this machine are replaced by ones that
// fail, so that only the cache and the folder are left.
import { spawnSync } from "node:child_process"
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { delimiter, join } from "node:path"
import { suite } from "uvu"
import * as assert from "uvu/assert"

const test = suite("build")
const SCRATCH = mkdtempSync(join(tmpdir(), "gevent-build-"))
let copies = 0

/** A folder with the scripts alone, and a PATH in which these commands fail. */
function copyOfScripts(...broken: string[]): { folder: string; env: NodeJS.ProcessEnv } {
  const folder = join(SCRATCH, String(++copies))
  const shims = join(folder, "shims")
  mkdirSync(shims, { recursive: true })
  mkdirSync(join(folder, "wasm"))
  cpSync("build.sh", join(folder, "build.sh"))
  cpSync("scripts", join(folder, "scripts"), { recursive: true })
  cpSync("wasm/sources.lock", join(folder, "wasm/sources.lock"))
  for (const name of broken) {
    writeFileSync(join(shims, name), "#!/bin/sh\nexit 1\n")
    chmodSync(join(shims, name), 0o755)
  }
  return { folder, env: { ...process.env, PATH: `${shims}${delimiter}${process.env["PATH"]}` } }
}

test("a source with a wrong hash is refused in one line that names both hashes", () => {
  const { folder, env } = copyOfScripts("apt-get", "apt-cache", "curl", "wget")
  const sources = join(folder, "sources")
  mkdirSync(sources)
  writeFileSync(join(sources, "libev-4.33.tar.gz"), "not libev")
  const options = { cwd: folder, env: { ...env, GEVENT_WASM_SOURCES: sources }, encoding: "utf8" as const }
  const { status, stderr } = spawnSync("bash", ["scripts/sources.sh"], options)
  assert.is(status, 1)
  assert.is(stderr.trim().split("\n").length, 1)
  assert.match(stderr, /507eb7b8d1015fbec5b935f34ebed15bf346bed04a11ab82b8eee848c4205aea/)
  assert.match(stderr, /libev-4\.33\.tar\.gz has [0-9a-f]{64}/)
})

test("a source that is nowhere is said in one line", () => {
  const { folder, env } = copyOfScripts("apt-get", "apt-cache", "curl", "wget")
  const options = { cwd: folder, env: { ...env, GEVENT_WASM_SOURCES: "" }, encoding: "utf8" as const }
  const { status, stderr } = spawnSync("bash", ["scripts/sources.sh"], options)
  assert.is(status, 1)
  assert.match(stderr.trim(), /^build\.sh: no libev-4\.33\.tar\.gz .*every place was out of reach/)
})

test("a missing compiler is said in one line, which names the package", () => {
  const { folder } = copyOfScripts()
  // a PATH with what the script itself needs, and neither emcc nor apt-get
  const tools = join(folder, "tools")
  mkdirSync(tools)
  for (const name of [
    "bash",
    "node",
    "npm",
    "dirname",
    "find",
    "sort",
    "xargs",
    "sha256sum",
    "cat",
    "mkdir",
    "id",
    "grep",
    "cut",
    "rm",
  ]) {
    const found = spawnSync("which", [name], { encoding: "utf8" }).stdout.trim()
    symlinkSync(name === "node" ? process.execPath : found, join(tools, name))
  }
  const script = readFileSync(join(folder, "build.sh"), "utf8")
  const functions = script.slice(0, script.indexOf("\nstep packages"))
  writeFileSync(join(folder, "need.sh"), `${functions}\nneed_emcc\n`)
  const options = { cwd: folder, env: { PATH: tools }, encoding: "utf8" as const }
  const { status, stderr } = spawnSync(join(tools, "bash"), ["need.sh"], options)
  assert.is(status, 1)
  assert.match(stderr.trim(), /^build\.sh: emcc is needed: install emscripten[^\n]*$/)
})

test.run()
