import type { ThreadPort, Transferred } from "../host/thread.ts"

/** What a thread is told to do. */
export interface Job {
  /** Comes back with the result. */
  readonly id: number
  /** A function that was sent before, or is sent now; null when it is an export of a module. */
  readonly fn: { readonly id: number; readonly name: string; readonly source?: string } | null
  /** A module and the name of its export. */
  readonly module: { readonly url: string; readonly export: string } | null
  readonly args: readonly unknown[]
  /** Where the package lies, for what a generator function waits for; undefined when nobody knows. */
  readonly library: string | undefined
}

/** An error on its way out of a thread. */
export interface SentError {
  readonly name: string
  readonly message: string
  readonly stack: string
  /** Its own properties, `code` and others, as far as they can be sent. */
  readonly properties: Readonly<Record<string, unknown>>
}

/** How a job has ended. */
export type JobEnd =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly error: SentError }
  | { readonly id: number; readonly thrown: unknown }

/**
 * What a thread of a pool does: one job after the other. It goes to the thread as its source and so uses nothing from around it.
 */
export function threadMain(port: ThreadPort): void {
  type Callable = (...args: readonly unknown[]) => unknown
  // Between two jobs it sleeps that long, which is the fastest way to get the next; after that its event loop goes on.
  const SLEEP = 5
  const functions = new Map<number, Callable>()
  const scope = globalThis as Record<symbol, unknown>
  const transfers = (scope[Symbol.for("gevent-wasm.transfers")] ??= new WeakMap()) as WeakMap<object, Transferred[]>
  scope[Symbol.for("gevent-wasm.thread")] = true
  let awaited = 0

  port.listen((message) => {
    perform(message as Job)
    goOn()
  })

  /** Works as long as there is work. */
  function goOn(): void {
    for (let slept = false; awaited === 0; ) {
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

  function start({ fn, module, args }: Job): unknown {
    if (fn !== null) return find(fn)(...args)
    return load(module!.url, module!.export).then((exported) => exported(...args))
  }

  async function complete(job: Job, result: unknown): Promise<void> {
    try {
      let value = await result
      if (isOperation(value)) {
        if (job.library === undefined) throw new Error("a generator needs gevent-wasm, which was not found from here")
        const { run } = (await import(job.library)) as { run(fn: () => unknown): PromiseLike<unknown> }
        const operation = value
        value = await run(() => operation)
      }
      finish(job, value)
    } catch (error) {
      fail(job, error)
    }
  }

  function find({ id, name, source }: NonNullable<Job["fn"]>): Callable {
    let found = functions.get(id)
    if (found !== undefined) return found
    const key = JSON.stringify(name)
    try {
      // as a property it has its name in stacks
      found = (0, eval)(`({ ${key}: (${source}) })[${key}]`) as Callable
    } catch (error) {
      // a method is a function only inside an object
      if (!(error instanceof SyntaxError)) throw error
      found = Object.values((0, eval)(`({ ${source} })`) as Record<string, Callable>)[0]!
    }
    functions.set(id, found)
    return found
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

  function finish({ id }: Job, value: unknown): void {
    const transfer = typeof value === "object" && value !== null ? transfers.get(value) : undefined
    try {
      port.post({ id, value }, transfer ?? [])
    } catch (error) {
      fail({ id }, new TypeError(`the result cannot be sent: ${(error as Error).message}`, { cause: error }))
    }
  }

  function fail({ id, fn }: { id: number; fn?: Job["fn"] }, error: unknown): void {
    if (!(error instanceof Error)) {
      try {
        return port.post({ id, thrown: error }, [])
      } catch {
        return port.post({ id, thrown: String(error) }, [])
      }
    }
    const { name, stack = "" } = error
    const lost = fn && error instanceof ReferenceError && error.message.endsWith(" is not defined")
    const hint = ": a function goes to a thread as its source, without the variables around it"
    const message = `${error.message}${lost ? hint : ""}`
    const sent = { name, message, stack, properties: { ...error } }
    try {
      port.post({ id, error: sent }, [])
    } catch {
      port.post({ id, error: { ...sent, properties: {} } }, [])
    }
  }
}
