import { hubModule } from "../core/hubmodule.ts"
import { AF_INET, AF_INET6 } from "./constants.ts"
import { interfaceIndex } from "./interfaces.ts"

/** A numeric address. */
export interface Numeric {
  readonly family: number
  /** The canonical text, without its scope. */
  readonly address: string
  readonly scopeId: number
}

// without leading zeros, which some read as octal
const IPV4 = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/
const IPV6 = /^[0-9a-f:.]+$/i

/** The address in a text; null when it is a name, undefined when it is an address whose scope is unknown here. */
export function parseNumeric(text: string): Numeric | null | undefined {
  if (IPV4.test(text)) return { family: AF_INET, address: text, scopeId: 0 }
  const percent = text.indexOf("%")
  const bare = percent < 0 ? text : text.slice(0, percent)
  if (!bare.includes(":") || !IPV6.test(bare) || bare.length > 45) return null
  const address = canonicalAddress(bare)
  if (address === "") return null
  if (percent < 0) return { family: AF_INET6, address, scopeId: 0 }
  const scopeId = scopeOf(text.slice(percent + 1))
  return scopeId === undefined ? undefined : { family: AF_INET6, address, scopeId }
}

/** The canonical text of an IPv6 address; empty when it is none. */
export function canonicalAddress(text: string): string {
  const module = hubModule()
  const scratch = module.scratch(text)
  return module.exports.address_canonical(scratch, AF_INET6) === 0 ? "" : module.memory.string(scratch)
}

/** The number of an interface, by number or by name; undefined when there is none. */
function scopeOf(scope: string): number | undefined {
  return /^\d{1,9}$/.test(scope) ? Number(scope) : interfaceIndex(scope)
}
