import { encode } from "punycode/punycode.es6.js"
import { UnicodeError } from "../exceptions.ts"
import { textOf } from "./answer.ts"
import type { Hostname } from "./interface.ts"
import { nameprep } from "./nameprep.ts"

const ASCII = /^[\0-\x7f]*$/
const DOT = 46
const DOTS = /[.\u3002\uff0e\uff61]/

/**
 * The name of a host as it is asked for: ASCII, international labels encoded as IDNA 2003 has them. Bytes are taken as they are.
 *
 * @throws {TypeError} unless it is a string or bytes; {UnicodeError} for a label that is empty or longer than 63 bytes, or has
 *   characters that no name may have.
 */
export function encodeHostname(hostname: Hostname): string {
  if (hostname instanceof Uint8Array) return textOf(hostname)
  if (typeof hostname !== "string") {
    throw new TypeError(`Expected a string or bytes, not ${hostname === null ? "null" : typeof hostname}`)
  }
  if (hostname.length < 64 && isPlain(hostname)) return hostname
  const labels = hostname.split(DOTS)
  const last = labels.length - 1
  return labels.map((label, i) => (i === last && label === "" && last > 0 ? "" : encodeLabel(label))).join(".")
}

/** Whether there is nothing to encode or to complain of. */
function isPlain(name: string): boolean {
  let previous = DOT
  for (let i = 0; i < name.length; i++) {
    const character = name.charCodeAt(i)
    if (character === 0 || character > 127 || (character === DOT && previous === DOT)) return false
    previous = character
  }
  return true
}

function encodeLabel(label: string): string {
  let encoded = label
  if (!ASCII.test(label)) {
    const prepared = nameprep(label)
    if (ASCII.test(prepared)) encoded = prepared
    else if (prepared.startsWith("xn--")) throw new UnicodeError("Label starts with ACE prefix")
    else encoded = `xn--${encode(prepared)}`
  }
  if (encoded.length === 0 || encoded.length > 63) throw new UnicodeError("label empty or too long")
  checkText(encoded)
  return encoded
}

function checkText(name: string): void {
  if (name.includes("\0")) throw new RangeError("a host must not contain NUL")
}
