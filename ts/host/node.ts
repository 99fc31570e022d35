import { AsyncLocalStorage } from "node:async_hooks"
import type dns from "node:dns"
import { lstatSync, readFileSync } from "node:fs"
import { isIP } from "node:net"
import { hostname } from "node:os"
import process from "node:process"
import { inspect } from "node:util"
import { monotonic, wall } from "./clock.ts"
import type { Descriptor } from "./descriptor.ts"
import { E } from "./errno.ts"
import { createEvaluator } from "./evaluator.ts"
import type { Context, FileStat, Home, Host, ResolvedAddress } from "./host.ts"
import { killProcess, spawnProcess } from "./node/child.ts"
import { Datagram } from "./node/datagram.ts"
import { domains } from "./node/domains.ts"
import type { Secure, SecureOptions } from "./secure.ts"
import { createConsole, show } from "./node/console.ts"
import { createCredentials } from "./node/credentials.ts"
import { CarriedStream } from "./node/carriedstream.ts"
import { DirectStream } from "./node/directstream.ts"
import { errnoOfError, systemErrno } from "./node/errors.ts"
import { openFile } from "./node/file.ts"
import { immediate } from "./node/immediate.ts"
import { random } from "./random.ts"
import { writeOutput } from "./node/output.ts"
import { signal, signals } from "./node/signals.ts"
import { startThread } from "./node/thread.ts"
import { Shortcut } from "./node/shortcut.ts"
import { Stream } from "./node/stream.ts"
import { DeadlineTimer } from "./node/timer.ts"
import { transport } from "./node/transport.ts"
import { openUdp } from "./node/udp.ts"
import { startWatchdog } from "./node/watchdog.ts"

// What the loop runs belongs to nobody's asynchronous context, whoever woke it.
const timer = new DeadlineTimer()
const nodeDns = (): typeof dns => process.getBuiltinModule("node:dns")
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
  watchdog: startWatchdog,
  memoryUsage: () => ({ ...process.memoryUsage() }),
  systemErrno,
  errno: errnoOfError,
  write: writeOutput,
  open: openFile,
  thread: startThread,
  inspect: inspect.custom,
  evaluator: createEvaluator,
  console: createConsole,
  show,
  monotonic,
  wall,
  random,
  capabilities: {
    tcp: true,
    listen: true,
    inbound: false,
    udp: true,
    unix: true,
    tlsClient: true,
    tlsServer: true,
    processes: true,
    threads: true,
    signals: true,
    files: true,
    compile: true,
    evaluate: true,
    asyncContext: true,
  },

  values: [],
  connectsByName: false,

  home(): Home {
    return this
  },

  onEnd(): void {
    // the thread's end is the end of all
  },

  immediate,

  arm(ms: number, fn: () => void, ref: boolean): void {
    timer.arm(ms, fn, ref)
  },

  stream(family: "inet" | "inet6" | "unix"): Descriptor {
    return new Stream(domains[family], transport)
  },

  datagram(family: "inet" | "inet6"): Descriptor {
    return new Datagram(family, openUdp)
  },

  credentials: createCredentials,

  secure(inner: Descriptor, options: SecureOptions): Secure {
    const direct = !options.unwrap && inner instanceof Stream ? DirectStream.over(inner, options) : undefined
    return direct ?? new CarriedStream(inner, options, (engine, ends) => Shortcut.to(engine, ends))
  },

  adopt(): Promise<number> {
    return Promise.resolve(-E.NOTSUP)
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
    const found = await nodeDns().promises.lookup(hostname, { all: true, family, verbatim: true })
    return found.map(({ address, family }) => ({ address, family: family === 6 ? 6 : 4 }))
  },

  hostname(): string {
    try {
      return hostname()
    } catch {
      return "localhost" // not allowed
    }
  },

  async lookupAddress(address: string): Promise<string> {
    return (await nodeDns().promises.lookupService(address, 0)).hostname
  },

  nameServers(): string[] {
    try {
      return nodeDns().getServers()
    } catch {
      return [] // not allowed
    }
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
    try {
      return process.env[name]
    } catch {
      return undefined // not allowed
    }
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
