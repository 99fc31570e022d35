import { Duplex } from "node:stream"
import type { Buffer } from "node:buffer"

/** What a record stream needs of its owner. */
export interface Carrier {
  /** More bytes may be given to `push`. */
  pull(): void
  /** Sends bytes, and calls `sent` when there may be more. */
  carry(bytes: Uint8Array, sent: () => void): void
  /** All that the other side will ever write has been written. */
  carried(): void
}

/** The stream that Node's TLS reads sealed bytes from and writes them to. */
export class RecordStream extends Duplex {
  private readonly carrier: Carrier
  private finished = false

  constructor(carrier: Carrier) {
    // it only ends when its owner says so: the descriptor below may outlive TLS
    super({ allowHalfOpen: true, autoDestroy: false, emitClose: false })
    this.carrier = carrier
    this.on("error", ignore)
  }

  override _read(): void {
    this.carrier.pull()
  }

  override _write(bytes: Buffer, _encoding: string, sent: () => void): void {
    this.carrier.carry(bytes, sent)
  }

  /** Only `finish` destroys it: Deno's TLS would do so before it has written its last record. */
  override destroy(error?: Error): this {
    return this.finished ? super.destroy(error) : this
  }

  /** Its owner lets go of it. */
  finish(): void {
    this.finished = true
    this.destroy()
  }

  override _final(done: () => void): void {
    this.carrier.carried()
    done()
  }
}

function ignore(): void {}
