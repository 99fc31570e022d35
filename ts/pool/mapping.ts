import { checkBody, type Body } from "../body.ts"
import { Flow } from "../flow.ts"
import { Greenlet } from "../greenlet.ts"
import { resultOf } from "../iteration.ts"
import type { BlockingCall, Op } from "../wait.ts"
import { IMap, IMapUnordered } from "./imap.ts"
import { Input, type Items } from "./input.ts"

/** What a function that runs in a greenlet returns: an operation or a promise. */
export type Running = Op<unknown> | Promise<unknown>

/** The result of what a function returns. */
export type Result<R> = R extends Op<infer T> ? T : R extends PromiseLike<infer T> ? T : never

/** Options of `imap` and `imapUnordered`. */
export interface ImapOptions {
  /** How many results may be there that nobody has read; null or 0: as many as come. */
  maxsize?: number | null
}

/** A function that is called with a result. */
export type ResultCallback<T> = (result: T) => unknown

/**
 * Calls functions in greenlets of a group, and functions for each item of an iterable. gevent: `gevent.pool.GroupMappingMixin`.
 */
export abstract class Mapping {
  /** Whether there is no room for a greenlet more. */
  abstract full(): boolean

  /** Runs a function in a greenlet; null when there is no room. For mappings. */
  abstract admit(fn: Body, args: unknown[]): Greenlet<unknown> | null

  /** Runs a function in a greenlet as soon as there is room. For mappings. */
  abstract admitLater(fn: Body, args: unknown[]): BlockingCall<Greenlet<unknown>>

  /** Whether the current greenlet is one of its own. */
  protected abstract runsHere(): boolean

  /**
   * Runs a function in a greenlet of its own, and waits for its result. In one of the group's own greenlets the function is called
   * directly, so that a full pool does not wait for itself.
   *
   * gevent: `apply(func, args=None, kwds=None)`.
   *
   * @throws {TypeError} when `fn` is no function or `args` no array.
   */
  apply<A extends unknown[], R extends Running>(fn: (...args: A) => R, args?: A): Flow<Result<R>> {
    checkBody(fn)
    const given = argumentsOf(args)
    const runsHere = this.runsHere()
    const flow = function* (this: Mapping): Generator<BlockingCall<unknown>, Result<R>, unknown> {
      if (runsHere) return (yield* resultOf(fn(...given))) as Result<R>
      const greenlet = this.admit(fn, given) ?? (yield* this.admitLater(fn, given))
      return (yield* greenlet.get()) as Result<R>
    }
    return new Flow(() => flow.call(this))
  }

  /**
   * As `apply`, and calls `callback` with the result in a greenlet of its own.
   *
   * gevent: `apply_cb(func, args=None, kwds=None, callback=None)`.
   */
  applyCb<A extends unknown[], R extends Running>(
    fn: (...args: A) => R,
    args?: A,
    callback?: ResultCallback<Result<R>> | null,
  ): Flow<Result<R>> {
    checkCallback(callback)
    const applied = this.apply(fn, args)
    return new Flow(function* () {
      const result = yield* applied
      if (callback) new Greenlet(callback, result).start()
      return result
    })
  }

  /**
   * Runs a function in a greenlet, which is returned at once, also when there is no room yet.
   *
   * gevent: `apply_async(func, args=None, kwds=None, callback=None)`.
   *
   * @param callback - Called with the result, in a greenlet of its own, if the function does not fail.
   * @throws {TypeError} when `fn` or `callback` is no function, or `args` no array.
   */
  applyAsync<A extends unknown[], R extends Running>(
    fn: (...args: A) => R,
    args?: A,
    callback?: ResultCallback<Result<R>> | null,
  ): Greenlet<Result<R>> {
    checkBody(fn)
    checkCallback(callback)
    const greenlet = this.admit(fn, argumentsOf(args)) as Greenlet<Result<R>> | null
    if (greenlet === null) {
      const waiting = new Greenlet<Result<R>>(() => this.applyCb(fn, args, callback))
      waiting.start()
      return waiting
    }
    if (callback) greenlet.linkValue((ended) => callback(ended.value as Result<R>))
    return greenlet
  }

  /**
   * Calls a function with each item, each in a greenlet of its own, and waits for all results.
   *
   * gevent: `map(func, iterable)`.
   *
   * @returns The results in the order of the items.
   * @throws The error of the first item, in their order, whose call has failed, or what the iterable throws, when all have ended.
   */
  map<A, R extends Running>(fn: (item: A) => R, items: Items<A>): Flow<Result<R>[]> {
    checkBody(fn)
    const input = new Input([items])
    const flow = function* (this: Mapping): Generator<BlockingCall<unknown>, Result<R>[], unknown> {
      const greenlets: Greenlet<unknown>[] = []
      try {
        while (input.immediate ? input.has() : yield* input.hasLater()) {
          const args = input.current
          greenlets.push(this.admit(fn, args) ?? (yield* this.admitLater(fn, args)))
          input.drop()
        }
      } finally {
        input.close()
      }
      const results: Result<R>[] = []
      for (const greenlet of greenlets) results.push((yield* greenlet.get()) as Result<R>)
      if (input.failure !== null) throw input.failure.error
      return results
    }
    return new Flow(() => flow.call(this))
  }

