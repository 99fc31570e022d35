import { E } from "./errno.ts"

/** What a host can do. What it cannot fails with a `NotSupportedError` at the call. */
export interface Capabilities {
  /** TCP connections to others. */
  readonly tcp: boolean
  /** Sockets that are bound and listen, so servers too. */
  readonly listen: boolean
  /** Connections that the host accepts and hands over: `serveConnection`. */
  readonly inbound: boolean
  /** UDP sockets. */
  readonly udp: boolean
  /** Unix sockets. */
  readonly unix: boolean
  /** TLS on a connection that this end made. */
  readonly tlsClient: boolean
  /** TLS on a connection that was accepted. */
  readonly tlsServer: boolean
  /** Programs of the system as child processes. */
  readonly processes: boolean
  /** Threads of the system, for `ThreadPool`. */
  readonly threads: boolean
  /** Signals can be caught. */
  readonly signals: boolean
  /** Files can be read, and `Stat` watchers see them. */
  readonly files: boolean
  /** WebAssembly can be compiled at run time. Without it a program has to be imported as a module. */
  readonly compile: boolean
  /** Texts can be compiled as code at run time, as a prompt does. */
  readonly evaluate: boolean
  /** The greenlet of an async function is known in all of the function, and not only up to its first `await`. */
  readonly asyncContext: boolean
}

/** What missing capabilities are called, and the errno of what needs them. */
export const MISSING: Readonly<Record<keyof Capabilities, readonly [errno: number, what: string]>> = {
  tcp: [E.AFNOSUPPORT, "sockets"],
  listen: [E.NOTSUP, "listening sockets"],
  inbound: [E.NOTSUP, "connections that the host accepts"],
  udp: [E.AFNOSUPPORT, "UDP sockets"],
  unix: [E.AFNOSUPPORT, "unix sockets"],
  tlsClient: [E.NOTSUP, "TLS connections"],
  tlsServer: [E.NOTSUP, "TLS servers"],
  processes: [E.NOSYS, "processes"],
  threads: [E.NOSYS, "threads"],
  signals: [E.INVAL, "signals"],
  files: [E.NOSYS, "files"],
  compile: [E.NOTSUP, "a compiler for WebAssembly: import the module instead"],
  evaluate: [E.NOTSUP, "way to run a text as code"],
  asyncContext: [E.NOTSUP, "contexts of async functions"],
}
