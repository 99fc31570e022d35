import type { EventSink } from "./core/hubmodule.ts"
import type { Loop } from "./core/loop.ts"
import type { ErrorClass } from "./hub.ts"
import { GreenletExit } from "./exceptions.ts"
import { getHub } from "./hub.ts"
import { idents } from "./ident.ts"
import { limitOf, Timeout, type TimeoutArgument } from "./limit.ts"
import { linkFunction, type Link, type LinkTarget } from "./link.ts"
import { Kill, RawGreenlet, type Body } from "./rawgreenlet.ts"
import { scheduler } from "./strand.ts"
import { Wait } from "./wait.ts"

/** What `kill` throws: an error, or a class of errors. */
export type KillError = Error | (new () => Error)

/** What an ended greenlet failed with. gevent: `exc_info`. */
export interface ExceptionInfo {
  type: ErrorClass
  error: Error
  stack: string
}

// few have one, and a field would cost each greenlet its space
const spawningStacks = new WeakMap<Greenlet<unknown>, string>()
const spawnCallbacks = new Set<(greenlet: Greenlet<unknown>) => void>()

/**
 * A green thread: a function that runs in the hub, and that others can wait for, get the result of, and kill.
 *
 * A generator function is the native kind: it waits with `yield*`, and `kill` unwinds it like a `return`, through its
 * `finally` blocks and past its `catch` blocks. An async function waits with `await`; kill and Timeout reach it at gevent's
 * waits and at `await wait(promise)`, as rejections. A class that extends Greenlet can define `_run` instead.
 *
 * gevent: `gevent.Greenlet(run=None, *args, **kwargs)`.
 *
 * @example
 * ```ts
 * import { Greenlet, run, sleep } from "gevent-wasm"
 * await run(function* () {
 *   const greenlet = new Greenlet(function* (text: string) {
 *     yield* sleep(0.01)
 *     return text.length
 *   }, "four")
 *   greenlet.start()
 *   console.log(yield* greenlet.get()) // 4
 * })
 * ```
 */
export class Greenlet<T = unknown> extends RawGreenlet implements EventSink {
  /** How many frames of the stack of `spawn` are kept in `spawningStack`; 0 = none, the cheap way. */
  static spawningStackLimit = 0

  /** The result; the GreenletExit of a killed greenlet; undefined before it has ended and when it failed. */
  value: T | GreenletExit | undefined = undefined
  private error: unknown = undefined
  private hasFailed = false
  private links: Link[] | null = null
  private notified = 0
  private notifying = false
  private startTimer = 0
  private startLoop: Loop | null = null
  private ident = -1
  private givenName: string | null = null
  private readonly description: string
  private shownArguments: string | null = null
  private treeLocals: Record<string, unknown> | null = null

  /**
   * @param body - What to run; without one, the method `_run`.
   * @throws {TypeError} when it is not a function.
   */
  constructor(body?: Body | null, ...args: unknown[]) {
    super(body ?? defaultBody, args)
    if (body === undefined || body === null) this.body = (...given: unknown[]): unknown => this._run(...given)
    else checkBody(body)
    this.description = body === undefined || body === null ? "_run" : body.name || "(anonymous)"
    const spawner = this.spawningGreenlet
    if (spawner instanceof Greenlet) this.treeLocals = spawner.spawnTreeLocals
    if (Greenlet.spawningStackLimit > 0) spawningStacks.set(this, captureStack(Greenlet.spawningStackLimit))
  }

  /** What all greenlets that descend from the same child of MAIN share. gevent: `spawn_tree_locals`. */
  get spawnTreeLocals(): Record<string, unknown> {
    return (this.treeLocals ??= {})
  }

  /** Where it was made, when `spawningStackLimit` was set. gevent: `spawning_stack`. */
  get spawningStack(): string | undefined {
    return spawningStacks.get(this)
  }

  /** Makes one and starts it. gevent: the class method `Greenlet.spawn`. */
  static spawn<G extends Greenlet<unknown>, A extends unknown[]>(this: new (...args: A) => G, ...args: A): G {
    const greenlet = new this(...args)
    greenlet.start()
    return greenlet
  }

  /** Makes one and starts it after some seconds. gevent: `Greenlet.spawn_later`. */
  static spawnLater<G extends Greenlet<unknown>, A extends unknown[]>(
    this: new (...args: A) => G,
    seconds: number,
    ...args: A
  ): G {
    const greenlet = new this(...args)
    greenlet.startLater(seconds)
    return greenlet
  }

