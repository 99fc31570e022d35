import { host } from "#host"
import { SocketError, SocketTimeout } from "../exceptions.ts"
import { ERR, HUP, OUT, type Address, type Descriptor } from "../host/descriptor.ts"
import { E } from "../host/errno.ts"
import { knownAddress, type AddressArgument, type AnyAddress } from "./address.ts"
import { SO_ERROR, SOL_SOCKET } from "./constants.ts"
import type { Endpoint } from "./endpoint.ts"
import { IoWait } from "./iowait.ts"
import { Lookup } from "./lookup.ts"

/**
 * Starts to connect: whether the connection is there at once.
 *
 * @throws {SocketError} With timeout 0 also EINPROGRESS, and EALREADY after that.
 */
export function startConnect(descriptor: Descriptor, address: Address, timeout: number | null): boolean {
  const result = descriptor.connect(address)
  if (timeout !== 0 && (result === -E.INPROGRESS || result === -E.ALREADY)) return false
  if (result < 0) throw new SocketError(result, "connect")
  return true
}

/** Whether the attempt to connect is over, and went well. @throws {SocketError} when it did not. */
export function finishConnect(descriptor: Descriptor): boolean {
  if ((descriptor.readiness() & (OUT | ERR | HUP)) === 0) return false
  const error = descriptor.getOption(SOL_SOCKET, SO_ERROR)
  if (error !== 0) throw new SocketError(error, "connect")
  return true
}

/** Waits for a connection that this end makes, and before for the address of a name. */
export class Connect<T = void> extends IoWait<T> {
  private readonly family: number
  private readonly target: AnyAddress
  private lookup: Lookup | null = null

  constructor(endpoint: Endpoint, family: number, target: AnyAddress) {
    super(endpoint, endpoint.output)
    this.family = family
    this.target = target
  }

  protected get syscall(): string {
    return "connect"
  }

  protected override begin(): boolean {
    const { endpoint, direction, family, target } = this
    const descriptor = endpoint.live("connect")
    direction.checkFree()
    const known = knownAddress(family, target)
    if (known !== null) {
      if (startConnect(descriptor, known, endpoint.timeout)) return true
      direction.claim(this)
      direction.watch()
    } else {
      direction.claim(this)
      this.lookup = Lookup.first(target as AddressArgument, family, this)
    }
    this.arm()
    return false
  }

  protected attempt(descriptor: Descriptor): boolean {
    return finishConnect(descriptor)
  }

  protected override cancel(): void {
    this.lookup?.cancel()
    super.cancel()
  }

  /** Called by the look-up. */
  found(address: Address): void {
    try {
      const { descriptor, timeout } = this.endpoint
      if (startConnect(descriptor, address, timeout)) this.ready()
      else this.direction.watch()
    } catch (error) {
      this.interrupted(error as SocketError)
    }
  }
}

/** As Connect, with the number of the error instead of throwing it. */
export class ConnectEx extends Connect<number> {
  constructor(endpoint: Endpoint, family: number, target: AnyAddress) {
    super(endpoint, family, target)
    this.value = 0
  }

  protected override begin(): boolean {
    try {
      return super.begin()
    } catch (error) {
      this.value = errnoOfConnect(error)
      return true
    }
  }

  override fail(error: unknown): boolean {
    if (!(error instanceof SocketError)) return super.fail(error)
    return this.wake(errnoOfConnect(error))
  }
}

function errnoOfConnect(error: unknown): number {
  if (error instanceof SocketTimeout) return host.systemErrno(E.AGAIN)
  if (error instanceof SocketError) return error.errno
  throw error
}