  /** As `map`, and then calls `callback` with the results. gevent: `map_cb(func, iterable, callback=None)`. */
  mapCb<A, R extends Running>(
    fn: (item: A) => R,
    items: Items<A>,
    callback?: ResultCallback<Result<R>[]> | null,
  ): Flow<Result<R>[]> {
    checkCallback(callback)
    const mapped = this.map(fn, items)
    return new Flow(function* () {
      const results = yield* mapped
      if (callback) yield* resultOf(callback(results))
      return results
    })
  }

  /** As `mapCb`, in a greenlet, which is returned at once. gevent: `map_async(func, iterable, callback=None)`. */
  mapAsync<A, R extends Running>(
    fn: (item: A) => R,
    items: Items<A>,
    callback?: ResultCallback<Result<R>[]> | null,
  ): Greenlet<Result<R>[]> {
    const mapped = this.mapCb(fn, items, callback)
    const greenlet = new Greenlet<Result<R>[]>(() => mapped)
    greenlet.start()
    return greenlet
  }

  /**
   * Calls a function with the items of one or several iterables side by side, and gives the results in the order of the items. The
   * shortest iterable ends it. Items are taken without waiting for somebody who reads the results, unless `maxsize` limits how many
   * may be there.
   *
   * gevent: `imap(func, *iterables, maxsize=None)`.
   *
   * @throws {TypeError} when `fn` is no function or an iterable none, and for an unknown option; {RangeError} when `maxsize` is
   *   negative or no whole number.
   * @example
   * ```ts
   * import { run, sleep } from "gevent-wasm"
   * import { Pool } from "gevent-wasm/pool"
   * function* double(number: number) {
   *   yield* sleep(0.001)
   *   return 2 * number
   * }
   * await run(function* () {
   *   for (const next of new Pool(2).imap(double, [1, 2, 3])) console.log(yield* next) // 2 4 6
   * })
   * ```
   */
  imap<A, R extends Running>(fn: (item: A) => R, items: Items<A>, options?: ImapOptions): IMap<Result<R>>
  imap<A, B, R extends Running>(
    fn: (first: A, second: B) => R,
    first: Items<A>,
    second: Items<B>,
    options?: ImapOptions,
  ): IMap<Result<R>>
  imap<A extends unknown[], R extends Running>(
    fn: (...items: A) => R,
    ...iterables: { [K in keyof A]: Items<A[K]> }
  ): IMap<Result<R>>
  imap<A extends unknown[], R extends Running>(
    fn: (...items: A) => R,
    ...rest: [...iterables: { [K in keyof A]: Items<A[K]> }, options: ImapOptions]
  ): IMap<Result<R>>
  imap(fn: Body, ...rest: unknown[]): IMap<unknown> {
    return started(new IMap(this, fn, ...split(rest)))
  }

  /** As `imap`, and gives the results as they come. gevent: `imap_unordered(func, *iterables, maxsize=None)`. */
  imapUnordered<A, R extends Running>(
    fn: (item: A) => R,
    items: Items<A>,
    options?: ImapOptions,
  ): IMapUnordered<Result<R>>
  imapUnordered<A, B, R extends Running>(
    fn: (first: A, second: B) => R,
    first: Items<A>,
    second: Items<B>,
    options?: ImapOptions,
  ): IMapUnordered<Result<R>>
  imapUnordered<A extends unknown[], R extends Running>(
    fn: (...items: A) => R,
    ...iterables: { [K in keyof A]: Items<A[K]> }
  ): IMapUnordered<Result<R>>
  imapUnordered<A extends unknown[], R extends Running>(
    fn: (...items: A) => R,
    ...rest: [...iterables: { [K in keyof A]: Items<A[K]> }, options: ImapOptions]
  ): IMapUnordered<Result<R>>
  imapUnordered(fn: Body, ...rest: unknown[]): IMapUnordered<unknown> {
    return started(new IMapUnordered(this, fn, ...split(rest)))
  }
}

function started<G extends { start(): void }>(greenlet: G): G {
  greenlet.start()
  return greenlet
}

/** The iterables, and the options behind them: an object that cannot be iterated over. */
function split(rest: unknown[]): [Input, number] {
  const last = rest[rest.length - 1]
  const hasOptions = last === undefined || (typeof last === "object" && last !== null && isRecord(last))
  const options = (hasOptions ? rest[rest.length - 1] : undefined) as Record<string, unknown> | undefined
  const unknownOption = Object.keys(options ?? {}).find((name) => name !== "maxsize")
  if (unknownOption !== undefined) throw new TypeError(`unknown option ${unknownOption}: there is only maxsize`)
  const maxsize = options?.["maxsize"] ?? Infinity
  if (typeof maxsize !== "number" || Number.isNaN(maxsize)) {
    throw new TypeError(`maxsize must be a number or null, not ${String(maxsize)}`)
  }
  if (maxsize < 0 || (maxsize !== Infinity && !Number.isInteger(maxsize))) {
    throw new RangeError(`maxsize must be a whole number of at least 0, not ${maxsize}`)
  }
  return [new Input(hasOptions ? rest.slice(0, -1) : rest), maxsize === 0 ? Infinity : maxsize]
}

function isRecord(value: object): boolean {
  return !(Symbol.iterator in value) && !(Symbol.asyncIterator in value) && !("next" in value)
}

function argumentsOf<A extends unknown[]>(args: A | undefined): A {
  if (args === undefined || args === null) return [] as unknown as A
  if (!Array.isArray(args)) throw new TypeError(`the arguments of a function must be an array, not ${String(args)}`)
  return args
}

function checkCallback(callback: unknown): void {
  if (callback === undefined || callback === null || typeof callback === "function") return
  throw new TypeError(`callback must be a function, not ${String(callback)}`)
}
