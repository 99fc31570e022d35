import type { Descriptor } from "../host/descriptor.ts"
import { E } from "../host/errno.ts"
import { checked, type Endpoint } from "./endpoint.ts"
import { IoWait } from "./iowait.ts"

/** Waits until some of the bytes are taken. */
export class Send extends IoWait<number> {
  private readonly bytes: Uint8Array

  constructor(endpoint: Endpoint, bytes: Uint8Array, flags: number) {
    super(endpoint, endpoint.output, flags)
    this.bytes = bytes
  }

  protected get syscall(): string {
    return "send"
  }

  protected attempt(descriptor: Descriptor): boolean {
    const result = descriptor.send(this.bytes)
    if (result !== -E.AGAIN) this.value = checked(result, "send")
    // it waits once; if there is no room even so, it has sent nothing
    else if (this.armed) this.value = 0
    else return false
    return true
  }
}

/** Waits until all of the bytes are taken. */
export class Sendall extends IoWait<void> {
  private readonly bytes: Uint8Array
  private offset = 0

  constructor(endpoint: Endpoint, bytes: Uint8Array, flags: number) {
    super(endpoint, endpoint.output, flags)
    this.bytes = bytes
  }

  protected get syscall(): string {
    return "send"
  }

  protected attempt(descriptor: Descriptor): boolean {
    const { bytes } = this
    while (this.offset < bytes.length) {
      const result = descriptor.send(this.offset === 0 ? bytes : bytes.subarray(this.offset))
      if (result === -E.AGAIN) return false
      this.offset += checked(result, "send")
    }
    return true
  }
}
