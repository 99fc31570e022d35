import { descriptors } from "../core/descriptors.ts"
import type { Descriptor } from "../host/descriptor.ts"
import { E } from "../host/errno.ts"
import { fromAddress, type SocketAddress } from "./address.ts"
import { checked, type Endpoint } from "./endpoint.ts"
import { IoWait } from "./iowait.ts"

/** An accepted connection's number in the fd table and its peer. */
export interface Accepted {
  readonly fd: number
  readonly address: SocketAddress
}

/**
 * Takes a connection that waits already; null when there is none.
 *
 * @throws {SocketError} what accept(2) says; EMFILE when the fd table is full, and the connection goes on waiting.
 */
export function takeConnection(listener: Descriptor): Accepted | null {
  if (descriptors.full) checked(-E.MFILE, "accept")
  const accepted = listener.accept()
  if (typeof accepted === "number") {
    if (accepted === -E.AGAIN) return null
    checked(accepted, "accept")
    return null
  }
  const peer = accepted.peerAddress()
  // a peer that has gone already has no address any more, but may have left data
  const address: SocketAddress = typeof peer === "number" ? ["", 0] : fromAddress(peer)
  return { fd: checked(descriptors.install(accepted), "accept"), address }
}

/** Waits for a connection. */
export class Accept<S> extends IoWait<[S, SocketAddress]> {
  private readonly adopt: (fd: number) => S

  /** @param adopt - Makes the socket for an accepted number. */
  constructor(endpoint: Endpoint, adopt: (fd: number) => S) {
    super(endpoint, endpoint.input)
    this.adopt = adopt
  }

  protected get syscall(): string {
    return "accept"
  }

  protected attempt(descriptor: Descriptor): boolean {
    const accepted = takeConnection(descriptor)
    if (accepted === null) return false
    this.value = [this.adopt(accepted.fd), accepted.address]
    return true
  }
}
