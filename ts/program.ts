import { host } from "#host"
import { descriptors } from "./core/descriptors.ts"
import type { Epoll } from "./core/epoll.ts"
import { hostImports, PanicError, type EpollOwner, type Guest, type NameQuery } from "./core/imports.ts"
import { getswitchinterval } from "./core/switchinterval.ts"
import { Memory } from "./core/memory.ts"
import { turns, type Turnable, type Turns } from "./core/turns.ts"
import { ExitStatus, wasiImports, type WasiGuest } from "./core/wasi.ts"
import { need, ProgramError } from "./exceptions.ts"
import { E } from "./host/errno.ts"
import { Greenlet } from "./greenlet.ts"
import { getHub } from "./hub.ts"
import { Names } from "./program/names.ts"
import { runInThread } from "./program/thread.ts"
import { EAI_MEMORY } from "./resolver/constants.ts"
import { scheduler } from "./strand.ts"
import type { ThreadPool } from "./threadpool/threadpool.ts"
import { Wait } from "./wait.ts"
import { wait } from "./waiting.ts"

/** How a program is run. */
export interface ProgramOptions {
  /** Its environment. Default: empty. */
  env?: Readonly<Record<string, string>>
  /** Gets what it writes to standard output; the bytes are valid during the call. Default: the host's. */
  stdout?: (bytes: Uint8Array) => void
  /** Gets what it writes to standard error; the bytes are valid during the call. Default: the host's. */
  stderr?: (bytes: Uint8Array) => void
  /** What it is called in `argv[0]` and in reports. Default: the file's name. */
  name?: string
}

/** The functions that a linked program exports: wasm/hub.c, fiber.c and program.c. */
interface ProgramExports {
  memory: WebAssembly.Memory
  __wasm_call_ctors?(): void
  __set_stack_limits?(high: number, low: number): void
  hub_init(): number
  hub_turn(slice: number): number
  hub_fd_closed(fd: number): void
  netdb_answer(question: number, error: number, answer: number, length: number): void
  fiber_recover(): number
  program_start(argc: number, argv: number): number
  program_status(): number
  program_threads(): number
  allocate(size: number): number
}

// what the linker and wasm/fiber.c agree on for the stack outside all threads
const MAIN_STACK_HIGH = 65536
const MAIN_STACK_LOW = 256
const NOTHING_EVER = -2
const OUT_OF_MEMORY = "there is no memory for the program"

/**
 * A C program that was linked with the hub by `gevent cc`. It can be run any number of times, also at the same time: each run
 * has a memory, an event loop and green threads of its own, and shares this thread's descriptors.
 *
 * @example
 * ```ts
 * import { Program } from "gevent-wasm/program"
 * const program = await Program.load("fetch.wasm")
 * const status = await program.run(["example.org"]).get()
 * ```
 */
export class Program {
  private readonly module: WebAssembly.Module
  private readonly name: string

  private constructor(module: WebAssembly.Module, name: string) {
    this.module = module
    this.name = name
  }

  /**
   * Compiles a program.
   *
   * @param source - Its path or URL, its bytes, or the module itself: on workerd the one that was imported, since nothing can be
   *   compiled there.
   * @throws The host's error when there is no such file; {NotSupportedError} when the host cannot compile; {ProgramError} when it is no program that `gevent cc` made.
   */
  static load(source: Source): Wait<Program> {
    return wait(compile(source).then(([module, name]) => new Program(module, name)))
  }

  /**
   * Runs it in a greenlet whose value is the exit status. Killing the greenlet ends the program at once; either way every
   * descriptor that it opened is closed. When main() returns, the program's other threads end with it.
   *
   * The greenlet fails with ProgramError when the main thread crashed, or when all threads wait for what can never come. The
   * crash of another thread ends that one and is reported to the hub.
   */
  run(args: readonly string[] = [], options: ProgramOptions = {}): Greenlet<number> {
    checkArguments(args)
    const greenlet = new Greenlet<number>(
      () => new ProgramRun(this.module, [options.name ?? this.name, ...args], options),
    )
    greenlet.name = options.name ?? this.name
    greenlet.start()
    return greenlet
  }

