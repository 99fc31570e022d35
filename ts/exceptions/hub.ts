/**
 * Nothing is left that could ever wake the waiting MAIN. The message lists who is blocked on what.
 * gevent: `gevent.hub.LoopExit`.
 */
export class LoopExit extends Error {
  override name = "LoopExit"
}

/** A call that waits was made where nothing may wait: in a callback of the event loop. gevent: `gevent.hub.BlockingSwitchOutError`. */
export class BlockingSwitchOutError extends Error {
  override name = "BlockingSwitchOutError"

  constructor(message = "Impossible to call blocking function in the event loop callback") {
    super(message)
  }
}

/** A wait was woken by somebody whom it did not wait for. gevent: `gevent.exceptions.InvalidSwitchError`. */
export class InvalidSwitchError extends Error {
  override name = "InvalidSwitchError"
}

/** Two greenlets use at once what only one may use. gevent: `gevent.exceptions.ConcurrentObjectUseError`. */
export class ConcurrentObjectUseError extends Error {
  override name = "ConcurrentObjectUseError"
}

/** The hub was destroyed while somebody waited in it. gevent: `gevent.exceptions.HubDestroyed`. */
export class HubDestroyed extends Error {
  override name = "HubDestroyed"
}

/** An object of one thread was used in another. gevent: `gevent.exceptions.InvalidThreadUseError`. */
export class InvalidThreadUseError extends Error {
  override name = "InvalidThreadUseError"
}
