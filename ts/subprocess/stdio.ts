import { descriptors } from "../core/descriptors.ts"
import { Pump } from "../core/pump.ts"
import { SocketError } from "../exceptions.ts"
import type { Descriptor } from "../host/descriptor.ts"
import { E } from "../host/errno.ts"
import type { HostProcess, SpawnOptions } from "../host/host.ts"
import { DEVNULL, PIPE, STDOUT, type PopenOptions, type Stdio } from "./options.ts"

const NAMES = ["stdin", "stdout", "stderr"] as const
/** The standard streams of this process are the host's, and in no fd table. */
const STANDARD = 3
const empty = new Uint8Array(0)
const none: readonly Pump[] = []

/** A descriptor of ours whose bytes are carried to the child, or from it. */
interface Carried {
  readonly fd: number
  readonly descriptor: Descriptor
}

/** What a child's descriptors are to be. */
export class StdioPlan {
  /** For the host. */
  readonly entries: SpawnOptions["stdio"][number][] = []
  private readonly carried: Carried[] = []

  /** @throws {TypeError} {RangeError} for what is none of a child's streams. {SocketError} EBADF for a number that is not open. */
  constructor({ stdin = null, stdout = null, stderr = null, passFds }: PopenOptions) {
    this.add(0, numberOf(stdin, 0))
    this.add(1, numberOf(stdout, 1))
    if (stderr === STDOUT) this.entries[2] = "output"
    else this.add(2, numberOf(stderr, 2))
    if (passFds !== undefined) for (const fd of passFds) this.pass(fd)
  }

  /**
   * Carries the bytes of what the child could not get as it is.
   *
   * @returns What carries them to it.
   * @throws {SocketError} EMFILE when the fd table is full.
   */
  carry(child: HostProcess): readonly Pump[] {
    if (this.carried.length === 0) return none
    const feeding: Pump[] = []
    const draining: Pump[] = []
    const start = (pumps: Pump[], from: Descriptor, to: Descriptor): void => {
      const pump = Pump.start(from, to, pumps === feeding)
      if (typeof pump !== "number") return void pumps.push(pump)
      for (const each of [...feeding, ...draining]) each.stop()
      throw new SocketError(pump, "spawn")
    }
    for (const { fd, descriptor } of this.carried) {
      const pipe = child.pipes[fd]!
      const [reads, writes] = fd < STANDARD ? [fd === 0, fd > 0] : directions(descriptor)
      if (reads) start(feeding, descriptor, pipe)
      if (writes) start(draining, pipe, descriptor)
    }
    return feeding
  }

  private add(fd: number, given: number): void {
    if (given === PIPE) this.entries[fd] = "pipe"
    else if (given === DEVNULL) this.entries[fd] = "null"
    else if (given < STANDARD) this.entries[fd] = given
    else {
      const descriptor = opened(given)
      const inherited = descriptor.inherit()
      this.entries[fd] = inherited < 0 ? "pipe" : inherited
      if (inherited < 0) this.carried.push({ fd, descriptor })
    }
  }

  private pass(fd: number): void {
    if (!Number.isInteger(fd)) throw new TypeError(`passFds must be numbers, not ${String(fd)}`)
    if (fd >= 0 && fd < STANDARD) return // it has those
    opened(fd)
    while (this.entries.length < fd) this.entries.push("null")
    this.add(fd, fd)
  }
}

/** @throws {SocketError} EBADF for a number that is not open. */
function opened(fd: number): Descriptor {
  const descriptor = descriptors.get(fd)
  if (descriptor === undefined) throw new SocketError(E.BADF, "spawn", `descriptor ${fd} is not open`)
  return descriptor
}

/** Whether a descriptor is read and whether it is written. */
function directions(descriptor: Descriptor): [reads: boolean, writes: boolean] {
  return [descriptor.recv(empty) !== -E.BADF, descriptor.send(empty) !== -E.BADF]
}

/** The number that a stream is given as; its own when none is given. */
function numberOf(stdio: Stdio, fd: number): number {
  if (stdio === null) return fd
  const name = NAMES[fd]!
  const number: unknown = typeof stdio === "object" && typeof stdio.fileno === "function" ? stdio.fileno() : stdio
  if (typeof number !== "number") {
    throw new TypeError(`${name} must be PIPE, DEVNULL, a number or what has fileno(), not ${String(stdio)}`)
  }
  if (number === STDOUT) throw new RangeError(`STDOUT can only be given for stderr, not for ${name}`)
  const special = number === PIPE || number === DEVNULL
  if (special && typeof stdio === "object") throw new SocketError(E.BADF, "spawn", `${name} is closed`)
  if (!Number.isInteger(number) || (number < 0 && !special)) {
    throw new RangeError(`${name} must be PIPE, DEVNULL or a number from 0 on, not ${number}`)
  }
  return number
}
