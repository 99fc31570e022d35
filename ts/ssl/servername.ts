import type { Credentials } from "../host/secure.ts"
import type { SSLSocket } from "./sslsocket.ts"

const HIGHEST_ALERT = 255

/**
 * Asks the `sniCallback` of a server's socket what to show to a client.
 *
 * @param name - What the client asks for; null for none.
 * @returns The credentials to show, or the number of the alert to refuse it with.
 * @throws {TypeError} {RangeError} when the callback returns something else; what it throws.
 */
export function choose(socket: SSLSocket, name: string | null): Credentials | number {
  const { context } = socket
  const alert: unknown = context.sniCallback!(socket, name, context)
  // the callback may have set another context
  if (alert === undefined || alert === null) return socket.context.credentials
  if (typeof alert !== "number") {
    throw new TypeError(`sniCallback must return the number of an alert or nothing, not ${String(alert)}`)
  }
  if (Number.isInteger(alert) && alert >= 0 && alert <= HIGHEST_ALERT) return alert
  throw new RangeError(`an alert is a whole number from 0 to ${HIGHEST_ALERT}, not ${alert}`)
}
