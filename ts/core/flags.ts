// libev's event bits. gevent: `gevent.core.READ` and so on.

/** A descriptor is readable. */
export const READ = 1
/** A descriptor is writable. */
export const WRITE = 2
/** A timer has fired. */
export const TIMER = 0x100
/** The process got a signal. */
export const SIGNAL = 0x400
/** A child process has ended. */
export const CHILD = 0x800
/** A file has changed. */
export const STAT = 0x1000
/** Nothing else was pending. */
export const IDLE = 0x2000
/** The loop is about to look for events. */
export const PREPARE = 0x4000
/** The loop has looked for events. */
export const CHECK = 0x8000
/** The process was forked. */
export const FORK = 0x20000
/** `send` was called. */
export const ASYNC = 0x80000
/** Free for use with `feed`. */
export const CUSTOM = 0x1000000
/** The watcher cannot go on: its descriptor is gone. */
export const ERROR: number = 0x80000000 | 0

/** The highest priority of a watcher. gevent: `gevent.core.MAXPRI`. */
export const MAXPRI = 2
/** The lowest priority of a watcher. gevent: `gevent.core.MINPRI`. */
export const MINPRI = -2

/** libev's backends by name; only `epoll`, over the host's readiness, is built in. */
export const backends: Readonly<Record<string, number>> = {
  port: 0x20,
  kqueue: 0x8,
  epoll: 0x4,
  poll: 0x2,
  select: 0x1,
  devpoll: 0x10,
  linux_aio: 0x40,
  iouring: 0x80,
}

const behaviours: Readonly<Record<string, number>> = {
  noenv: 0x1000000,
  forkcheck: 0x2000000,
  noinotify: 0x100000,
  signalfd: 0x200000,
  nosigmask: 0x400000,
}

const all: Readonly<Record<string, number>> = { ...backends, ...behaviours }

const events: readonly [string, number][] = [
  ["READ", READ],
  ["WRITE", WRITE],
  ["TIMER", TIMER],
  ["PERIODIC", 0x200],
  ["SIGNAL", SIGNAL],
  ["CHILD", CHILD],
  ["STAT", STAT],
  ["IDLE", IDLE],
  ["PREPARE", PREPARE],
  ["CHECK", CHECK],
  ["EMBED", 0x10000],
  ["FORK", FORK],
  ["CLEANUP", 0x40000],
  ["ASYNC", ASYNC],
  ["CUSTOM", CUSTOM],
  ["ERROR", ERROR],
]

/**
 * The names of event bits, joined with `|`; what has no name follows as a hexadecimal number.
 * gevent: `gevent.core._events_to_str`.
 *
 * @example
 * ```ts
 * import { eventsToString, READ, WRITE } from "gevent-wasm/core"
 * eventsToString(READ | WRITE) // "READ|WRITE"
 * ```
 */
export function eventsToString(bits: number): string {
  const names: string[] = []
  for (const [name, bit] of events) {
    if ((bits & bit) === 0) continue
    names.push(name)
    bits &= ~bit
  }
  if (bits !== 0) names.push(`0x${(bits >>> 0).toString(16)}`)
  return names.join("|")
}

/**
 * The bits of a loop's flags: a number, a name, names with commas, or a list of them. gevent: `gevent.core._flags_to_int`.
 *
 * @throws {RangeError} for a name that libev does not have; the message lists those it has.
 * @throws {TypeError} for another type.
 * @example
 * ```ts
 * import { flagsToInt } from "gevent-wasm/core"
 * flagsToInt("epoll,noenv") // 0x1000004
 * ```
 */
export function flagsToInt(flags: number | string | readonly (string | number)[] | null | undefined): number {
  if (flags === null || flags === undefined) return 0
  if (typeof flags === "number") return flags
  if (typeof flags === "string") return flagsToInt(flags.split(","))
  if (!Array.isArray(flags)) throw new TypeError(`flags must be a number, a string or a list, not ${typeof flags}`)
  let result = 0
  for (const item of flags as readonly (string | number)[]) {
    if (typeof item === "number") {
      result |= item
      continue
    }
    if (typeof item !== "string") throw new TypeError(`a flag must be a string or a number, not ${typeof item}`)
    const name = item.trim().toLowerCase()
    if (name === "") continue
    const bit = all[name]
    if (bit === undefined) {
      throw new RangeError(`Invalid backend or flag: ${item}\nPossible values: ${Object.keys(all).sort().join(", ")}`)
    }
    result |= bit
  }
  return result
}

/**
 * The names of a loop's flags; what has no name is left as a number. gevent: `gevent.core._flags_to_list`.
 *
 * @example
 * ```ts
 * import { flagsToList } from "gevent-wasm/core"
 * flagsToList(4) // ["epoll"]
 * ```
 */
export function flagsToList(flags: number): (string | number)[] {
  const result: (string | number)[] = []
  for (const [name, bit] of Object.entries(all)) {
    if ((flags & bit) === 0) continue
    result.push(name)
    flags &= ~bit
  }
  if (flags !== 0) result.push(flags)
  return result
}
