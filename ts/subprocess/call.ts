import { CalledProcessError, type ProcessArguments } from "../exceptions.ts"
import { Flow } from "../flow.ts"
import type { TimeoutArgument } from "../limit.ts"
import type { Data } from "../socket/bytes.ts"
import type { BlockingCall } from "../wait.ts"
import { CompletedProcess } from "./completedprocess.ts"
import { PIPE, STDOUT, type OutputOf, type PopenOptions } from "./options.ts"
import { Popen } from "./popen.ts"

type Body<T> = Generator<BlockingCall<unknown>, T, unknown>

/** What a call takes beside the options of Popen. */
export interface CallOptions extends PopenOptions {
  /** Seconds or a Timeout. When they pass before the process has ended, it is killed. */
  timeout?: TimeoutArgument
}

/** What `checkOutput` takes beside the options of Popen, of which it sets `stdout`. */
export interface CheckOutputOptions extends Omit<CallOptions, "stdout"> {
  /** What the process reads, through a pipe; bytes, or a text. */
  input?: Data | null
}

/** What `run` takes beside the options of Popen. */
export interface RunOptions extends CallOptions {
  /** What the process reads, through a pipe; bytes, or a text. */
  input?: Data | null
  /** Whether to throw for another code than 0. */
  check?: boolean
  /** Whether both outputs are read, through pipes. */
  captureOutput?: boolean
}

/** What `run` reads of an output. */
type RunOutput<O extends RunOptions> = O extends { captureOutput: true } ? OutputOf<O> : OutputOf<O> | null

/**
 * Runs a program and waits until it has ended. gevent: `gevent.subprocess.call(args, …, timeout=None)`.
 *
 * @returns The code that it ended with, or the negative number of the signal that ended it.
 * @throws {TimeoutExpired} when the seconds pass first; a Timeout that was given itself. The process is killed then, and also when the
 *   waiting greenlet is. As `Popen`.
 * @example
 * ```ts
 * import { call } from "gevent-wasm/subprocess"
 * console.log(await call(["sh", "-c", "exit 3"])) // 3
 * ```
 */
export function call(args: ProcessArguments, options: CallOptions = {}): Flow<number> {
  const { timeout = null, ...rest } = options
  return new Flow(() => whole(new Popen(args, rest), (popen) => popen.wait(timeout)))
}

/**
 * As `call`, and throws unless the code is 0. gevent: `gevent.subprocess.check_call(args, …)`.
 *
 * @returns 0.
 * @throws {CalledProcessError} for another code. As `call`.
 * @example
 * ```ts
 * import { checkCall } from "gevent-wasm/subprocess"
 * await checkCall(["true"], { timeout: 5 })
 * ```
 */
export function checkCall(args: ProcessArguments, options: CallOptions = {}): Flow<number> {
  return new Flow(function* () {
    const returncode = yield* call(args, options)
    if (returncode !== 0) throw new CalledProcessError(returncode, args)
    return returncode
  })
}

/**
 * Runs a program and returns what it wrote to its output. gevent: `gevent.subprocess.check_output(args, …, input=None, timeout=None)`.
 *
 * @returns Bytes; with `text` a string.
 * @throws {CalledProcessError} for another code than 0, with the output. {TimeoutExpired} with the output so far. As `call`.
 * @throws {RangeError} for both `input` and `stdin`, or for `stdout` or `check`, which it sets.
 * @example
 * ```ts
 * import { checkOutput } from "gevent-wasm/subprocess"
 * console.log(await checkOutput(["tr", "a-z", "A-Z"], { input: "hello", text: true })) // HELLO
 * ```
 */
export function checkOutput<const O extends CheckOutputOptions = object>(
  args: ProcessArguments,
  options: O = {} as O,
): Flow<OutputOf<O>> {
  for (const name of ["stdout", "check"]) {
    if (name in options) throw new RangeError(`${name} is not allowed here, it is set by checkOutput`)
  }
  const completed = run(args, { ...options, stdout: PIPE, check: true })
  return new Flow(function* () {
    return (yield* completed).stdout as OutputOf<O>
  })
}

