import { E } from "../host/errno.ts"
import type { Secure } from "../host/secure.ts"
import type { Endpoint } from "../socket/endpoint.ts"
import { IoWait } from "../socket/iowait.ts"
import { errorOf, wantWrite } from "./failure.ts"

abstract class SecureOutput<T> extends IoWait<T> {
  private readonly secure: Secure
  protected readonly bytes: Uint8Array

  constructor(endpoint: Endpoint, secure: Secure, bytes: Uint8Array) {
    super(endpoint, endpoint.output)
    this.secure = secure
    this.bytes = bytes
  }

  protected get syscall(): string {
    return "write"
  }

  protected override get late(): string {
    return "The write operation timed out"
  }

  protected override wouldWait(): Error {
    return wantWrite()
  }

  /** How many of the bytes were taken; -1 when none can be now. */
  protected sendFrom(offset: number): number {
    const { secure, bytes } = this
    const result = secure.send(offset === 0 ? bytes : bytes.subarray(offset))
    if (result === -E.AGAIN) return -1
    if (result < 0) throw errorOf(secure, result, "write")
    return result
  }
}

/** Waits until some of the bytes are taken. */
export class Write extends SecureOutput<number> {
  protected attempt(): boolean {
    this.value = this.sendFrom(0)
    return this.value >= 0
  }
}

/** Waits until all of the bytes are taken. */
export class WriteAll extends SecureOutput<void> {
  private offset = 0

  protected attempt(): boolean {
    while (this.offset < this.bytes.length) {
      const count = this.sendFrom(this.offset)
      if (count < 0) return false
      this.offset += count
    }
    return true
  }
}
