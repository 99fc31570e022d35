import { getHub } from "../hub.ts"
import { AF_INET, AF_INET6, EAI_NONAME, SOCK_STREAM } from "../resolver/constants.ts"
import type { AddressInfo } from "../resolver/interface.ts"
import { parseNumeric } from "../resolver/numeric.ts"
import { eaiError } from "../resolver/status.ts"
import type { BlockingCall } from "../wait.ts"

const ORDERS: readonly string[] = ["ipv4first", "ipv6first", "verbatim"]

/** An address as Node's `dns.lookup` has it. */
export interface LookupAddress {
  address: string
  family: number
}

/** Options of `lookup`, as Node has them. */
export interface LookupOptions {
  /** 4, 6, `"IPv4"`, `"IPv6"`, or 0 for both. A numeric address is its own answer, whatever the family. */
  family?: number | "IPv4" | "IPv6" | undefined
  /** Whether all addresses are wanted. */
  all?: boolean | undefined
  /** `"ipv4first"`, `"ipv6first"`, or `"verbatim"`: as `getaddrinfo` orders them. */
  order?: "ipv4first" | "ipv6first" | "verbatim" | undefined
  /** false is `"ipv4first"`. */
  verbatim?: boolean | undefined
  /** Ignored. */
  hints?: number | undefined
}

/** What `lookup` calls. */
export type LookupCallback = (
  error: (Error & { code?: string }) | null,
  address: string | LookupAddress[],
  family?: number,
) => void

/**
 * Looks a name up with the hub's resolver, in the form that Node's functions take as `lookup`: `http.Agent`, `net.connect`,
 * `dgram.createSocket`.
 *
 * Errors have `code`, `syscall` and `hostname`, as Node's have: a name that cannot be one is ENOTFOUND.
 *
 * @param options - Or the family alone.
 * @throws {TypeError} for a hostname that is no string or without a callback; {RangeError} for a family or an order that there is not.
 * @example
 * ```ts
 * import { lookup } from "gevent-wasm/dns"
 * lookup("localhost", { family: 4 }, (error, address) => console.log(error, address)) // null "127.0.0.1"
 * ```
 */
export function lookup(hostname: string, callback: LookupCallback): void
export function lookup(hostname: string, options: LookupOptions | number, callback: LookupCallback): void
export function lookup(
  hostname: string,
  options: LookupOptions | number | LookupCallback,
  callback?: LookupCallback,
): void {
  const call = typeof options === "function" ? options : callback
  if (typeof call !== "function") throw new TypeError("lookup needs a callback")
  if (typeof hostname !== "string") throw new TypeError(`a hostname must be a string, not ${String(hostname)}`)
  const given = typeof options === "object" ? (options ?? {}) : typeof options === "function" ? {} : { family: options }
  const wanted = familyOf(given.family)
  const order = orderOf(given)
  // not in a reaction of the promise: what the callback throws is an uncaught exception, as with Node's
  const tell = (...answer: Parameters<LookupCallback>): void => queueMicrotask(() => call(...answer))
  find(hostname, wanted, order).then(
    (found) => {
      if (given.all === true) tell(null, found)
      else tell(null, found[0]!.address, found[0]!.family)
    },
    (error: Error) => tell(Object.assign(error, { syscall: "getaddrinfo", hostname }), given.all === true ? [] : ""),
  )
}

async function find(hostname: string, family: number, order: LookupOptions["order"]): Promise<LookupAddress[]> {
  const numeric = parseNumeric(hostname)
  if (numeric) return [{ address: hostname, family: numeric.family === AF_INET6 ? 6 : 4 }]
  const list = await addressesOf(hostname === "" ? null : hostname, family)
  const found = list.map(([family, , , , [address]]) => ({ address, family: family === AF_INET6 ? 6 : 4 }))
  if (order === "ipv4first") found.sort((a, b) => a.family - b.family)
  if (order === "ipv6first") found.sort((a, b) => b.family - a.family)
  return found
}

function addressesOf(hostname: string | null, family: number): BlockingCall<AddressInfo[]> {
  const { resolver } = getHub()
  try {
    return resolver.getaddrinfo(hostname, 0, family, SOCK_STREAM)
  } catch (error) {
    if (error instanceof RangeError) throw Object.assign(eaiError(EAI_NONAME), { cause: error })
    throw error
  }
}

function orderOf({ order, verbatim }: LookupOptions): LookupOptions["order"] {
  if (verbatim === false) return "ipv4first"
  if (order === undefined || ORDERS.includes(order)) return order
  throw new RangeError(`order must be one of ${ORDERS.join(", ")}, not ${String(order)}`)
}

function familyOf(family: LookupOptions["family"]): number {
  if (family === 4 || family === "IPv4") return AF_INET
  if (family === 6 || family === "IPv6") return AF_INET6
  if (family === 0 || family === undefined) return 0
  throw new RangeError(`family must be 0, 4 or 6, not ${String(family)}`)
}