/**
 * Runs a program to its end. gevent: `gevent.subprocess.run(args, …, input=None, timeout=None, check=False, capture_output=False)`.
 *
 * @throws {CalledProcessError} for another code than 0, with `check`. {TimeoutExpired} with the outputs so far. As `call`.
 * @throws {RangeError} for both `input` and `stdin`, or `captureOutput` and `stdout` or `stderr`.
 * @example
 * ```ts
 * import { run } from "gevent-wasm/subprocess"
 * const { returncode, stdout } = await run(["echo", "hello"], { captureOutput: true, text: true })
 * console.log(returncode, stdout.trim()) // 0 hello
 * ```
 */
export function run<const O extends RunOptions = object>(
  args: ProcessArguments,
  options: O = {} as O,
): Flow<CompletedProcess<RunOutput<O>>> {
  const { input = null, timeout = null, check = false, captureOutput = false, ...rest } = options as RunOptions
  if (input !== null && "stdin" in rest) throw new RangeError("stdin and input cannot both be given")
  if (captureOutput && ("stdout" in rest || "stderr" in rest)) {
    throw new RangeError("stdout and stderr cannot be given with captureOutput")
  }
  if (input !== null) rest.stdin = PIPE
  if (captureOutput) rest.stdout = rest.stderr = PIPE
  return new Flow(function* () {
    const popen = new Popen(args, rest)
    const [stdout, stderr] = yield* whole(popen, () => popen.communicate(input, timeout))
    const completed = new CompletedProcess(args, popen.returncode!, stdout, stderr)
    if (check) completed.checkReturncode()
    return completed as CompletedProcess<RunOutput<O>>
  })
}

/**
 * Runs a command line in a shell: its code, and its output and errors in one text, without a newline at the end.
 * gevent: `gevent.subprocess.getstatusoutput(cmd)`.
 *
 * @throws as `Popen`.
 * @example
 * ```ts
 * import { getstatusoutput } from "gevent-wasm/subprocess"
 * console.log(await getstatusoutput("echo hello; exit 3")) // [ 3, 'hello' ]
 * ```
 */
export function getstatusoutput(
  cmd: string,
  options: { encoding?: string | null; errors?: string | null } = {},
): Flow<[status: number, output: string]> {
  const completed = run(cmd, { ...options, shell: true, text: true, stdout: PIPE, stderr: STDOUT })
  return new Flow(function* () {
    const { returncode, stdout } = yield* completed
    return [returncode, stdout!.replace(/\n$/, "")]
  })
}

/**
 * Runs a command line in a shell: its output and errors in one text, without a newline at the end. Its code is ignored.
 * gevent: `gevent.subprocess.getoutput(cmd)`.
 *
 * @throws as `Popen`.
 * @example
 * ```ts
 * import { getoutput } from "gevent-wasm/subprocess"
 * console.log(await getoutput("echo hello")) // hello
 * ```
 */
export function getoutput(
  cmd: string,
  options: { encoding?: string | null; errors?: string | null } = {},
): Flow<string> {
  return new Flow(function* () {
    return (yield* getstatusoutput(cmd, options))[1]
  })
}

/** What is done with a process as a whole: with it the process has ended, in whatever way. */
function* whole<P extends Popen<PopenOptions>, T>(
  popen: P,
  body: (popen: P) => Iterable<BlockingCall<unknown>, T>,
): Body<T> {
  try {
    return yield* body(popen) as Body<T>
  } finally {
    try {
      if (popen.returncode === null) {
        popen.kill()
        yield* popen.wait()
      }
    } finally {
      // also when whoever waits is killed again
      popen[Symbol.dispose]()
    }
  }
}
