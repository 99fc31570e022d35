import { getHub } from "../hub.ts"
import { AF_INET, AF_INET6, SOCK_STREAM } from "../resolver/constants.ts"

/** An address as Node's `dns.lookup` has it. */
export interface LookupAddress {
  address: string
  family: number
}

/** Options of `lookup`, as Node has them. */
export interface LookupOptions {
  /** 4, 6, `"IPv4"`, `"IPv6"`, or 0 for both. */
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
 * @param options - Or the family alone.
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
  const { family, all, order, verbatim } = typeof options === "object" ? options : { family: options as number }
  const wanted = typeof options === "function" ? 0 : familyOf(family)
  find(hostname, wanted, verbatim === false ? "ipv4first" : order).then(
    (found) => {
      if (all === true) call(null, found)
      else call(null, found[0]!.address, found[0]!.family)
    },
    (error: Error) => call(Object.assign(error, { syscall: "getaddrinfo", hostname }), all === true ? [] : ""),
  )
}

async function find(hostname: string, family: number, order: LookupOptions["order"]): Promise<LookupAddress[]> {
  const list = await getHub().resolver.getaddrinfo(hostname === "" ? null : hostname, 0, family, SOCK_STREAM)
  const found = list.map(([family, , , , [address]]) => ({ address, family: family === AF_INET6 ? 6 : 4 }))
  if (order === "ipv4first") found.sort((a, b) => a.family - b.family)
  if (order === "ipv6first") found.sort((a, b) => b.family - a.family)
  return found
}

function familyOf(family: LookupOptions["family"]): number {
  if (family === 4 || family === "IPv4") return AF_INET
  if (family === 6 || family === "IPv6") return AF_INET6
  if (family === 0 || family === undefined) return 0
  throw new RangeError(`family must be 0, 4 or 6, not ${String(family)}`)
}
