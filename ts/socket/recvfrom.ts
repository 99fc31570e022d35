import type { Descriptor, Received } from "../host/descriptor.ts"
import { E } from "../host/errno.ts"
import { fromAddress, type SocketAddress } from "./address.ts"
import { MSG_PEEK, MSG_TRUNC } from "./constants.ts"
import { checked, type Endpoint } from "./endpoint.ts"
import { IoWait } from "./iowait.ts"

const END: Received = { data: new Uint8Array(0), address: undefined }

/** Waits for a datagram, or for bytes of a stream, and makes of it what the call returns. */
export class Recvfrom<T> extends IoWait<T> {
  protected readonly syscall: string
  private readonly size: number
  private readonly peek: boolean
  private readonly result: (received: Received) => T

  /** @param result - Makes the call's result; a datagram may be longer than `size`. */
  constructor(endpoint: Endpoint, syscall: string, size: number, flags: number, result: (received: Received) => T) {
    super(endpoint, endpoint.input, flags)
    this.syscall = syscall
    this.size = size
    this.peek = (flags & MSG_PEEK) !== 0
    this.result = result
  }

  protected attempt(descriptor: Descriptor): boolean {
    const received = descriptor.recvfrom(this.size, this.peek)
    if (received === -E.AGAIN) return false
    if (typeof received === "number") checked(received, this.syscall)
    this.value = this.result(typeof received === "number" ? END : received)
    return true
  }
}

/** What fits of a datagram. */
export function beginning({ data }: Received, size: number): Uint8Array {
  return data.length > size ? data.subarray(0, size) : data
}

/** Who sent it; null for a stream. */
export function sender({ address }: Received): SocketAddress | null {
  return address === undefined ? null : fromAddress(address)
}

/** The flags of a message: whether its end is lost. */
export function messageFlags({ data }: Received, size: number): number {
  return data.length > size ? MSG_TRUNC : 0
}
