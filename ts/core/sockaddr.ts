import type { Address } from "../host/descriptor.ts"
import { E } from "../host/errno.ts"

// the numbers of emscripten's libc, which are Linux's
const AF_INET = 2
const AF_INET6 = 10

/**
 * The address in a C `sockaddr`.
 *
 * @returns The address; -E.INVAL when it is cut short, -E.AFNOSUPPORT for another family.
 */
export function decodeAddress(bytes: Uint8Array): Address | number {
  if (bytes.length < 2) return -E.INVAL
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const family = view.getUint16(0, true)
  if (family === AF_INET) {
    if (bytes.length < 16) return -E.INVAL
    return { family: "inet", host: bytes.subarray(4, 8).join("."), port: view.getUint16(2) }
  }
  if (family === AF_INET6) {
    if (bytes.length < 28) return -E.INVAL
    const groups: string[] = []
    for (let i = 0; i < 8; i++) groups.push(view.getUint16(8 + 2 * i).toString(16))
    return { family: "inet6", host: groups.join(":"), port: view.getUint16(2) }
  }
  return -E.AFNOSUPPORT
}

/** The C `sockaddr` of an address with a numeric host. A unix address has no counterpart yet: its path is left out. */
export function encodeAddress(address: Address): Uint8Array {
  if (address.family === "unix") return Uint8Array.of(1, 0)
  const bytes = new Uint8Array(address.family === "inet" ? 16 : 28)
  const view = new DataView(bytes.buffer)
  view.setUint16(0, address.family === "inet" ? AF_INET : AF_INET6, true)
  view.setUint16(2, address.port)
  if (address.family === "inet") bytes.set(address.host.split(".").map(Number), 4)
  else parseGroups(address.host).forEach((group, i) => view.setUint16(8 + 2 * i, group))
  return bytes
}

function parseGroups(host: string): number[] {
  const [head = "", tail] = (host.split("%")[0] ?? "").split("::")
  const before = expand(head)
  const after = tail === undefined ? [] : expand(tail)
  return [...before, ...new Array<number>(8 - before.length - after.length).fill(0), ...after]
}

function expand(part: string): number[] {
  if (part === "") return []
  return part.split(":").flatMap((group) => {
    if (!group.includes(".")) return [parseInt(group, 16)]
    const [a = 0, b = 0, c = 0, d = 0] = group.split(".").map(Number)
    return [a * 256 + b, c * 256 + d]
  })
}
