import { Child } from "../core/child.ts"
import { processes } from "../core/processes.ts"
import { SocketError } from "../exceptions.ts"
import { E } from "../host/errno.ts"
import { scheduler } from "../strand.ts"
import { Wait } from "../wait.ts"

/** `waitpid`: do not wait. */
export const WNOHANG = 1
/** `waitpid`: tell of stopped children too. No host does. */
export const WUNTRACED = 2
/** `waitpid`: tell of children that go on after a stop too. No host does. */
export const WCONTINUED = 8

const OPTIONS = WNOHANG | WUNTRACED | WCONTINUED

/** Waits for the end of a child. */
class WaitPid extends Wait<[pid: number, status: number]> {
  private readonly pid: number
  private readonly block: boolean
  private readonly watcher: Child

  constructor(pid: number, block: boolean) {
    super()
    this.pid = pid
    this.block = block
    this.watcher = new Child(scheduler.loop, Math.max(pid, 0))
  }

  protected begin(): boolean {
    if (this.attempt()) return true
    if (this.block) this.watcher.start(() => this.ended())
    else this.value = [0, 0]
    return !this.block
  }

  protected cancel(): void {
    this.watcher.stop()
  }

  override describe(): string {
    return `waitpid of ${this.pid}`
  }

  private ended(): void {
    try {
      if (!this.attempt()) return
    } catch (error) {
      this.cancel()
      this.fail(error)
      return
    }
    this.cancel()
    this.wake(this.value)
  }

  private attempt(): boolean {
    const end = processes.take(this.pid)
    if (end === 0) return false
    if (typeof end === "number") throw new SocketError(end, "waitpid")
    this.value = [end.pid, end.status]
    return true
  }
}

/**
 * Waits for the end of a child that `subprocess` has started; only the greenlet waits. Each end is told to one caller, and kept for
 * 60 seconds. A `Popen` learns of its end in any case.
 *
 * gevent: `gevent.os.waitpid(pid, options)`.
 *
 * @param pid - The child; -1 = any.
 * @param options - WNOHANG: does not wait.
 * @returns The child and its status, for `WIFEXITED` and so on; `[0, 0]` with WNOHANG when it runs.
 * @throws {SocketError} ECHILD when there is no such child, or its end was told already; EINVAL for other options.
 * @throws {TypeError} unless both are whole numbers.
 * @example
 * ```ts
 * import { run } from "gevent-wasm"
 * import { waitpid, waitstatusToExitcode } from "gevent-wasm/os"
 * import { Popen } from "gevent-wasm/subprocess"
 * await run(function* () {
 *   const { pid } = new Popen(["sh", "-c", "exit 3"])
 *   const [, status] = yield* waitpid(pid, 0)
 *   console.log(waitstatusToExitcode(status)) // 3
 * })
 * ```
 */
export function waitpid(pid: number, options = 0): Wait<[pid: number, status: number]> {
  if (!Number.isInteger(pid)) throw new TypeError(`a pid must be a whole number, not ${String(pid)}`)
  if (!Number.isInteger(options)) throw new TypeError(`options must be a whole number, not ${String(options)}`)
  if ((options & ~OPTIONS) !== 0) throw new SocketError(E.INVAL, "waitpid")
  // groups of children are not known here
  if (pid === 0 || pid < -1) throw new SocketError(E.CHILD, "waitpid")
  return new WaitPid(pid, (options & WNOHANG) === 0)
}