  /** What a subclass runs. By default it does nothing. */
  protected _run(..._args: unknown[]): unknown {
    return undefined
  }

  /** The arguments that it will be called with; empty once it runs. */
  get args(): readonly unknown[] {
    return this.bodyArguments ?? []
  }

  /** Puts it into the run queue. Ignored when it was started, has ended, or was killed. */
  start(): void {
    if (this.hasStarted) return
    this.schedule()
    this.announce()
  }

  /**
   * Starts it after some seconds. Ignored when it was started, has ended, or was killed.
   *
   * @throws {TypeError} when `seconds` is no number.
   */
  startLater(seconds: number): void {
    if (typeof seconds !== "number" || Number.isNaN(seconds)) {
      throw new TypeError(`startLater takes a number of seconds, not ${String(seconds)}`)
    }
    if (this.hasStarted) return
    this.enter()
    this.startLoop = scheduler.loop
    this.startTimer = this.startLoop.startTimer(this, 0, true, Math.max(0, seconds), 0)
    this.announce()
  }

  /** Its start timer has fired. */
  event(): void {
    this.startTimer = 0
    scheduler.loop.queue.push(this)
  }

  /** Whether it was started and has not ended. gevent: `started`. */
  get started(): boolean {
    return this.active
  }

  /** Whether it has ended. */
  ready(): boolean {
    return this.dead
  }

  /** Whether it has ended without an error; being killed is none. */
  successful(): boolean {
    return this.dead && !this.hasFailed
  }

  /** The error that it ended with; null when there is none. */
  get exception(): unknown {
    return this.hasFailed ? this.error : null
  }

  /** The error that it ended with, in three parts; null when there is none. gevent: `exc_info`. */
  get excInfo(): ExceptionInfo | null {
    if (!this.hasFailed) return null
    const error = this.error instanceof Error ? this.error : new Error(String(this.error))
    return { type: error.constructor as ErrorClass, error, stack: error.stack ?? String(error) }
  }

  /**
   * Waits for its end and returns its result, or throws the very error that it ended with.
   *
   * @param block - false: throws a Timeout at once when it has not ended.
   * @param timeout - Seconds or a Timeout, which is thrown when it passes first.
   */
  get(block = true, timeout: TimeoutArgument = null): Wait<T> {
    return new GreenletGet(this, block, timeout)
  }

  /**
   * Waits for its end.
   *
   * @param timeout - Seconds or a Timeout; when it passes first, the wait just ends.
   */
  join(timeout: TimeoutArgument = null): Wait<void> {
    return new GreenletJoin(this, timeout)
  }

  /**
   * Ends it, from the run queue: an error is thrown where it waits, and with the default, GreenletExit, only `finally` blocks
   * run. One that has not run yet never does. Never throws, any number of times.
   *
   * Without `yield*` or `await` nothing is waited for. `block` false says that this is meant.
   *
   * @param timeout - How long to wait for its end, seconds or a Timeout; then the wait just ends.
   * @throws {TypeError} when `exception` is neither an error nor a class of errors.
   */
  kill(exception?: KillError, block?: true, timeout?: TimeoutArgument): Wait<void>
  kill(exception: KillError | undefined, block: false): void
  kill(exception: KillError = GreenletExit, block = true, timeout: TimeoutArgument = null): Wait<void> | void {
    const error = toError(exception)
    this.scheduleKill(error)
    return block ? this.join(timeout) : undefined
  }

  /**
   * Throws into it now. Only the hub may; others use `kill`. On one that has not run it acts like `kill`.
   *
   * @throws {Error} outside the hub's callbacks.
   */
  throw(exception: KillError = GreenletExit): void {
    if (scheduler.current !== getHub()) throw new Error("throw() is only possible in the hub; use kill()")
    const error = toError(exception)
    if (!this.endBeforeRun(error)) this.interrupt(new Kill(error))
  }

  /** Calls `callback(this)` in the hub once it has ended, also when it has already. The callback must not wait. */
  rawlink(callback: LinkTarget<T>): void {
    const call = linkFunction(callback)
    this.addLink({ target: callback, notify: (greenlet) => call(greenlet as Greenlet<T>) })
  }

