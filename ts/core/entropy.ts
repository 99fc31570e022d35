import { host } from "#host"

const SIZE = 4096

/** Random bytes of the host, fetched many at a time: c-ares takes some for each query, and a call of the host costs microseconds. */
class Entropy {
  private readonly stock = new Uint8Array(SIZE)
  private at = SIZE

  /** Fills with random bytes. None is handed out twice. */
  fill(into: Uint8Array): void {
    const { length } = into
    if (length > SIZE / 4) {
      host.random(into)
      return
    }
    if (this.at + length > SIZE) {
      host.random(this.stock)
      this.at = 0
    }
    const end = this.at + length
    into.set(this.stock.subarray(this.at, end))
    this.stock.fill(0, this.at, end)
    this.at = end
  }
}

/** The random bytes of this thread. */
export const entropy: Entropy = new Entropy()
