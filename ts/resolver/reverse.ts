import { AF_INET } from "./constants.ts"
import { parseNumeric } from "./numeric.ts"

/**
 * The name whose PTR records are the names of an address.
 *
 * @throws {TypeError} unless it is a string, {RangeError} unless it is a numeric address.
 */
export function reverseName(address: string): string {
  if (typeof address !== "string") throw new TypeError(`an address must be a string, not ${String(address)}`)
  const numeric = parseNumeric(address)
  if (numeric === null || numeric === undefined) {
    throw new RangeError(`a numeric address is needed, not ${JSON.stringify(address)}`)
  }
  if (numeric.family === AF_INET) return `${address.split(".").reverse().join(".")}.in-addr.arpa`
  return `${[...groupsOf(numeric.address)].reverse().join(".")}.ip6.arpa`
}

/** The 32 digits of a canonical IPv6 address. */
function groupsOf(address: string): string {
  const dotted = address.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_all, a, b, c, d) =>
    [Number(a) * 256 + Number(b), Number(c) * 256 + Number(d)].map((group) => group.toString(16)).join(":"),
  )
  const [head = "", tail] = dotted.split("::")
  const before = head === "" ? [] : head.split(":")
  const after = tail === undefined || tail === "" ? [] : tail.split(":")
  const middle = new Array<string>(8 - before.length - after.length).fill("0")
  return [...before, ...middle, ...after].map((group) => group.padStart(4, "0")).join("")
}
