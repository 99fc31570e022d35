import type { Capabilities } from "./capabilities.ts"
import type { Descriptor } from "./descriptor.ts"
import type { Evaluator } from "./evaluator.ts"
import type { CredentialOptions, Credentials, Secure, SecureOptions } from "./secure.ts"
import type { Thread, ThreadEvents, ThreadPort } from "./thread.ts"
import type { Watchdog, WatchdogOptions } from "./watchdog.ts"

/** What lstat(2) says of a file, as numbers. Times are seconds with fractions. */
export interface FileStat {
  dev: number
  ino: number
  mode: number
  nlink: number
  uid: number
  gid: number
  rdev: number
  size: number
  atime: number
  mtime: number
  ctime: number
}

/** How a file is opened, as fopen(3) has it; `x` makes a new one. */
export type FileMode = "r" | "r+" | "w" | "w+" | "x" | "x+" | "a" | "a+"

/** An address that a name stands for. */
export interface ResolvedAddress {
  address: string
  family: 4 | 6
}

/** How a process is to be started. */
export interface SpawnOptions {
  /** The program: a path, or a name to be looked for in the PATH of `env`. */
  readonly file: string
  /** Its arguments, of which the first is the name that it is told. */
  readonly args: readonly string[]
  /** The variables of its environment; null = those of this process. */
  readonly env: Readonly<Record<string, string>> | null
  /** The folder that it starts in; null = that of this process. */
  readonly cwd: string | URL | null
  /**
   * Its descriptors from 0 on: a new pipe, `/dev/null` (from 3 on: closed), a descriptor of the host's that is inherited, or, at 2, the
   * same as 1. A pipe is written by this process at 0, read by it at 1 and 2, and goes both ways from 3 on.
   */
  readonly stdio: readonly ("pipe" | "null" | "output" | number)[]
  /** Whether it leads a session of its own, and so a group. */
  readonly session: boolean
  /** The user that it runs as; null = that of this process. */
  readonly uid: number | null
  /** The group that it runs as; null = that of this process. */
  readonly gid: number | null
}

/** A child of this process. It does not keep the process alive. */
export interface HostProcess {
  readonly pid: number
  /** This end of its pipes, by the child's numbers; null where there is none. */
  readonly pipes: readonly (Descriptor | null)[]
  /** Sends a signal to it, never to another process that has its number later. 0, or an errno: -E.SRCH when it has ended. */
  kill(signum: number): number
}

/** A connection that the host has accepted. */
export interface Inbound {
  readonly descriptor: Descriptor
  /** Fulfilled when it is closed and what was sent is delivered, or never will be. */
  readonly over: Promise<void>
}

/** A value that follows the asynchronous calls made while it is set. */
export interface Context<T> {
  /** Calls `fn` with the value set and returns what it returns. */
  run<R>(value: T, fn: () => R): R
  /** The value of the calls we are in. */
  get(): T | undefined
}

/**
 * Where asynchronous work belongs to. Node, Deno, Bun and browsers have one home per thread. On workerd a request may only use
 * sockets and timers that it has made itself, and they go with it: each request is a home. A home has a hub of its own.
 */
export interface Home {
  /**
   * Calls `fn` once the host has polled its I/O, which batches the wake-ups of one turn, and outside every `Context`. May be
   * called from another home.
   */
  immediate(fn: () => void): void

  /**
   * Sets the one timer. `fn` is called once, in `ms` milliseconds or earlier: a wake-up armed before for an earlier time
   * may stay, so whoever is woken looks at the clock and arms again. Only to be called by what this home runs.
   *
   * @param ms - Milliseconds from now; Infinity is no deadline.
   * @param ref - Whether the process has something to live for, with Infinity too.
   */
  arm(ms: number, fn: () => void, ref: boolean): void

  /** Calls `fn` when the home has gone: what was armed there never fires. `fn` may use nothing but memory. */
  onEnd(fn: () => void): void

  /** What the library keeps for the home: see ts/core/homelocal.ts. */
  readonly values: unknown[]
}

/**
 * All that the library asks of the JavaScript host. There is one implementation per host; nothing outside this folder
 * knows a host's name. Failures are negative WASI errno numbers unless a method says that it throws.
 *
 * @example
 * ```ts
 * import { host } from "#host"
 * host.arm(100, () => console.log("turn"), true)
 * ```
 */
export interface Host extends Home {
  /** The host's name in lower case: `"node"`, `"deno"`, `"bun"`, `"workerd"`, `"browser"`. */
  readonly name: string

  /** Milliseconds since some point in the past, with fractions; never goes back. */
  monotonic(): number

  /** Milliseconds since 1970, with fractions. */
  wall(): number

  /** Fills the array with random bytes fit for cryptography. */
  random(into: Uint8Array): void

  /** What it can do. What it cannot answers with an errno. */
  readonly capabilities: Capabilities

  /** The home of the code that runs now. The host itself is one, and on most hosts the only one. */
  home(): Home

  /** A new TCP or unix socket, which is to be bound, to listen or to connect; or an errno when the host has none. */
  stream(family: "inet" | "inet6" | "unix"): Descriptor | number

  /** A new UDP socket, or an errno when the host has none (EAFNOSUPPORT). */
  datagram(family: "inet" | "inet6"): Descriptor | number

