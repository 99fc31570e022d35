// Compiles libev (through wasm/ev_core.c), c-ares and the project's own C, links and instruments dist/hub.wasm, and packs
// dist/lib, dist/include and dist/licenses. An object file is made again when its source, any header, the flags or the
// compiler changed. With the argument `test` it builds the C programs in test/wasm instead.
import { createHash } from "node:crypto"
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { basename, join } from "node:path"
import { archive, compile, findToolchain, instrument, link, programOptions } from "../build/toolchain.mjs"

const OBJECTS = "build/wasm"
const STATE = `${OBJECTS}/keys.json`
const LIBEV = sourceFolder("libev")
const CARES = sourceFolder("c-ares")

/** Sources of dist/hub.wasm alone, and of dist/lib/libgevent.a, which C programs are linked with, alone. The rest is in both. */
const HUB_ONLY = ["answer", "configfile", "connection", "loop", "nosocket", "resolver", "watcher"]
const PROGRAM_ONLY = ["channel", "fiber", "hub", "netdb", "poll", "program", "socket", "thread"]

/** Bytes for the C stack outside all green threads. */
const STACK_SIZE = 65536

const INCLUDES = ["-Iwasm", "-Iwasm/include", "-Iwasm/cares", `-isystem${CARES}/include`, `-isystem${LIBEV}`]
const OWN_FLAGS = [
  ...["-O3", "-Wall", "-Wextra", "-Werror"],
  ...['-DEV_CONFIG_H="ev_config.h"', "-DCARES_STATICLIB"],
  ...INCLUDES,
]
const CARES_FLAGS = [
  ...["-O3", "-mno-bulk-memory", "-w", "-DHAVE_CONFIG_H=1", "-DCARES_BUILDING_LIBRARY", "-DCARES_STATICLIB"],
  ...["-Iwasm/cares", `-I${CARES}/include`, `-I${CARES}/src/lib`, `-I${CARES}/src/lib/include`],
]

try {
  await (process.argv[2] === "test" ? buildTestPrograms() : buildHub())
} catch (error) {
  if (error?.name !== "ToolchainError") throw error
  console.error(error.message)
  process.exitCode = 1
}

async function buildHub() {
  const tools = findToolchain()
  const keys = loadKeys()
  const own = await objects(tools, keys, "own", filesIn("wasm", ".c"), OWN_FLAGS, headers())
  const cares = await objects(tools, keys, "cares", caresSources(), CARES_FLAGS, [
    ...filesIn("wasm/cares", ".h"),
    "wasm/sources.lock",
  ])
  mkdirSync("dist/lib", { recursive: true })
  await archive(tools, without(HUB_ONLY, own), "dist/lib/libgevent.a")
  await archive(tools, cares, "dist/lib/libcares.a")
  copyFolder("wasm/include", "dist/include")
  copyLicenses(tools)

  await program(tools, keys, "dist/hub.wasm", {}, [...without(PROGRAM_ONLY, own), "dist/lib/libcares.a"])
}

/** Ours in the place of those that it includes. */
function caresSources() {
  const included = [
    ...["ares_buf", "ares_dns_name", "ares_getaddrinfo", "ares_gethostbyaddr", "ares_hosts_file"],
    ...["ares_library_init", "ares_query", "ares_send", "ares_timeval"],
  ]
  const upstream = filesBelow(`${CARES}/src/lib`, ".c").filter((path) => !included.includes(basename(path, ".c")))
  return [...upstream, ...filesIn("wasm/cares", ".c")]
}

function without(names, objects) {
  return objects.filter((path) => !names.includes(basename(path, ".o")))
}

/** Each test/wasm/NAME.c becomes a program linked with the hub, build/test/wasm/NAME.wasm. */
async function buildTestPrograms() {
  const sources = filesIn("test/wasm", ".c")
  if (!sources.length) return
  const tools = findToolchain()
  const keys = loadKeys()
  const dependencies = [...headers(), ...filesIn("test/wasm", ".h")]
  const options = await programOptions(tools, "dist/lib/libgevent.a")
  for (const object of await objects(tools, keys, "test", sources, OWN_FLAGS, dependencies)) {
    const output = `build/test/wasm/${basename(object, ".o")}.wasm`
    await program(tools, keys, output, options, [object, "dist/lib/libcares.a"], ["dist/lib/libgevent.a"])
  }
}

