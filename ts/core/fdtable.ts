import type { Descriptor } from "../host/descriptor.ts"
import { E } from "../host/errno.ts"
import type { Home } from "../host/host.ts"

const FIRST = 3

/**
 * The descriptors of one process by number. A new one gets the lowest free number from 3 on, as POSIX wants it (0, 1
 * and 2 are the standard streams).
 *
 * @example
 * ```ts
 * import { descriptors } from "gevent-wasm/core"
 * import { Socket } from "gevent-wasm/socket"
 * const socket = new Socket()
 * console.log(descriptors.get(socket.fileno())?.readiness())
 * socket.close()
 * console.log(descriptors.size) // 0
 * ```
 */
export class FdTable {
  private readonly entries: (Descriptor | undefined)[] = []
  // A bit per number in use: the lowest free one is found 32 at a time, from a word below which all are taken.
  private used = new Int32Array(8)
  private lowest = 0
  private count = 0
  private readonly limit: number

  /** @param limit - How many numbers there are; beyond it `install` returns -E.MFILE. */
  constructor(limit: number = 65536 * 4) {
    this.limit = limit
    this.used[0] = (1 << FIRST) - 1
  }

  /** How many descriptors are open. */
  get size(): number {
    return this.count
  }

  /** Whether `install` would return -E.MFILE. */
  get full(): boolean {
    return this.count >= this.limit - FIRST
  }

  /** Gives a descriptor the lowest free number and returns it, or -E.MFILE. It may be installed more than once (dup). */
  install(descriptor: Descriptor): number {
    let word = this.lowest
    while (word < this.used.length && this.used[word] === -1) word++
    this.lowest = word
    if (word === this.used.length) this.grow()
    const free = ~this.used[word]!
    const bit = 31 - Math.clz32(free & -free)
    const fd = word * 32 + bit
    if (fd >= this.limit) return -E.MFILE
    this.used[word]! |= 1 << bit
    this.entries[fd] = descriptor
    this.count++
    descriptor.links++
    return fd
  }

  /**
   * Gives a descriptor that is installed a certain number as well, as dup2(2): what has that number now is closed.
   *
   * @returns The number; -E.BADF when it is out of range, -E.NOTSUP for a standard stream, which no table holds.
   */
  replace(fd: number, descriptor: Descriptor): number {
    if (fd >= this.limit) return -E.BADF
    if (fd < FIRST) return -E.NOTSUP
    if (this.entries[fd] === descriptor) return fd
    if (this.entries[fd] !== undefined) this.close(fd)
    const word = fd >>> 5
    while (word >= this.used.length) this.grow()
    this.used[word]! |= 1 << (fd & 31)
    this.entries[fd] = descriptor
    this.count++
    descriptor.links++
    return fd
  }

  /** The descriptor of a number, or undefined when it is free. */
  get(fd: number): Descriptor | undefined {
    return this.entries[fd]
  }

  /**
   * Frees a number. Who observes the descriptor under it (an epoll's interest) is told first; the descriptor itself is
   * closed with its last number.
   *
   * @returns 0, or -E.BADF when the number is free.
   */
  close(fd: number): number {
    const descriptor = this.entries[fd]
    if (descriptor === undefined) return -E.BADF
    this.entries[fd] = undefined
    const word = fd >>> 5
    this.used[word]! &= ~(1 << (fd & 31))
    if (word < this.lowest) this.lowest = word
    this.count--
    tellObservers(descriptor, fd)
    descriptor.unlink()
    return 0
  }

  /**
   * Puts another descriptor behind a number. Who observes the old one under it is told that it was closed; the link to the
   * old one passes on to the caller, who has to `unlink` it some time.
   *
   * @returns 0, or -E.BADF when the number is free.
   */
  exchange(fd: number, descriptor: Descriptor): number {
    const previous = this.entries[fd]
    if (previous === undefined) return -E.BADF
    tellObservers(previous, fd)
    this.entries[fd] = descriptor
    descriptor.links++
    return 0
  }

  /** Closes what ends with a home. */
  closeOf(home: Home): void {
    this.entries.forEach((descriptor, fd) => {
      if (descriptor?.belongsTo(home) === true) this.close(fd)
    })
  }

  private grow(): void {
    const used = new Int32Array(this.used.length * 2)
    used.set(this.used)
    this.used = used
  }
}

function tellObservers({ observers }: Descriptor, fd: number): void {
  // Backwards, since an observer that goes takes itself off the list.
  for (let i = observers.length - 1; i >= 0; i--) observers[i]?.closed(fd)
}
