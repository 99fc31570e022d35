import { host } from "#host"
import { descriptors } from "../core/descriptors.ts"
import type { Loop } from "../core/loop.ts"
import { processes } from "../core/processes.ts"
import type { Pump } from "../core/pump.ts"
import { need, SocketError, type ProcessArguments } from "../exceptions.ts"
import { FileObjectPosix } from "../fileobject/fileobjectposix.ts"
import { openingOf, type FileOptions } from "../fileobject/opening.ts"
import type { Flow } from "../flow.ts"
import { E, errorMessage } from "../host/errno.ts"
import type { HostProcess } from "../host/host.ts"
import { getHub } from "../hub.ts"
import type { TimeoutArgument } from "../limit.ts"
import { Linkable } from "../linkable.ts"
import { waitstatusToExitcode } from "../os/status.ts"
import { SIGKILL, SIGTERM } from "../signal/numbers.ts"
import type { Wait } from "../wait.ts"
import { accountNumber } from "./account.ts"
import { Communication } from "./communication.ts"
import { ExitWait } from "./exitwait.ts"
import { checkOptions, isText, PIPE, type InputOf, type IsText, type OutputOf, type PopenOptions } from "./options.ts"
import { StdioPlan } from "./stdio.ts"

const SHELL = "/bin/sh"

/** This end of a pipe that a process reads. */
export type InputFile<O extends PopenOptions> = FileObjectPosix<IsText<O> extends true ? "w" : "wb">
/** This end of a pipe that a process writes. */
export type OutputFile<O extends PopenOptions> = FileObjectPosix<IsText<O> extends true ? "r" : "rb">

/** Null, unless the stream is certainly a pipe. */
type Unless<O extends PopenOptions, N extends "stdin" | "stdout" | "stderr"> =
  O extends Readonly<Record<N, -1>> ? never : null

/**
 * A program that runs as a child of this process. It is started at once, and what keeps it from starting is thrown.
 *
 * A child keeps the program alive until it has ended, unless `ref` is set to false. Any number of greenlets may wait for it, with
 * `wait(timeout)` here and with the `wait` and `iwait` of the top level.
 *
 * gevent: `gevent.subprocess.Popen(args, …)`.
 *
 * @example
 * ```ts
 * import { run } from "gevent-wasm"
 * import { PIPE, Popen } from "gevent-wasm/subprocess"
 * await run(function* () {
 *   const grep = new Popen(["grep", "-c", "x"], { stdin: PIPE, stdout: PIPE, text: true })
 *   const [count] = yield* grep.communicate("x\ny\nx\n")
 *   console.log(count.trim()) // 2
 * })
 * ```
 */
export class Popen<const O extends PopenOptions = object> extends Linkable implements Disposable, AsyncDisposable {
  /** What it was started with. */
  readonly args: ProcessArguments
  /** Its number. */
  readonly pid: number
  /** What it reads, if that is a pipe. */
  readonly stdin: InputFile<O> | Unless<O, "stdin">
  /** What it writes, if that is a pipe. */
  readonly stdout: OutputFile<O> | Unless<O, "stdout">
  /** What it writes of errors, if that is a pipe. */
  readonly stderr: OutputFile<O> | Unless<O, "stderr">
  private code: number | null = null
  private readonly loop: Loop
  private keepsAlive = true
  // what carries bytes to it that have to be carried
  private feeding: readonly Pump[] = []
  private communication: Communication | undefined = undefined

  /**
   * @param args - The program and its arguments, or the program alone; with `shell` a command line.
   * @throws {SocketError} ENOENT, EACCES, ENOTDIR: the program or the folder; EMFILE, EAGAIN, E2BIG, EPERM …; EBADF for a descriptor
   *   that is not open. {NotSupportedError} ENOSYS on a host without processes.
   * @throws {TypeError} {RangeError} for options that are none; {UnicodeEncodeError} for half of a surrogate pair.
   */
  constructor(args: ProcessArguments, options: O = {} as O) {
    super()
    need("processes", "spawn")
    checkOptions(args, options)
    const fileOptions = fileOptionsOf(options)
    const plan = new StdioPlan(options)
    this.loop = getHub().loop
    const child = start(args, options, plan, (status) => this.ended(status))
    this.args = args
    this.pid = child.pid
    this.loop.hold()
    try {
      this.stdin = (options.stdin === PIPE ? fileOf(child, 0, fileOptions) : null) as typeof this.stdin
      this.stdout = (options.stdout === PIPE ? fileOf(child, 1, fileOptions) : null) as typeof this.stdout
      this.stderr = (options.stderr === PIPE ? fileOf(child, 2, fileOptions) : null) as typeof this.stderr
      this.feeding = plan.carry(child)
    } catch (error) {
      this[Symbol.dispose]()
      for (const pipe of child.pipes) pipe?.close()
      child.kill(SIGKILL)
      throw error
    }
  }

  /** The code that it has ended with, or the negative number of the signal that ended it; null while it runs. */
  get returncode(): number | null {
    return this.code
  }

  /** Whether it keeps `wait()` and the process alive while it runs. Default true. */
  get ref(): boolean {
    return this.keepsAlive
  }

  set ref(value: boolean) {
    if (value !== this.keepsAlive && this.code === null) {
      if (value) this.loop.hold()
      else this.loop.unhold()
    }
    this.keepsAlive = value
  }

