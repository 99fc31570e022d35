import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs"
import { createRequire } from "node:module"
import { basename, dirname, join } from "node:path"
import process from "node:process"
import { output, run, ToolchainError, which, writing } from "./run.ts"

/** The programs and folders that turn C sources into an instrumented module. */
export interface Toolchain {
  /** emscripten's compiler driver; only `emcc -c` is used, its own linking would optimise before Asyncify. */
  readonly emcc: string
  /** What `emcc` says of its version, for keys of object files. */
  readonly version: string
  /** emscripten's own folder, with the licences of its libraries. */
  readonly root: string
  /** LLVM's linker for WebAssembly, of the LLVM that `emcc` uses. */
  readonly linker: string
  /** LLVM's archiver. */
  readonly archiver: string
  /** LLVM's list of symbols. */
  readonly symbols: string
  /** The folder with emscripten's prebuilt libraries for this target. */
  readonly libraries: string
  /** The folder of the npm package binaryen that holds `wasm-opt` and `wasm-merge`. */
  readonly binaryen: string
}

/** How {@link link} puts a module together. */
export interface LinkOptions {
  /** Symbols to export beside those that the sources mark with `export_name`. */
  exports?: readonly string[]
  /** Archives taken whole, so that functions known only by their `export_name` are not dropped. */
  whole?: readonly string[]
  /** Bytes for the C stack of the code that runs outside any green thread; it lies below all data. Default 65,536. */
  stackSize?: number
  /** The largest memory in bytes. Default 4,294,901,760: with a maximum of exactly 4 GiB an allocation past it hung. */
  maxMemory?: number
}

/** How {@link instrument} prepares a linked module for switching stacks. */
export interface InstrumentOptions {
  /** Whether a green thread may be suspended below a call through a function pointer. Default false. */
  indirect?: boolean
  /** Functions that may suspend although no path of direct calls to a suspension shows it. */
  addlist?: readonly string[]
  /** Functions that never suspend whatever the analysis says. A name that the module has not, or twice, is left out. */
  removelist?: readonly string[]
  /** Whether each stack pointer is checked against its stack's bounds. Default: if the module imports `self.__set_stack_limits`. */
  stackCheck?: boolean
  /** An exported function `void (uint32_t stack_pointer)` that is called when a check fails; without it the check traps. */
  overflowHandler?: string
}

// Deno takes binaryen's programs, CommonJS without an extension, for modules
const NODE = "deno" in process.versions ? "node" : process.execPath

/** The functions of the hub's library that call through function pointers and are never suspended below one. */
const NEVER_SUSPENDED = ["ev_core.o", "hub.o"]

// libc calls malloc and memcpy of the later ones, which call back into it
const LIBRARIES = ["c", "standalonewasm-memgrow", "dlmalloc", "compiler_rt"]
// in a module's "name" section
const FUNCTION_NAMES = 1
const FEATURES = ["bulk-memory", "bulk-memory-opt", "mutable-globals", "sign-ext", "nontrapping-float-to-int"]
const CODE_FLAGS = ["-mbulk-memory", "-mmutable-globals", "-msign-ext", "-mnontrapping-fptoint"]

/**
 * Finds the C compiler, the linker with its libraries, and binaryen.
 *
 * `emcc` comes from `$EMCC` or the PATH; the rest follows from emscripten's configuration. binaryen is the npm package,
 * resolved from this module and then from the working directory.
 *
 * @throws {ToolchainError} naming the missing part and how to get it
 * @example const tools = findToolchain()
 */
export function findToolchain(): Toolchain {
  const emcc = which([process.env["EMCC"] || "emcc"])
  if (!emcc) throw new ToolchainError("emcc was not found: install emscripten (Debian: apt-get install emscripten)")
  const llvm = configured(emcc, "LLVM_ROOT")
  const suffix = configured(emcc, "LLVM_ADD_VERSION")
  const suffixes = suffix && suffix !== "None" ? [`-${suffix}`, ""] : [""]
  const tool = (name: string): string => {
    const found = which(suffixes.flatMap((s) => [llvm && join(llvm, name + s), name + s]).filter(Boolean))
    if (!found) throw new ToolchainError(`${name} of emscripten's LLVM was not found (looked in ${llvm || "the PATH"})`)
    return found
  }
  const libraries = join(configured(emcc, "CACHE"), "sysroot", "lib", "wasm32-emscripten")
  const missing = LIBRARIES.filter((name) => !existsSync(join(libraries, `lib${name}.a`)))
  if (missing.length) {
    throw new ToolchainError(
      `emscripten lacks a library: run "embuilder build ${missing.map((name) => `lib${name}`).join(" ")}"`,
    )
  }
  return {
    emcc,
    version: output(emcc, ["--version"]).split("\n", 1)[0] ?? "",
    root: configured(emcc, "EMSCRIPTEN_ROOT"),
    linker: tool("wasm-ld"),
    archiver: tool("llvm-ar"),
    symbols: tool("llvm-nm"),
    libraries,
    binaryen: findBinaryen(),
  }
}

