import { host } from "#host"
import { MISSING, type Capabilities } from "../host/capabilities.ts"
import { SocketError } from "./socket.ts"

/**
 * This host lacks what a call needs: see `capabilities` in `gevent-wasm/host`. `code` is what POSIX says of such a thing:
 * EAFNOSUPPORT for sockets, ENOSYS for processes and files, EINVAL for signals, ENOTSUP for the rest.
 *
 * @example
 * ```ts
 * import { NotSupportedError } from "gevent-wasm/exceptions"
 * import { Socket } from "gevent-wasm/socket"
 * try {
 *   new Socket().listen()
 * } catch (error) {
 *   if (error instanceof NotSupportedError) console.log(`there is no ${error.capability} here`)
 * }
 * ```
 */
export class NotSupportedError extends SocketError {
  override name = "NotSupportedError"
  /** What the host lacks. */
  readonly capability: keyof Capabilities

  /** @param message - What exactly it lacks. */
  constructor(capability: keyof Capabilities, syscall?: string, message?: string) {
    const [errno, what] = MISSING[capability]
    super(errno, syscall, message ?? `${host.name} has no ${what}`)
    this.capability = capability
  }
}

/** Throws unless the host has what a call needs. @throws {NotSupportedError} */
export function need(capability: keyof Capabilities, syscall?: string): void {
  if (!host.capabilities[capability]) throw new NotSupportedError(capability, syscall)
}
