/** How many seconds callbacks run before I/O gets its turn; gevent: `gevent.setswitchinterval`. */
let switchInterval = 0.005

/** The seconds that callbacks and greenlets may run before I/O is polled. gevent: `gevent.getswitchinterval()`. */
export function getswitchinterval(): number {
  return switchInterval
}

/**
 * Sets the seconds that callbacks and greenlets may run before I/O is polled. gevent: `gevent.setswitchinterval(s)`.
 *
 * @throws {RangeError} unless `seconds` is a positive finite number.
 * @example
 * ```ts
 * import { setswitchinterval } from "gevent-wasm"
 * setswitchinterval(0.005)
 * ```
 */
export function setswitchinterval(seconds: number): void {
  if (typeof seconds !== "number" || !(seconds > 0) || seconds === Infinity) {
    throw new RangeError(`the switch interval must be a positive number of seconds, not ${String(seconds)}`)
  }
  switchInterval = seconds
}