/**
 * Compiles C files to object files with `emcc -c`.
 *
 * @param sources C files with distinct base names
 * @param flags compiler flags, after those for the WebAssembly features that the hub's modules use
 * @param objects the folder for the object files, made when missing
 * @returns the object files, `NAME.o` for each `NAME.c`
 * @throws {ToolchainError} with the compiler's messages
 * @example const objects = await compile(tools, ["fetch.c"], ["-O2"], "build")
 */
export async function compile(
  tools: Toolchain,
  sources: readonly string[],
  flags: readonly string[],
  objects: string,
): Promise<string[]> {
  mkdirSync(objects, { recursive: true })
  const outputs = sources.map((source) => join(objects, `${basename(source).replace(/\.\w+$/, "")}.o`))
  if (new Set(outputs).size !== outputs.length) throw new ToolchainError("two sources share a base name")
  const queue = sources.map((source, i) => [source, outputs[i] as string] as const)
  const work = async (): Promise<void> => {
    for (let next = queue.shift(); next; next = queue.shift()) {
      await run(tools.emcc, [...CODE_FLAGS, ...flags, "-c", next[0], "-o", next[1]])
    }
  }
  await Promise.all([work(), work()])
  return outputs
}

/**
 * Puts object files into a static library, replacing what was there.
 *
 * @throws {ToolchainError} with the archiver's messages
 */
export async function archive(tools: Toolchain, objects: readonly string[], library: string): Promise<void> {
  mkdirSync(dirname(library), { recursive: true })
  rmSync(library, { force: true })
  await run(tools.archiver, ["rcsD", library, ...objects])
}

/**
 * Links object files and static libraries with emscripten's libc into a module that is not yet instrumented.
 *
 * Anything the linker says is an error: a mismatch of signatures, for one, would become a trap at run time.
 *
 * @throws {ToolchainError} with the linker's messages
 * @example await link(tools, ["fetch.o"], "fetch.raw.wasm", { whole: ["dist/lib/libgevent.a"] })
 */
export async function link(
  tools: Toolchain,
  objects: readonly string[],
  output: string,
  options: LinkOptions = {},
): Promise<void> {
  const whole = options.whole?.length ? ["--whole-archive", ...options.whole, "--no-whole-archive"] : []
  await writing(output, async (path) => {
    const said = await run(tools.linker, [
      "--no-entry",
      "--fatal-warnings",
      "--error-limit=0",
      "-o",
      path,
      ...objects,
      ...whole,
      `-L${tools.libraries}`,
      ...[...LIBRARIES, "c"].map((name) => `-l${name}`),
      ...["-z", `stack-size=${options.stackSize ?? 65536}`, "--stack-first"],
      `--max-memory=${options.maxMemory ?? 4294901760}`,
      ...["_initialize", "__wasm_call_ctors", ...(options.exports ?? [])].map((name) => `--export-if-defined=${name}`),
    ])
    if (said.trim()) throw new ToolchainError(`wasm-ld warns:\n${said}`)
  })
}

/**
 * How a program that is linked with the hub is instrumented: its callbacks may suspend, its stacks are checked, and libev, which
 * calls the hub's own callbacks only, stays as it is.
 *
 * @param library `libgevent.a`
 * @throws {ToolchainError} with the message of LLVM's list of symbols
 * @example await instrument(tools, "fetch.raw.wasm", "fetch.wasm", await programOptions(tools, "dist/lib/libgevent.a"))
 */
export async function programOptions(tools: Toolchain, library: string): Promise<InstrumentOptions> {
  const listed = await run(tools.symbols, ["--defined-only", "--print-file-name", library])
  const removelist = listed.split("\n").flatMap((line) => {
    const [, member, name] = /[:[]([\w.]+)\]?: +[0-9a-f]+ [tT] (\S+)$/.exec(line) ?? []
    return member !== undefined && name !== undefined && NEVER_SUSPENDED.includes(member) ? [name] : []
  })
  return { indirect: true, addlist: ["fiber_main"], removelist, overflowHandler: "stack_overflow" }
}

