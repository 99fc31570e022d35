import { E } from "../host/errno.ts"
import type { Secure } from "../host/secure.ts"
import type { Endpoint } from "../socket/endpoint.ts"
import { IoWait } from "../socket/iowait.ts"
import { errorOf, unexpectedEnd, wantRead } from "./failure.ts"

abstract class SecureInput<T> extends IoWait<T> {
  protected readonly secure: Secure
  private readonly suppressRaggedEofs: boolean

  /** @param suppressRaggedEofs - Whether an end that the peer did not announce is an end like any other. */
  constructor(endpoint: Endpoint, secure: Secure, suppressRaggedEofs: boolean) {
    super(endpoint, endpoint.input)
    this.secure = secure
    this.suppressRaggedEofs = suppressRaggedEofs
  }

  protected get syscall(): string {
    return "read"
  }

  protected override get late(): string {
    return "The read operation timed out"
  }

  protected override wouldWait(): Error {
    return wantRead()
  }

  /** Throws for a failure. Whether the stream is at its end, -E.AGAIN being false. */
  protected ended(result: number): boolean {
    const { secure } = this
    if (result === -E.AGAIN) return false
    if (result < 0) throw errorOf(secure, result, "read")
    if (secure.ragged && !this.suppressRaggedEofs) throw unexpectedEnd()
    return true
  }
}

/** Waits for bytes. */
export class Read extends SecureInput<Uint8Array> {
  private readonly size: number

  constructor(endpoint: Endpoint, secure: Secure, suppressRaggedEofs: boolean, size: number) {
    super(endpoint, secure, suppressRaggedEofs)
    this.size = size
  }

  protected attempt(): boolean {
    const result = this.secure.take(this.size)
    if (typeof result !== "number") {
      if (result.length === 0 && this.size > 0) this.ended(0)
      this.value = result
      return true
    }
    return this.ended(result)
  }
}

/** Waits for bytes that go to the caller's buffer. */
export class ReadInto extends SecureInput<number> {
  private readonly buffer: Uint8Array

  constructor(endpoint: Endpoint, secure: Secure, suppressRaggedEofs: boolean, buffer: Uint8Array) {
    super(endpoint, secure, suppressRaggedEofs)
    this.buffer = buffer
  }

  protected attempt(): boolean {
    const result = this.secure.recv(this.buffer)
    if (result <= 0 && (result < 0 || this.buffer.length > 0) && !this.ended(result)) return false
    this.value = result
    return true
  }
}
