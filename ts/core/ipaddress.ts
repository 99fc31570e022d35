const GROUP = /^[0-9a-f]{1,4}$/i
const OCTET = /^(?:0|[1-9]\d{0,2})$/

/** The 4 bytes of an IPv4 address in dotted form, or undefined when it is none. */
export function parseIPv4(text: string): Uint8Array | undefined {
  const parts = text.split(".")
  if (parts.length !== 4 || !parts.every((part) => OCTET.test(part) && Number(part) <= 255)) return undefined
  return Uint8Array.from(parts, Number)
}

/** The dotted form of 4 bytes. */
export function formatIPv4(bytes: Uint8Array): string {
  return bytes.join(".")
}

/** The 16 bytes of an IPv6 address, without a scope; or undefined when it is none. */
export function parseIPv6(text: string): Uint8Array | undefined {
  const halves = text.split("::")
  const head = parseGroups(halves[0]!, halves.length === 1)
  const tail = halves.length === 1 ? [] : parseGroups(halves[1]!, true)
  if (halves.length > 2 || head === undefined || tail === undefined) return undefined
  const missing = 8 - head.length - tail.length
  if (halves.length === 1 ? missing !== 0 : missing < 1) return undefined
  const groups = [...head, ...new Array<number>(missing).fill(0), ...tail]
  return Uint8Array.from(groups.flatMap((group) => [group >> 8, group & 255]))
}

/** The text of 16 bytes: the longest run of zeros is left out, and an IPv4 address is written as one. */
export function formatIPv6(bytes: Uint8Array): string {
  const groups = Array.from({ length: 8 }, (_, i) => (bytes[2 * i]! << 8) | bytes[2 * i + 1]!)
  const mapped = groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff
  if (mapped) return `::ffff:${formatIPv4(bytes.subarray(12))}`
  const [start, length] = longestZeros(groups)
  const hex = (part: number[]): string => part.map((group) => group.toString(16)).join(":")
  if (length < 2) return hex(groups)
  return `${hex(groups.slice(0, start))}::${hex(groups.slice(start + length))}`
}

function longestZeros(groups: readonly number[]): [start: number, length: number] {
  let best: [number, number] = [0, 0]
  for (let start = 0; start < groups.length; start++) {
    let end = start
    while (end < groups.length && groups[end] === 0) end++
    if (end - start > best[1]) best = [start, end - start]
  }
  return best
}

/** The groups between colons; the last one may be an IPv4 address when nothing follows. */
function parseGroups(text: string, last: boolean): number[] | undefined {
  if (text === "") return []
  const parts = text.split(":")
  const groups: number[] = []
  for (const [i, part] of parts.entries()) {
    if (GROUP.test(part)) groups.push(parseInt(part, 16))
    else {
      const ipv4 = last && i === parts.length - 1 ? parseIPv4(part) : undefined
      if (ipv4 === undefined) return undefined
      groups.push((ipv4[0]! << 8) | ipv4[1]!, (ipv4[2]! << 8) | ipv4[3]!)
    }
  }
  return groups
}
