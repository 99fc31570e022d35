/** The bits of a status that say which signal ended the process; 0 for none, 0x7f for a process that was stopped. */
const SIGNAL = 0x7f
const STOPPED = 0x7f
const DUMPED = 0x80
const CONTINUED = 0xffff

/** Whether the process has ended by itself. Python: `os.WIFEXITED`. */
export function WIFEXITED(status: number): boolean {
  return (status & SIGNAL) === 0
}

/** The code that the process has ended with; it has one if `WIFEXITED`. Python: `os.WEXITSTATUS`. */
export function WEXITSTATUS(status: number): number {
  return (status >> 8) & 0xff
}

/** Whether a signal has ended the process. Python: `os.WIFSIGNALED`. */
export function WIFSIGNALED(status: number): boolean {
  return !WIFEXITED(status) && (status & SIGNAL) !== STOPPED
}

/** The signal that has ended the process, if `WIFSIGNALED`. Python: `os.WTERMSIG`. */
export function WTERMSIG(status: number): number {
  return status & SIGNAL
}

/** Whether the process has left an image of its memory. Python: `os.WCOREDUMP`. */
export function WCOREDUMP(status: number): boolean {
  return WIFSIGNALED(status) && (status & DUMPED) !== 0
}

/** Whether the process was stopped. Python: `os.WIFSTOPPED`. */
export function WIFSTOPPED(status: number): boolean {
  return (status & 0xff) === STOPPED
}

/** The signal that has stopped the process, if `WIFSTOPPED`. Python: `os.WSTOPSIG`. */
export function WSTOPSIG(status: number): number {
  return WEXITSTATUS(status)
}

/** Whether the process goes on after a stop. Python: `os.WIFCONTINUED`. */
export function WIFCONTINUED(status: number): boolean {
  return status === CONTINUED
}

/**
 * The exit code that a status stands for: that of the process, or the negative number of the signal that ended it.
 * Python: `os.waitstatus_to_exitcode(status)`.
 *
 * @throws {RangeError} for a process that has not ended.
 * @example
 * ```ts
 * import { waitstatusToExitcode } from "gevent-wasm/os"
 * console.log(waitstatusToExitcode(3 << 8), waitstatusToExitcode(9)) // 3 -9
 * ```
 */
export function waitstatusToExitcode(status: number): number {
  if (WIFEXITED(status)) return WEXITSTATUS(status)
  if (WIFSIGNALED(status)) return -WTERMSIG(status)
  throw new RangeError(`a process with status ${status} has not ended`)
}
