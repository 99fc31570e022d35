import { host } from "#host"
import type { ResolvedAddress } from "../host/host.ts"
import { scheduler } from "../strand.ts"

/** A search for the addresses of a name, which may be given up. */
export class Lookup {
  private active = true

  /** One of the two functions is called later, unless it was cancelled. */
  constructor(
    name: string,
    family: 0 | 4 | 6,
    found: (addresses: ResolvedAddress[]) => void,
    failed: (error: Error) => void,
  ) {
    scheduler.foreign++
    host.lookup(name, family).then(
      (addresses) => {
        if (this.end()) found(addresses)
      },
      (error: Error) => {
        if (this.end()) failed(error)
      },
    )
  }

  /** Neither function will be called. */
  cancel(): void {
    this.end()
  }

  private end(): boolean {
    const { active } = this
    this.active = false
    if (active) {
      scheduler.foreign--
      scheduler.loop.touch()
    }
    return active
  }
}
