import { host } from "#host"
import { QuietGreenlet } from "../flow.ts"
import type { Greenlet } from "../greenlet.ts"
import type { Address } from "../host/descriptor.ts"
import { getHub } from "../hub.ts"
import { EAI_NONAME } from "../resolver/constants.ts"
import { HostResolver } from "../resolver/host.ts"
import type { AddressInfo, NumericAddress } from "../resolver/interface.ts"
import { eaiError } from "../resolver/status.ts"
import { toAddress, type AddressArgument } from "./address.ts"
import { SOCK_STREAM } from "./constants.ts"

/** Who waits for one address of a name. */
export interface AddressSeeker {
  found(address: Address): void
  interrupted(error: Error): void
}

/** A search for the addresses of a name with the hub's resolver, which may be given up. */
export class Lookup {
  private readonly greenlet: Greenlet<NumericAddress[]>
  private active = true

  /** One of the two functions is called later, in the hub, unless it was cancelled. There is one address at least. */
  constructor(
    name: string,
    port: number,
    family: number,
    found: (addresses: NumericAddress[]) => void,
    failed: (error: Error) => void,
  ) {
    const greenlet = (this.greenlet = new QuietGreenlet(function* () {
      const { resolver } = getHub()
      if (host.connectsByName && resolver instanceof HostResolver) return [[name, port] as const]
      const list: AddressInfo[] = yield* resolver.getaddrinfo(name, port, family, SOCK_STREAM)
      if (list.length === 0) throw eaiError(EAI_NONAME)
      return list.map(([, , , , sockaddr]) => sockaddr)
    }))
    greenlet.rawlink(() => {
      if (!this.active) return
      this.active = false
      if (greenlet.successful()) found(greenlet.value as NumericAddress[])
      else failed(greenlet.exception as Error)
    })
    greenlet.start()
  }

  /** Searches for the address that is to be used of a name, in the same way. */
  static first([name, port]: AddressArgument, family: number, seeker: AddressSeeker): Lookup {
    return new Lookup(
      name,
      port,
      family,
      (found) => seeker.found(toAddress(family, found[0]!)),
      (error) => seeker.interrupted(error),
    )
  }

  /** Neither function will be called. */
  cancel(): void {
    if (!this.active) return
    this.active = false
    this.greenlet.kill(undefined, false)
  }
}
