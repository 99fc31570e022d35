import { networkInterfaces } from "node:os"

/** The name of a network interface by its number; undefined when there is none, or nobody may ask. */
export function interfaceName(index: number): string | undefined {
  // the loopback is the first on every system, and says 0
  for (const [name, addresses] of Object.entries(interfaces())) {
    for (const { family, scopeid, internal } of addresses ?? []) {
      if (family === "IPv6" && (scopeid === index || (internal && index === 1))) return name
    }
  }
  return undefined
}

/** The same address with the name of its interface where its scope is a number: libuv takes no numbers. */
export function nameScope<A extends { readonly host: string }>(address: A): A {
  const scope = scopeOf(address.host)
  if (!/^%\d+$/.test(scope)) return address
  const name = interfaceName(Number(scope.slice(1)))
  return name === undefined ? address : { ...address, host: `${address.host.slice(0, -scope.length)}%${name}` }
}

/** The scope of an IPv6 host, with its percent sign; empty when it has none. */
export function scopeOf(host: string): string {
  const percent = host.indexOf("%")
  return percent < 0 ? "" : host.slice(percent)
}

/** A host with the scope that it has to have, where the system's own was lost on the way: only an address of one link needs one. */
export function withScope(host: string, scope: string): string {
  return scope !== "" && /^fe[89ab]/i.test(host) && !host.includes("%") ? host + scope : host
}

function interfaces(): ReturnType<typeof networkInterfaces> {
  try {
    return networkInterfaces()
  } catch {
    return {} // not allowed
  }
}