  /**
   * Makes of certificates, keys and choices what TLS connections take; any number of them may share it.
   *
   * @returns -E.NOTSUP on a host without TLS, and in words what it cannot do of what it is told.
   * @throws The host's error for a certificate, a key, a cipher or a version that it cannot use.
   */
  credentials(options: CredentialOptions): Credentials | string | number

  /**
   * Puts TLS over a connected descriptor, which then belongs to what is returned.
   *
   * @returns -E.NOTSUP where the host has no TLS for that side, and in words what it cannot do of what it is told.
   */
  secure(inner: Descriptor, options: SecureOptions): Secure | string | number

  /**
   * Opens a file, a fifo or a device.
   *
   * @param blocking - Whether its calls may block the thread: then they never answer -E.AGAIN.
   * @returns Its descriptor, or an errno; -E.NOSYS when the host has no files.
   */
  open(path: string | URL, mode: FileMode, blocking: boolean): Descriptor | number

  /** Takes over a connection that the host has accepted, in the form in which it hands it to the program; or an errno. */
  adopt(connection: unknown): Promise<Inbound | number>

  /**
   * Starts a thread that runs `main`, which goes there as its source and so may use nothing from around it.
   *
   * @returns The thread, or -E.NOSYS when the host has none.
   */
  thread(main: (port: ThreadPort) => void, events: ThreadEvents): Thread | number

  /**
   * Calls `fn` whenever the host has nothing left to wait for and would end.
   *
   * @returns What takes it off again.
   */
  onIdle(fn: () => void): () => void

  /**
   * Starts or stops calling `fn` when the process gets a signal; its default action is off meanwhile.
   *
   * @returns 0, or -E.INVAL for a signal that cannot be caught here.
   */
  signal(signum: number, on: boolean, fn: (signum: number) => void): number

  /** The numbers of the signals that the host knows, by name (`SIGINT`). */
  readonly signals: Readonly<Record<string, number>>

  /**
   * Starts a process. What is known at once to fail leaves nothing open.
   *
   * @param exited - Called once when it has ended, with its status as waitpid(2) has it.
   * @returns The process, or an errno: -E.NOENT, -E.ACCES, -E.MFILE … and -E.NOSYS where there are no processes.
   */
  spawn(options: SpawnOptions, exited: (status: number) => void): HostProcess | number

  /** kill(2): sends a signal to a process, or to a group when `pid` is negative; 0 only asks whether it is there. 0 or an errno. */
  kill(pid: number, signum: number): number

  /** Has another thread look whether this one goes on; -E.NOSYS where there is none. */
  watchdog(options: WatchdogOptions): Watchdog | number

  /** The process's memory in bytes, by the host's names, `rss` among them; null where it is not known. */
  memoryUsage(): (Readonly<Record<string, number>> & { readonly rss: number }) | null

  /** What lstat(2) says of a path, or an errno. */
  lstat(path: string): FileStat | number

  /**
   * The addresses of a host name, in the system's order; a numeric one is its own answer. A host whose `connect` takes names
   * answers with the name.
   *
   * @throws The returned promise rejects with the host's error: `code` is `ENOTFOUND`, `EAI_AGAIN` …
   */
  lookup(hostname: string, family: 0 | 4 | 6): Promise<ResolvedAddress[]>

  /** Whether a stream is connected to the name of a host, since nobody is told its addresses. */
  readonly connectsByName: boolean

  /** This machine's name; `"localhost"` when it may not be known. */
  hostname(): string

  /** The name of a numeric address, as the system finds it; the address itself when it has none. The promise rejects with the host's error. */
  lookupAddress(address: string): Promise<string>

  /** The numeric addresses of the system's name servers, where there is no resolv.conf to read; none when they are not known. */
  nameServers(): string[]

  /** Writes all bytes to standard output (1) or error (2). Returns their number, or an errno such as -E.PIPE. */
  write(fd: 1 | 2, bytes: Uint8Array): number

  /** The bytes of a file. Throws the host's error. */
  readFile(path: string | URL): Uint8Array

  /** The hub's module, compiled once from `hub.wasm`, which lies beside the bundle of the host. */
  hubModule(): WebAssembly.Module

  /**
   * What compiles texts as code at run time.
   *
   * @param locals - What the code sees before what is global, and where it keeps what it declares and assigns.
   * @returns It, or -E.NOTSUP where texts cannot be code.
   */
  evaluator(locals: Record<string, unknown>): Evaluator | number

  /** A console that hands over what it would print, at the call; or -E.NOTSUP. */
  console(write: (text: string) => void): Console | number

  /** A value as the host's console shows it. */
  show(value: unknown): string

  /** A new value that follows asynchronous calls. */
  createContext<T>(): Context<T>

  /** The WASI errno, positive, of an error that the host threw; E.IO when it is none. */
  errno(error: unknown): number

  /** The number that users of this host know an errno by: negative and the system's on Node (-111). */
  systemErrno(errno: number): number

  /** The method name by which the host's console shows an object. */
  readonly inspect: symbol

  /** A variable of the environment. */
  env(name: string): string | undefined

  /** The arguments after the program's name. */
  args(): string[]

  /** Sets the code that the process ends with when it has nothing more to do. */
  exitCode(code: number): void

  /** Ends the process now; what is unsent is lost. */
  exit(code: number): never
}