  /** Whether it has ended. */
  ready(): boolean {
    return this.code !== null
  }

  /** The code that it has ended with, or null while it runs. It never waits: who asks again and again has to wait in between. */
  poll(): number | null {
    return this.code
  }

  /**
   * Waits until it has ended. Others may hold its pipes, so what it has started may go on.
   *
   * @param timeout - Seconds or a Timeout.
   * @returns The code that it has ended with, or the negative number of the signal that ended it.
   * @throws {TimeoutExpired} when the seconds pass first; a Timeout that was given itself.
   */
  wait(timeout: TimeoutArgument = null): Wait<number> {
    return new ExitWait(this, timeout)
  }

  /**
   * Writes to its input and closes that, reads its outputs to their ends, closes them, and waits until it has ended.
   *
   * When the time passes first nothing is lost: what was read is kept, what is left to be written is, and a second call goes on
   * with both and returns all. That it does not read its input is no error.
   *
   * @param input - For a second call: null.
   * @param timeout - Seconds or a Timeout.
   * @returns What it wrote to its output and of errors; null for what is no pipe.
   * @throws {TimeoutExpired} when the seconds pass first, with what was read by then; a Timeout that was given itself.
   * @throws {UnicodeDecodeError} for what is no text. {RangeError} for the input of a second call, or without a pipe for it.
   */
  communicate(
    input: InputOf<O> | null = null,
    timeout: TimeoutArgument = null,
  ): Flow<[output: OutputOf<O> | Unless<O, "stdout">, errors: OutputOf<O> | Unless<O, "stderr">]> {
    return (this.communication ??= new Communication(this)).flow(input, timeout) as ReturnType<this["communicate"]>
  }

  /**
   * Sends it a signal. Nothing happens when it has ended. gevent: `send_signal`.
   *
   * @throws {SocketError} EINVAL for what is no signal, EPERM. {TypeError} unless it is a number.
   */
  sendSignal(signum: number): void {
    if (!Number.isInteger(signum)) throw new TypeError(`a signal must be a whole number, not ${String(signum)}`)
    if (this.code !== null) return
    const result = processes.signal(this.pid, signum) ?? 0
    if (result < 0 && result !== -E.SRCH) throw new SocketError(result, "kill")
  }

  /** Asks it to end: SIGTERM. */
  terminate(): void {
    this.sendSignal(SIGTERM)
  }

  /** Ends it: SIGKILL. */
  kill(): void {
    this.sendSignal(SIGKILL)
  }

  /** `using` closes its pipes; it may go on. */
  [Symbol.dispose](): void {
    for (const file of [this.stdin, this.stdout, this.stderr]) file?.[Symbol.dispose]()
  }

  /** `await using` closes its pipes and waits until it has ended. */
  async [Symbol.asyncDispose](): Promise<void> {
    this[Symbol.dispose]()
    await this.wait()
  }

  /** What the console shows. */
  override toString(): string {
    const state = this.code === null ? "running" : `returncode=${this.code}`
    return `<${this.constructor.name} ${this.pid} ${JSON.stringify(this.args)} ${state}>`
  }

  private ended(status: number): void {
    this.code = waitstatusToExitcode(status)
    if (this.keepsAlive) this.loop.unhold()
    // nobody reads any more what is still on its way to it
    for (const pump of this.feeding) pump.stop()
    this.checkAndNotify()
  }
}

/** Starts it, and has `ended` called with its status at its end. */
function start(
  given: ProcessArguments,
  options: PopenOptions,
  plan: StdioPlan,
  ended: (status: number) => void,
): HostProcess {
  const { executable = null, shell = false, cwd = null, env = null, startNewSession = false } = options
  let args = typeof given === "string" ? [given] : given
  if (shell) args = [executable ?? SHELL, "-c", ...args]
  const file = executable ?? args[0]!
  const child = host.spawn(
    {
      file,
      args,
      env,
      cwd,
      stdio: plan.entries,
      session: startNewSession,
      uid: accountNumber("user", options.user ?? null),
      gid: accountNumber("group", options.group ?? null),
    },
    (status) => processes.exited(started.pid, status),
  )
  if (typeof child === "number") {
    const where = cwd === null ? "" : ` in ${JSON.stringify(String(cwd))}`
    throw new SocketError(child, "spawn", `${errorMessage(child)}: ${JSON.stringify(file)}${where}`)
  }
  const started = child
  processes.started(child.pid, (signum) => child.kill(signum), ended)
  return child
}

/** How the files of its pipes are opened. @throws {TypeError} {RangeError} for options that are none. */
function fileOptionsOf(options: PopenOptions): FileOptions {
  const { encoding = null, errors = null, newline = null, bufsize } = options
  const buffering = bufsize ?? -1
  if (!isText(options)) return { buffering }
  const fileOptions = { buffering, encoding, errors, newline }
  openingOf("r", fileOptions)
  return fileOptions
}

/** The file of a pipe. @throws {SocketError} EMFILE when the fd table is full. */
function fileOf(child: HostProcess, fd: number, options: FileOptions): FileObjectPosix<string> {
  const number = descriptors.install(child.pipes[fd]!)
  if (number < 0) throw new SocketError(number, "spawn")
  const mode: string = `${fd === 0 ? "w" : "r"}${"encoding" in options ? "" : "b"}`
  return new FileObjectPosix(number, mode, options)
}
