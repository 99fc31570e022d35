/**
 * What `kill()` ends a greenlet with. It is not a failure: a greenlet that it ended is `successful()`, and its value is the
 * GreenletExit. In a generator greenlet it runs the `finally` blocks and cannot be caught; an async function gets it as the
 * rejection of what it awaits, and should let it pass: see {@link isKill}.
 *
 * gevent: `gevent.GreenletExit`.
 *
 * @example
 * ```ts
 * import { GreenletExit, sleep, spawn } from "gevent-wasm"
 * const sleeper = spawn(() => sleep(10))
 * await sleeper.kill()
 * console.log(sleeper.value instanceof GreenletExit) // true
 * ```
 */
export class GreenletExit extends Error {
  override name = "GreenletExit"
}

/**
 * Ends the program from any greenlet: it is thrown into MAIN, as Python's SystemExit is. gevent: `sys.exit(code)`.
 *
 * @example
 * ```ts
 * import { run, sleep, spawn, SystemExit } from "gevent-wasm"
 * await run(function* () {
 *   spawn(() => { throw new SystemExit(3) })
 *   yield* sleep(1)
 * }).catch((error) => console.log(error.code)) // 3
 * ```
 */
export class SystemExit extends Error {
  override name = "SystemExit"
  /** The exit code, or the message that was given. */
  readonly code: number | string

  constructor(code: number | string = 0) {
    super(String(code))
    this.code = code
  }
}
