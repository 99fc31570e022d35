import type { Address } from "../host/descriptor.ts"
import { E } from "../host/errno.ts"
import { formatIPv4, formatIPv6, parseIPv4, parseIPv6 } from "./ipaddress.ts"

// the numbers of emscripten's libc, which are Linux's
const AF_UNIX = 1
const AF_INET = 2
const AF_INET6 = 10

// sizeof(sockaddr_un), and where its path begins
const UNIX_SIZE = 110
const PATH = 2

const decoder = new TextDecoder()
const encoder = new TextEncoder()

/**
 * The address in a C `sockaddr`.
 *
 * @returns The address; -E.INVAL when it is cut short or too long, -E.AFNOSUPPORT for another family.
 */
export function decodeAddress(bytes: Uint8Array): Address | number {
  if (bytes.length < 2) return -E.INVAL
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const family = view.getUint16(0, true)
  if (family === AF_UNIX) return bytes.length > UNIX_SIZE ? -E.INVAL : { family: "unix", path: decodePath(bytes) }
  if (family === AF_INET) {
    if (bytes.length < 16) return -E.INVAL
    return { family: "inet", host: formatIPv4(bytes.subarray(4, 8)), port: view.getUint16(2) }
  }
  if (family === AF_INET6) {
    if (bytes.length < 28) return -E.INVAL
    return { family: "inet6", host: formatIPv6(bytes.subarray(8, 24)), port: view.getUint16(2) }
  }
  return -E.AFNOSUPPORT
}

/** The C `sockaddr` of an address with a numeric host. */
export function encodeAddress(address: Address): Uint8Array {
  if (address.family === "unix") return encodePath(address.path)
  const bytes = new Uint8Array(address.family === "inet" ? 16 : 28)
  const view = new DataView(bytes.buffer)
  view.setUint16(0, address.family === "inet" ? AF_INET : AF_INET6, true)
  view.setUint16(2, address.port)
  const [host = ""] = address.host.split("%")
  if (address.family === "inet") bytes.set(parseIPv4(host) ?? [], 4)
  else bytes.set(parseIPv6(host) ?? [], 8)
  return bytes
}

/** A path ends with a NUL or with the structure; an abstract name begins with one and is as long as the structure says. */
function decodePath(bytes: Uint8Array): string {
  const path = bytes.subarray(PATH)
  const end = path[0] === 0 ? -1 : path.indexOf(0)
  return decoder.decode(end < 0 ? path : path.subarray(0, end))
}

function encodePath(path: string): Uint8Array {
  const text = encoder.encode(path === "" || path.startsWith("\0") ? path : `${path}\0`)
  const bytes = new Uint8Array(PATH + text.length)
  bytes[0] = AF_UNIX
  bytes.set(text, PATH)
  return bytes
}
