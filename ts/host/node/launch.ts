import { ChildProcess, spawn, type SpawnOptions } from "node:child_process"
import process from "node:process"
import { types } from "node:util"

interface Launch extends SpawnOptions {
  /** The arguments, the name of the program first. */
  readonly args: readonly string[]
}

/** The method that `spawn` calls, with all that it is given. */
interface Launchable {
  spawn(options: Launch & { file: string; envPairs: undefined }): void
}

const variables = process.env
let inherits: boolean | undefined

/**
 * Starts a process as `spawn` of Node does. That reads each variable of this process and writes all of them for the child, a fifth of
 * the time of a start; a child that is given none inherits them.
 *
 * @param options - Without `env` the child has the environment of this process.
 */
export function launch(file: string, options: Launch): ChildProcess {
  const { args, ...rest } = options
  // under the permission model `spawn` gives the child its restrictions
  if (!(inherits ??= canInherit()) || rest.env !== undefined || process.env !== variables || "permission" in process)
    return spawn(file, args.slice(1), { env: process.env, ...rest, argv0: args[0]! })
  const child = new ChildProcess()
  ;(child as unknown as Launchable).spawn({
    ...rest,
    file,
    args,
    get envPairs() {
      return undefined
    },
    // Node 20 puts an empty list there, which would be an empty environment
    set envPairs(_) {},
  })
  return child
}

/** In a thread, under Deno and Bun, and where a program has put an object of its own there, `process.env` is a copy of the environment. */
function canInherit(): boolean {
  if (process.versions["deno"] !== undefined || process.versions["bun"] !== undefined) return false
  if (process.platform === "win32" || !Reflect.has(ChildProcess.prototype, "spawn")) return false
  const prototype: unknown = Object.getPrototypeOf(variables)
  if (types.isProxy(variables) || prototype === null || prototype === Object.prototype) return false
  return process.getBuiltinModule("node:worker_threads").isMainThread
}
