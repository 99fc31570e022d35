import type { Address, Descriptor } from "../host/descriptor.ts"
import { E } from "../host/errno.ts"
import { knownAddress, type AddressArgument, type AnyAddress } from "./address.ts"
import { checked, type Endpoint } from "./endpoint.ts"
import { IoWait } from "./iowait.ts"
import { Lookup } from "./lookup.ts"

/** Waits until a datagram is taken, and before for the address of a name. */
export class Sendto extends IoWait<number> {
  protected readonly syscall: string
  private readonly family: number
  private readonly bytes: Uint8Array
  private readonly target: AnyAddress
  private address: Address | null
  private lookup: Lookup | null = null

  constructor(
    endpoint: Endpoint,
    syscall: string,
    family: number,
    bytes: Uint8Array,
    target: AnyAddress,
    flags: number,
  ) {
    super(endpoint, endpoint.output, flags)
    this.syscall = syscall
    this.family = family
    this.bytes = bytes
    this.target = target
    this.address = knownAddress(family, target)
  }

  protected override begin(): boolean {
    if (this.address !== null) return super.begin()
    const { endpoint, direction, family } = this
    endpoint.live(this.syscall)
    direction.checkFree()
    direction.claim(this)
    this.lookup = Lookup.first(this.target as AddressArgument, family, this)
    // a socket that does not wait for room still waits for the name
    if (endpoint.timeout !== 0) this.arm()
    return false
  }

  protected attempt(descriptor: Descriptor): boolean {
    const result = descriptor.sendto(this.bytes, this.address!)
    if (result === -E.AGAIN) return false
    this.value = checked(result, this.syscall)
    return true
  }

  protected override cancel(): void {
    this.lookup?.cancel()
    super.cancel()
  }

  /** Called by the look-up. */
  found(address: Address): void {
    this.address = address
    this.ready()
    // there was no room
    if (this.armed) this.direction.watch()
  }
}
