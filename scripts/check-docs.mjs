// Checks the documentation: every export of every module that package.json names has a TSDoc block, the examples there and in
// README.md and docs/ compile, docs/differences.md has one line for a row, in order, and README.md is short. An example of what
// is not exported may be a fragment.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join, resolve } from "node:path"
import ts from "typescript"

const FOLDER = "build/doc-examples"
const MOST_LINES = 100
const SECTIONS = "GV GR HB CO TO EV LK QU PL LO TP SO SS RS RT RB RA RD SL OS SG SP FO SV BD UT".split(" ")

const problems = []
const counts = { exports: 0, examples: 0 }
const documented = new Set()

checkExports()
checkExamples()
checkDifferences()
checkReadme()
for (const problem of problems) console.error(problem)
console.log(`docs: ${counts.exports} exports, ${counts.examples} examples, ${problems.length} problems`)
process.exitCode = problems.length ? 1 : 0

function checkReadme() {
  const lines = readFileSync("README.md", "utf8").trimEnd().split("\n").length
  if (lines >= MOST_LINES) problems.push(`README.md has ${lines} lines, and should have less than ${MOST_LINES}`)
}

function checkExports() {
  const entries = publicModules()
  const program = ts.createProgram([...entries.values()], compilerOptions())
  const checker = program.getTypeChecker()
  const seen = new Set()
  for (const [subpath, file] of entries) {
    const source = program.getSourceFile(file)
    const symbol = source && checker.getSymbolAtLocation(source)
    if (!symbol) {
      problems.push(`${file}: is no module`)
      continue
    }
    for (const exported of checker.getExportsOfModule(symbol)) {
      const target = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported
      if (seen.has(target)) continue
      seen.add(target)
      counts.exports++
      for (const declaration of target.declarations ?? [])
        documented.add(relative(declaration.getSourceFile().fileName))
      checkDocumented(checker, target, `${subpath}: ${exported.name}`)
      if (!(target.flags & ts.SymbolFlags.Class)) continue
      for (const member of [...(target.members?.values() ?? []), ...(target.exports?.values() ?? [])]) {
        if (isPublicMember(member)) checkDocumented(checker, member, `${subpath}: ${exported.name}.${member.name}`)
      }
    }
  }
}

/** What overrides a documented member need not repeat its text. */
function checkDocumented(checker, symbol, name) {
  if (symbol.getDocumentationComment(checker).length > 0) return
  const [declaration] = symbol.declarations ?? []
  if (!declaration) return
  if (ts.getCombinedModifierFlags(declaration) & ts.ModifierFlags.Override) return
  if (implementsDocumented(checker, declaration, symbol.name)) return
  const source = declaration.getSourceFile()
  const { line } = source.getLineAndCharacterOfPosition(declaration.getStart())
  problems.push(`${name} has no TSDoc block (${relative(source.fileName)}:${line + 1})`)
}

/** Whether a base class or an interface of the member's class has it, and says what it is. */
function implementsDocumented(checker, declaration, name) {
  const clauses = declaration.parent?.heritageClauses ?? []
  return clauses.some(({ types }) =>
    types.some((type) => {
      const property = checker.getTypeAtLocation(type).getProperty(name)
      return property !== undefined && property.getDocumentationComment(checker).length > 0
    }),
  )
}

function isPublicMember(member) {
  const [declaration] = member.declarations ?? []
  if (!declaration || member.name === "prototype" || member.name.startsWith("__@")) return false
  if (ts.isConstructorDeclaration(declaration) || ts.isTypeParameterDeclaration(declaration)) return false
  return !(ts.getCombinedModifierFlags(declaration) & (ts.ModifierFlags.Private | ts.ModifierFlags.Protected))
}

function checkExamples() {
  rmSync(FOLDER, { recursive: true, force: true })
  mkdirSync(FOLDER, { recursive: true })
  const origins = new Map()
  for (const file of documented) {
    const text = readFileSync(file, "utf8")
    for (const match of text.matchAll(/^ *\* ```ts\n((?: *\*.*\n)*?) *\* ```$/gm)) {
      const code = match[1].replace(/^ *\* ?/gm, "")
      add(file, lineOf(text, match.index) + 1, code)
    }
  }
  const pages = ["README.md", ...files("docs", ".md")].filter((file) => existsSync(file))
  for (const file of pages) {
    const text = readFileSync(file, "utf8")
    for (const match of text.matchAll(/^```ts( .*)?\n([^]*?)^```$/gm))
      add(file, lineOf(text, match.index) + 1, match[2])
  }

  const program = ts.createProgram([...origins.keys(), resolve("ts/webassembly.d.ts")], compilerOptions())
  for (const [name, { file, line }] of origins) {
    const source = program.getSourceFile(name)
    for (const diagnostic of ts.getPreEmitDiagnostics(program, source)) {
      if (diagnostic.file !== source) continue
      const at = source.getLineAndCharacterOfPosition(diagnostic.start).line
      problems.push(`${file}:${line + at}: ${ts.flattenDiagnosticMessageText(diagnostic.messageText, "\n")}`)
    }
  }

  function add(file, line, code) {
    counts.examples++
    const name = resolve(FOLDER, `${file.replace(/\W+/g, "-")}-${line}.ts`)
    writeFileSync(name, code)
    origins.set(name, { file, line: line + 1 })
  }
}

function checkDifferences() {
  const file = "docs/differences.md"
  let last = -1
  for (const [index, text] of readFileSync(file, "utf8").split("\n").entries()) {
    if (!text.startsWith("- ")) continue
    const [, section, number] = /^- ([A-Z]{2})-(\d{2}): \S.*\.$/.exec(text) ?? []
    const rank = SECTIONS.indexOf(section) * 100 + Number(number)
    if (section === undefined) problems.push(`${file}:${index + 1}: is not "- ID: reason."`)
    else if (!SECTIONS.includes(section)) problems.push(`${file}:${index + 1}: there is no section ${section}`)
    else if (rank === last) problems.push(`${file}:${index + 1}: has ${section}-${number} a second time`)
    else if (rank < last) problems.push(`${file}:${index + 1}: ${section}-${number} is out of order`)
    last = Math.max(last, rank)
  }
}

/** Subpath -> source file. The source of an export is where its declarations come from. */
function publicModules() {
  const { name, exports } = JSON.parse(readFileSync("package.json", "utf8"))
  const modules = new Map()
  for (const [subpath, target] of Object.entries(exports)) {
    if (typeof target === "string") continue
    const source = target.types.replace(/^\.\/dist\/types\/(.*)\.d\.ts$/, "ts/$1.ts")
    if (existsSync(source)) modules.set(join(name, subpath), source)
  }
  return modules
}

function compilerOptions() {
  const { config } = ts.readConfigFile("tsconfig.json", ts.sys.readFile)
  return ts.parseJsonConfigFileContent(config, ts.sys, ".").options
}

function files(folder, extension) {
  if (!existsSync(folder)) return []
  return readdirSync(folder, { recursive: true })
    .filter((name) => name.endsWith(extension) && !name.endsWith(".d.ts"))
    .sort()
    .map((name) => join(folder, name))
}

function lineOf(text, index) {
  return text.slice(0, index).split("\n").length
}

function relative(path) {
  return path.replace(`${process.cwd()}/`, "")
}
