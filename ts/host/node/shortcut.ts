import { Buffer } from "node:buffer"
import type tls from "node:tls"

/** Node's handle between TLS and a stream, as far as it is used; Node does not document it, so there is a way without. */
interface StreamHandle {
  readBuffer(bytes: Uint8Array): void
  finishWrite(request: unknown, status: number): void
  onwrite(request: unknown, buffers: readonly Buffer[]): number
}

/**
 * The short way for sealed bytes: straight to and from the handle below Node's TLS, past the two streams that would otherwise
 * lie between. It makes up for most of what these cost.
 */
export class Shortcut {
  private readonly handle: StreamHandle
  private request: unknown = undefined
  private readonly written = (): void => {
    const { request } = this
    this.request = undefined
    if (request !== undefined) this.handle.finishWrite(request, 0)
  }

  /** @param carry - Sends bytes, and calls `sent` when there may be more. */
  private constructor(handle: StreamHandle, carry: (bytes: Uint8Array, sent: () => void) => void) {
    this.handle = handle
    // Node must not hear of the end of a write while it makes it
    const sent = (): void => queueMicrotask(this.written)
    handle.onwrite = (request, buffers) => {
      this.request = request
      carry(buffers.length === 1 ? buffers[0]! : Buffer.concat(buffers), sent)
      return 0
    }
  }

  /** The short way to a TLS socket; undefined when its host has none. */
  static to(socket: tls.TLSSocket, carry: (bytes: Uint8Array, sent: () => void) => void): Shortcut | undefined {
    const handle = (socket as { _handle?: { _parent?: Partial<StreamHandle> } })._handle?._parent
    if (typeof handle?.readBuffer !== "function" || typeof handle.finishWrite !== "function") return undefined
    return new Shortcut(handle as StreamHandle, carry)
  }

  /** Gives TLS what came in. */
  push(bytes: Uint8Array): void {
    this.handle.readBuffer(bytes)
  }

  /** Nobody hears of a write any more. */
  close(): void {
    this.request = undefined
  }
}
