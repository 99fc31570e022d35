import { host } from "#host"
import { CalledProcessError, type ProcessArguments } from "../exceptions.ts"

/** What `run` returns: a process that has ended. Python: `subprocess.CompletedProcess`. */
export class CompletedProcess<T extends Uint8Array | string | null = Uint8Array | string | null> {
  /** What it was started with. */
  readonly args: ProcessArguments
  /** The code that it has ended with, or the negative number of the signal that ended it. */
  readonly returncode: number
  /** What it wrote to its output; null when that was no pipe. */
  readonly stdout: T
  /** What it wrote of errors; null when that was no pipe. */
  readonly stderr: T

  constructor(args: ProcessArguments, returncode: number, stdout: T = null as T, stderr: T = null as T) {
    this.args = args
    this.returncode = returncode
    this.stdout = stdout
    this.stderr = stderr
  }

  /** Throws unless the code is 0. gevent: `check_returncode`. @throws {CalledProcessError} */
  checkReturncode(): void {
    const { args, returncode, stdout, stderr } = this
    if (returncode !== 0) throw new CalledProcessError(returncode, args, stdout, stderr)
  }

  /** What the console shows. */
  toString(): string {
    const parts = [`args=${JSON.stringify(this.args)}`, `returncode=${this.returncode}`]
    for (const name of ["stdout", "stderr"] as const) {
      const output: unknown = this[name]
      if (typeof output === "string") parts.push(`${name}=${JSON.stringify(output)}`)
      else if (output instanceof Uint8Array) parts.push(`${name}=${output.length} bytes`)
    }
    return `<${this.constructor.name} ${parts.join(" ")}>`
  }

  [host.inspect](): string {
    return this.toString()
  }
}
