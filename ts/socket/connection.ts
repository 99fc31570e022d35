import type { EventSink } from "../core/hubmodule.ts"
import { need, SocketError } from "../exceptions.ts"
import { E } from "../host/errno.ts"
import { scheduler } from "../strand.ts"
import { Wait } from "../wait.ts"
import { checkAddress, numericFamily, toAddress, type AddressArgument } from "./address.ts"
import { finishConnect, startConnect } from "./connect.ts"
import { AF_INET, AF_INET6 } from "./constants.ts"
import { checkTimeout, Deadline, getdefaulttimeout } from "./deadline.ts"
import type { Waiter } from "./direction.ts"
import { Lookup } from "./lookup.ts"
import { Socket } from "./socket.ts"

// RFC 8305: how long to wait for an address before the next one is tried as well
const ATTEMPT_DELAY = 0.25

/** An attempt to connect to one address. */
class ConnectionAttempt implements Waiter {
  readonly socket: Socket
  private readonly connection: Connection
  private deadline: Deadline | null = null

  constructor(connection: Connection, socket: Socket) {
    this.connection = connection
    this.socket = socket
  }

  /** Waits for the outcome, and for the socket's timeout. */
  watch(): void {
    const { endpoint } = this.socket
    endpoint.output.claim(this)
    endpoint.output.watch()
    const { timeout } = endpoint
    if (timeout !== null) this.deadline = new Deadline(this, timeout, "connect")
  }

  ready(): void {
    try {
      if (!finishConnect(this.socket.endpoint.descriptor)) return
    } catch (error) {
      this.interrupted(error as Error)
      return
    }
    this.leave()
    this.connection.succeed(this)
  }

  interrupted(error: Error): void {
    this.discard()
    this.connection.attemptFailed(this, error)
  }

  /** Gives it up. */
  discard(): void {
    this.leave()
    this.socket.close()
  }

  describe(): string {
    return this.connection.describe()
  }

  private leave(): void {
    this.socket.endpoint.output.leave()
    this.deadline?.cancel()
    this.deadline = null
  }
}

/** Tries the addresses of a name until one accepts: one after the other, or the next one while others are under way. */
class Connection extends Wait<Socket> implements EventSink {
  private readonly target: AddressArgument
  private readonly timeout: number | null
  private readonly source: AddressArgument | null
  private readonly allErrors: boolean
  private readonly delay: number | null
  private candidates: AddressArgument[] = []
  private readonly attempts = new Set<ConnectionAttempt>()
  private readonly errors: Error[] = []
  private lookup: Lookup | null = null
  private deadline: Deadline | null = null
  private timer = 0

  constructor(
    target: AddressArgument,
    timeout: number | null,
    source: AddressArgument | null,
    allErrors: boolean,
    delay: number | null,
  ) {
    super()
    this.target = target
    this.timeout = timeout
    this.source = source
    this.allErrors = allErrors
    this.delay = delay
  }

  protected begin(): boolean {
    const { target } = this
    const [name, port] = target
    if (numericFamily(name, AF_INET) !== 0) {
      this.candidates = [target]
      if (this.tryNext()) return true
      if (this.attempts.size === 0) throw this.failureOfAll()
      return false
    }
    if (this.timeout !== null && this.timeout > 0) this.deadline = new Deadline(this, this.timeout, "connect")
    this.lookup = new Lookup(
      name,
      port,
      0,
      (found) => {
        this.disarm()
        this.candidates = this.delay === null ? found : alternating(found)
        this.goOn()
      },
      (error) => this.interrupted(error),
    )
    return false
  }

  protected cancel(): void {
    this.lookup?.cancel()
    this.disarm()
    this.stopTimer()
    for (const attempt of this.attempts) attempt.discard()
    this.attempts.clear()
  }

  /** The look-up has failed or took too long. */
  interrupted(error: Error): void {
    this.cancel()
    this.fail(error)
  }

  /** No attempt has ended in time for the next one to wait any longer. */
  event(): void {
    this.timer = 0
    this.goOn()
  }

  /** An attempt has connected. */
  succeed(attempt: ConnectionAttempt): void {
    this.attempts.delete(attempt)
    this.cancel()
    this.wake(attempt.socket)
  }

  /** An attempt has failed, and its socket is closed. */
  attemptFailed(attempt: ConnectionAttempt, error: Error): void {
    this.attempts.delete(attempt)
    this.errors.push(error)
    this.goOn()
  }

  override describe(): string {
    return `connection to ${this.target[0]} port ${this.target[1]}`
  }

