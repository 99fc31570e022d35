import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { ToolchainError } from "./run.ts"
import { compile, findToolchain, instrument, link, programOptions } from "./toolchain.ts"

/**
 * Compiles C files and links them with the hub. Object files and archives among the inputs are linked as they are.
 *
 * @param flags - Compiler flags.
 * @throws {ToolchainError} with the tools' messages.
 */
export async function compileProgram(
  inputs: readonly string[],
  flags: readonly string[],
  output: string,
): Promise<void> {
  const distribution = fileURLToPath(new URL(".", import.meta.url))
  const library = (name: string): string => join(distribution, "lib", name)
  const sources = inputs.filter((input) => input.endsWith(".c"))
  const others = inputs.filter((input) => !input.endsWith(".c"))
  const strange = others.find((input) => !/\.[oa]$/.test(input))
  if (strange !== undefined) throw new ToolchainError(`${strange} is neither C source (.c) nor an object (.o, .a)`)
  const tools = findToolchain()
  const folder = mkdtempSync(join(tmpdir(), "gevent-cc-"))
  try {
    const objects = await compile(tools, sources, [...flags, `-I${join(distribution, "include")}`], folder)
    const raw = join(folder, "program.raw.wasm")
    try {
      await link(tools, [...objects, ...others, library("libcares.a")], raw, { whole: [library("libgevent.a")] })
    } catch (error) {
      if (!(error instanceof Error) || !/undefined symbol: (_?emscripten_(throw_)?longjmp|invoke_)/.test(error.message))
        throw error
      throw new ToolchainError(
        "setjmp() and longjmp() cannot be linked yet: a green thread could not be suspended below them",
      )
    }
    await instrument(tools, raw, output, await programOptions(tools, library("libgevent.a")))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
