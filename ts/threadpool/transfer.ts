import type { Transferred } from "../host/thread.ts"

const KEY = Symbol.for("gevent-wasm.transfers")

/** What a value takes along. The threads, which do not load this module, have the same table. */
const table = ((globalThis as Record<symbol, unknown>)[KEY] ??= new WeakMap()) as WeakMap<object, Transferred[]>

/**
 * Marks an argument or a result as one that is handed over to the other thread, and not copied: it cannot be used here any more.
 *
 * @param value - The argument or result.
 * @param list - What of it is handed over: buffers, ports, streams. By default the value itself, or the buffer of an array of bytes.
 * @returns The value.
 * @throws {TypeError} when the value is no object.
 * @example
 * ```ts
 * import { run } from "gevent-wasm"
 * import { ThreadPool, transfer } from "gevent-wasm/threadpool"
 * await run(function* () {
 *   const pool = new ThreadPool(1)
 *   const bytes = new Uint8Array(1_000_000)
 *   console.log(yield* pool.apply((given: Uint8Array) => given.length, [transfer(bytes)]), bytes.length) // 1000000 0
 *   yield* pool.kill()
 * })
 * ```
 */
export function transfer<T extends object>(value: T, list?: readonly Transferred[]): T {
  if (typeof value !== "object" || value === null)
    throw new TypeError(`only objects are handed over, not ${String(value)}`)
  table.set(value, [...(list ?? [ArrayBuffer.isView(value) ? value.buffer : value])])
  return value
}

const NONE: readonly Transferred[] = []

/** What is handed over with some arguments. */
export function transfersOf(args: readonly unknown[]): readonly Transferred[] {
  let all = NONE
  for (const arg of args) {
    const list = typeof arg === "object" && arg !== null ? table.get(arg) : undefined
    if (list !== undefined) all = [...new Set([...all, ...list])]
  }
  return all
}
