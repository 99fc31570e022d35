import { Readable } from "node:stream"
import type { Engine } from "../node/engine.ts"
import type { Ends, SealedPort } from "../node/sealedport.ts"
import { streamWrap, type Request } from "./handle.ts"

/** Deno's own TLS below a `tls.TLSSocket`, as far as it is used; Deno does not document it, so there is a way without. */
interface TlsHandle {
  /** Takes sealed bytes. */
  readBuffer(bytes: Uint8Array): void
  /** Seals bytes. */
  writeBuffer(request: Request, bytes: Uint8Array): number
  /** Sealed bytes that nobody has had; none at the end. */
  drainEncOut(): Uint8Array
}

// What is sealed at once: the handle keeps four records, and what is more waits inside of it.
const LONGEST = 32768

const NONE = new Uint8Array(0)

/** The way to Deno's TLS past the streams around it. What is sealed can be had at once, so nothing waits there unseen. */
export class TlsWrap implements SealedPort {
  readonly late = true
  private readonly handle: TlsHandle
  private readonly methods: TlsHandle
  private readonly ends: Ends
  private readonly request: Request
  private open = true

  private constructor(handle: TlsHandle, engine: Engine, ends: Ends, request: Request) {
    this.handle = handle
    this.methods = Object.getPrototypeOf(handle) as TlsHandle
    this.ends = ends
    this.request = request
    // null is the end, which takes the stream's way
    engine.push = (chunk: Buffer | null): boolean => {
      if (chunk === null) return Readable.prototype.push.call(engine, chunk)
      ends.received(chunk)
      return true
    }
    // what the engine seals by itself comes by the same way, in its turn
    handle.drainEncOut = () => {
      this.flush()
      return NONE
    }
  }

  /** The way to an engine; undefined when there is none. */
  static to(engine: Engine, ends: Ends): TlsWrap | undefined {
    const handle = engine._handle as unknown as Partial<TlsHandle> | null | undefined
    const methods = handle && (Object.getPrototypeOf(handle) as Partial<TlsHandle>)
    if (streamWrap === undefined || !methods) return undefined
    const { readBuffer, writeBuffer, drainEncOut } = methods
    if (![readBuffer, writeBuffer, drainEncOut].every((method) => typeof method === "function")) return undefined
    const request = Object.assign(new streamWrap.WriteWrap(), { oncomplete: ignore })
    return new TlsWrap(handle as TlsHandle, engine, ends, request)
  }

  push(bytes: Uint8Array): void {
    this.methods.readBuffer.call(this.handle, bytes)
    this.flush()
  }

  seal(bytes: Uint8Array): boolean {
    const { length } = bytes
    for (let start = 0; start < length; start += LONGEST) {
      const part = length <= LONGEST ? bytes : bytes.subarray(start, start + LONGEST)
      if (!this.open || this.methods.writeBuffer.call(this.handle, this.request, part) !== 0) return false
      this.flush()
    }
    return true
  }

  close(): void {
    this.open = false
  }

  private flush(): void {
    while (this.open) {
      const sealed = this.methods.drainEncOut.call(this.handle)
      if (sealed.length === 0) return
      this.ends.carry(sealed)
    }
  }
}

function ignore(): void {}
