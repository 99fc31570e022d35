import { host } from "#host"

/** The arguments by which this host runs a module that is given as text and may call `gc()`. */
export function moduleArguments(program: string): string[] {
  if (host.name === "deno") return ["eval", "--v8-flags=--expose-gc", program]
  if (host.name === "bun") return ["--expose-gc", "-e", program]
  return ["--expose-gc", "--input-type=module", "-e", program]
}
