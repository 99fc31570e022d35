// Bundles TypeScript with esbuild.
//   (no argument)  the entry points of package.json's exports, the hosts of its imports and its command, into dist
//   examples       examples/*.ts into build/examples; a worker in edge/ is bundled as docs/edge.md says
//   test           test/**/*.ts into build/test
// Examples and tests import the package by its name and so run what dist ships.
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { build } from "esbuild"

const OPTIONS = {
  bundle: true,
  splitting: true,
  format: "esm",
  platform: "node",
  target: "node20",
  sourcemap: true,
  // not keepNames: it redefines the property "name" of each function, and V8 then never gets done with optimising a constructor
  keepNames: false,
  packages: "external",
  external: ["#host"],
  // tsconfig.json maps the package's name to its sources, which is for the type checker alone
  // a field that is defined instead of set costs twice as much
  tsconfigRaw: { compilerOptions: { target: "es2022", useDefineForClassFields: false, verbatimModuleSyntax: true } },
  legalComments: "none",
  logLevel: "warning",
}

/** Tests get uvu through test/outcomes.ts. */
const outcomes = {
  name: "outcomes",
  setup({ onResolve }) {
    onResolve({ filter: /^uvu$/ }, ({ importer }) =>
      importer === resolve("test/outcomes.ts")
        ? { path: "uvu", external: true }
        : { path: resolve("test/outcomes.ts") },
    )
  },
}

const [folder] = process.argv.slice(2)
try {
  await (folder ? bundleFolder(folder) : bundlePackage())
} catch (error) {
  if (!error?.errors) throw error
  process.exitCode = 1 // esbuild has printed them
}

async function bundlePackage() {
  const entryPoints = packageEntries()
  mkdirSync("dist", { recursive: true })
  for (const name of readdirSync("dist")) if (/\.js(\.map)?$/.test(name)) rmSync(join("dist", name))
  // browsers have no common way to get at a file beside a bundle, and the hub is wanted at once: it is in the bundle
  const { "host-browser": browser, ...rest } = entryPoints
  const external = [...OPTIONS.external, "cloudflare:*", "./hub.wasm"]
  const beside = { entryPoints: rest, external, chunkNames: "chunk-[hash]" }
  const inside = {
    entryPoints: { "host-browser": browser },
    platform: "browser",
    splitting: false,
    loader: { ".wasm": "binary" },
  }
  for (const options of [beside, inside]) {
    // what users install needs no other package: see BUNDLED in check-layers.mjs
    const { outputFiles } = await build({ ...OPTIONS, packages: "bundle", ...options, outdir: "dist", write: false })
    for (const { path, text } of outputFiles) writeFileSync(path, path.endsWith(".js") ? withOwnNames(text) : text)
  }
  if (entryPoints.cli) chmodSync("dist/cli.js", 0o755)
}

/**
 * Gives classes their names back, which users read in reports: one that mentions itself becomes `var Name = class _Name`. A number at the
 * end of a name that is there without it too tells that two classes share it.
 */
function withOwnNames(code) {
  const twin = [...code.matchAll(/^var (\w+?)\d+ = class\b/gm)].find(([, name]) =>
    new RegExp(`\\b${name}\\b`).test(code),
  )
  if (twin) throw new Error(`bundle: two classes are called ${twin[1]}: call one of them something else`)
  for (const [, name] of code.matchAll(/^var (\w+) = class _\1\b/gm))
    code = code.replaceAll(new RegExp(`\\b_${name}\\b`, "g"), name)
  return code
}

/** Output name -> source file. The source of an export is where its declarations come from. */
function packageEntries() {
  const { exports, imports } = JSON.parse(readFileSync("package.json", "utf8"))
  const entries = {}
  for (const target of Object.values(exports)) {
    if (typeof target === "string") continue
    entries[outputName(target.default)] = target.types.replace(/^\.\/dist\/types\/(.*)\.d\.ts$/, "ts/$1.ts")
  }
  for (const [condition, target] of Object.entries(imports["#host"])) {
    if (condition !== "types") entries[outputName(target)] = `ts/host/${outputName(target).replace("host-", "")}.ts`
  }
  entries.cli = "ts/cli/main.ts"
  for (const [name, source] of Object.entries(entries)) {
    if (existsSync(source)) continue
    console.error(`bundle: package.json promises dist/${name}.js, but there is no ${source}`)
    delete entries[name]
  }
  return entries
}

function outputName(target) {
  return target.replace(/^\.\/dist\/(.*)\.js$/, "$1")
}

async function bundleFolder(from) {
  const to = join("build", from)
  const sources = existsSync(from) ? readdirSync(from, { recursive: true }) : []
  const entryPoints = sources
    .filter((name) => name.endsWith(".ts") && !name.endsWith(".d.ts") && !/^(types|edge|browser)[\\/]/.test(name))
    .map((name) => join(from, name))
  for (const name of existsSync(to) ? readdirSync(to, { recursive: true }) : []) {
    if (/\.mjs(\.map)?$/.test(name)) rmSync(join(to, name))
  }
  mkdirSync(to, { recursive: true })
  if (!entryPoints.length) return
  const names = { outbase: from, outdir: to, outExtension: { ".js": ".mjs" }, chunkNames: "chunk-[hash]" }
  await build({ ...OPTIONS, ...names, entryPoints, plugins: [outcomes] })
}
