import { SocketError } from "../exceptions.ts"
import { E } from "../host/errno.ts"
import { Wait } from "../wait.ts"
import { checkAddress, numericFamily, toAddress, type AddressArgument } from "./address.ts"
import { finishConnect, startConnect } from "./connect.ts"
import { AF_INET, AF_INET6 } from "./constants.ts"
import { checkTimeout, Deadline, getdefaulttimeout } from "./deadline.ts"
import type { Waiter } from "./direction.ts"
import { Lookup } from "./lookup.ts"
import { Socket } from "./socket.ts"

/** Tries the addresses of a name in turn until one accepts. */
class Connection extends Wait<Socket> implements Waiter {
  private readonly target: AddressArgument
  private readonly timeout: number | null
  private readonly source: AddressArgument | null
  private readonly allErrors: boolean
  private readonly candidates: AddressArgument[] = []
  private readonly errors: Error[] = []
  private lookup: Lookup | null = null
  private deadline: Deadline | null = null
  private socket: Socket | null = null

  constructor(target: AddressArgument, timeout: number | null, source: AddressArgument | null, allErrors: boolean) {
    super()
    this.target = target
    this.timeout = timeout
    this.source = source
    this.allErrors = allErrors
  }

  protected begin(): boolean {
    const [name, port] = this.target
    if (numericFamily(name, AF_INET) !== 0) {
      this.candidates.push(this.target)
      if (this.tryNext()) return true
      if (this.socket === null) throw this.failureOfAll()
      return false
    }
    this.arm()
    this.lookup = new Lookup(
      name,
      0,
      (found) => {
        for (const { address } of found) this.candidates.push([address, port])
        this.goOn()
      },
      (error) => this.giveUp(error),
    )
    return false
  }

  protected cancel(): void {
    this.lookup?.cancel()
    this.disarm()
    this.discard()
  }

  ready(): void {
    const socket = this.socket!
    try {
      if (!finishConnect(socket.endpoint.descriptor)) return
    } catch (error) {
      this.interrupted(error as Error)
      return
    }
    this.succeed(socket)
  }

  /** The attempt has failed or took too long. */
  interrupted(error: Error): void {
    if (this.socket === null) {
      this.giveUp(error)
      return
    }
    this.errors.push(error)
    this.discard()
    this.goOn()
  }

  override describe(): string {
    return `connection to ${this.target[0]} port ${this.target[1]}`
  }

  private goOn(): void {
    this.disarm()
    if (this.tryNext()) this.wake(this.value)
    else if (this.socket === null) this.fail(this.failureOfAll())
  }

  /** Starts the next attempt; with none left there is no socket afterwards. Whether it is connected already. */
  private tryNext(): boolean {
    for (let next = this.candidates.shift(); next !== undefined; next = this.candidates.shift()) {
      try {
        const family = numericFamily(next[0], AF_INET) === AF_INET6 ? AF_INET6 : AF_INET
        const socket = (this.socket = new Socket(family))
        socket.settimeout(this.timeout)
        if (this.source !== null) socket.bind(this.source)
        if (startConnect(socket.endpoint.descriptor, toAddress(family, next))) {
          this.succeed(socket)
          return true
        }
        if (this.timeout === 0) throw new SocketError(E.INPROGRESS, "connect")
        socket.endpoint.output.claim(this)
        socket.endpoint.output.watch()
        this.arm()
        return false
      } catch (error) {
        this.errors.push(error as Error)
        this.discard()
      }
    }
    return false
  }

  private succeed(socket: Socket): void {
    socket.endpoint.output.leave()
    this.disarm()
    this.socket = null
    this.value = socket
    this.wake(socket)
  }

  private failureOfAll(): Error {
    const { errors } = this
    const last = errors.at(-1) ?? new SocketError(E.ADDRNOTAVAIL, "connect", "getaddrinfo returns an empty list")
    return this.allErrors ? new AggregateError(errors, `${this.describe()} failed`) : last
  }

  private giveUp(error: Error): void {
    this.cancel()
    this.fail(error)
  }

  private discard(): void {
    const { socket } = this
    this.socket = null
    socket?.endpoint.output.leave()
    socket?.close()
  }

  private arm(): void {
    if (this.timeout !== null && this.timeout > 0) this.deadline = new Deadline(this, this.timeout, "connect")
  }

  private disarm(): void {
    this.deadline?.cancel()
    this.deadline = null
  }
}

/** Options of `createConnection`. */
export interface ConnectionOptions {
  /** Whether an AggregateError with the errors of all addresses is thrown, instead of the last one. Default false. */
  allErrors?: boolean
}

/**
 * Connects to a host and returns the socket. A name is looked up, and its addresses are tried in turn; the attempts that
 * failed are closed, and so is the one under way when the waiting ends early. The error of the last attempt is thrown.
 *
 * gevent: `socket.create_connection(address, timeout=default, source_address=None, all_errors=False)`.
 *
 * @param timeout - Seconds for the look-up and for each attempt, and then the socket's timeout; by default the default timeout.
 * @param sourceAddress - The numeric address to connect from.
 * @throws {SocketError} ECONNREFUSED …, or {AggregateError} of these with `allErrors`; {SocketTimeout} when the time has passed; the host's error when there is no such name.
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
  { allErrors = false }: ConnectionOptions = {},
): Wait<Socket> {
  checkAddress(address)
  checkTimeout(timeout)
  if (sourceAddress !== null) checkAddress(sourceAddress)
  return new Connection(address, timeout, sourceAddress, allErrors)
}