  /**
   * Runs it in a thread of a pool, so that one that computes for long keeps nobody waiting. It has a hub of its own there, and the
   * thread's descriptors. Waits for a free thread first.
   *
   * Killing the greenlet ends the waiting and not the program; the pool's `kill` with a time limit does that.
   *
   * @returns A greenlet whose value is the exit status.
   * @throws {TypeError} for a wrong argument. The greenlet fails as that of `run`, and with the errors of `ThreadPool.apply`.
   * @example
   * ```ts
   * import { Program } from "gevent-wasm/program"
   * import { ThreadPool } from "gevent-wasm/threadpool"
   * const program = await Program.load("compress.wasm")
   * const status = await program.runIn(new ThreadPool(2), ["a.txt"]).get()
   * ```
   */
  runIn(pool: ThreadPool, args: readonly string[] = [], options: ProgramOptions = {}): Greenlet<number> {
    checkArguments(args)
    const name = options.name ?? this.name
    const greenlet = new Greenlet<number>(() => runInThread(pool, this.module, args, { ...options, name }))
    greenlet.name = name
    greenlet.start()
    return greenlet
  }
}

function checkArguments(args: readonly string[]): void {
  for (const arg of args) {
    if (typeof arg === "string" && !arg.includes("\0")) continue
    throw new TypeError(`a program's argument must be a string without NUL, not ${String(arg)}`)
  }
}

/** What a program is made from. */
type Source = string | URL | Uint8Array | WebAssembly.Module

async function compile(source: Source): Promise<[WebAssembly.Module, string]> {
  const given = source instanceof Uint8Array || source instanceof WebAssembly.Module
  const name = given ? "program" : (String(source).split("/").pop() ?? "program")
  const module = source instanceof WebAssembly.Module ? source : await compileBytes(source, name)
  if (!WebAssembly.Module.exports(module).some((item) => item.name === "hub_turn")) {
    throw new ProgramError(`${name} is not linked with the hub: build it with "gevent cc"`)
  }
  return [module, name]
}

async function compileBytes(source: string | URL | Uint8Array, name: string): Promise<WebAssembly.Module> {
  if (!(source instanceof Uint8Array)) need("files", "open")
  need("compile")
  const bytes = source instanceof Uint8Array ? source : host.readFile(source)
  try {
    return await WebAssembly.compile(bytes)
  } catch (error) {
    throw new ProgramError(`${name} is no WebAssembly module`, { cause: error })
  }
}

/** Waits for the end of a run. */
class ProgramRun extends Wait<number> {
  private readonly module: WebAssembly.Module
  private readonly argv: readonly string[]
  private readonly options: ProgramOptions
  private process: Process | null = null

  constructor(module: WebAssembly.Module, argv: readonly string[], options: ProgramOptions) {
    super()
    this.module = module
    this.argv = argv
    this.options = options
  }

  protected begin(): boolean {
    this.process = new Process(this.module, this.argv, this.options, (status, error) => {
      if (error === undefined) this.wake(status)
      else this.fail(error)
    })
    return false
  }

  protected cancel(): void {
    this.process?.end()
  }

  override describe(): string {
    return `${this.argv[0]}, ${this.process?.threads ?? 0} threads`
  }
}

/** A running program. */
class Process implements Turnable, EpollOwner, Guest, WasiGuest {
  readonly opened = new Set<number>()
  readonly owner = this
  readonly arguments: readonly string[]
  readonly environment: Readonly<Record<string, string>>
  private readonly exports: ProgramExports
  private readonly options: ProgramOptions
  private readonly onEnd: (status: number, error?: unknown) => void
  private readonly mainThread: number
  private module: Memory | null = null
  private epoll: Epoll | null = null
  private trap: unknown = undefined
  private ended = false
  private readonly turns: Turns = turns.get()
  private readonly names = new Names(this, (question, error, answer) => this.named(question, error, answer))

  constructor(
    module: WebAssembly.Module,
    argv: readonly string[],
    options: ProgramOptions,
    onEnd: (status: number, error?: unknown) => void,
  ) {
    this.arguments = argv
    this.environment = options.env ?? {}
    this.options = options
    this.onEnd = onEnd
    const instance = new WebAssembly.Instance(module, {
      host: hostImports(this),
      wasi_snapshot_preview1: wasiImports(this),
    })
    this.exports = instance.exports as unknown as ProgramExports
    this.module = new Memory(this.exports.memory)
    this.exports.__set_stack_limits?.(MAIN_STACK_HIGH, MAIN_STACK_LOW)
    this.exports.__wasm_call_ctors?.()
    if (this.exports.hub_init() === 0) throw new ProgramError(OUT_OF_MEMORY)
    this.mainThread = this.exports.program_start(argv.length, this.copyArguments(argv))
    if (this.mainThread === 0) throw new ProgramError(OUT_OF_MEMORY)
    scheduler.foreign++
    this.turns.add(this)
  }

