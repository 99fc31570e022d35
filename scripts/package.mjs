// Bundles the package into dist: the entry points of package.json's exports, the hosts of its imports and its command.
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { build } from "esbuild"
import { OPTIONS } from "./esbuild.mjs"

/**
 * The files that hold the modules but the hosts, and the modules in each; what several need is in files beside them. A module's own file
 * only exports what it has there. To load a file costs more than most of what is in one: a file for each part that some modules share and
 * others do not, 35 of them, took 10 ms more and up to 4 MB, which fork(2) copies for each child. In one file, who bundles a worker would
 * get all of the package.
 */
const FILES = {
  gevent: ["index", "resolver", "dns", "monitor", "util", "host"],
  kernel: "core hub greenlet timeout exceptions events event lock queue pool local contextvars".split(" "),
  system: ["threadpool", "fileobject", "os", "signal", "subprocess", "program"],
  network: ["socket", "ssl", "select", "selectors", "baseserver", "server"],
  prompt: ["backdoor"],
}

const PACKAGE = {
  ...OPTIONS,
  // what users install needs no other package: see BUNDLED in check-layers.mjs
  packages: "bundle",
  outdir: "dist",
  write: false,
  minifyWhitespace: true,
  // so that the line in a stack tells something
  lineLimit: 120,
}

const { modules, hosts, command, engines } = entries()

/** The command imports the package's modules as a user does. */
const beside = {
  name: "beside",
  setup({ onResolve }) {
    const outputs = new Map(Object.entries(modules).map(([name, source]) => [resolve(source), `./${name}.js`]))
    onResolve({ filter: /^\.\.\// }, ({ path, resolveDir }) => {
      const output = outputs.get(resolve(resolveDir, path))
      return output && { path: output, external: true }
    })
  },
}

/**
 * The modules of Node, without what an import of one costs: for `import` Node asks a module for all that it exports and so loads what
 * those are made of, 8 to 15 ms and 1.5 to 2 MB for ours. A Node that is too old for this is told so. workerd has modules of that name too, but no other way to them.
 */
const builtin = {
  name: "builtin",
  setup({ onResolve, onLoad }) {
    const names = importedNames("ts/host")
    onResolve({ filter: /^node:/ }, ({ path, importer }) =>
      /\bhost[\\/]workerd\b/.test(importer) ? { path, external: true } : { path, namespace: "builtin" },
    )
    onResolve({ filter: /^oldest$/, namespace: "builtin" }, ({ path }) => ({ path, namespace: "oldest" }))
    onLoad({ filter: /./, namespace: "builtin" }, ({ path }) => {
      const own = [...names(path)].map((name) => `export const ${name} = builtin.${name}\n`)
      const contents = `import "oldest"\nconst builtin = globalThis.process.getBuiltinModule("${path}")\nexport default builtin\n${own.join("")}`
      return { contents }
    })
    onLoad({ filter: /./, namespace: "oldest" }, () => {
      const error = `new Error("gevent-wasm needs Node.js ${engines.node}; this is " + process.version)`
      return { contents: `if (!globalThis.process.getBuiltinModule) throw ${error}\n` }
    })
  },
}

mkdirSync("dist", { recursive: true })
for (const name of readdirSync("dist")) if (/\.js(\.map)?$/.test(name)) rmSync(join("dist", name))
try {
  await bundle()
} catch (error) {
  if (!error?.errors) throw error
  process.exitCode = 1 // esbuild has printed them
}

async function bundle() {
  // browsers have no common way to get at a file beside a bundle, and the hub is wanted at once: it is in the bundle
  const { "host-browser": browser, ...others } = hosts
  const names = await exportedNames()
  const files = Object.fromEntries(Object.keys(FILES).map((file) => [file, file]))
  const external = [...OPTIONS.external, "cloudflare:*", "./hub.wasm"]
  await write({ entryPoints: { ...files, ...others }, external, plugins: [gathered(names), builtin] })
  const inside = { ".wasm": "binary" }
  await write({ entryPoints: { "host-browser": browser }, platform: "browser", splitting: false, loader: inside })
  for (const module of Object.keys(modules)) {
    const list = names[module].map((name) => `${gatheredName(module, name)} as ${name}`)
    writeFileSync(`dist/${module}.js`, `export { ${list.join(", ")} } from "./${fileOf(module)}.js"\n`)
  }
  await write({ entryPoints: command, plugins: [beside] })
  for (const name of Object.keys(command)) chmodSync(`dist/${name}.js`, 0o755)
}

