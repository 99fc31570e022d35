import { ERR, HUP, type Descriptor, type Observer } from "../host/descriptor.ts"
import { E } from "../host/errno.ts"
import type { FdTable } from "./fdtable.ts"

/** The operations of `Epoll.control`, as epoll_ctl(2) numbers them. */
export const EPOLL_CTL_ADD = 1
export const EPOLL_CTL_DEL = 2
export const EPOLL_CTL_MOD = 3

// EPOLLEXCLUSIVE, EPOLLWAKEUP, EPOLLONESHOT and EPOLLET would be wrong if they were taken for level-triggered ones.
const UNSUPPORTED = 0xf0000000
const ALWAYS = ERR | HUP

class EpollInterest implements Observer {
  readonly epoll: Epoll
  readonly descriptor: Descriptor
  readonly fd: number
  events = 0
  dataLo = 0
  dataHi = 0
  // The hot list is linked through the interests, so that joining and leaving it allocates nothing.
  hot = false
  previous: EpollInterest | undefined = undefined
  next: EpollInterest | undefined = undefined

  constructor(epoll: Epoll, descriptor: Descriptor, fd: number) {
    this.epoll = epoll
    this.descriptor = descriptor
    this.fd = fd
  }

  ready(): void {
    if (!this.hot && (this.descriptor.readiness(this.events) & this.events) !== 0) this.epoll.heat(this)
  }

  closed(fd: number): void {
    if (fd === this.fd) this.epoll.descriptorClosed(fd)
  }
}

/**
 * One epoll instance over an fd table: epoll_ctl(2) and epoll_wait(2) without the waiting, level-triggered. It keeps a
 * hot list of interests that became ready, so a wait costs what is ready, not what is watched.
 *
 * @example
 * ```ts
 * const epoll = new Epoll(table, () => host.immediate(turn), () => {})
 * epoll.control(EPOLL_CTL_ADD, fd, IN, fd, 0)
 * const count = epoll.wait(new Uint32Array(memory.buffer), pointer, 64)
 * ```
 */
export class Epoll {
  private readonly table: FdTable
  private readonly wake: () => void
  private readonly closed: (fd: number) => void
  private readonly interests: (EpollInterest | undefined)[] = []
  private head: EpollInterest | undefined = undefined
  private tail: EpollInterest | undefined = undefined
  private length = 0

  /**
   * @param table - Where `control` looks its numbers up.
   * @param wake - Called each time a descriptor becomes ready; the next turn of the loop should `wait`.
   * @param closed - Called with a number that has an interest here and is being closed.
   */
  constructor(table: FdTable, wake: () => void, closed: (fd: number) => void) {
    this.table = table
    this.wake = wake
    this.closed = closed
  }

  /** Whether a wait would report something now. */
  get hot(): boolean {
    for (let interest = this.head; interest !== undefined; interest = this.head) {
      if ((interest.descriptor.readiness(interest.events) & interest.events) !== 0) return true
      this.cool(interest)
    }
    return false
  }

  /**
   * epoll_ctl(2).
   *
   * @param operation - EPOLL_CTL_ADD, EPOLL_CTL_DEL or EPOLL_CTL_MOD.
   * @param events - Epoll bits; ERR and HUP are always in.
   * @param dataLo - The low 32 bits of `epoll_data`.
   * @param dataHi - The high 32 bits of it.
   * @returns 0, -E.BADF, -E.EXIST, -E.NOENT, or -E.INVAL for an edge-triggered or one-shot interest.
   */
  control(operation: number, fd: number, events: number, dataLo: number, dataHi: number): number {
    const descriptor = this.table.get(fd)
    if (descriptor === undefined) return -E.BADF
    let interest = this.interests[fd]
    if (operation === EPOLL_CTL_DEL) {
      if (interest === undefined) return -E.NOENT
      this.remove(interest)
      return 0
    }
    if ((operation !== EPOLL_CTL_ADD && operation !== EPOLL_CTL_MOD) || (events & UNSUPPORTED) !== 0) return -E.INVAL
    if (operation === EPOLL_CTL_ADD) {
      if (interest !== undefined) return -E.EXIST
      interest = this.interests[fd] = new EpollInterest(this, descriptor, fd)
      descriptor.observers.push(interest)
    } else if (interest === undefined) return -E.NOENT
    interest.events = events | ALWAYS
    interest.dataLo = dataLo
    interest.dataHi = dataHi
    interest.ready()
    return 0
  }

  /**
   * epoll_wait(2) with a timeout of zero: writes up to `max` events of 16 bytes (events at 0, data at 8). With more
   * ready than that, the next wait begins with those that were left out.
   *
   * @param view - The memory, as 32-bit words.
   * @param pointer - Byte address of the events, a multiple of 4.
   * @returns How many events were written.
   */
  wait(view: Uint32Array, pointer: number, max: number): number {
    let count = 0
    let slot = pointer >>> 2
    let interest = this.head
    while (interest !== undefined) {
      const { next } = interest
      const events = interest.descriptor.readiness(interest.events) & interest.events
      if (events === 0) this.cool(interest)
      else if (count === max) {
        this.rotate(interest)
        break
      } else {
        view[slot] = events
        view[slot + 2] = interest.dataLo
        view[slot + 3] = interest.dataHi
        slot += 4
        count++
      }
      interest = next
    }
    return count
  }

  /** The number is about to be closed: its interest goes, and the owner is told. Called by the fd table. */
  descriptorClosed(fd: number): void {
    const interest = this.interests[fd]
    if (interest === undefined) return
    this.remove(interest)
    this.closed(fd)
  }

  /** Drops every interest. */
  close(): void {
    for (const interest of this.interests) if (interest !== undefined) this.remove(interest)
    this.interests.length = 0
  }

  /** Puts an interest that became ready on the hot list. Called by the interest. */
  heat(interest: EpollInterest): void {
    interest.hot = true
    this.length++
    this.append(interest)
    this.wake()
  }

  private cool(interest: EpollInterest): void {
    interest.hot = false
    this.length--
    this.unlink(interest)
  }

  private remove(interest: EpollInterest): void {
    if (interest.hot) this.cool(interest)
    this.interests[interest.fd] = undefined
    const observers = interest.descriptor.observers
    const at = observers.indexOf(interest)
    if (at >= 0) observers.splice(at, 1)
  }

  /** Makes an interest the first one; those before it go to the end. */
  private rotate(interest: EpollInterest): void {
    const last = interest.previous
    if (last === undefined) return
    this.tail!.next = this.head
    this.head!.previous = this.tail
    this.tail = last
    last.next = undefined
    this.head = interest
    interest.previous = undefined
  }

  private append(interest: EpollInterest): void {
    interest.previous = this.tail
    interest.next = undefined
    if (this.tail === undefined) this.head = interest
    else this.tail.next = interest
    this.tail = interest
  }

  private unlink(interest: EpollInterest): void {
    if (interest.previous === undefined) this.head = interest.next
    else interest.previous.next = interest.next
    if (interest.next === undefined) this.tail = interest.previous
    else interest.next.previous = interest.previous
    interest.previous = interest.next = undefined
  }
}
