import { host } from "#host"

/** Something of `subprocess` went wrong. Python: `subprocess.SubprocessError`. */
export class SubprocessError extends Error {
  override name = "SubprocessError"
}

/** What a process was started with: a list, or a text for the shell. */
export type ProcessArguments = string | readonly string[]

/** What is known of a process that an error is about. */
abstract class ProcessError extends SubprocessError {
  /** What it was started with. */
  readonly cmd: ProcessArguments
  /** What it wrote to its output by then, if that was read: bytes, or a text. */
  readonly output: Uint8Array | string | null
  /** What it wrote to its error output by then, if that was read. */
  readonly stderr: Uint8Array | string | null

  constructor(
    what: string,
    cmd: ProcessArguments,
    output: Uint8Array | string | null,
    stderr: Uint8Array | string | null,
  ) {
    super(`Command ${JSON.stringify(cmd)} ${what}`)
    this.cmd = cmd
    this.output = output
    this.stderr = stderr
  }

  /** The same as `output`. */
  get stdout(): Uint8Array | string | null {
    return this.output
  }
}

/**
 * A process has ended with another code than 0, and that was to be an error. Python: `subprocess.CalledProcessError`.
 *
 * @example
 * ```ts
 * import { CalledProcessError, checkCall } from "gevent-wasm/subprocess"
 * try {
 *   await checkCall(["false"])
 * } catch (error) {
 *   console.log((error as CalledProcessError).returncode) // 1
 * }
 * ```
 */
export class CalledProcessError extends ProcessError {
  override name = "CalledProcessError"
  /** The code that it ended with, or the negative number of the signal that ended it. */
  readonly returncode: number

  constructor(
    returncode: number,
    cmd: ProcessArguments,
    output: Uint8Array | string | null = null,
    stderr: Uint8Array | string | null = null,
  ) {
    const how =
      returncode < 0 ? `died with ${signalName(-returncode)}` : `returned non-zero exit status ${String(returncode)}`
    super(`${how}.`, cmd, output, stderr)
    this.returncode = returncode
  }
}

/** A process has not ended, or not said all, within the time that it was given. Python: `subprocess.TimeoutExpired`. */
export class TimeoutExpired extends ProcessError {
  override name = "TimeoutExpired"
  /** Seconds. */
  readonly timeout: number

  constructor(
    cmd: ProcessArguments,
    timeout: number,
    output: Uint8Array | string | null = null,
    stderr: Uint8Array | string | null = null,
  ) {
    super(`timed out after ${timeout} seconds`, cmd, output, stderr)
    this.timeout = timeout
  }
}

function signalName(signum: number): string {
  return Object.keys(host.signals).find((name) => host.signals[name] === signum) ?? `signal ${signum}`
}
