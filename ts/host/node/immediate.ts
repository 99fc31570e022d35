import { AsyncResource } from "node:async_hooks"

// what runs belongs to nobody's asynchronous context
const root = new AsyncResource("gevent-wasm")
let prompt = false
let next: (() => void) | undefined

/** See `Host.immediate`. */
export function immediate(fn: () => void): void {
  if (prompt) next = fn
  else setImmediate(() => root.runInAsyncScope(fn))
}

/**
 * Does work, and then at once what that wants to be done after the host has polled its sockets. For what comes alone: libuv accepts one
 * connection each time that it polls, and an immediate for each costs a tenth of the time of accepting and closing it.
 */
export function promptly(work: () => void): void {
  prompt = true
  try {
    work()
  } finally {
    prompt = false
    const fn = next
    next = undefined
    if (fn !== undefined) root.runInAsyncScope(fn)
  }
}
