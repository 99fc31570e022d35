/** What `enter()` of a lock returns: the end of a `using` block releases the lock. */
export class Held implements Disposable {
  private lock: { release(): unknown } | null

  /** Made by `enter()`. */
  constructor(lock: { release(): unknown }) {
    this.lock = lock
  }

  /** Releases the lock; the second time nothing happens. */
  release(): void {
    const { lock } = this
    this.lock = null
    lock?.release()
  }

  /** `using` releases the lock. */
  [Symbol.dispose](): void {
    this.release()
  }
}
