// What threads of a pool import.
import { sleep, spawn, type Wait } from "gevent-wasm"
import { StreamServer } from "gevent-wasm/server"
import { PIPE, Popen } from "gevent-wasm/subprocess"
import { ThreadPool, transfer } from "gevent-wasm/threadpool"

const pool = new ThreadPool(2)
let calls = 0

/** How often this thread has called it. */
export function count(): number {
  return ++calls
}

/** Starts a child and waits for it. */
export function* echo(text: string): Generator<Wait<unknown>, [output: string, returncode: number | null], unknown> {
  const popen = new Popen(["echo", text], { stdout: PIPE, text: true })
  const [output] = yield* popen.communicate()
  return [output, popen.returncode]
}

export default function double(value: number): number {
  return 2 * value
}

export function* slowly(value: number) {
  const other = spawn(function* () {
    yield* sleep(0.01)
    return value
  })
  return (yield* other.get()) + 1
}

/** Leaves a server and a greenlet behind; returns the server's port. */
export function linger(): number {
  const server = new StreamServer(["127.0.0.1", 0], () => {})
  server.start()
  spawn(() => sleep(1000))
  return server.serverPort
}

/** Calls itself in the pool of its thread. */
export function* factorial(n: number): Generator<Wait<unknown>, number, unknown> {
  return n === 0 ? 1 : n * (yield* pool.apply<[number], number>(factorial as never, [n - 1]))
}

export function* squares(values: number[]) {
  return yield* pool.map((value: number) => value * value, values)
}

export async function nested(): Promise<string> {
  try {
    await pool.spawn(() => 1)
    return "spawned"
  } catch (error) {
    return (error as Error).name
  }
}

export function bytes(size: number): Uint8Array {
  return transfer(new Uint8Array(size).fill(7))
}

export const notCallable = 1
