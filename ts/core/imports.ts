import { host } from "#host"
import { IN, OUT, type Descriptor } from "../host/descriptor.ts"
import { E } from "../host/errno.ts"
import { descriptors } from "./descriptors.ts"
import { Epoll } from "./epoll.ts"
import type { Memory } from "./memory.ts"
import { createPipe } from "./pipe.ts"
import { processes } from "./processes.ts"
import { decodeAddress, encodeAddress } from "./sockaddr.ts"
import { createSocketPair } from "./socketpair.ts"

/** Who is told of the descriptors that an epoll instance watches. */
export interface EpollOwner {
  /** It is made. */
  watched(epoll: Epoll): void
  /** One became ready. */
  ready(): void
  /** The number `fd` is being closed. */
  closed(fd: number): void
}

/** What the imports need from the instance that they serve. */
export interface Guest {
  readonly memory: Memory
  /** Numbers of descriptors that go when the guest goes. */
  readonly opened: Set<number>
  /** Whose epoll instance it is that the module makes now. */
  readonly owner: EpollOwner
  event(id: number, revents: number): void
  crashed(thread: number, overflowed: boolean): void
  /** c-ares has answered; the answer is at its address during the call. */
  resolved(id: number, status: number, answer: number): void
  /** Begins a search for a C program's thread: 0, or an errno. See wasm/netdb.c. */
  searchName(question: number, ...query: NameQuery): number
  /** The thread does not wait for it any more. */
  cancelName(question: number): void
  /** The bytes of a file that configures names, or an errno. */
  config(path: string): Uint8Array | number
}

/** What a C program's thread asks of the resolver; `name` and `service` are pointers. See wasm/netdb.c. */
export type NameQuery = [
  kind: number,
  name: number,
  service: number,
  family: number,
  type: number,
  protocol: number,
  flags: number,
]

/** The first number of an epoll instance: HOST_EPOLL_FIRST in wasm/host.h. No descriptor has it. */
const EPOLL_FIRST = 1 << 30

/** The address families by the numbers of the modules' libc. */
const FAMILIES: ReadonlyMap<number, "unix" | "inet" | "inet6"> = new Map([
  [1, "unix"],
  [2, "inet"],
  [10, "inet6"],
])

const SOCK_STREAM = 1
const SOCK_DGRAM = 2
const AF_UNSPEC = 0

/** An assertion inside a module does not hold: the instance is lost. */
export class PanicError extends Error {
  override name = "PanicError"
}

/**
 * The import module `host`, as wasm/host.h lists it, for one instance. A JavaScript error that crossed libev or malloc
 * would leave them in the middle of a change, so every function catches and answers with an errno; only `panic` throws.
 */
