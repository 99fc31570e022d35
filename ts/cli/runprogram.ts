import { Program } from "../program.ts"
import { run } from "../index.ts"

/**
 * `gevent run`: runs a program that `gevent cc` made.
 *
 * @returns Its exit status.
 */
export async function runProgram(args: string[]): Promise<number> {
  const [path, ...rest] = args
  if (path === undefined) throw new TypeError("no program; usage: gevent run APP.wasm [ARGUMENT…]")
  return run(function* () {
    const program = yield* Program.load(path)
    return yield* program.run(rest).get()
  })
}
