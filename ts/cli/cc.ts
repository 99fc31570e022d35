import { compileProgram } from "./compileprogram.ts"
import { ToolchainError } from "./run.ts"

const NEEDS_VALUE = new Set(["-I", "-D", "-U", "-include", "-isystem", "-iquote"])

/**
 * `gevent cc`: compiles C files and links them with the hub into a module that `Program` and `gevent run` take.
 *
 * @returns The exit status.
 */
export async function cc(args: string[]): Promise<number> {
  const inputs: string[] = []
  const flags: string[] = []
  let output = "a.wasm"
  for (let i = 0; i < args.length; i++) {
    const arg = args[i]!
    if (arg === "-o") output = value(args, ++i, arg)
    else if (NEEDS_VALUE.has(arg)) flags.push(arg, value(args, ++i, arg))
    else if (arg === "-c" || arg === "-E" || arg === "-S") throw new ToolchainError(`${arg} is emcc's: gevent cc links`)
    else if (arg.startsWith("-")) flags.push(arg)
    else inputs.push(arg)
  }
  if (inputs.length === 0) throw new ToolchainError("no input files; usage: gevent cc FILE.c… -o APP.wasm")
  if (!flags.some((flag) => flag.startsWith("-O"))) flags.unshift("-O2")
  await compileProgram(inputs, flags, output)
  return 0
}

function value(args: readonly string[], index: number, flag: string): string {
  const text = args[index]
  if (text === undefined) throw new ToolchainError(`${flag} needs a value`)
  return text
}
