import { Buffer } from "node:buffer"
import { spawn, type ChildProcess } from "node:child_process"
import { closeSync, openSync } from "node:fs"
import { constants } from "node:os"
import process from "node:process"
import { fileURLToPath } from "node:url"
import { E } from "../errno.ts"
import type { HostProcess, SpawnOptions } from "../host.ts"
import { errnoOfError } from "./errors.ts"
import { launch, launcher, pipeOf, type Exited, type Launched } from "./launch.ts"
import type { Launch } from "./launcher.ts"
import { checkProgram, refusalOf } from "./program.ts"

// Linux takes no longer argument or variable, in bytes with the NUL at its end.
const LONGEST = 131072

// What kept a process from being started is told later, or not at all.
const UNKNOWN = 0

// No host gives a child one pipe twice. The shell does, and then becomes the program; the PWD that it sets is not to be seen.
const SHELL = "/bin/sh"
const MERGE = 'exec "$0" "$@" 2>&1'

// Node fails at once and loses nothing by it, and to look before takes a twentieth of the time of a start. Deno keeps pipes open that
// it made, and both say only later that there is no such program. So does the shell.
const lateFailures = process.versions["deno"] !== undefined || process.versions["bun"] !== undefined

/** See `Host.spawn`. */
export function spawnProcess(given: SpawnOptions, exited: (status: number) => void): HostProcess | number {
  const cwd = given.cwd instanceof URL ? fileURLToPath(given.cwd) : given.cwd
  if (process.platform === "linux" && isTooLong(given)) return -E["2BIG"]
  const { file, args, stdio } = connected(given)
  if (lateFailures || file !== given.file) {
    const failure = checkProgram(given.file, cwd ?? ".", given.env ?? process.env)
    if (failure < 0) return failure
  }
  // a pipe takes two, and the start itself some; Node loses those that it has made when there are not enough
  if (stdio.includes("pipe") && lacksDescriptors(stdio.filter((entry) => entry === "pipe").length * 2 + 4))
    return -E.MFILE
  let ended = false
  const onExit: Exited = (code, signal) => {
    ended = true
    exited(signal ? constants.signals[signal] : (code ?? 0) << 8)
  }
  const options: Launch = {
    file,
    args,
    stdio,
    detached: given.session,
    cwd: cwd ?? undefined,
    uid: accountOf(given.uid),
    gid: accountOf(given.gid),
  }
  const by = given.env === null ? launcher() : undefined
  const started = by === undefined ? spawnLaunch(options, given.env, onExit) : launch(by, options, onExit)
  if (started === UNKNOWN || started === -E.PERM) return -reason(given, started === UNKNOWN ? E.AGAIN : E.PERM)
  if (typeof started === "number") return started
  const { pid, pipes: ends } = started
  // not with the child's own method: Deno reports whatever that has sent as what has ended the child
  return { pid, pipes: ends, kill: (signum) => (ended ? -E.SRCH : killProcess(pid, signum)) }
}

/** The number of an account as the host takes it. Node takes the 32 bits with a sign, and aborts when there are more. */
function accountOf(number: number | null): number | undefined {
  if (number === null) return undefined
  return lateFailures ? number : number | 0
}

/** Starts a process as all hosts of Node's kind can: the process, a negative errno, or UNKNOWN. */
function spawnLaunch(
  { file, args, stdio, ...rest }: Launch,
  env: SpawnOptions["env"],
  exited: Exited,
): Launched | number {
  let child: ChildProcess
  try {
    const options = {
      env: env ?? process.env,
      ...rest,
      stdio: stdio.map((entry) => (entry === "null" ? "ignore" : entry)),
      argv0: args[0]!,
    }
    child = spawn(file, args.slice(1), options)
  } catch (error) {
    return -errnoOfError(error)
  }
  child.on("error", ignore)
  const { pid } = child
  if (pid === undefined) {
    // where there are no descriptors left there is no list of them
    for (const stream of child.stdio ?? []) stream?.destroy()
    return UNKNOWN
  }
  child.once("exit", exited)
  child.unref()
  return { pid, pipes: stdio.map((entry, fd) => (entry === "pipe" ? pipeOf(child.stdio[fd]!, fd) : null)) }
}

/** The options with the error output connected to the output. */
function connected({ file, args, env, stdio: given }: SpawnOptions): Pick<Launch, "file" | "args" | "stdio"> {
  if (!given.includes("output")) return { file, args, stdio: given as Launch["stdio"] }
  const output = given[1] as Launch["stdio"][number]
  const stdio = given.map((entry) => (entry === "output" ? output : entry))
  if (output !== "pipe") return { file, args, stdio }
  stdio[2] = "null"
  const script = "PWD" in (env ?? process.env) ? MERGE : `unset PWD; ${MERGE}`
  return { file: SHELL, args: [SHELL, "-c", script, file, ...args.slice(1)], stdio }
}

/** See `Host.kill`. */
export function killProcess(pid: number, signum: number): number {
  try {
    process.kill(pid, signum)
    return 0
  } catch (error) {
    return -errnoOfSignal(error)
  }
}

function errnoOfSignal(error: unknown): number {
  const { code } = error as { code?: unknown }
  return code === "ERR_UNKNOWN_SIGNAL" ? E.INVAL : errnoOfError(error)
}

/** Why a process could not be started whose program is there, or else `other`: hosts report it too late, or not rightly. */
function reason({ file, cwd, env, stdio, uid, gid }: SpawnOptions, other: number): number {
  if (lacksDescriptors(stdio.length * 2 + 4)) return E.MFILE
  const own = process.getuid?.() ?? 0
  if ((uid ?? gid) !== null && own !== 0) return E.PERM
  const folder = cwd instanceof URL ? fileURLToPath(cwd) : (cwd ?? ".")
  const failure = lateFailures ? 0 : -checkProgram(file, folder, env ?? process.env)
  if (failure !== 0) return failure
  return refusalOf(file, folder, env ?? process.env, uid ?? own, gid ?? process.getgid?.() ?? 0) || other
}

function isTooLong({ args, env }: SpawnOptions): boolean {
  return args.some(isLong) || (env !== null && Object.entries(env).some(([name, value]) => isLong(`${name}=${value}`)))
}

function isLong(text: string): boolean {
  return text.length * 3 >= LONGEST && Buffer.byteLength(text) >= LONGEST
}

function lacksDescriptors(count: number): boolean {
  const opened: number[] = []
  try {
    for (let i = 0; i < count; i++) opened.push(openSync("/dev/null", "r"))
    return false
  } catch (error) {
    const errno = errnoOfError(error)
    return errno === E.MFILE || errno === E.NFILE
  } finally {
    for (const fd of opened) closeSync(fd)
  }
}

function ignore(): void {
  // a start that failed was reported, and a signal that cannot be sent is by `kill`
}
