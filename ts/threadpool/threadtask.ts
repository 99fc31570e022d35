import { AsyncResult } from "../event/asyncresult.ts"
import { resultOf } from "../iteration.ts"
import type { BlockingCall, Op } from "../wait.ts"
import { wait } from "../waiting.ts"
import type { Failure, Job, JobEnd, Source } from "./threadmain.ts"

/** A function that a module exports. Threads import the module, each once. */
export interface ModuleExport {
  /** Where it lies: a URL such as `new URL("./tasks.js", import.meta.url)`, an absolute path, or the name of a package. */
  readonly module: string | URL
  /** The name of the export; `default` when there is none. */
  readonly export?: string
}

/** What a thread can run: a function that needs nothing from around it, or what a module exports. */
export type ThreadTask<A extends unknown[] = never[], R = unknown> = ((...args: A) => R) | ModuleExport

/** What the caller gets of what a function returns in a thread: promises and operations are waited for there. */
export type ThreadResult<R> = R extends Op<infer T> ? T : R extends PromiseLike<infer T> ? T : R

const functionIds = new WeakMap<object, number>()
const moduleIds = new Map<string, number>()
let lastTargetId = 0
let library: string | undefined
let lastTaskId = 0

/** One call that a thread is to make. */
export class Task {
  readonly result = new AsyncResult<unknown>()
  readonly id: number
  private readonly target: ThreadTask
  private args: readonly unknown[]

  constructor(target: ThreadTask, args: readonly unknown[]) {
    this.id = ++lastTaskId
    this.target = target
    this.args = args
  }

  /**
   * What a thread is to be told.
   *
   * @param known - The functions that the thread has.
   * @throws {TypeError} for what cannot be sent.
   */
  job(known: ReadonlySet<number>): Job {
    const { id, target, args } = this
    const fn = targetId(target)
    return known.has(fn) ? [id, fn, args] : [id, fn, args, sourceOf(target)]
  }

  /** It has ended. */
  end(end: JobEnd): void {
    this.args = []
    const [, value, failure] = end
    if (failure === undefined) this.result.set(value)
    else this.result.setException(received(failure))
  }

  /** It cannot begin, or its thread has gone. */
  fail(error: unknown): void {
    this.args = []
    this.result.setException(error)
  }

  toString(): string {
    return `<ThreadTask ${describe(this.target)}>`
  }
}

/** By which number threads know a function. A module's export has one by its names. */
function targetId(target: ThreadTask): number {
  if (typeof target !== "function") return idIn(moduleIds, describe(target))
  return idIn(functionIds, target)
}

function idIn<K>(ids: { get(key: K): number | undefined; set(key: K, id: number): unknown }, key: K): number {
  let id = ids.get(key)
  if (id === undefined) ids.set(key, (id = ++lastTargetId))
  return id
}

/** What a thread needs to have a function. @throws {TypeError} for what cannot be sent. */
function sourceOf(target: ThreadTask): Source {
  library ??= findLibrary()
  if (typeof target === "function") return { name: target.name, source: textOf(target), library }
  const { url, name } = moduleExport(target)
  return { name, module: url, library }
}

/** The source of a function. @throws {TypeError} for one that has none that would do elsewhere. */
function textOf(fn: (...args: never[]) => unknown): string {
  const source = Function.prototype.toString.call(fn)
  if (/\{\s*\[native code\]\s*\}\s*$/.test(source)) {
    throw new TypeError(
      `${fn.name || "a function"} is native or bound and cannot be sent: wrap it in a function of your own`,
    )
  }
  if (/^class\b/.test(source))
    throw new TypeError(`${fn.name || "a class"} is a class and cannot be called in a thread`)
  return source
}

function moduleExport(task: ModuleExport): { url: string; name: string } {
  const { module, export: name = "default" } = (task as Partial<ModuleExport> | null | undefined) ?? {}
  if ((typeof module !== "string" && !(module instanceof URL)) || typeof name !== "string") {
    throw new TypeError(`a thread runs a function or { module, export }, not ${describe(task)}`)
  }
  const url = String(module)
  if (/^\.{1,2}\//.test(url)) {
    throw new TypeError(
      `${url} is relative, and a thread does not know to what: use new URL("${url}", import.meta.url)`,
    )
  }
  return { url: url.startsWith("/") ? `file://${url.split("/").map(encodeURIComponent).join("/")}` : url, name }
}

function describe(task: ThreadTask): string {
  if (typeof task === "function") return task.name || "(anonymous)"
  if (typeof task !== "object" || task === null) return String(task)
  return `${String(task.module)} ${task.export ?? "default"}`
}

/** Where the threads find this package; undefined when that is not known here. */
function findLibrary(): string | undefined {
  try {
    return import.meta.resolve("gevent-wasm")
  } catch {
    return undefined
  }
}

// Other classes may want other arguments than a message, or must not be called at all.
const LANGUAGE: ReadonlySet<string> = new Set([
  "AggregateError",
  "EvalError",
  "RangeError",
  "ReferenceError",
  "SuppressedError",
  "SyntaxError",
  "TypeError",
  "URIError",
])

/** What was thrown in a thread: an error of the same class when that is one of the language's. */
function received({ error: sent, thrown }: Failure): unknown {
  if (sent === undefined) return thrown
  const { name, message, stack, properties, hidden } = sent
  const error = new Error(message)
  const known = LANGUAGE.has(name) ? (globalThis as unknown as Record<string, ErrorConstructor>)[name] : undefined
  if (known !== undefined) Object.setPrototypeOf(error, known.prototype)
  const define = (key: string, value: unknown): unknown =>
    Object.defineProperty(error, key, { value, configurable: true, writable: true })
  if (error.name !== name) define("name", name)
  // Bun gives some errors none
  define("stack", `${stack || String(error)}\n    in a thread of a pool`)
  for (const [key, held] of Object.entries(hidden)) {
    define(key, Array.isArray(held) ? held.map(received) : received(held as Failure))
  }
  return Object.assign(error, properties)
}

/** Whether this is a thread of a pool. */
export function insideThread(): boolean {
  return (globalThis as Record<symbol, unknown>)[Symbol.for("gevent-wasm.thread")] === true
}

/** Calls a task right here, as a thread would. */
export function* callHere(
  task: ThreadTask,
  args: readonly unknown[],
): Generator<BlockingCall<unknown>, unknown, unknown> {
  if (typeof task === "function") return yield* resultOf(task(...(args as never[])))
  const { url, name } = moduleExport(task)
  const found = ((yield* wait(import(url))) as Record<string, unknown>)[name]
  if (typeof found !== "function") throw new TypeError(`${url} exports no function ${name}`)
  return yield* resultOf((found as (...args: readonly unknown[]) => unknown)(...args))
}
