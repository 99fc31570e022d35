import { GreenletExit } from "./exceptions.ts"
import { Timeout } from "./limit.ts"

/**
 * Whether an error is one that must pass through: a kill, or a Timeout that somebody further out has set. JavaScript has no
 * class of errors that `catch` leaves alone, so a `catch` for everything should rethrow these.
 *
 * @example
 * ```ts
 * import { isKill, run, sleep, spawn } from "gevent-wasm"
 * const careful = spawn(async () => {
 *   try {
 *     await sleep(10)
 *   } catch (error) {
 *     if (isKill(error)) throw error
 *   }
 * })
 * await careful.kill()
 * ```
 */
export function isKill(error: unknown): boolean {
  return error instanceof GreenletExit || error instanceof Timeout
}
