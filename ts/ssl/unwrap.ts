import { E } from "../host/errno.ts"
import type { Secure } from "../host/secure.ts"
import type { Endpoint } from "../socket/endpoint.ts"
import { IoWait } from "../socket/iowait.ts"
import { errorOf, wantRead } from "./failure.ts"

/** Waits until both sides have ended TLS. */
export class Unwrap<S> extends IoWait<S> {
  private readonly secure: Secure
  private readonly adopt: () => S

  /** @param adopt - Makes the socket that goes on without TLS. */
  constructor(endpoint: Endpoint, secure: Secure, adopt: () => S) {
    super(endpoint, endpoint.input)
    this.secure = secure
    this.adopt = adopt
  }

  protected get syscall(): string {
    return "unwrap"
  }

  protected override get late(): string {
    return "The read operation timed out"
  }

  protected override wouldWait(): Error {
    return wantRead()
  }

  protected attempt(): boolean {
    const result = this.secure.unwrap()
    if (result === -E.AGAIN) return false
    if (result < 0) throw errorOf(this.secure, result, "unwrap")
    // who waits leaves the direction before the number changes hands
    this.cancel()
    this.value = this.adopt()
    return true
  }
}
