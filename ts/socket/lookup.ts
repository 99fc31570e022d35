import { QuietGreenlet } from "../flow.ts"
import type { Greenlet } from "../greenlet.ts"
import { getHub } from "../hub.ts"
import type { AddressInfo, NumericAddress } from "../resolver/interface.ts"
import { SOCK_STREAM } from "./constants.ts"

/** A search for the addresses of a name with the hub's resolver, which may be given up. */
export class Lookup {
  private readonly greenlet: Greenlet<AddressInfo[]>
  private active = true

  /** One of the two functions is called later, in the hub, unless it was cancelled. There is one address at least. */
  constructor(
    name: string,
    port: number,
    family: number,
    found: (addresses: NumericAddress[]) => void,
    failed: (error: Error) => void,
  ) {
    const { resolver } = getHub()
    const greenlet = (this.greenlet = new QuietGreenlet<AddressInfo[]>(function* () {
      return yield* resolver.getaddrinfo(name, port, family, SOCK_STREAM)
    }))
    greenlet.rawlink(() => {
      if (!this.active) return
      this.active = false
      if (greenlet.successful()) found((greenlet.value as AddressInfo[]).map(([, , , , sockaddr]) => sockaddr))
      else failed(greenlet.exception as Error)
    })
    greenlet.start()
  }

  /** Neither function will be called. */
  cancel(): void {
    if (!this.active) return
    this.active = false
    this.greenlet.kill(undefined, false)
  }
}
