import type { Strand } from "./strand.ts"
import type { BlockingCall, Wait } from "./wait.ts"

/**
 * A blocking call that need not wait most of the time: it looks first, and only one that has to wait makes a Wait.
 *
 * Speed is all that it is for. Looking takes a Wait some 70 ns, since its code and its fields are shared by all kinds of waits, which
 * an engine then cannot tell apart. So a subclass has `[Symbol.iterator]` of its own and sets all fields in its own constructor, those of
 * this class too.
 */
export abstract class Attempt<T> implements BlockingCall<T> {
  /** Part of the iterator result: whether it went well without waiting. */
  declare done: boolean
  /** Part of the iterator result. */
  declare value: T
  /** Who made it; MAIN for async greenlets too. */
  declare protected strand: Strand
  /** What has become of it; null while it has not begun or need not wait. */
  declare protected wait: Wait<T> | null;

  /**
   * Begins: does it now and returns itself, or returns `begun()`: when it cannot be done now, when it is not the first time, and when
   * the current strand has interrupts, which are to be thrown in its place.
   */
  abstract [Symbol.iterator](): Iterator<BlockingCall<unknown>, T, unknown>

  /** The Wait that does the same. */
  protected abstract makeWait(): Wait<T>

  /** What iterates when it is not done now. */
  protected begun(): Iterator<BlockingCall<unknown>, T, unknown> {
    if (this.done) return this
    return (this.wait ??= this.makeWait())[Symbol.iterator]()
  }

  /** Iterator protocol: it is done. */
  next(): IteratorResult<never, T> {
    return this as { done: true; value: T }
  }

  then<A = T, B = never>(
    onfulfilled?: ((value: T) => A | PromiseLike<A>) | null,
    onrejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    if (this.done) {
      return Promise.reject<T>(new TypeError("a Wait can be waited for once")).then(onfulfilled, onrejected)
    }
    if (this.wait === null) {
      this.wait = this.makeWait()
      this.wait.belongTo(this.strand)
    }
    return this.wait.then(onfulfilled, onrejected)
  }
}