  private goOn(): void {
    this.stopTimer()
    if (this.tryNext()) {
      const { value } = this
      this.cancel()
      this.wake(value)
    } else if (this.attempts.size === 0) this.fail(this.failureOfAll())
  }

  /** Starts an attempt with the next address that can be tried: whether it is connected already, as `value`. */
  private tryNext(): boolean {
    for (let next = this.candidates.shift(); next !== undefined; next = this.candidates.shift()) {
      let socket: Socket | null = null
      try {
        const family = numericFamily(next[0], AF_INET) === AF_INET6 ? AF_INET6 : AF_INET
        socket = new Socket(family)
        socket.settimeout(this.timeout)
        if (this.source !== null) socket.bind(this.source)
        if (startConnect(socket.endpoint.descriptor, toAddress(family, next), this.timeout)) {
          this.value = socket
          return true
        }
        const attempt = new ConnectionAttempt(this, socket)
        this.attempts.add(attempt)
        attempt.watch()
        if (this.delay !== null && this.candidates.length > 0) {
          this.timer = scheduler.loop.startTimer(this, 0, false, this.delay, 0)
        }
        return false
      } catch (error) {
        this.errors.push(error as Error)
        socket?.close()
      }
    }
    return false
  }

  private failureOfAll(): Error {
    const { errors } = this
    const last = errors.at(-1) ?? new SocketError(E.ADDRNOTAVAIL, "connect", "getaddrinfo returns an empty list")
    return this.allErrors ? new AggregateError(errors, `${this.describe()} failed`) : last
  }

  private disarm(): void {
    this.deadline?.cancel()
    this.deadline = null
  }

  private stopTimer(): void {
    if (this.timer !== 0) scheduler.loop.stopWatcher(this.timer)
    this.timer = 0
  }
}

/** The addresses with their families in turn, an IPv6 one first. */
function alternating(addresses: readonly AddressArgument[]): AddressArgument[] {
  const isV6 = ([name]: AddressArgument): boolean => name.includes(":")
  const v6 = addresses.filter(isV6)
  const v4 = addresses.filter((address) => !isV6(address))
  const list: AddressArgument[] = []
  for (let i = 0; i < Math.max(v6.length, v4.length); i++) list.push(...v6.slice(i, i + 1), ...v4.slice(i, i + 1))
  return list
}

/** Options of `createConnection`. */
export interface ConnectionOptions {
  /** Whether an AggregateError with the errors of all addresses is thrown, instead of the last one. Default false. */
  allErrors?: boolean
  /**
   * Happy Eyeballs (RFC 8305): seconds to wait for one address of a name before the next one is tried beside it, IPv6 and IPv4 in
   * turn. null tries them one after the other, in the order of `getaddrinfo`. Default 0.25.
   */
  happyEyeballsDelay?: number | null
}

/**
 * Connects to a host and returns the socket. A name is looked up with the hub's resolver, and its addresses are tried until one accepts:
 * see `happyEyeballsDelay`. The other attempts are closed, and so are those under way when the waiting ends early. The error of the
 * attempt that failed last is thrown.
 *
 * gevent: `socket.create_connection(address, timeout=default, source_address=None, all_errors=False)`.
 *
 * @param timeout - Seconds for the look-up and for each attempt, and then the socket's timeout; by default the default timeout.
 * @param sourceAddress - The numeric address to connect from.
 * @throws {SocketError} ECONNREFUSED …, or {AggregateError} of these with `allErrors`; {SocketTimeout} when the time has passed; {gaierror} when there is no such name; {NotSupportedError} on a host without TCP, at the call.
 * @throws {TypeError} for another type of argument, {RangeError} for a bad port or timeout; both at the call.
 * @example
 * ```ts
 * import { run } from "gevent-wasm"
 * import { createConnection } from "gevent-wasm/socket"
 * await run(function* () {
 *   using socket = yield* createConnection(["example.org", 80], 5)
 *   yield* socket.sendall("HEAD / HTTP/1.0\r\nHost: example.org\r\n\r\n")
 *   console.log(new TextDecoder().decode(yield* socket.recv(1024)))
 * })
 * ```
 */
export function createConnection(
  address: AddressArgument,
  timeout: number | null = getdefaulttimeout(),
  sourceAddress: AddressArgument | null = null,
  { allErrors = false, happyEyeballsDelay = ATTEMPT_DELAY }: ConnectionOptions = {},
): Wait<Socket> {
  need("tcp", "connect")
  checkAddress(address)
  checkTimeout(timeout)
  if (sourceAddress !== null) checkAddress(sourceAddress)
  checkTimeout(happyEyeballsDelay)
  return new Connection(address, timeout, sourceAddress, allErrors, happyEyeballsDelay)
}