  /** Calls `callback(this)` in a greenlet of its own once it has ended, also when it has already. */
  link(callback: LinkTarget<T>): void {
    const call = linkFunction(callback)
    this.addLink({ target: callback, notify: (greenlet) => this.spawnLink(call, greenlet) })
  }

  /** As `link`, only when it was successful. */
  linkValue(callback: LinkTarget<T>): void {
    const call = linkFunction(callback)
    this.addLink({
      target: callback,
      notify: (greenlet) => void (greenlet.successful() && this.spawnLink(call, greenlet)),
    })
  }

  /** As `link`, only when it failed. */
  linkException(callback: LinkTarget<T>): void {
    const call = linkFunction(callback)
    this.addLink({
      target: callback,
      notify: (greenlet) => void (!greenlet.successful() && this.spawnLink(call, greenlet)),
    })
  }

  /** Takes back one link to `callback`; an unknown one is ignored. */
  unlink(callback: unknown): void {
    const index = this.links?.findIndex((link, at) => at >= this.notified && link.target === callback) ?? -1
    if (index >= 0) this.links!.splice(index, 1)
  }

  /** Takes back all links. */
  unlinkAll(): void {
    this.links = null
    this.notified = 0
  }

  /** Whether there are links. */
  hasLinks(): boolean {
    return this.linkcount() > 0
  }

  /** How many links there are. gevent: `linkcount`. */
  linkcount(): number {
    return this.links === null ? 0 : this.links.length - this.notified
  }

  /** Adds a link; for waits and pools. */
  addLink(link: Link): void {
    ;(this.links ??= []).push(link)
    if (this.dead) this.notifyLater()
  }

  /** Takes a link back; for waits and pools. */
  removeLink(link: Link): void {
    const index = this.links?.indexOf(link, this.notified) ?? -1
    if (index >= 0) this.links!.splice(index, 1)
  }

  /** The smallest number that no other living greenlet has. gevent: `minimal_ident`. */
  get minimalIdent(): number {
    if (this.ident >= 0) return this.ident
    this.ident = idents.acquire()
    if (this.dead) idents.release(this.ident)
    return this.ident
  }

  /** `Greenlet-N` by default; may be set. */
  get name(): string {
    return (this.givenName ??= `${this.constructor.name}-${this.minimalIdent}`)
  }

  set name(value: string) {
    this.givenName = value
  }

  /** `await using` waits for its end. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.join()
  }

  override toString(): string {
    const name = this.givenName === null ? "" : ` ${JSON.stringify(this.givenName)}`
    return `<${this.constructor.name}${name}: ${this.description}${this.describeArguments()}>`
  }

  /** Its first turn in the run queue starts it, a later one tells its links that it has ended. */
  override run(): void {
    if (!this.dead) super.run()
    else if (this.notifying) this.notify()
  }

  protected override ended(value: unknown): void {
    this.value = value as T | GreenletExit
    this.conclude()
  }

  protected override failed(error: unknown): void {
    this.error = error
    this.hasFailed = true
    this.conclude()
    super.failed(error)
  }

  private conclude(): void {
    if (this.ident >= 0) idents.release(this.ident)
    if (this.links !== null) this.notifyLater()
  }

  override endBeforeRun(error: Error): boolean {
    if (this.startTimer !== 0) {
      this.startLoop!.stopWatcher(this.startTimer)
      this.startTimer = 0
    }
    return super.endBeforeRun(error)
  }

  /** The arguments as they were when it was first shown: they are let go of when it runs. */
  private describeArguments(): string {
    const { bodyArguments } = this
    if (this.shownArguments === null && bodyArguments !== null) {
      this.shownArguments = bodyArguments.length === 0 ? "" : `(${bodyArguments.map(shorten).join(", ")})`
    }
    return this.shownArguments ?? ""
  }

  private announce(): void {
    if (spawnCallbacks.size === 0) return
    for (const callback of spawnCallbacks) callback(this)
  }

  private notifyLater(): void {
    if (this.notifying) return
    this.notifying = true
    scheduler.loop.queue.push(this)
  }

  private notify(): void {
    this.notifying = false
    const hub = getHub()
    const previous = scheduler.current
    scheduler.current = hub
    // links may come and go meanwhile
    while (this.links !== null && this.notified < this.links.length) {
      const link = this.links[this.notified++]!
      try {
        const result = link.notify(this)
        if (typeof result === "object") hub.complete(result, link.target)
      } catch (error) {
        hub.report(link.target, error)
      }
    }
    this.unlinkAll()
    scheduler.current = previous
  }

