import { Attempt } from "./attempt.ts"
import { isGeneratorFunction, type Body } from "./body.ts"
import { Kill } from "./kill.ts"
import type { Runnable } from "./core/runqueue.ts"
import { GreenletExit } from "./exceptions.ts"
import { getHub } from "./hub.ts"
import {
  asyncContext,
  currentStrand,
  delist,
  enlist,
  mainStrand,
  scheduler,
  Strand,
  type Interrupt,
  switchTo,
} from "./strand.ts"
import { unwind, type Frame } from "./unwind.ts"
import { Wait, type Op } from "./wait.ts"

const NEXT = 0
const THROW = 1
const RETURN = 2

const UNSTARTED = 0
const STARTED = 1
const RUNNING = 2
const FINISHED = 3

/** A kill that waits in a `finally` block: what it is, and the generators that it has yet to leave, the next one last. */
interface Unwinding {
  readonly exit: unknown
  readonly outer: Frame[]
}

/**
 * Runs a function in the hub, and no more: nobody can join it or get its result. gevent: what `spawn_raw` returns, a
 * `greenlet.greenlet`.
 */
export class RawGreenlet extends Strand implements Runnable {
  protected body: Body | null
  protected bodyArguments: unknown[] | null
  private generator: Frame | null = null
  private unwinding: Unwinding | null = null
  private state = UNSTARTED
  private isAsync = false
  private readonly spawner: WeakRef<RawGreenlet> | null

  /** @throws {TypeError} when `body` is not a function. */
  constructor(body: Body, args: unknown[]) {
    super()
    const spawner = currentStrand()
    this.spawner = spawner instanceof RawGreenlet ? referenceTo(spawner) : null
    this.body = body
    this.bodyArguments = args
  }

  /** The greenlet that made it; null when that was MAIN or is not in memory any more. gevent: `spawning_greenlet`. */
  get spawningGreenlet(): RawGreenlet | null {
    return this.spawner?.deref() ?? null
  }

  /** Whether it has ended. */
  get dead(): boolean {
    return this.state === FINISHED
  }

  /** Whether it was started and has not ended; gevent's `bool(greenlet)`. */
  get active(): boolean {
    return this.state === STARTED || this.state === RUNNING
  }

  /** Whether `start` was called. */
  protected get hasStarted(): boolean {
    return this.state !== UNSTARTED
  }

  /** Whether its function was entered. */
  protected get hasRun(): boolean {
    return this.state >= RUNNING
  }

  /** Puts it into the run queue. */
  protected schedule(): void {
    if (this.state !== UNSTARTED) return
    this.enter()
    this.loop.queue.push(this)
  }

  /** It counts as started; `run` follows. */
  protected enter(): void {
    this.state = STARTED
    enlist(this)
  }

  /** Its first turn in the run queue. */
  run(): void {
    if (this.state !== STARTED) return
    this.state = RUNNING
    const { body, bodyArguments } = this
    this.body = this.bodyArguments = null
    const previous = scheduler.current
    switchTo(this)
    try {
      // a promise's function is told apart by the host's context in all its later parts, and only a generator function is known to
      // return none
      const result = this.mayBeAsync(body!)
        ? asyncContext().run(this, () => body!(...(bodyArguments as never[])))
        : body!(...(bodyArguments as never[]))
      if (typeof result === "object" && result !== null) this.runObject(result)
      else this.finish(result)
    } catch (error) {
      this.finishWithError(error)
    }
    switchTo(previous)
  }

  resume(wait: Wait<unknown>): void {
    if (this.waiting !== wait) return
    this.waiting = null
    if (wait.failed) this.step(THROW, wait.failure)
    else this.step(NEXT, undefined)
  }

  interrupt(interrupt: Interrupt): void {
    if (this.state === FINISHED) {
      interrupt.thrown()
      return
    }
    const { waiting } = this
    if (this.isAsync) {
      if (!this.interruptAwaiting(interrupt)) this.defer(interrupt)
      this.interrupted(interrupt)
    } else if (waiting !== null && waiting.armed) {
      this.waiting = null
      interrupt.thrown()
      this.interrupted(interrupt)
      this.step(interrupt.kill ? RETURN : THROW, interrupt.error)
    } else {
      this.defer(interrupt) // a settled wait first hands over its result
      this.interrupted(interrupt)
    }
  }

  /** It was interrupted: what it waited for is decided, and its code has not gone on. Subclasses tell others. */
  protected interrupted(_interrupt: Interrupt): void {
    // nobody can ask a raw greenlet
  }

  override get awaiter(): Strand {
    return this.generator === null ? this : mainStrand(this.home)
  }

  override addAwaited(wait: Wait<unknown>): void {
    super.addAwaited(wait)
    if (this.isAsync && this.awaiting!.size === 1) scheduler.foreign--
  }

  override removeAwaited(wait: Wait<unknown>): void {
    const before = this.awaiting?.size ?? 0
    super.removeAwaited(wait)
    if (this.isAsync && before === 1 && this.awaiting!.size === 0) scheduler.foreign++
  }

  refusal(): Error | undefined {
    return this.state === FINISHED ? new TypeError(`${String(this)} has ended and cannot wait`) : undefined
  }

  /** Whether its function may return a promise. */
  protected mayBeAsync(body: Body): boolean {
    return !isGeneratorFunction(body)
  }

  /** It has ended with a value. Subclasses keep it. */
  protected ended(_value: unknown): void {
    // a raw greenlet's result goes nowhere
  }