async function write(options) {
  const { outputFiles } = await build({ ...PACKAGE, ...options })
  for (const { path, text } of outputFiles) writeFileSync(path, path.endsWith(".js") ? withOwnNames(text) : text)
}

/** Module -> the names that it exports. */
async function exportedNames() {
  const { metafile } = await build({ ...PACKAGE, entryPoints: modules, external: ["#host"], metafile: true })
  const outputs = Object.entries(metafile.outputs).filter(([, { entryPoint }]) => entryPoint)
  return Object.fromEntries(outputs.map(([path, { exports }]) => [outputName(`./${path}`), exports]))
}

/** The file that holds a module. */
function fileOf(module) {
  const file = Object.keys(FILES).find((each) => FILES[each].includes(module))
  if (file === undefined) throw new Error(`package: FILES in scripts/package.mjs does not say where ${module} is to be`)
  return file
}

/** What an export of a module is called in that file, where others may export the same name. */
function gatheredName(module, name) {
  return `${module.replaceAll("-", "_")}_${name}`
}

/** Makes the modules that FILES tells of, which export all that others do. */
function gathered(names) {
  const statement = (module) => {
    const list = names[module].map((name) => `${name} as ${gatheredName(module, name)}`)
    return `export { ${list.join(", ")} } from "./${modules[module]}"\n`
  }
  const contentsOf = (file) => {
    const held = Object.keys(modules).filter((module) => fileOf(module) === file && names[module].length > 0)
    return held.map(statement).join("")
  }
  return {
    name: "gathered",
    setup({ onResolve, onLoad }) {
      const filter = new RegExp(`^(${Object.keys(FILES).join("|")})$`)
      onResolve({ filter }, ({ path, kind }) => (kind === "entry-point" ? { path, namespace: "gathered" } : null))
      onLoad({ filter, namespace: "gathered" }, ({ path }) => ({ contents: contentsOf(path), resolveDir: "." }))
    },
  }
}

/**
 * Gives classes their names back, which users read in reports: one that mentions itself becomes `var Name=class _Name`. A number at the
 * end of a name that is there without it too tells that two classes share it.
 */
function withOwnNames(code) {
  const twin = [...code.matchAll(/\bvar (\w+?)\d+=class\b/g)].find(([, name]) => new RegExp(`\\b${name}\\b`).test(code))
  if (twin) throw new Error(`package: two classes are called ${twin[1]}: call one of them something else`)
  for (const [, name] of code.matchAll(/\bvar (\w+)=class _\1\b/g))
    code = code.replaceAll(new RegExp(`\\b_${name}\\b`, "g"), name)
  return code
}

/** What the modules of a folder import by name from a module of Node. */
function importedNames(folder) {
  const sources = readdirSync(folder, { recursive: true }).filter((name) => name.endsWith(".ts"))
  const text = sources.map((name) => readFileSync(join(folder, name), "utf8")).join("\n")
  return (path) => {
    const lists = text.matchAll(new RegExp(`^import (?!type)[^{\n]*\\{([^}]*)\\} from "${path}"$`, "gm"))
    const names = [...lists].flatMap(([, list]) => list.split(",").map((each) => each.trim()))
    return new Set(names.filter((name) => name !== "" && !name.startsWith("type ")).map((name) => name.split(" ")[0]))
  }
}

/** Output name -> source file, by kind. The source of an export is where its declarations come from. */
function entries() {
  const { exports, imports, engines } = JSON.parse(readFileSync("package.json", "utf8"))
  const existing = (pairs) => Object.fromEntries(pairs.filter(([name, source]) => exists(name, source)))
  const targets = Object.values(exports).filter((target) => typeof target !== "string")
  const conditions = Object.entries(imports["#host"]).filter(([condition]) => condition !== "types")
  return {
    engines,
    modules: existing(
      targets.map((target) => [
        outputName(target.default),
        target.types.replace(/^\.\/dist\/types\/(.*)\.d\.ts$/, "ts/$1.ts"),
      ]),
    ),
    hosts: existing(
      conditions.map(([, target]) => [outputName(target), `ts/host/${outputName(target).replace("host-", "")}.ts`]),
    ),
    command: existing([["cli", "ts/cli/main.ts"]]),
  }
}

function exists(name, source) {
  if (existsSync(source)) return true
  console.error(`package: package.json promises dist/${name}.js, but there is no ${source}`)
  return false
}

function outputName(target) {
  return target.replace(/^\.\/dist\/(.*)\.js$/, "$1")
}
