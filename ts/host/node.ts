import { AsyncLocalStorage, AsyncResource } from "node:async_hooks"
import { webcrypto } from "node:crypto"
import dns from "node:dns"
import { lstatSync, readFileSync } from "node:fs"
import { isIP } from "node:net"
import { performance } from "node:perf_hooks"
import process from "node:process"
import { inspect } from "node:util"
import type { Descriptor } from "./descriptor.ts"
import type { Context, FileStat, Host, ResolvedAddress } from "./host.ts"
import { killProcess, spawnProcess } from "./node/child.ts"
import { errnoOfError, systemErrno } from "./node/errors.ts"
import { openFile } from "./node/file.ts"
import { writeOutput } from "./node/output.ts"
import { signal, signals } from "./node/signals.ts"
import { Stream } from "./node/stream.ts"
import { DeadlineTimer } from "./node/timer.ts"

// getRandomValues fills no more than this at once.
const RANDOM_QUOTA = 65536

// What the loop runs belongs to nobody's asynchronous context, whoever woke it.
const root = new AsyncResource("gevent-wasm")
const timer = new DeadlineTimer()
let wallOffset = 0
let hub: WebAssembly.Module | undefined

/**
 * Node as the library sees it.
 *
 * @example
 * ```ts
 * import { host } from "#host"
 * host.name // "node"
 * ```
 */
export const host: Host = {
  name: "node",
  signals,
  signal,
  spawn: spawnProcess,
  kill: killProcess,
  systemErrno,
  errno: errnoOfError,
  write: writeOutput,
  open: openFile,
  inspect: inspect.custom,

  monotonic(): number {
    return performance.now()
  },

  wall(): number {
    const ticks = performance.now()
    const now = Date.now()
    const fine = wallOffset + ticks
    // The fraction comes from the monotonic clock, the rest from the one that follows when somebody sets the time.
    if (fine >= now && fine < now + 1) return fine
    wallOffset = now - ticks
    return now
  },

  random(into: Uint8Array): void {
    for (let at = 0; at < into.length; at += RANDOM_QUOTA)
      webcrypto.getRandomValues(into.subarray(at, at + RANDOM_QUOTA))
  },

  immediate(fn: () => void): void {
    setImmediate(() => root.runInAsyncScope(fn))
  },

  arm(ms: number, fn: () => void, ref: boolean): void {
    timer.arm(ms, fn, ref)
  },

  stream(family: "inet" | "inet6"): Descriptor {
    return new Stream(family)
  },

  onIdle(fn: () => void): () => void {
    const listener = (): void => fn()
    process.on("beforeExit", listener)
    return () => void process.off("beforeExit", listener)
  },

  lstat(path: string): FileStat | number {
    try {
      const { dev, ino, mode, nlink, uid, gid, rdev, size, atimeMs, mtimeMs, ctimeMs } = lstatSync(path)
      const [atime, mtime, ctime] = [atimeMs / 1000, mtimeMs / 1000, ctimeMs / 1000]
      return { dev, ino, mode, nlink, uid, gid, rdev, size, atime, mtime, ctime }
    } catch (error) {
      return -errnoOfError(error)
    }
  },

  async lookup(hostname: string, family: 0 | 4 | 6): Promise<ResolvedAddress[]> {
    const numeric = isIP(hostname)
    if (numeric !== 0 && (family === 0 || family === numeric))
      return [{ address: hostname, family: numeric === 6 ? 6 : 4 }]
    const found = await dns.promises.lookup(hostname, { all: true, family, verbatim: true })
    return found.map(({ address, family }) => ({ address, family: family === 6 ? 6 : 4 }))
  },

  readFile(path: string | URL): Uint8Array {
    return readFileSync(path)
  },

  hubModule(): WebAssembly.Module {
    return (hub ??= new WebAssembly.Module(readFileSync(new URL("./hub.wasm", import.meta.url))))
  },

  createContext<T>(): Context<T> {
    const storage = new AsyncLocalStorage<T>()
    return {
      run: (value, fn) => storage.run(value, fn),
      get: () => storage.getStore(),
    }
  },

  env(name: string): string | undefined {
    return process.env[name]
  },

  args(): string[] {
    return process.argv.slice(2)
  },

  exitCode(code: number): void {
    process.exitCode = code
  },

  exit(code: number): never {
    process.exit(code)
  },
}
