import type * as crypto from "node:crypto"
import process from "node:process"
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
  loaded ??= { crypto: process.getBuiltinModule("node:crypto"), tls: process.getBuiltinModule("node:tls") }
  return loaded
}
