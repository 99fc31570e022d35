import type * as crypto from "node:crypto"
import { createRequire } from "node:module"
import type tls from "node:tls"

/** The modules of Node that TLS needs. */
export interface TlsModules {
  readonly crypto: typeof crypto
  readonly tls: typeof tls
}

let loaded: TlsModules | undefined

/**
 * Those modules, which are loaded at their first use: they take 5 of the 50 ms in which this package is loaded, and memory whose page
 * tables are copied at every start of a process.
 */
export function tlsModules(): TlsModules {
  if (loaded === undefined) {
    const load = createRequire(import.meta.url)
    loaded = {
      crypto: load("node:crypto") as typeof crypto,
      tls: load("node:tls") as typeof tls,
    }
  }
  return loaded
}
