import { isAsyncFunction } from "../body.ts"
import { Greenlet } from "../greenlet.ts"
import { resultOf } from "../iteration.ts"
import type { Op } from "../wait.ts"

/** Runs a handler, and closes what it was given as soon as it has ended: in whichever way, even before it has begun. */
export class Handler<A extends unknown[]> extends Greenlet<unknown> {
  private readonly close: (...args: A) => void
  private readonly given: A

  constructor(handle: (...args: A) => unknown, close: (...args: A) => void, args: A) {
    super(handle, ...args)
    this.close = close
    this.given = args
  }

  protected override ended(value: unknown): void {
    this.close(...this.given)
    super.ended(value)
  }

  protected override failed(error: unknown): void {
    this.close(...this.given)
    super.failed(error)
  }
}

/** A function that runs a handler and then closes what it was given, for those who spawn greenlets of their own kind. */
export function closing<A extends unknown[]>(
  handle: (...args: A) => unknown,
  close: (...args: A) => void,
  args: A,
): () => Op<unknown> {
  if (isAsyncFunction(handle)) {
    const body = async (): Promise<unknown> => {
      try {
        return await handle(...args)
      } finally {
        close(...args)
      }
    }
    return body as () => never
  }
  return function* () {
    try {
      return yield* resultOf(handle(...args))
    } finally {
      close(...args)
    }
  }
}
