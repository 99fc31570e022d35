import hub from "../../dist/hub.wasm"
import type { Capabilities } from "./capabilities.ts"
import { E } from "./errno.ts"
import type { Context, Home, Host } from "./host.ts"
import { callContext, web } from "./web.ts"
import { startThread } from "./web/thread.ts"
import { DeadlineTimer } from "./web/timer.ts"

const capabilities: Capabilities = {
  tcp: false,
  listen: false,
  inbound: false,
  udp: false,
  unix: false,
  tlsClient: false,
  tlsServer: false,
  processes: false,
  threads: true,
  signals: false,
  files: false,
  compile: true,
  evaluate: false,
  asyncContext: false,
}

const timer = new DeadlineTimer()
// a message comes after what the browser has to do, and is not held back as a timer of 0 is
const channel = new MessageChannel()
let waiting: (() => void)[] = []
channel.port1.addEventListener("message", () => {
  const calls = waiting
  waiting = []
  for (const fn of calls) fn()
})
channel.port1.start()
let compiled: WebAssembly.Module | undefined

/**
 * A browser's page or worker as the library sees it: greenlets and timers, and no sockets.
 *
 * @example
 * ```ts
 * import { host } from "#host"
 * host.name // "browser"
 * ```
 */
export const host: Host = {
  ...web,
  name: "browser",
  capabilities,
  values: [],
  thread: startThread,

  home(): Home {
    return this
  },

  onEnd(): void {
    // the page's end is the end of all
  },

  immediate(fn: () => void): void {
    if (waiting.push(fn) === 1) channel.port2.postMessage(null)
  },

  arm(ms: number, fn: () => void): void {
    timer.arm(ms, fn)
  },

  stream(): number {
    return -E.AFNOSUPPORT
  },

  adopt(): Promise<number> {
    return Promise.resolve(-E.NOTSUP)
  },

  hubModule(): WebAssembly.Module {
    // At once, since getHub() does not wait. Chromium allows that on the main thread up to 8 MiB, and others without limit.
    return (compiled ??= new WebAssembly.Module(hub))
  },

  createContext<T>(): Context<T> {
    return callContext<T>()
  },
}
