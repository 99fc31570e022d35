import { host } from "#host"
import { processes } from "../core/processes.ts"
import { need, SocketError } from "../exceptions.ts"
import { E } from "../host/errno.ts"

/**
 * Sends a signal to a process. Python: `os.kill(pid, sig)`.
 *
 * @param pid - A child of `subprocess`, or any process; 0 = the group of this one, negative = the group of that number.
 * @param signum - The signal's number; 0 only asks whether the process is there.
 * @throws {SocketError} ESRCH when there is no such process, EPERM when it may not be signalled, EINVAL for what is no signal.
 * @throws {TypeError} unless both are whole numbers.
 * @example
 * ```ts
 * import { kill } from "gevent-wasm/os"
 * import { SIGTERM } from "gevent-wasm/signal"
 * import { Popen } from "gevent-wasm/subprocess"
 * const sleeper = new Popen(["sleep", "10"])
 * kill(sleeper.pid, SIGTERM)
 * console.log(await sleeper.wait()) // -15
 * ```
 */
export function kill(pid: number, signum: number): void {
  if (!Number.isInteger(pid)) throw new TypeError(`a pid must be a whole number, not ${String(pid)}`)
  if (!Number.isInteger(signum)) throw new TypeError(`a signal must be a whole number, not ${String(signum)}`)
  const result = processes.signal(pid, signum) ?? elsewhere(pid, signum, "kill")
  if (result < 0) throw new SocketError(result, "kill")
}

/**
 * Sends a signal to all processes of a group. A child that was started with `startNewSession` leads the group of its pid.
 * Python: `os.killpg(pgid, sig)`.
 *
 * @throws {SocketError} ESRCH when there is no such group, EPERM, EINVAL. {TypeError} {RangeError} unless it is a number of a group.
 * @example
 * ```ts
 * import { killpg } from "gevent-wasm/os"
 * import { SIGKILL } from "gevent-wasm/signal"
 * import { Popen } from "gevent-wasm/subprocess"
 * const shell = new Popen("sleep 10 | cat", { shell: true, startNewSession: true })
 * killpg(shell.pid, SIGKILL)
 * console.log(await shell.wait()) // -9
 * ```
 */
export function killpg(pgid: number, signum: number): void {
  if (!Number.isInteger(pgid)) throw new TypeError(`a process group must be a whole number, not ${String(pgid)}`)
  if (!Number.isInteger(signum)) throw new TypeError(`a signal must be a whole number, not ${String(signum)}`)
  if (pgid < 1) throw new RangeError(`a process group must be positive, not ${pgid}`)
  const result = elsewhere(-pgid, signum, "killpg")
  if (result < 0) throw new SocketError(result, "killpg")
}

/**
 * Always throws: no JavaScript host can fork its process. To start a program, use `Popen` of `gevent-wasm/subprocess`.
 * gevent: `gevent.os.fork()`.
 *
 * @throws {SocketError} ENOSYS.
 * @example
 * ```ts
 * import { fork } from "gevent-wasm/os"
 * try {
 *   fork()
 * } catch (error) {
 *   console.log((error as { code: string }).code) // ENOSYS
 * }
 * ```
 */
export function fork(): never {
  throw unforkable("fork")
}

/**
 * Always throws, as `fork` does. gevent: `gevent.os.forkpty()`.
 *
 * @throws {SocketError} ENOSYS.
 */
export function forkpty(): never {
  throw unforkable("forkpty")
}

/**
 * Always throws, as `fork` does. `Popen` watches its child, and `rawlink` tells of its end.
 * gevent: `gevent.os.fork_and_watch(callback=None, loop=None, ref=False)`.
 *
 * @throws {SocketError} ENOSYS.
 */
export function forkAndWatch(): never {
  throw unforkable("forkAndWatch")
}

function elsewhere(pid: number, signum: number, syscall: string): number {
  need("processes", syscall)
  return host.kill(pid, signum)
}

function unforkable(syscall: string): SocketError {
  return new SocketError(
    E.NOSYS,
    syscall,
    "a JavaScript host cannot fork its process; start a program with Popen of gevent-wasm/subprocess",
  )
}
