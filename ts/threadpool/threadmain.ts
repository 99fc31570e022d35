import type { ThreadPort, Transferred } from "../host/thread.ts"

/** What a thread is told to do: arrays are quicker to copy than objects. The last is there when the function has not been sent yet. */
export type Job = readonly [id: number, fn: number, args: readonly unknown[], source?: Source]

/** Where a function comes from. */
export interface Source {
  /** The function's name, or that of a module's export. */
  readonly name: string
  readonly source?: string
  /** The module's URL. */
  readonly module?: string
  /** Where the package lies, for what a generator function waits for; undefined when nobody knows. */
  readonly library: string | undefined
}

/** What was thrown, on its way out of a thread: an error, or in `thrown` what is none. */
export interface Failure {
  readonly error?: SentError
  readonly thrown?: unknown
}

/** An error on its way out of a thread. */
export interface SentError {
  readonly name: string
  readonly message: string
  readonly stack: string
  /** Its own properties, `code` and others, as far as they can be sent. */
  readonly properties: Readonly<Record<string, unknown>>
  /** Those that are not enumerable: its cause and other errors that it holds. */
  readonly hidden: Readonly<Record<string, Failure | readonly Failure[]>>
}

/** How a job has ended; `failure` is there when it has failed. */
export type JobEnd = readonly [id: number, value: unknown, failure?: Failure]

/**
 * What a thread of a pool does: one job after the other. It goes to the thread as its source and so uses nothing from around it.
 */
export function threadMain(port: ThreadPort): void {
  type Callable = (...args: readonly unknown[]) => unknown
  // Between two jobs it sleeps that long, which is the fastest way to get the next; after that its event loop goes on.
  const SLEEP = 5
  // What errors of the language hold without showing it: a cause, and those of AggregateError and SuppressedError.
  const HIDDEN = ["cause", "errors", "error", "suppressed"]
  const functions = new Map<number, Callable | Promise<Callable>>()
  const scope = globalThis as Record<symbol, unknown>
  const transfers = (scope[Symbol.for("gevent-wasm.transfers")] ??= new WeakMap()) as WeakMap<object, Transferred[]>
  scope[Symbol.for("gevent-wasm.thread")] = true
  /** Those that came as their source. */
  const sources = new Set<number>()
  let library: string | undefined
  let awaited = 0

  port.listen((message) => {
    perform(message as Job)
    goOn()
  })

  /** Works as long as there is work. */
  function goOn(): void {
    for (let slept = false; awaited === 0;) {
      const next = port.take()
      if (next !== null) {
        slept = false
        perform(next[0] as Job)
      } else if (slept) {
        return
      } else {
        slept = true
        port.block(SLEEP)
      }
    }
  }

  function perform(job: Job): void {
    let result
    try {
      result = start(job)
    } catch (error) {
      return fail(job, error)
    }
    if (typeof result !== "object" || result === null) return finish(job, result)
    if (typeof (result as PromiseLike<unknown>).then !== "function" && !isOperation(result)) return finish(job, result)
    awaited++
    void complete(job, result).then(() => {
      awaited--
      goOn()
    })
  }

  function start([, fn, args, source]: Job): unknown {
    const found = functions.get(fn) ?? define(fn, source!)
    return typeof found === "function" ? found(...args) : found.then((exported) => exported(...args))
  }

  async function complete(job: Job, result: unknown): Promise<void> {
    try {
      let value = await result
      if (isOperation(value)) {
        if (library === undefined) throw new Error("a generator needs gevent-wasm, which was not found from here")
        const { run } = (await import(library)) as { run: (fn: () => unknown) => PromiseLike<unknown> }
        const operation = value
        value = await run(() => operation)
      }
      finish(job, value)
    } catch (error) {
      fail(job, error)
    }
  }

  function define(id: number, source: Source): Callable | Promise<Callable> {
    library ??= source.library
    const { module } = source
    const found = module === undefined ? evaluate(source) : load(module, source.name)
    functions.set(id, found)
    if (module === undefined) sources.add(id)
    if (typeof found !== "function") {
      found.then(
        (exported) => functions.set(id, exported),
        // whoever calls it hears of it
        () => undefined,
      )
    }
    return found
  }

  function evaluate({ name, source }: Source): Callable {
    const key = JSON.stringify(name)
    try {
      // as a property it has its name in stacks
      return (0, eval)(`({ ${key}: (${source}) })[${key}]`) as Callable
    } catch (error) {
      // a method is a function only inside an object
      if (!(error instanceof SyntaxError)) throw error
      return Object.values((0, eval)(`({ ${source} })`) as Record<string, Callable>)[0]!
    }
  }

  async function load(url: string, name: string): Promise<Callable> {
    const exported = ((await import(url)) as Record<string, unknown>)[name]
    if (typeof exported !== "function") throw new TypeError(`${url} exports no function ${name}`)
    return exported as Callable
  }

  function isOperation(value: unknown): boolean {
    if (typeof value !== "object" || value === null || !(Symbol.iterator in value)) return false
    return "next" in value && "throw" in value
  }

  function finish(job: Job, value: unknown): void {
    const transfer = typeof value === "object" && value !== null ? transfers.get(value) : undefined
    try {
      port.post([job[0], value], transfer ?? [])
    } catch (error) {
      fail(job, new TypeError(`the result cannot be sent: ${(error as Error).message}`, { cause: error }))
    }
  }

  function fail([id, fn]: Job, error: unknown): void {
    const lost = sources.has(fn) && error instanceof ReferenceError && error.message.endsWith(" is not defined")
    const hint = lost ? ": a function goes to a thread as its source, without the variables around it" : ""
    const reply = (keep: (value: unknown) => boolean): void =>
      port.post([id, undefined, failure(error, keep, [], hint)], [])
    try {
      reply(() => true)
    } catch {
      reply(isSendable)
    }
  }

  /** What was thrown, as it is sent: `keep` says which values can be, and `around` are the errors that hold it. */
  function failure(thrown: unknown, keep: (value: unknown) => boolean, around: readonly unknown[], hint = ""): Failure {
    if (around.includes(thrown)) return {}
    if (!(thrown instanceof Error)) return { thrown: keep(thrown) ? thrown : String(thrown) }
    const { name, message, stack = "" } = thrown
    const holders = [...around, thrown]
    const inner = (value: unknown): Failure => failure(value, keep, holders)
    const properties = Object.entries(thrown).filter(([, value]) => keep(value))
    const hidden = Object.entries(Object.getOwnPropertyDescriptors(thrown))
      .filter(([key, { enumerable }]) => enumerable === false && HIDDEN.includes(key))
      .map(([key, { value }]) => [key, Array.isArray(value) ? value.map(inner) : inner(value)] as const)
    const error = {
      name: String(name),
      message: `${message}${hint}`,
      stack: String(stack),
      properties: Object.fromEntries(properties) as Record<string, unknown>,
      hidden: Object.fromEntries(hidden),
    }
    return { error }
  }

  function isSendable(value: unknown): boolean {
    try {
      structuredClone(value)
      return true
    } catch {
      return false
    }
  }
}
