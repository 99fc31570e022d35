import { belongingsOf } from "./belongings.ts"
import { checkBody, type Body } from "./body.ts"
import { hubModule, type EventSink } from "./core/hubmodule.ts"
import { GreenletExit } from "./exceptions.ts"
import { GreenletGet, GreenletJoin } from "./greenletwait.ts"
import { exceptionInfo, type ExceptionInfo } from "./exceptioninfo.ts"
import { getHub } from "./hub.ts"
import { idents } from "./ident.ts"
import { Kill, toError, type KillError } from "./kill.ts"
import type { TimeoutArgument } from "./limit.ts"
import { linkFunction, type Link, type LinkTarget } from "./link.ts"
import { LinkList } from "./linklist.ts"
import { RawGreenlet } from "./rawgreenlet.ts"
import { scheduler, type Interrupt, switchTo } from "./strand.ts"
import type { Wait } from "./wait.ts"

export type { ExceptionInfo } from "./exceptioninfo.ts"
export type { KillError } from "./kill.ts"

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
  // few fields: a sleeping greenlet is mostly made of them
  private failure: { readonly error: unknown } | null = null
  private links: LinkList | null = null
  private startTimer = 0
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
    this.startTimer = this.loop.startTimer(this, 0, true, Math.max(0, seconds), 0)
    this.announce()
  }

  /** Its start timer has fired. */
  event(): void {
    this.startTimer = 0
    this.loop.queue.push(this)
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
    return this.dead && this.failure === null
  }

  /** The error that it ended with; null when there is none. */
  get exception(): unknown {
    return this.failure === null ? null : this.failure.error
  }

  /** The error that it ended with, in three parts; null when there is none. gevent: `exc_info`. */
  get excInfo(): ExceptionInfo | null {
    return this.failure === null ? null : exceptionInfo(this.failure.error)
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
    const join = block ? this.join(timeout) : undefined
    this.scheduleKill(error)
    return join
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

  /**
   * Aborts when the greenlet is killed, with the error of the kill as its reason, before anything else of it runs; it is aborted
   * already when that has happened. Neither an end of its own nor a Timeout aborts it. For `fetch` and the like, which a kill
   * cannot reach.
   *
   * @example
   * ```ts
   * import { type Greenlet, GreenletExit, getcurrent, spawn } from "gevent-wasm"
   * const greenlet = spawn(async () => {
   *   const { signal } = getcurrent() as Greenlet
   *   await new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason)))
   * })
   * setTimeout(() => greenlet.kill(undefined, false), 10)
   * await greenlet.join()
   * console.log(greenlet.signal.reason instanceof GreenletExit) // true
   * ```
   */
  get signal(): AbortSignal {
    const belongings = belongingsOf(this)
    const { kill } = belongings
    if (belongings.controller === null) {
      belongings.controller = new AbortController()
      if (kill !== null) belongings.controller.abort(kill.error)
    }
    return belongings.controller.signal
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
    this.links?.removeTarget(callback)
  }

  /** Takes back all links. */
  unlinkAll(): void {
    this.links?.clear()
  }

  /** Whether there are links. */
  hasLinks(): boolean {
    return this.linkcount() > 0
  }

  /** How many links there are. gevent: `linkcount`. */
  linkcount(): number {
    return this.links?.length ?? 0
  }

  /** Adds a link; for waits and pools. */
  addLink(link: Link): void {
    if (this.links === null) this.links = new LinkList(link)
    else this.links.add(link)
    if (this.dead) this.notifyLater()
  }

  /** Takes a link back; for waits and pools. */
  removeLink(link: Link): void {
    this.links?.remove(link)
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
    else if (this.links?.queued) this.links.notify(this)
  }

  protected override ended(value: unknown): void {
    this.value = value as T | GreenletExit
    this.conclude()
  }

  protected override failed(error: unknown): void {
    this.failure = { error }
    this.conclude()
    super.failed(error)
  }

  private conclude(): void {
    if (this.ident >= 0) idents.release(this.ident)
    if (this.links !== null && this.links.length > 0) this.notifyLater()
  }

  override endBeforeRun(error: Error): boolean {
    if (this.startTimer !== 0) {
      hubModule().stop(this.startTimer)
      this.startTimer = 0
    }
    const ended = super.endBeforeRun(error)
    if (ended) this.interrupted(new Kill(error))
    return ended
  }

  protected override interrupted(interrupt: Interrupt): void {
    if (!(interrupt instanceof Kill)) return
    const belongings = belongingsOf(this)
    belongings.kill ??= interrupt
    if (belongings.controller === null) return
    // whoever listens must not wait
    const previous = scheduler.current
    switchTo(getHub())
    belongings.controller.abort(interrupt.error)
    switchTo(previous)
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
    const links = this.links!
    if (links.queued) return
    links.queued = true
    this.loop.queue.push(this)
  }

  private spawnLink(call: (greenlet: Greenlet<T>) => unknown, greenlet: Greenlet<unknown>): void {
    new Greenlet(call, greenlet).start()
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

function defaultBody(): void {}

function captureStack(limit: number): string {
  const error = Error as unknown as { stackTraceLimit?: number }
  const before = error.stackTraceLimit
  if (before !== undefined) error.stackTraceLimit = limit + 2
  const stack = new Error("spawned").stack ?? ""
  if (before !== undefined) error.stackTraceLimit = before
  return stack
    .split("\n")
    .slice(3, 3 + limit)
    .join("\n")
}

function shorten(value: unknown): string {
  const text = typeof value === "string" ? JSON.stringify(value) : String(value)
  return text.length > 50 ? `${text.slice(0, 47)}...` : text
}
