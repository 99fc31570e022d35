import { Greenlet } from "./greenlet.ts"
import type { Link } from "./link.ts"
import { Wait, type BlockingCall } from "./wait.ts"

/** A greenlet whose error goes to whoever waits for it, and is not printed as well. */
export class QuietGreenlet<T> extends Greenlet<T> {
  protected override report(): void {
    // the one who waits gets it
  }
}

/** Runs the generator of a flow. */
class FlowGreenlet<T> extends QuietGreenlet<T> {
  protected override mayBeAsync(): boolean {
    return false
  }
}

/**
 * A blocking call that is written as a generator. `yield*` runs it in the current greenlet; `await` runs it in one of its own,
 * which is killed when the waiting ends early.
 */
export class Flow<T> implements BlockingCall<T> {
  private readonly body: () => Generator<BlockingCall<unknown>, T, unknown>
  private promise: Promise<T> | null = null

  constructor(body: () => Generator<BlockingCall<unknown>, T, unknown>) {
    this.body = body
  }

  [Symbol.iterator](): Iterator<BlockingCall<unknown>, T, unknown> {
    return this.body()
  }

  then<A = T, B = never>(
    onfulfilled?: ((value: T) => A | PromiseLike<A>) | null,
    onrejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    this.promise ??= new FlowWait(new FlowGreenlet<T>(this.body)).then()
    return this.promise.then(onfulfilled, onrejected)
  }
}

class FlowWait<T> extends Wait<T> implements Link {
  private readonly greenlet: Greenlet<T>

  constructor(greenlet: Greenlet<T>) {
    super()
    this.greenlet = greenlet
  }

  get target(): unknown {
    return this
  }

  notify(): void {
    const { greenlet } = this
    if (!greenlet.successful()) this.fail(greenlet.exception)
    else this.wake(greenlet.value as T)
  }

  protected begin(): boolean {
    this.greenlet.addLink(this)
    this.greenlet.start()
    return false
  }

  protected cancel(): void {
    this.greenlet.removeLink(this)
    this.greenlet.kill(undefined, false)
  }

  override describe(): string {
    return String(this.greenlet)
  }
}
