import { descriptors } from "../core/descriptors.ts"
import { SocketError } from "../exceptions.ts"
import { filenoOf, type HasFileno } from "../fileobject/source.ts"
import { ERR, HUP, IN, OUT, RDHUP } from "../host/descriptor.ts"
import { E } from "../host/errno.ts"
import type { TimeoutArgument } from "../limit.ts"
import type { Wait } from "../wait.ts"
import { ReadinessWait } from "./readiness.ts"

/** What can be waited for: a number of the fd table, or what has one. */
export type Selectable = number | HasFileno

const READABLE = IN | RDHUP | HUP | ERR
const WRITABLE = OUT | ERR

type Selected<R, W> = [readable: R[], writable: W[], exceptional: never[]]

class SelectWait<R extends Selectable, W extends Selectable> extends ReadinessWait<Selected<R, W>> {
  private readonly readers: Map<R, number>
  private readonly writers: Map<W, number>
  private readonly others: Map<Selectable, number>

  constructor(readers: Iterable<R>, writers: Iterable<W>, others: Iterable<Selectable>, timeout: TimeoutArgument) {
    super(timeout)
    this.readers = numbered(readers)
    this.writers = numbered(writers)
    this.others = numbered(others)
  }

  protected fds(): number[] {
    return [...this.readers.values(), ...this.writers.values(), ...this.others.values()]
  }

  protected collect(): Selected<R, W> | null {
    for (const fd of this.others.values()) readiness(fd, 0)
    const readable = pick(this.readers, READABLE)
    const writable = pick(this.writers, WRITABLE)
    return readable.length > 0 || writable.length > 0 ? [readable, writable, []] : null
  }

  protected nothing(): Selected<R, W> {
    return [[], [], []]
  }

  override describe(): string {
    return `select of ${this.fds().length} descriptors`
  }
}

/**
 * Waits until one of some descriptors can be read from or written to without waiting.
 *
 * gevent: `gevent.select.select(rlist, wlist, xlist, timeout=None)`.
 *
 * @param rlist - Sockets, files and numbers of the fd table, to be read from.
 * @param wlist - The same, to be written to.
 * @param xlist - Nothing happens to these; they have to be open.
 * @param timeout - Seconds, or a Timeout; when it passes first, the lists are empty. 0 looks without waiting.
 * @returns Those of each list that are ready; the third list is always empty.
 * @throws {TypeError} for what has no number; {RangeError} for a negative timeout; both at the call.
 * @throws {SocketError} EBADF when one is not open, or is closed meanwhile.
 * @example
 * ```ts
 * import { run } from "gevent-wasm"
 * import { select } from "gevent-wasm/select"
 * import { createConnection } from "gevent-wasm/socket"
 * await run(function* () {
 *   using first = yield* createConnection(["example.org", 80])
 *   using second = yield* createConnection(["example.net", 80])
 *   const [readable] = yield* select([first, second], [], [], 10)
 *   for (const socket of readable) console.log(yield* socket.recv(1024))
 * })
 * ```
 */
export function select<R extends Selectable, W extends Selectable>(
  rlist: Iterable<R>,
  wlist: Iterable<W>,
  xlist: Iterable<Selectable>,
  timeout: TimeoutArgument = null,
): Wait<Selected<R, W>> {
  return new SelectWait(rlist, wlist, xlist, timeout)
}

function numbered<S extends Selectable>(list: Iterable<S>): Map<S, number> {
  if (list === null || typeof list !== "object" || !(Symbol.iterator in list)) {
    throw new TypeError(`select takes iterables of descriptors, not ${String(list)}`)
  }
  const numbers = new Map<S, number>()
  for (const item of list) numbers.set(item, filenoOf(item))
  return numbers
}

function pick<S>(numbers: Map<S, number>, events: number): S[] {
  const ready: S[] = []
  for (const [item, fd] of numbers) if ((readiness(fd, events) & events) !== 0) ready.push(item)
  return ready
}

/** @throws {SocketError} EBADF when it is not open. */
function readiness(fd: number, events: number): number {
  const descriptor = descriptors.get(fd)
  if (descriptor === undefined) throw new SocketError(E.BADF, "select")
  return descriptor.readiness(events)
}
