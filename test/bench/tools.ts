import { execFileSync, spawnSync } from "node:child_process"
import { existsSync, mkdirSync, statSync } from "node:fs"
import { dirname, join } from "node:path"

/** Where the bundles of the bench are: beside the program that runs. This module's own code may be in a chunk elsewhere. */
export const BUNDLES: string = dirname(process.argv[1]!)

/** The project's folder. */
export const ROOT: string = join(BUNDLES, "../../..")

const SOURCES = `${ROOT}/test/bench`
const OUTPUT = `${ROOT}/build/bench`
const PYTHON = "/usr/bin/python3"

/** What the measurements need beside Node, each found or made at its first use. */
export class Tools {
  private readonly made = new Map<string, unknown>()

  /** The Python that can import gevent; undefined when there is none and it could not be installed. */
  get python(): string | undefined {
    return this.once("python", () => {
      if (hasGevent()) return PYTHON
      installGevent()
      if (hasGevent()) return PYTHON
      console.log(`${PYTHON} cannot import gevent (Debian: apt-get install python3-gevent): its pairs are skipped`)
      return undefined
    })
  }

  /** The command that starts the load generator: in C where there is a compiler, so that it needs little of a processor. */
  get load(): readonly string[] {
    return this.once("load", () => {
      const program = this.compiled("load")
      if (program !== undefined) return [program]
      console.log("the load generator is a Node program")
      return [process.execPath, join(BUNDLES, "load.mjs")]
    })
  }

  /** The program of NAME.c for this machine; undefined where there is no C compiler, or no Linux. */
  compiled(name: string): string | undefined {
    return this.once(`compiled ${name}`, () => {
      const compiler = process.env["CC"] || "cc"
      if (process.platform !== "linux" || spawnSync(compiler, ["--version"]).status !== 0) {
        console.log(`no C compiler on Linux: ${name}.c cannot be used`)
        return undefined
      }
      const source = `${SOURCES}/${name}.c`
      const output = `${OUTPUT}/${name}`
      build(output, [source], () => {
        execFileSync(compiler, ["-O2", "-Wall", "-Wextra", "-o", output, source], { stdio: "inherit" })
      })
      return output
    })
  }

  /** The program of c/NAME.c as `gevent cc` makes it. */
  program(name: string): string {
    return this.once(`program ${name}`, () => {
      const source = `${SOURCES}/c/${name}.c`
      const output = `${OUTPUT}/${name}.wasm`
      build(output, [source, `${ROOT}/dist/lib/libgevent.a`, `${ROOT}/dist/cli.js`], () => {
        execFileSync(process.execPath, [`${ROOT}/dist/cli.js`, "cc", "-O2", source, "-o", output], { stdio: "inherit" })
      })
      return output
    })
  }

  /** The command of a Python peer. */
  script(python: string, name: string): readonly string[] {
    return [python, `${SOURCES}/${name}.py`]
  }

  private once<T>(name: string, make: () => T): T {
    if (!this.made.has(name)) this.made.set(name, make())
    return this.made.get(name) as T
  }
}

function hasGevent(): boolean {
  return spawnSync(PYTHON, ["-c", "import gevent"]).status === 0
}

function installGevent(): void {
  if (process.getuid?.() !== 0 || spawnSync("apt-get", ["--version"]).status !== 0) return
  console.log("installing python3-gevent with apt-get")
  const options = { env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" } }
  spawnSync("apt-get", ["-q", "update"], options)
  spawnSync("apt-get", ["-q", "install", "-y", "--no-install-recommends", "python3-gevent"], options)
}

function build(output: string, inputs: readonly string[], make: () => void): void {
  const time = (path: string): number => statSync(path).mtimeMs
  if (existsSync(output) && inputs.every((path) => time(path) < time(output))) return
  mkdirSync(OUTPUT, { recursive: true })
  make()
}
