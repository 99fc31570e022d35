import { checkBody, type Body } from "./body.ts"
import { Greenlet } from "./greenlet.ts"
import { Kill, toError, type KillError } from "./kill.ts"
import { GreenletExit } from "./exceptions.ts"
import { QuietGreenlet } from "./flow.ts"
import { getHub } from "./hub.ts"
import { limitOf, type TimeoutArgument } from "./limit.ts"
import { RawGreenlet } from "./rawgreenlet.ts"
import { currentStrand, Strand } from "./strand.ts"
import type { Op, Wait } from "./wait.ts"
import { joinStrictly } from "./waiting.ts"

class SpawnedRaw extends RawGreenlet {
  constructor(body: Body, args: unknown[]) {
    super(body, args)
    this.schedule()
  }
}

/**
 * Makes a greenlet and starts it. It does not run now, but when the current one waits, after those that are ready already.
 *
 * gevent: `gevent.spawn(function, *args, **kwargs)`.
 *
 * @param fn - A generator function, or an async function.
 * @throws {TypeError} when it is no function.
 * @example
 * ```ts
 * import { run, sleep, spawn } from "gevent-wasm"
 * await run(function* () {
 *   const answer = spawn(function* (a: number, b: number) {
 *     yield* sleep(0.01)
 *     return a * b
 *   }, 6, 7)
 *   console.log(yield* answer.get()) // 42
 * })
 * ```
 */
export function spawn<A extends unknown[], T>(fn: (...args: A) => Op<T>, ...args: A): Greenlet<T>
export function spawn<A extends unknown[], T>(fn: (...args: A) => Promise<T>, ...args: A): Greenlet<T>
export function spawn<A extends unknown[], T>(fn: (...args: A) => Op<T> | Promise<T>, ...args: A): Greenlet<T> {
  checkBody(fn)
  getHub()
  const greenlet = new Greenlet<T>(fn, ...args)
  greenlet.start()
  return greenlet
}

/**
 * Makes a greenlet and starts it after some seconds. gevent: `gevent.spawn_later(seconds, function, *args, **kwargs)`.
 *
 * @throws {TypeError} when `seconds` is no number or `fn` no function.
 * @example
 * ```ts
 * import { spawnLater } from "gevent-wasm"
 * await spawnLater(0.01, async () => console.log("later")).join()
 * ```
 */
export function spawnLater<A extends unknown[], T>(seconds: number, fn: (...args: A) => Op<T>, ...args: A): Greenlet<T>
export function spawnLater<A extends unknown[], T>(
  seconds: number,
  fn: (...args: A) => Promise<T>,
  ...args: A
): Greenlet<T>
export function spawnLater<A extends unknown[], T>(
  seconds: number,
  fn: (...args: A) => Op<T> | Promise<T>,
  ...args: A
): Greenlet<T> {
  checkBody(fn)
  getHub()
  const greenlet = new Greenlet<T>(fn, ...args)
  greenlet.startLater(seconds)
  return greenlet
}

/**
 * Runs a function in the hub at the least cost: there is no result, nothing to join and no link.
 * gevent: `gevent.spawn_raw(function, *args, **kwargs)`.
 *
 * @throws {TypeError} when it is no function.
 * @example
 * ```ts
 * import { sleep, spawnRaw } from "gevent-wasm"
 * spawnRaw(function* () {
 *   yield* sleep(0.01)
 *   console.log("done")
 * })
 * ```
 */
export function spawnRaw<A extends unknown[]>(
  fn: (...args: A) => Op<unknown> | Promise<unknown>,
  ...args: A
): RawGreenlet {
  checkBody(fn)
  getHub()
  return new SpawnedRaw(fn, args)
}

/**
 * Who runs now: a greenlet, MAIN outside all of them, or the hub in a callback of the loop. gevent: `gevent.getcurrent()`.
 *
 * @example
 * ```ts
 * import { getcurrent, spawn } from "gevent-wasm"
 * const greenlet = spawn(async () => getcurrent())
 * console.log((await greenlet.get()) === greenlet) // true
 * ```
 */