  get memory(): Memory {
    return this.module!
  }

  get threads(): number {
    return this.exports.program_threads()
  }

  get alive(): boolean {
    return !this.ended
  }

  turn(): number {
    let delay = 0
    try {
      delay = this.exports.hub_turn(getswitchinterval())
    } catch (error) {
      if (!this.survives(error)) return Infinity
    }
    if (this.ended) return Infinity
    const status = this.exports.program_status()
    if (status >= 0) this.finish(status)
    else if (delay === NOTHING_EVER) {
      this.finish(0, new ProgramError(`${this.arguments[0]}: every green thread waits for what can never come`))
    }
    if (this.ended) return Infinity
    // what is ready now, or was when its interest changed, wakes nobody later
    if (this.epoll!.hot) return 0
    return delay < 0 ? Infinity : delay * 1000
  }

  watched(epoll: Epoll): void {
    this.epoll = epoll
  }

  ready(): void {
    this.turns.wake(this)
  }

  closed(fd: number): void {
    if (this.ended) return
    this.exports.hub_fd_closed(fd)
    this.turns.wake(this)
  }

  write(fd: 1 | 2, bytes: Uint8Array): number {
    const write = fd === 1 ? this.options.stdout : this.options.stderr
    if (write === undefined) return host.write(fd, bytes)
    write(bytes)
    return bytes.length
  }

  event(): void {
    // its watchers are C's
  }

  searchName(question: number, ...query: NameQuery): number {
    return this.names.search(question, ...query)
  }

  cancelName(question: number): void {
    this.names.cancel(question)
  }

  config(): number {
    return -E.NOENT
  }

  resolved(): void {
    // it has no c-ares
  }

  /** A green thread has crashed and is gone. */
  crashed(thread: number, overflowed: boolean): void {
    const what = `${this.arguments[0]}: green thread ${thread}`
    const error = new ProgramError(overflowed ? `${what}: stack overflow` : `${what} crashed: ${String(this.trap)}`, {
      cause: this.trap,
    })
    this.trap = undefined
    if (thread === this.mainThread) this.finish(0, error)
    else getHub().report(what, error)
  }

  /** Ends it, whatever it does. */
  end(): void {
    if (this.ended) return
    this.ended = true
    scheduler.foreign--
    this.turns.remove(this)
    this.epoll?.close()
    this.names.end()
    for (const fd of this.opened) descriptors.close(fd)
    this.opened.clear()
    scheduler.loop.touch()
  }

  /** The resolver has answered a thread. */
  private named(question: number, error: number, answer: Uint8Array): void {
    if (this.ended) return
    const pointer = error === 0 ? this.exports.allocate(answer.length) >>> 0 : 0
    if (pointer !== 0) this.memory.bytes.set(answer, pointer)
    this.exports.netdb_answer(question, error === 0 && pointer === 0 ? EAI_MEMORY : error, pointer, answer.length)
    this.turns.wake(this)
  }

  private finish(status: number, error?: unknown): void {
    if (this.ended) return
    this.end()
    this.onEnd(status, error)
  }

  /** Takes a trap or an exception out of the module; whether the program goes on. */
  private survives(error: unknown): boolean {
    if (error instanceof ExitStatus) {
      this.finish(error.status & 0xff)
      return false
    }
    this.trap = error
    if (!(error instanceof PanicError) && this.exports.fiber_recover() !== 0) return !this.ended
    // nobody's stack: the loop or the allocator itself is in pieces
    this.finish(0, new ProgramError(`${this.arguments[0]} ended: ${String(error)}`, { cause: error }))
    return false
  }

  private copyArguments(argv: readonly string[]): number {
    const encoder = new TextEncoder()
    const strings = argv.map((arg) => encoder.encode(`${arg}\0`))
    const table = this.reserve(4 * (strings.length + 1))
    strings.forEach((bytes, i) => {
      const pointer = this.reserve(bytes.length)
      this.memory.bytes.set(bytes, pointer)
      this.memory.words[(table >>> 2) + i] = pointer
    })
    this.memory.words[(table >>> 2) + strings.length] = 0
    return table
  }

  private reserve(size: number): number {
    const pointer = this.exports.allocate(size) >>> 0
    if (pointer === 0) throw new ProgramError(OUT_OF_MEMORY)
    return pointer
  }
}