/** Links and instruments one module, unless that would give what is there already. */
async function program(tools, keys, output, options, inputs, whole = []) {
  const raw = `${OBJECTS}/${basename(output, ".wasm")}.raw.wasm`
  await link(tools, inputs, raw, { stackSize: STACK_SIZE, whole })
  const key = hash(readFileSync(raw), JSON.stringify(options), readFileSync("build/toolchain.mjs"))
  if (keys[output] === key && existsSync(output)) return
  console.log(`instrumenting ${output}`)
  await instrument(tools, raw, output, options)
  keys[output] = key
  saveKeys(keys)
  console.log(`${output}: ${(readFileSync(output).length / 1024).toFixed(1)} KiB`)
}

/** The object files of `sources`, compiling those whose key changed and dropping those whose source is gone. */
async function objects(tools, keys, group, sources, flags, dependencies) {
  const folder = `${OBJECTS}/${group}`
  const shared = hash(tools.version, flags.join(" "), ...dependencies.flatMap((path) => [path, readFileSync(path)]))
  const wanted = sources.map((source) => ({
    source,
    object: `${folder}/${basename(source, ".c")}.o`,
    key: hash(shared, readFileSync(source)),
  }))
  for (const stale of filesIn(folder, ".o").filter((path) => !wanted.some(({ object }) => object === path)))
    rmSync(stale)
  const changed = wanted.filter(({ object, key }) => keys[object] !== key || !existsSync(object))
  if (changed.length) console.log(`compiling ${changed.length} of ${wanted.length} C files (${group})`)
  for (const { object } of changed) delete keys[object]
  saveKeys(keys)
  await compile(
    tools,
    changed.map(({ source }) => source),
    flags,
    folder,
  )
  for (const { object, key } of changed) keys[object] = key
  saveKeys(keys)
  return wanted.map(({ object }) => object)
}

function loadKeys() {
  return existsSync(STATE) ? JSON.parse(readFileSync(STATE, "utf8")) : {}
}

function saveKeys(keys) {
  mkdirSync(OBJECTS, { recursive: true })
  writeFileSync(STATE, JSON.stringify(keys, null, 1))
}

function headers() {
  return ["wasm", "wasm/include", "wasm/cares"].flatMap((folder) => filesIn(folder, ".h")).concat("wasm/sources.lock")
}

/** The licences of everything that is linked into hub.wasm or bundled with ours. */
function copyLicenses(tools) {
  mkdirSync("dist/licenses", { recursive: true })
  copyFileSync(`${LIBEV}/LICENSE`, "dist/licenses/libev.txt")
  copyFileSync(`${CARES}/LICENSE.md`, "dist/licenses/c-ares.txt")
  copyFileSync("node_modules/punycode/LICENSE-MIT.txt", "dist/licenses/punycode.txt")
  const musl = join(tools.root, "system/lib/libc/musl/COPYRIGHT")
  if (existsSync(musl)) copyFileSync(musl, "dist/licenses/musl.txt")
}

function copyFolder(from, to) {
  rmSync(to, { recursive: true, force: true })
  mkdirSync(to, { recursive: true })
  for (const path of filesIn(from, ".h")) copyFileSync(path, join(to, basename(path)))
}

function filesIn(folder, extension) {
  if (!existsSync(folder)) return []
  return readdirSync(folder)
    .filter((name) => name.endsWith(extension))
    .sort()
    .map((name) => join(folder, name))
}

function filesBelow(folder, extension) {
  return readdirSync(folder, { recursive: true })
    .filter((name) => name.endsWith(extension))
    .sort()
    .map((name) => join(folder, name))
}

function sourceFolder(name) {
  const line = readFileSync("wasm/sources.lock", "utf8")
    .split("\n")
    .find((entry) => entry.startsWith(`${name} `))
  return `build/src/${name}-${line.split(/\s+/)[1]}`
}

function hash(...parts) {
  const sum = createHash("sha256")
  for (const part of parts) sum.update(part).update("\0")
  return sum.digest("hex")
}