  private spawnLink(call: (greenlet: Greenlet<T>) => unknown, greenlet: Greenlet<unknown>): void {
    new Greenlet(call, greenlet).start()
  }
}

/** Waits for the end of a greenlet. */
class GreenletJoin extends Wait<void> implements Link {
  private readonly greenlet: Greenlet<unknown>

  constructor(greenlet: Greenlet<unknown>, timeout: TimeoutArgument) {
    super()
    this.greenlet = greenlet
    this.limit = limitOf(timeout)
  }

  get target(): unknown {
    return this
  }

  notify(): void {
    this.wake(undefined)
  }

  protected begin(): boolean {
    if (this.greenlet.ready()) return true
    this.greenlet.addLink(this)
    return false
  }

  protected cancel(): void {
    this.greenlet.removeLink(this)
  }

  protected override expired(): void {}

  override describe(): string {
    return `join of ${String(this.greenlet)}`
  }
}

/** Waits for the result of a greenlet. */
class GreenletGet<T> extends Wait<T> implements Link {
  private readonly greenlet: Greenlet<T>
  private readonly block: boolean

  constructor(greenlet: Greenlet<T>, block: boolean, timeout: TimeoutArgument) {
    super()
    this.greenlet = greenlet
    this.block = block
    this.limit = limitOf(timeout)
  }

  get target(): unknown {
    return this
  }

  notify(greenlet: Greenlet<unknown>): void {
    if (greenlet.successful()) this.wake(greenlet.value as T)
    else this.fail(greenlet.exception)
  }

  protected begin(): boolean {
    const { greenlet } = this
    if (!greenlet.ready()) {
      if (!this.block) throw new Timeout()
      greenlet.addLink(this)
      return false
    }
    if (!greenlet.successful()) throw greenlet.exception
    this.value = greenlet.value as T
    return true
  }

  protected cancel(): void {
    this.greenlet.removeLink(this)
  }

  override describe(): string {
    return `get of ${String(this.greenlet)}`
  }
}

/**
 * Calls `callback` with each greenlet that is started from now on. gevent: `Greenlet.add_spawn_callback`.
 *
 * @example
 * ```ts
 * import { addSpawnCallback, removeSpawnCallback } from "gevent-wasm/greenlet"
 * const log = (greenlet: unknown) => console.log(String(greenlet))
 * addSpawnCallback(log)
 * removeSpawnCallback(log)
 * ```
 */
export function addSpawnCallback(callback: (greenlet: Greenlet<unknown>) => void): void {
  spawnCallbacks.add(callback)
}

/** Takes back `addSpawnCallback`; an unknown callback is ignored. gevent: `Greenlet.remove_spawn_callback`. */
export function removeSpawnCallback(callback: (greenlet: Greenlet<unknown>) => void): void {
  spawnCallbacks.delete(callback)
}

/** The error that a kill throws. @throws {TypeError} when it is none. */
export function toError(exception: unknown): Error {
  if (exception instanceof Error) return exception
  if (typeof exception === "function" && exception.prototype instanceof Error) {
    return new (exception as new () => Error)()
  }
  throw new TypeError(`kill takes an Error or a class of errors, not ${String(exception)}`)
}

/** Checks what a greenlet is to run. @throws {TypeError} unless it is a function. */
export function checkBody(body: unknown): void {
  if (typeof body === "function") return
  const hint =
    typeof body === "object" && body !== null && Symbol.iterator in body && "next" in body
      ? "a generator that was made already; pass the generator function"
      : body instanceof Promise
        ? "a promise; pass the async function, or use wait(promise)"
        : String(body)
  throw new TypeError(`The run argument or self._run must be callable: expected a function, not ${hint}`)
}

function defaultBody(): void {}

function captureStack(limit: number): string {
  const error = Error as unknown as { stackTraceLimit?: number }
  const before = error.stackTraceLimit
  if (before !== undefined) error.stackTraceLimit = limit + 2
  const stack = new Error("spawned").stack ?? ""
  if (before !== undefined) error.stackTraceLimit = before
  return stack.split("\n").slice(3).join("\n")
}

function shorten(value: unknown): string {
  const text = typeof value === "string" ? JSON.stringify(value) : String(value)
  return text.length > 50 ? `${text.slice(0, 47)}...` : text
}