export function hostImports(guest: Guest): WebAssembly.ModuleImports {
  const epolls: (Epoll | undefined)[] = []

  const guarded =
    <A extends number[]>(call: (...args: A) => number) =>
    (...args: A): number => {
      try {
        return call(...args)
      } catch (error) {
        return -host.errno(error)
      }
    }
  const install = (descriptor: ReturnType<typeof host.stream>): number => {
    if (typeof descriptor === "number") return descriptor
    const fd = descriptors.install(descriptor)
    if (fd >= 0) guest.opened.add(fd)
    else if (descriptor.links === 0) descriptor.close()
    return fd
  }
  const installPair = ([first, second]: [Descriptor, Descriptor], pointer: number): number => {
    const fds = [install(first), install(second)]
    const refused = fds.find((fd) => fd < 0)
    if (refused === undefined) guest.memory.words.set(fds, pointer >>> 2)
    else for (const fd of fds) if (fd >= 0) descriptors.close(fd)
    return refused ?? 0
  }
  const writeAddress = (address: Uint8Array, pointer: number, lengthPointer: number): void => {
    if (pointer === 0 || lengthPointer === 0) return
    const words = guest.memory.words
    const room = words[lengthPointer >>> 2] ?? 0
    guest.memory.bytes.set(address.subarray(0, room), pointer)
    words[lengthPointer >>> 2] = address.length
  }

  return {
    epoll_create: guarded(() => {
      const owner = guest.owner
      const epoll = new Epoll(
        descriptors,
        () => owner.ready(),
        (fd) => owner.closed(fd),
      )
      owner.watched(epoll)
      const free = epolls.indexOf(undefined)
      const index = free < 0 ? epolls.length : free
      epolls[index] = epoll
      return EPOLL_FIRST + index
    }),
    epoll_ctl: (epfd: number, operation: number, fd: number, events: number, low: number, high: number): number =>
      epolls[epfd - EPOLL_FIRST]?.control(operation, fd, events, low, high) ?? -E.BADF,
    epoll_wait: (epfd: number, pointer: number, max: number): number =>
      epolls[epfd - EPOLL_FIRST]?.wait(guest.memory.words, pointer >>> 0, max) ?? -E.BADF,
    epoll_close: guarded((epfd: number) => {
      const epoll = epolls[epfd - EPOLL_FIRST]
      if (epoll === undefined) return -E.BADF
      epoll.close()
      epolls[epfd - EPOLL_FIRST] = undefined
      return 0
    }),
    readiness: guarded((fd: number) => descriptors.get(fd)?.readiness(IN | OUT) ?? standard(fd)),
    event: (id: number, revents: number): void => guest.event(id, revents),
    crashed: (thread: number, overflowed: number): void => guest.crashed(thread, overflowed !== 0),
    resolved: (id: number, status: number, answer: number): void => guest.resolved(id, status, answer >>> 0),
    name_search: guarded((question: number, ...query: NameQuery) => guest.searchName(question, ...query)),
    name_cancel: (question: number): void => guest.cancelName(question),
    config: guarded((path: number, buffer: number, size: number) => {
      const text = guest.config(guest.memory.string(path >>> 0))
      if (typeof text === "number") return text
      guest.memory.bytes.set(text.subarray(0, size), buffer >>> 0)
      return text.length
    }),
    panic: (message: number): never => {
      throw new PanicError(guest.memory.string(message >>> 0))
    },

    sock_open: guarded((family: number, type: number) => {
      const name = FAMILIES.get(family)
      if (name === undefined) return -E.AFNOSUPPORT
      if (type === SOCK_DGRAM && name !== "unix") return install(host.datagram(name))
      if (type !== SOCK_STREAM) return -E.PROTONOSUPPORT
      return install(host.stream(name))
    }),
    sock_bind: guarded((fd: number, pointer: number, length: number) => {
      const address = decodeAddress(guest.memory.slice(pointer >>> 0, length))
      if (typeof address === "number") return address
      return descriptors.get(fd)?.bind(address) ?? -E.BADF
    }),
    sock_listen: guarded((fd: number, backlog: number) => descriptors.get(fd)?.listen(backlog) ?? -E.BADF),
    sock_accept: guarded((fd: number, pointer: number, length: number) => {
      const accepted = descriptors.get(fd)?.accept() ?? -E.BADF
      const client = install(accepted)
      if (client >= 0 && typeof accepted !== "number") {
        const peer = accepted.peerAddress()
        if (typeof peer !== "number") writeAddress(encodeAddress(peer), pointer >>> 0, length >>> 0)
      }
      return client
    }),
    sock_connect: guarded((fd: number, pointer: number, length: number) => {
      const bytes = guest.memory.slice(pointer >>> 0, length)
      if (length >= 2 && bytes[0] === AF_UNSPEC && bytes[1] === 0) return descriptors.get(fd)?.disconnect() ?? -E.BADF
      const address = decodeAddress(bytes)
      if (typeof address === "number") return address
      return descriptors.get(fd)?.connect(address) ?? -E.BADF
    }),
    sock_recv: guarded((fd: number, pointer: number, length: number) => {
      return descriptors.get(fd)?.recvAt(guest.memory.bytes, pointer >>> 0, length >>> 0) ?? -E.BADF
    }),
    sock_send: guarded((fd: number, pointer: number, length: number) => {
      return descriptors.get(fd)?.sendAt(guest.memory.bytes, pointer >>> 0, length >>> 0) ?? -E.BADF
    }),
    sock_recvfrom: guarded((...call: [number, number, number, number, number, number]) => {
      const [fd, pointer, length, peek, address, size] = call
      const received = descriptors.get(fd)?.recvfrom(length >>> 0, peek !== 0) ?? -E.BADF
      if (typeof received === "number") return received
      if (received.address !== undefined) writeAddress(encodeAddress(received.address), address >>> 0, size >>> 0)
      else if (size !== 0) guest.memory.words[size >>> 2] = 0
      guest.memory.bytes.set(received.data.subarray(0, length >>> 0), pointer >>> 0)
      return received.data.length
    }),
    sock_sendto: guarded((fd: number, pointer: number, length: number, to: number, size: number) => {
      const address = decodeAddress(guest.memory.slice(to >>> 0, size))
      if (typeof address === "number") return address
      return descriptors.get(fd)?.sendto(guest.memory.slice(pointer >>> 0, length >>> 0), address) ?? -E.BADF
    }),
    sock_shutdown: guarded((fd: number, how: number) => {
      if (how !== 0 && how !== 1 && how !== 2) return -E.INVAL
      return descriptors.get(fd)?.shutdown(how) ?? -E.BADF
    }),
    sock_name: guarded((fd: number, peer: number, pointer: number, length: number) => {
      const descriptor = descriptors.get(fd)
      const address = (peer === 0 ? descriptor?.localAddress() : descriptor?.peerAddress()) ?? -E.BADF
      if (typeof address === "number") return address
      writeAddress(encodeAddress(address), pointer >>> 0, length >>> 0)
      return 0
    }),
    sock_setopt: guarded((fd: number, level: number, name: number, value: number) => {
      return descriptors.get(fd)?.setOption(level, name, value) ?? -E.BADF
    }),
    sock_setopt_bytes: guarded((fd: number, level: number, name: number, pointer: number, length: number) => {
      const value = guest.memory.slice(pointer >>> 0, length)
      return descriptors.get(fd)?.setOptionBytes(level, name, value) ?? -E.BADF
    }),
    sock_getopt: guarded((fd: number, level: number, name: number, pointer: number) => {
      const value = descriptors.get(fd)?.getOption(level, name) ?? -E.BADF
      if (value < 0) return value
      guest.memory.words[pointer >>> 2] = value
      return 0
    }),
    sock_pair: guarded((family: number, type: number, protocol: number, pointer: number) => {
      if (FAMILIES.get(family) !== "unix") return FAMILIES.has(family) ? -E.NOTSUP : -E.AFNOSUPPORT
      if (type !== SOCK_STREAM || protocol !== 0) return -E.PROTONOSUPPORT
      return installPair(createSocketPair(), pointer)
    }),
    fd_close: guarded((fd: number) => {
      guest.opened.delete(fd)
      return descriptors.close(fd)
    }),
    fd_dup: guarded((fd: number, to: number) => {
      const descriptor = descriptors.get(fd)
      if (descriptor === undefined) return -E.BADF
      if (to < 0) return install(descriptor)
      const result = descriptors.replace(to, descriptor)
      if (result >= 0) guest.opened.add(result)
      return result
    }),
    pipe: guarded((pointer: number) => installPair(createPipe(), pointer)),

    waitpid: guarded((pid: number, status: number) => {
      const child = processes.wait(pid)
      if (typeof child === "number") return child
      if (status !== 0) guest.memory.words[status >>> 2] = child.status
      return child.pid
    }),
    lstat: guarded((path: number, fields: number) => {
      const stat = host.lstat(guest.memory.string(path >>> 0))
      if (typeof stat === "number") return stat
      const { dev, ino, mode, nlink, uid, gid, rdev, size, atime, mtime, ctime } = stat
      guest.memory.doubles.set([dev, ino, mode, nlink, uid, gid, rdev, size, atime, mtime, ctime], fields >>> 3)
      return 0
    }),
  }
}

/** Standard input is at its end, and output and error never wait. */
function standard(fd: number): number {
  if (fd === 0) return IN
  return fd === 1 || fd === 2 ? OUT : -E.BADF
}
