import type { NameQuery } from "../core/imports.ts"
import { decodeAddress, encodeAddress } from "../core/sockaddr.ts"
import type { Memory } from "../core/memory.ts"
import { gaierror, herror } from "../exceptions.ts"
import { QuietGreenlet } from "../flow.ts"
import type { Greenlet } from "../greenlet.ts"
import { E } from "../host/errno.ts"
import { getHub } from "../hub.ts"
import { AF_INET6, AI_CANONNAME, EAI_ADDRFAMILY, EAI_AGAIN, EAI_FAIL, EAI_NONAME } from "../resolver/constants.ts"
import type { AddressInfo, NumericAddress } from "../resolver/interface.ts"
import { ARES_ECONNREFUSED, ARES_ETIMEOUT } from "../resolver/status.ts"
import type { BlockingCall } from "../wait.ts"

// the kinds of questions in wasm/netdb.c
const ADDRESSES = 0
const NAMES = 1
const HOST_BY_NAME = 2

// netdb.h
const HOST_NOT_FOUND = 1
const TRY_AGAIN = 2
const NO_RECOVERY = 3

/** Bytes of a `struct found` in wasm/netdb.c, and of the address in it. */
const FOUND_SIZE = 44
/** Where a sockaddr_in6 has its scope. */
const SCOPE_OFFSET = 24
const encoder = new TextEncoder()

/** The searches that a program's threads wait for. Each is a greenlet that asks the hub's resolver. */
export class Names {
  private readonly guest: { readonly memory: Memory }
  private readonly answer: (question: number, error: number, answer: Uint8Array) => void
  private readonly searches = new Map<number, Greenlet<Uint8Array>>()

  /** @param answer - Tells the thread: an error number or 0, and what wasm/netdb.c reads. */
  constructor(
    guest: { readonly memory: Memory },
    answer: (question: number, error: number, answer: Uint8Array) => void,
  ) {
    this.guest = guest
    this.answer = answer
  }

  /** Begins a search: 0, or an errno. */
  search(question: number, ...query: NameQuery): number {
    const [kind] = query
    const body = this.body(...query)
    if (typeof body === "number") return body
    const errorOf = kind === ADDRESSES || kind === NAMES ? addressError : hostError
    const greenlet = new QuietGreenlet<Uint8Array>(body)
    this.searches.set(question, greenlet)
    greenlet.rawlink(() => {
      if (!this.searches.delete(question)) return
      if (greenlet.successful()) this.answer(question, 0, greenlet.value as Uint8Array)
      else this.answer(question, errorOf(greenlet.exception), new Uint8Array(0))
    })
    greenlet.start()
    return 0
  }

  /** Ends a search; the thread is not told. */
  cancel(question: number): void {
    const greenlet = this.searches.get(question)
    this.searches.delete(question)
    greenlet?.kill(undefined, false)
  }

  /** Ends all. */
  end(): void {
    for (const question of [...this.searches.keys()]) this.cancel(question)
  }

  private body(
    ...[kind, name, service, family, type, protocol, flags]: NameQuery
  ): (() => Generator<BlockingCall<unknown>, Uint8Array, unknown>) | number {
    const { memory } = this.guest
    const text = (pointer: number): string | null => (pointer === 0 ? null : memory.string(pointer >>> 0))
    if (kind === ADDRESSES) {
      const [node, port] = [text(name), text(service)]
      return function* () {
        return addressesOf(yield* getHub().resolver.getaddrinfo(node, port, family, type, protocol, flags), flags)
      }
    }
    if (kind === NAMES) {
      const sockaddr = sockaddrOf(memory.slice(name >>> 0, family))
      if (sockaddr === null) return -E.AFNOSUPPORT
      return function* () {
        return stringsOf(yield* getHub().resolver.getnameinfo(sockaddr, flags))
      }
    }
    const host = text(name) ?? ""
    return function* () {
      const { resolver } = getHub()
      const entry = kind === HOST_BY_NAME ? resolver.gethostbynameEx(host, family) : resolver.gethostbyaddr(host)
      const [hostname, aliases, addresses] = yield* entry
      return stringsOf([hostname, ...aliases, "", ...addresses, ""])
    }
  }
}

/** What getaddrinfo() in wasm/netdb.c reads. */
function addressesOf(list: readonly AddressInfo[], flags: number): Uint8Array {
  const canonname = encoder.encode(`${(flags & AI_CANONNAME) === 0 ? "" : list[0]![3]}\0`)
  const bytes = new Uint8Array(4 + list.length * FOUND_SIZE + canonname.length)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, list.length, true)
  list.forEach(([family, type, proto, , [host, port, , scopeId = 0]], i) => {
    const at = 4 + i * FOUND_SIZE
    const address = encodeAddress({ family: family === AF_INET6 ? "inet6" : "inet", host, port })
    const words = [family, type, proto, address.length]
    words.forEach((word, j) => view.setInt32(at + 4 * j, word, true))
    bytes.set(address, at + 16)
    if (family === AF_INET6) view.setUint32(at + 16 + SCOPE_OFFSET, scopeId, true)
  })
  bytes.set(canonname, 4 + list.length * FOUND_SIZE)
  return bytes
}

function stringsOf(strings: readonly string[]): Uint8Array {
  return encoder.encode(strings.map((text) => `${text}\0`).join(""))
}

function sockaddrOf(bytes: Uint8Array): NumericAddress | null {
  const address = decodeAddress(bytes)
  if (typeof address === "number" || address.family === "unix") return null
  const { family, host, port } = address
  if (family === "inet") return [host, port]
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return [host, port, 0, view.getUint32(SCOPE_OFFSET, true)]
}

/** An EAI_ number that C programs know. */
function addressError(error: unknown): number {
  if (!(error instanceof gaierror) && !(error instanceof herror)) return EAI_NONAME
  const { errno } = error
  if (errno < 0) return errno === EAI_ADDRFAMILY ? EAI_NONAME : errno
  if (errno === ARES_ECONNREFUSED || errno === ARES_ETIMEOUT) return EAI_AGAIN
  return error instanceof herror && errno === HOST_NOT_FOUND ? EAI_NONAME : EAI_FAIL
}

/** A number of h_errno. */
function hostError(error: unknown): number {
  const number = addressError(error)
  return number === EAI_NONAME ? HOST_NOT_FOUND : number === EAI_AGAIN ? TRY_AGAIN : NO_RECOVERY
}
