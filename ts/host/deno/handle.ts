import process from "node:process"
import type { Handle, PeerName } from "../node/wire.ts"

/** A request of a handle, which tells how it went unless that was known at once. */
export interface Request {
  oncomplete: (status: number) => void
}

/** The handle of a connection as Deno has it for `node:net`. What fails returns libuv's negative number. */
export interface DenoHandle extends Handle {
  /** Called with a chunk, or with nothing at the end or after an error; see `StreamWrap`. */
  onread: (bytes: ArrayBuffer | undefined) => void
  readStart(): number
  readStop(): number
  writeBuffer(request: Request, bytes: Uint8Array): number
  shutdown(request: Request): number
  /** Resets the connection; pipes have none of it. */
  reset?(): number
  getsockname?(into: PeerName): number
  setNoDelay?(on: boolean): number
  setKeepAlive?(on: boolean, seconds: number): number
  ref(): void
  unref(): void
}

/** Deno's binding of streams. The numbers are places in `streamBaseState`, where the last call leaves what it has to say. */
export interface StreamWrap {
  readonly WriteWrap: new () => Request
  readonly ShutdownWrap: new () => Request
  readonly streamBaseState: Int32Array
  readonly kReadBytesOrError: number
  readonly kArrayBufferOffset: number
  readonly kLastWriteWasAsync: number
}

/** Deno does not document it, so it may not be there. */
export const streamWrap = load()

function load(): StreamWrap | undefined {
  try {
    const { binding } = process as unknown as { binding?: (name: string) => StreamWrap }
    const wrap = binding?.("stream_wrap")
    return typeof wrap?.WriteWrap === "function" && typeof wrap.kLastWriteWasAsync === "number" ? wrap : undefined
  } catch {
    return undefined
  }
}
