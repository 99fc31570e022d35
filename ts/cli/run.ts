import { spawn, spawnSync } from "node:child_process"
import { accessSync, constants, mkdirSync, renameSync, rmSync } from "node:fs"
import { basename, delimiter, dirname, join } from "node:path"

/** A tool is missing, or one of them refused its input; the message holds what it printed. */
export class ToolchainError extends Error {
  override name = "ToolchainError"
}

/** The first of these programs that can be run: paths as they are, names looked up in the PATH. */
export function which(candidates: readonly string[]): string | undefined {
  const folders = (process.env["PATH"] ?? "").split(delimiter)
  const paths = candidates.flatMap((name) =>
    /[/\\]/.test(name) ? [name] : folders.map((folder) => join(folder, name)),
  )
  return paths.find((path) => {
    try {
      accessSync(path, constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}

/** What a program prints that answers at once. */
export function output(program: string, args: readonly string[]): string {
  const { stdout, error } = spawnSync(program, args, { encoding: "utf8" })
  if (error) throw new ToolchainError(`${program} could not be run: ${error.message}`)
  return stdout.trim()
}

/**
 * Runs a program to its end and returns what it printed.
 *
 * @throws {ToolchainError} with what it printed, when it could not be run or its exit status is not 0
 */
export async function run(program: string, args: readonly string[]): Promise<string> {
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"] })
  let said = ""
  child.stdout.on("data", (chunk: Buffer) => (said += chunk.toString()))
  child.stderr.on("data", (chunk: Buffer) => (said += chunk.toString()))
  const code = await new Promise<number | string>((resolve, reject) => {
    child.on("error", (error) => reject(new ToolchainError(`${program} could not be run: ${error.message}`)))
    child.on("close", (status, signal) => resolve(status ?? signal ?? "nothing"))
  })
  if (code === 0) return said
  const tool = program === process.execPath ? args[0] : program
  throw new ToolchainError(`${complaints(said)}\n${basename(tool ?? program)} ended with ${code}`)
}

/** Has `write` make a file beside `path`, which takes that name only when all went well. */
export async function writing(path: string, write: (path: string) => Promise<void>): Promise<void> {
  mkdirSync(dirname(path), { recursive: true })
  const temporary = `${path}.new`
  try {
    await write(temporary)
    renameSync(temporary, path)
  } finally {
    rmSync(temporary, { force: true })
  }
}

/** What a tool printed, without emcc repeating its whole command and without the same symbol twice. */
function complaints(said: string): string {
  const seen = new Set<string>()
  const lines = said.split("\n").filter((line) => {
    const symbol = /undefined symbol: .*/.exec(line)?.[0]
    const repeated = symbol !== undefined && seen.has(symbol)
    if (symbol !== undefined) seen.add(symbol)
    return !repeated && !line.startsWith("emcc: error: '")
  })
  return lines
    .join("\n")
    .replace(/\n{2,}/g, "\n")
    .trim()
}
