// Bundles a folder of TypeScript with esbuild.
//   examples  examples/*.ts into build/examples; a worker in edge/ is bundled as docs/edge.md says
//   test      test/**/*.ts into build/test
// Examples and tests import the package by its name and so run what dist ships.
import { existsSync, mkdirSync, readdirSync, rmSync } from "node:fs"
import { join, resolve } from "node:path"
import { build } from "esbuild"
import { OPTIONS } from "./esbuild.mjs"

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
  await bundleFolder(folder)
} catch (error) {
  if (!error?.errors) throw error
  process.exitCode = 1 // esbuild has printed them
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
  const names = { outbase: from, outdir: to, outExtension: { ".js": ".mjs" } }
  await build({ ...OPTIONS, ...names, entryPoints, plugins: [outcomes] })
}