export function getcurrent(): Strand {
  return currentStrand()
}

/**
 * Runs a function as a greenlet and gives a promise of its result: the way from a program's top level into greenlets. It
 * rejects with LoopExit when nothing is left that could ever wake the program.
 *
 * @throws {TypeError} when it is no function.
 * @example
 * ```ts
 * import { run, sleep } from "gevent-wasm"
 * await run(function* main() {
 *   yield* sleep(0.01)
 * })
 * ```
 */
export function run<A extends unknown[], T>(fn: (...args: A) => Op<T>, ...args: A): Promise<T>
export function run<A extends unknown[], T>(fn: (...args: A) => Promise<T>, ...args: A): Promise<T>
export function run<A extends unknown[], T>(fn: (...args: A) => Op<T> | Promise<T>, ...args: A): Promise<T> {
  checkBody(fn)
  getHub()
  const greenlet = new QuietGreenlet<T>(fn, ...args)
  greenlet.start()
  return greenlet.get().then()
}

/**
 * Ends a greenlet, MAIN included, without waiting: the error is thrown from the run queue. Nothing happens when it has ended.
 * gevent: `gevent.kill(greenlet, exception=GreenletExit)`.
 *
 * @throws {TypeError} when `greenlet` is none, or `exception` neither an error nor a class of errors.
 * @example
 * ```ts
 * import { kill, sleep, spawn } from "gevent-wasm"
 * kill(spawn(() => sleep(10)))
 * ```
 */
export function kill(greenlet: Strand, exception: KillError = GreenletExit): void {
  const error = toError(exception)
  if (!(greenlet instanceof Strand)) throw new TypeError(`kill takes a greenlet, not ${String(greenlet)}`)
  if (greenlet instanceof RawGreenlet) greenlet.scheduleKill(error)
  else greenlet.loop.queue.push({ run: () => greenlet.interrupt(new Kill(error)) })
}

/**
 * Ends greenlets, all within one callback of the hub, and waits until they have ended.
 * gevent: `gevent.killall(greenlets, exception=GreenletExit, block=True, timeout=None)`.
 *
 * @param block - false: does not wait.
 * @param timeout - Seconds or a Timeout, which is thrown when it passes before they have ended.
 * @throws {TypeError} when `exception` is neither an error nor a class of errors.
 * @example
 * ```ts
 * import { killall, run, sleep, spawn } from "gevent-wasm"
 * await run(function* () {
 *   yield* killall([spawn(() => sleep(10)), spawn(() => sleep(10))])
 * })
 * ```
 */
export function killall(
  greenlets: Iterable<RawGreenlet>,
  exception?: KillError,
  block?: true,
  timeout?: TimeoutArgument,
): Wait<unknown>
export function killall(greenlets: Iterable<RawGreenlet>, exception: KillError | undefined, block: false): void
export function killall(
  greenlets: Iterable<RawGreenlet>,
  exception: KillError = GreenletExit,
  block = true,
  timeout: TimeoutArgument = null,
): Wait<unknown> | void {
  // what is wrong is said before anybody is killed
  toError(exception)
  const limit = limitOf(timeout)
  const alive = [...greenlets].filter((greenlet) => !greenlet.dead && !greenlet.endBeforeRun(toError(exception)))
  for (const loop of new Set(alive.map((greenlet) => greenlet.loop))) {
    loop.queue.push({
      run: () => {
        for (const greenlet of alive) if (greenlet.loop === loop) greenlet.interrupt(new Kill(toError(exception)))
      },
    })
  }
  if (!block) return undefined
  return joinStrictly(
    alive.filter((greenlet): greenlet is Greenlet<unknown> => greenlet instanceof Greenlet),
    limit,
  )
}