  /** It has ended with an error that is no GreenletExit. */
  protected failed(error: unknown): void {
    this.report(error)
  }

  /** Tells the hub of an error that nobody caught. */
  protected report(error: unknown): void {
    getHub().report(this, error)
  }

  /** Ends it with an error if its function was not entered yet; whether that was so. */
  endBeforeRun(error: Error): boolean {
    if (this.hasRun) return false
    if (this.state === UNSTARTED) enlist(this)
    this.body = this.bodyArguments = null
    this.finishWithError(error)
    return true
  }

  /** Throws an error into it from the run queue. */
  scheduleKill(error: Error): void {
    if (this.dead || this.endBeforeRun(error)) return
    this.loop.queue.push({ run: () => this.interrupt(new Kill(error)) })
  }

  override toString(): string {
    return `<RawGreenlet>`
  }

  private runObject(result: object): void {
    if (typeof (result as Iterator<unknown>).next === "function") {
      this.generator =
        Symbol.iterator in result ? (result as Op<unknown>)[Symbol.iterator]() : (result as Iterator<unknown>)
      this.step(NEXT, undefined)
    } else if (typeof (result as PromiseLike<unknown>).then !== "function") this.finish(result)
    else if (Symbol.iterator in result) {
      this.generator = (result as Op<unknown>)[Symbol.iterator]()
      this.step(NEXT, undefined)
    } else this.runAsync(result as PromiseLike<unknown>)
  }

  private runAsync(promise: PromiseLike<unknown>): void {
    this.isAsync = true
    scheduler.foreign++
    // waits that it began in its first part were counted as nobody's
    if (this.awaiting !== null && this.awaiting.size > 0) scheduler.foreign--
    promise.then(
      (value) => this.asyncEnd(() => this.finish(value)),
      (error: unknown) => this.asyncEnd(() => this.finishWithError(error)),
    )
  }

  private asyncEnd(end: () => void): void {
    // what it still awaits in the background must not take what others wait for
    for (const wait of [...(this.awaiting ?? [])]) {
      wait.abandon()
      this.removeAwaited(wait)
    }
    scheduler.foreign--
    const previous = scheduler.current
    switchTo(this)
    end()
    switchTo(previous)
    scheduler.loop.touch()
  }

  /** The generator goes on until it waits or ends. */
  private step(mode: number, value: unknown): void {
    const previous = scheduler.current
    switchTo(this)
    for (;;) {
      const generator: Frame = this.generator!
      let result: IteratorResult<unknown, unknown>
      try {
        if (mode === NEXT) result = generator.next(value)
        else if (mode === THROW) {
          if (generator.throw === undefined) throw value
          result = generator.throw(value)
        } else result = this.leave(generator, value)
      } catch (error) {
        if (this.nextFrame()) {
          mode = THROW
          value = error
          continue
        }
        switchTo(previous)
        this.finishWithError(error)
        return
      }
      if (result.done === true) {
        if (this.unwinding !== null) value = this.unwinding.exit
        if (this.nextFrame()) {
          mode = RETURN
          continue
        }
        switchTo(previous)
        this.finish(mode === RETURN && result.value === undefined ? value : result.value)
        return
      }
      if (this.interrupts !== null) {
        const interrupt = this.takeInterrupt()!
        this.waiting = null
        mode = interrupt.kill ? RETURN : THROW
        value = interrupt.error
      } else if (this.waiting === null) {
        // the result itself tells nothing: some engines make a new one at each generator that delegates
        mode = THROW
        value = new TypeError(`a greenlet yielded ${describe(result.value)}; use yield* with a Wait, or wait(promise)`)
      } else break
    }
    switchTo(previous)
  }

  /** Runs the `finally` blocks of a generator, and notes which ones are still to be left when one of them waits. */
  private leave(generator: Frame, exit: unknown): IteratorResult<unknown, unknown> {
    const { result, frames } = unwind(generator, exit)
    const [innermost, ...outer] = frames
    if (innermost !== undefined) {
      this.generator = innermost
      this.unwinding = { exit, outer: [...(this.unwinding?.outer ?? []), ...outer.reverse()] }
    }
    return result
  }

  /** Goes on with the generator outside the one that was left; false when there is none. */
  private nextFrame(): boolean {
    const frame = this.unwinding?.outer.pop()
    if (frame === undefined) return false
    this.generator = frame
    return true
  }

  private finish(value: unknown): void {
    this.end()
    this.ended(value)
  }

  private finishWithError(error: unknown): void {
    this.end()
    if (error instanceof GreenletExit) this.ended(error)
    else this.failed(error)
  }

  private end(): void {
    this.state = FINISHED
    this.generator = null
    this.unwinding = null
    this.waiting = null
    this.belongings?.drop()
    this.dropInterrupts()
    delist(this)
  }
}

let lastReference: WeakRef<RawGreenlet> | null = null

/** A weak reference: one for each spawned greenlet would cost more than the greenlet, and one spawner often makes many. */
function referenceTo(greenlet: RawGreenlet): WeakRef<RawGreenlet> {
  if (lastReference?.deref() !== greenlet) lastReference = new WeakRef(greenlet)
  return lastReference
}

function describe(value: unknown): string {
  if (value instanceof Wait || value instanceof Attempt) return "a Wait itself"
  if (value instanceof Promise) return "a promise"
  return typeof value === "object" && value !== null
    ? `an object (${value.constructor?.name ?? "no class"})`
    : String(value)
}
