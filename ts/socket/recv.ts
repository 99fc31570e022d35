import type { Descriptor } from "../host/descriptor.ts"
import { E } from "../host/errno.ts"
import { checked, type Endpoint } from "./endpoint.ts"
import { IoWait } from "./iowait.ts"

/** Waits for bytes. */
export class Recv extends IoWait<Uint8Array> {
  private readonly size: number

  constructor(endpoint: Endpoint, size: number, flags: number) {
    super(endpoint, endpoint.input, flags)
    this.size = size
  }

  protected get syscall(): string {
    return "recv"
  }

  protected attempt(descriptor: Descriptor): boolean {
    const result = descriptor.take(this.size)
    if (typeof result !== "number") this.value = result
    else if (result === -E.AGAIN) return false
    else checked(result, "recv")
    return true
  }
}

/** Waits for bytes that go to the caller's buffer. */
export class RecvInto extends IoWait<number> {
  private readonly buffer: Uint8Array

  constructor(endpoint: Endpoint, buffer: Uint8Array, flags: number) {
    super(endpoint, endpoint.input, flags)
    this.buffer = buffer
  }

  protected get syscall(): string {
    return "recv"
  }

  protected attempt(descriptor: Descriptor): boolean {
    const result = descriptor.recv(this.buffer)
    if (result === -E.AGAIN) return false
    this.value = checked(result, "recv")
    return true
  }
}
