import { parseNumeric } from "./numeric.ts"

/** Names that are known already, and their addresses. */
export type Hosts = Readonly<Record<string, string | readonly string[]>>

/**
 * The names of a table, each with the list of its addresses.
 *
 * @throws {TypeError} unless it is a table of strings or lists of them; {RangeError} for a name or an address that is none.
 */
export function hostsOf(hosts: Hosts): [name: string, addresses: readonly string[]][] {
  if (typeof hosts !== "object" || hosts === null || Array.isArray(hosts)) {
    throw new TypeError(`hosts must be a table of names and their addresses, not ${String(hosts)}`)
  }
  return Object.entries(hosts).map(([name, given]) => {
    if (!/^[^\s#\0]+$/.test(name)) throw new RangeError(`hosts has a name that is none: ${JSON.stringify(name)}`)
    const addresses: readonly unknown[] = Array.isArray(given) ? given : [given]
    for (const address of addresses) {
      if (typeof address !== "string") {
        throw new TypeError(`the addresses of ${name} in hosts must be strings, not ${String(address)}`)
      }
      if (!parseNumeric(address)) {
        throw new RangeError(`the addresses of ${name} in hosts must be numeric, not ${JSON.stringify(address)}`)
      }
    }
    return [name, addresses as readonly string[]]
  })
}