/**
 * Instruments a linked module: stack checks, Asyncify where the module switches stacks, optimisation, no debug data.
 *
 * Asyncify must see the module before any optimisation: inlining would remove functions that `addlist` names. No import
 * suspends, only the module's own calls of `asyncify.*` do.
 *
 * @throws {ToolchainError} with binaryen's messages
 * @example await instrument(tools, "fetch.raw.wasm", "fetch.wasm", { indirect: true })
 */
export async function instrument(
  tools: Toolchain,
  input: string,
  output: string,
  options: InstrumentOptions = {},
): Promise<void> {
  const module = new WebAssembly.Module(readFileSync(input))
  const imports = WebAssembly.Module.imports(module)
  const features = FEATURES.map((name) => `--enable-${name}`)
  const binaryen = (program: string, args: string[], to: string): Promise<string> =>
    run(NODE, [join(tools.binaryen, program), ...features, ...args, "-o", to])
  const checked = `${output}.checked`
  mkdirSync(dirname(output), { recursive: true })
  try {
    let current = input
    if (options.stackCheck ?? imports.some((i) => i.module === "self" && i.name === "__set_stack_limits")) {
      const handler = options.overflowHandler
      // binaryen 132 gives the handler's call a wrong type, which its validator refuses; what it writes is right
      const call = handler ? ["--no-validation", `--pass-arg=stack-check-handler@${handler}`] : []
      await binaryen("wasm-opt", ["-g", "--strip-dwarf", ...call, "--stack-check", input], checked)
      // the pass exports __set_stack_limits and imports the handler from env: the module is given itself by both names
      for (const name of handler ? ["self", "env"] : ["self"]) {
        await binaryen("wasm-merge", ["-g", checked, name], checked)
      }
      current = checked
    }
    const asyncify = imports.some((i) => i.module === "asyncify") ? asyncifyPass(options, functionNames(module)) : []
    const finish = ["-O3", "--strip-debug", "--strip-producers", "--strip-target-features"]
    await writing(output, async (path) => {
      await binaryen("wasm-opt", ["--strip-dwarf", ...asyncify, ...finish, current], path)
    })
  } finally {
    rmSync(checked, { force: true })
  }
}

function asyncifyPass(options: InstrumentOptions, names: ReadonlyMap<string, number>): string[] {
  const list = (name: string, functions: readonly string[] | undefined): string[] =>
    functions?.length ? [`--pass-arg=asyncify-${name}@${functions.join(",")}`] : []
  return [
    "--asyncify",
    // without a list every import could suspend; a name that no import has says that none does
    "--pass-arg=asyncify-imports@asyncify.only",
    ...(options.indirect ? [] : ["--pass-arg=asyncify-ignore-indirect"]),
    ...list("addlist", options.addlist),
    ...list(
      "removelist",
      options.removelist?.filter((name) => names.get(name) === 1),
    ),
  ]
}

/** The names of a module's functions, from its name section, and how many have each. */
function functionNames(module: WebAssembly.Module): Map<string, number> {
  const names = new Map<string, number>()
  for (const section of WebAssembly.Module.customSections(module, "name")) {
    const bytes = new Uint8Array(section)
    let at = 0
    const number = (): number => {
      let value = 0
      for (let shift = 0; ; shift += 7) {
        const byte = bytes[at++]!
        value |= (byte & 127) << shift
        if (byte < 128) return value >>> 0
      }
    }
    while (at < bytes.length) {
      const kind = number()
      const size = number()
      const end = at + size
      if (kind === FUNCTION_NAMES) {
        for (let left = number(); left > 0; left--) {
          number()
          const length = number()
          const name = new TextDecoder().decode(bytes.subarray(at, at + length))
          names.set(name, (names.get(name) ?? 0) + 1)
          at += length
        }
      }
      at = end
    }
  }
  return names
}

function findBinaryen(): string {
  for (const from of [import.meta.url, join(process.cwd(), "package.json")]) {
    try {
      return join(dirname(createRequire(from).resolve("binaryen/package.json")), "bin")
    } catch {
      continue
    }
  }
  throw new ToolchainError("the npm package binaryen was not found: npm install binaryen@132")
}

function configured(emcc: string, key: string): string {
  return output(join(dirname(emcc), "em-config"), [key])
}
