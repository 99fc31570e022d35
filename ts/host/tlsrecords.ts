const HEADER = 5
const ALERT = 21
const APPLICATION_DATA = 23
// TLS 1.3 seals an alert like data: two bytes of it, one for its type and 16 for the seal.
const SEALED_ALERT = 19

/**
 * Follows the records of a TLS stream from chunk to chunk, to find where the peer may have ended it: what comes behind that
 * belongs to whoever reads the stream next.
 *
 * @example
 * ```ts
 * const records = new TlsRecords()
 * records.cut(Uint8Array.of(21, 3, 3, 0, 2, 1, 0, 42), 0) // 7
 * ```
 */
export class TlsRecords {
  /** Whether the last `cut` stopped behind what may be an alert. */
  atAlert = false
  private seen = 0
  private type = 0
  private length = 0
  private left = 0

  /** The index behind the first record from `from` on that may be an alert, or the length of the chunk. */
  cut(chunk: Uint8Array, from: number): number {
    const end = chunk.length
    let at = from
    this.atAlert = false
    while (at < end) {
      if (this.seen < HEADER) {
        this.header(chunk[at++]!)
        continue
      }
      const step = Math.min(this.left, end - at)
      at += step
      this.left -= step
      if (this.left > 0) break
      this.seen = 0
      if (this.type === ALERT || (this.type === APPLICATION_DATA && this.length === SEALED_ALERT)) {
        this.atAlert = true
        break
      }
    }
    return at
  }

  private header(byte: number): void {
    const { seen } = this
    if (seen === 0) this.type = byte
    else if (seen === 3) this.length = byte << 8
    else if (seen === 4) this.left = this.length |= byte
    this.seen++
  }
}
