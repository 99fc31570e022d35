import { E } from "../host/errno.ts"
import type { Secure } from "../host/secure.ts"
import type { Endpoint } from "../socket/endpoint.ts"
import { IoWait } from "../socket/iowait.ts"
import { errorOf, wantRead } from "./failure.ts"

/** Waits for the end of a handshake. */
export class Handshake extends IoWait<void> {
  private readonly secure: Secure

  constructor(endpoint: Endpoint, secure: Secure) {
    // its end is readiness to write
    super(endpoint, endpoint.output)
    this.secure = secure
  }

  protected get syscall(): string {
    return "handshake"
  }

  protected override get late(): string {
    return "The handshake operation timed out"
  }

  protected override wouldWait(): Error {
    return wantRead()
  }

  protected attempt(): boolean {
    const result = this.secure.handshake()
    if (result === 0) return true
    if (result === -E.AGAIN) return false
    throw errorOf(this.secure, result, "handshake")
  }
}
