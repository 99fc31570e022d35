// Checks how the modules in ts/ depend on each other: imports point down the layers, only ts/host knows a host, and no value
// imports form a cycle.
import { readdirSync, readFileSync } from "node:fs"
import { join, posix } from "node:path"
import ts from "typescript"

// From the bottom up. A word is ts/WORD.ts or the folder ts/WORD; the words of a line may import each other.
const LAYERS = [
  "host",
  "core",
  "exceptions version",
  "services",
  "strand wait waitlist belongings contextvars/scope",
  "limit iskill waiter attempt resolver/interface",
  "trace",
  "events hub exceptioninfo",
  "switchtracer",
  "sleep body kill unwind rawgreenlet immediate until",
  "deque heap",
  "ident link linklist greenletwait greenlet",
  "flow signalhandler",
  "count joinoptions waitable promisewait waititerator waiting timeout",
  "local",
  "contextvars",
  "linkable iteration",
  "spawn",
  "wraperrors runinfo",
  "assertswitches",
  "util monitor",
  "event",
  "lock",
  "queue",
  "pool",
  "threadpool",
  "socket/constants",
  "failure resolver",
  "dns",
  "socket fileobject",
  "ssl",
  "select",
  "selectors",
  "os signal subprocess",
  "baseserver",
  "serveconnection",
  "server",
  "backdoor",
  "program",
  "index",
  "cli",
]

// These may import node:* and use a host's globals. The toolchain runs compilers on a developer's machine and is no part of
// what the package's modules load.
const HOST_BOUND = ["host", "cli/toolchain", "cli/compileprogram", "cli/run", "cli/terminal"]
/** Packages that are bundled, and the one module that imports each. */
const BUNDLED = { "punycode/punycode.es6.js": "resolver/hostname.ts" }
const HOST_GLOBALS = ["process", "Buffer", "Deno", "Bun", "setImmediate", "clearImmediate", "require", "__dirname"]

// "from.ts -> to.ts" for a value import that closes a cycle and has to, with the reason beside it.
const ALLOWED_CYCLES = []

const problems = []
const files = readdirSync("ts", { recursive: true })
  .map((name) => name.split("\\").join("/"))
  .filter((name) => name.endsWith(".ts") && !name.endsWith(".d.ts"))
  .sort()
const graph = new Map(files.map((file) => [file, inspect(file)]))
findCycles()

for (const problem of problems) console.error(problem)
console.log(`layers: ${files.length} modules, ${problems.length} problems`)
process.exitCode = problems.length ? 1 : 0

/** Reports what is wrong with one module by itself and returns the modules whose values it imports. */
function inspect(file) {
  const source = ts.createSourceFile(file, readFileSync(join("ts", file), "utf8"), ts.ScriptTarget.ESNext, true)
  const hostBound = HOST_BOUND.some((name) => file === `${name}.ts` || file.startsWith(`${name}/`))
  const level = levelOf(file)
  if (level < 0) report(source, source, `is in no layer: add it to LAYERS in scripts/check-layers.mjs`)
  const values = []
  const declared = new Set()
  const mentioned = []

  const visit = (node) => {
    const specifier = moduleSpecifier(node)
    // the hub's module, which bundles find beside themselves or have inside
    if (specifier && !(hostBound && specifier.text.endsWith("/hub.wasm"))) {
      const target = resolve(file, specifier.text)
      if (target === undefined && specifier.text.startsWith(".")) {
        report(source, node, `imports ${specifier.text}, which is not there`)
      } else if (target === undefined) {
        if (!hostBound && BUNDLED[specifier.text] !== file)
          report(source, node, `imports ${specifier.text}: only ts/host may import what is not in ts/`)
      } else {
        if (level >= 0 && levelOf(target) > level) report(source, node, `imports ${target}, which is in a higher layer`)
        if (!isTypeOnly(node)) values.push(target)
      }
    }
    if (ts.isIdentifier(node) && HOST_GLOBALS.includes(node.text)) {
      if (isDeclaration(node)) declared.add(node.text)
      else if (isReference(node)) mentioned.push(node)
    }
    ts.forEachChild(node, visit)
  }
  visit(source)
  for (const node of hostBound ? [] : mentioned) {
    if (!declared.has(node.text)) report(source, node, `uses ${node.text}: only ts/host may use a host's globals`)
  }
  return values
}

function findCycles() {
  const done = new Set()
  const path = []
  const walk = (file) => {
    path.push(file)
    for (const target of graph.get(file)) {
      if (ALLOWED_CYCLES.includes(`${file} -> ${target}`)) continue
      const start = path.indexOf(target)
      if (start >= 0) problems.push(`cycle: ${[...path.slice(start), target].join(" -> ")}`)
      else if (!done.has(target)) walk(target)
    }
    path.pop()
    done.add(file)
  }
  for (const file of files) if (!done.has(file)) walk(file)
}

function levelOf(file) {
  return LAYERS.findIndex((layer) =>
    layer.split(" ").some((name) => file === `${name}.ts` || file.startsWith(`${name}/`)),
  )
}

function resolve(file, specifier) {
  if (specifier === "#host") return "host/node.ts"
  if (!specifier.startsWith(".")) return undefined
  const target = posix.join(posix.dirname(file), specifier)
  return files.includes(target) ? target : undefined
}

function moduleSpecifier(node) {
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return node.moduleSpecifier
  if (ts.isImportTypeNode(node)) return node.argument.literal
  const isDynamicImport = ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword
  return isDynamicImport && ts.isStringLiteral(node.arguments[0]) ? node.arguments[0] : undefined
}

function isTypeOnly(node) {
  if (ts.isImportTypeNode(node)) return true
  // a dynamic import runs later, when both modules are complete
  return ts.isImportDeclaration(node) ? !!node.importClause?.isTypeOnly : ts.isCallExpression(node) || !!node.isTypeOnly
}

function isDeclaration(node) {
  const { parent } = node
  return (
    ((ts.isVariableDeclaration(parent) || ts.isParameter(parent) || ts.isFunctionDeclaration(parent)) &&
      parent.name === node) ||
    ts.isImportSpecifier(parent) ||
    ts.isBindingElement(parent)
  )
}

function isReference(node) {
  const { parent } = node
  if (ts.isPropertyAccessExpression(parent)) return parent.expression === node
  if (ts.isQualifiedName(parent)) return parent.left === node
  if (ts.isShorthandPropertyAssignment(parent)) return true
  return parent.name !== node && parent.propertyName !== node
}

function report(source, node, what) {
  const { line } = source.getLineAndCharacterOfPosition(node.getStart(source))
  problems.push(`ts/${source.fileName}:${line + 1} ${what}`)
}
