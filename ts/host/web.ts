import { monotonic, wall } from "./clock.ts"
import { E, errnoOf } from "./errno.ts"
import type { Context, Host } from "./host.ts"
import { random } from "./random.ts"
import { writeConsole } from "./web/console.ts"

/** What hosts with the interfaces of the web have in common. They have no files, processes, signals or arguments. */
export type Web = Omit<
  Host,
  | "name"
  | "capabilities"
  | "home"
  | "immediate"
  | "arm"
  | "onEnd"
  | "values"
  | "stream"
  | "adopt"
  | "thread"
  | "hubModule"
  | "createContext"
>

/**
 * The part that browsers and workerd share. What neither has answers with an errno.
 *
 * @example
 * ```ts
 * export const host: Host = { ...web, name: "browser", ... }
 * ```
 */
export const web: Web = {
  monotonic,
  wall,
  random,
  write: writeConsole,
  signals: {},
  connectsByName: false,
  inspect: Symbol.for("nodejs.util.inspect.custom"),

  signal(): number {
    return -E.INVAL
  },

  spawn(): number {
    return -E.NOSYS
  },

  kill(): number {
    return -E.NOSYS
  },

  watchdog(): number {
    return -E.NOSYS
  },

  memoryUsage(): null {
    return null
  },

  onIdle(): () => void {
    // nobody tells when nothing is left to wait for
    return () => undefined
  },

  datagram(): number {
    return -E.AFNOSUPPORT
  },

  credentials(): number {
    return -E.NOTSUP
  },

  secure(): number {
    return -E.NOTSUP
  },

  open(): number {
    return -E.NOSYS
  },

  lstat(): number {
    return -E.NOSYS
  },

  evaluator(): number {
    return -E.NOTSUP
  },

  console(): number {
    return -E.NOTSUP
  },

  show(value: unknown): string {
    return String(value)
  },

  hostname(): string {
    return "localhost"
  },

  lookup(hostname: string): Promise<never> {
    return Promise.reject(noNames(`nobody here tells the addresses of names, such as ${hostname}`))
  },

  lookupAddress(address: string): Promise<never> {
    return Promise.reject(noNames(`nobody here tells the names of addresses, such as ${address}`))
  },

  nameServers(): string[] {
    return []
  },

  readFile(path: string | URL): Uint8Array {
    throw Object.assign(new Error(`ENOSYS: there are no files here, open '${String(path)}'`), { code: "ENOSYS" })
  },

  errno(error: unknown): number {
    const { code } = Object(error) as { code?: unknown }
    return (typeof code === "string" ? errnoOf(code) : undefined) ?? E.IO
  },

  systemErrno(errno: number): number {
    return -Math.abs(errno)
  },

  env(): undefined {
    return undefined
  },

  args(): string[] {
    return []
  },

  exitCode(): void {
    // nothing ends here
  },

  exit(code: number): never {
    throw new Error(`exit(${code}): there is no process to end here`)
  },
}

/** A context for hosts without one: it is that of the calls, and not of what they start. */
export function callContext<T>(): Context<T> {
  let current: T | undefined
  return {
    run(value, fn) {
      const previous = current
      current = value
      try {
        return fn()
      } finally {
        current = previous
      }
    },
    get: () => current,
  }
}

function noNames(message: string): Error {
  return Object.assign(new Error(`ENOSYS: ${message}`), { code: "ENOSYS" })
}
