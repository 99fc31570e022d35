import { AsyncLocalStorage } from "node:async_hooks"
import hub from "./hub.wasm"
import type { Capabilities } from "./capabilities.ts"
import type { Descriptor } from "./descriptor.ts"
import { E } from "./errno.ts"
import type { Context, Home, Host, Inbound } from "./host.ts"
import { web } from "./web.ts"
import { currentHome } from "./workerd/home.ts"
import { createCredentials, secure } from "./workerd/secure.ts"
import { isInbound } from "./workerd/sockets.ts"
import { Stream } from "./workerd/stream.ts"

const capabilities: Capabilities = {
  tcp: true,
  listen: false,
  inbound: true,
  udp: false,
  unix: false,
  tlsClient: true,
  tlsServer: false,
  processes: false,
  threads: false,
  signals: false,
  files: false,
  compile: false,
  evaluate: false,
  asyncContext: true,
}

/**
 * workerd, and so Cloudflare's workers, as the library sees it. Sockets and timers belong to the request that has made them:
 * each request is a home with a hub of its own.
 *
 * @example
 * ```ts
 * import { host } from "#host"
 * host.name // "workerd"
 * ```
 */
export const host: Host = {
  ...web,
  name: "workerd",
  capabilities,
  values: [],
  // there is no other way to reach what a policy allows by name
  connectsByName: true,

  thread(): number {
    return -E.NOSYS
  },

  home(): Home {
    return currentHome()
  },

  onEnd(): void {
    // a request's home has an end, the worker has none
  },

  immediate(fn: () => void): void {
    currentHome().immediate(fn)
  },

  arm(ms: number, fn: () => void, ref: boolean): void {
    currentHome().arm(ms, fn, ref)
  },

  stream(family: "inet" | "inet6" | "unix"): Descriptor | number {
    return family === "unix" ? -E.AFNOSUPPORT : new Stream(family)
  },

  credentials: createCredentials,

  secure,

  async adopt(connection: unknown): Promise<Inbound | number> {
    return isInbound(connection) ? Stream.adopt(connection) : -E.NOTSOCK
  },

  hubModule(): WebAssembly.Module {
    return hub
  },

  createContext<T>(): Context<T> {
    const storage = new AsyncLocalStorage<T>()
    return {
      run: (value, fn) => storage.run(value, fn),
      get: () => storage.getStore(),
    }
  },

  env(name: string): string | undefined {
    return (globalThis as { process?: { env?: Record<string, string | undefined> } }).process?.env?.[name]
  },
}
