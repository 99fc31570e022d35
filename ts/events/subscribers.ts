/** Gets every event that is published; it tells those that it knows by their classes. */
export type Subscriber = (event: object) => unknown

/**
 * Whoever is told of events, in this order; a list that may be changed. gevent: `gevent.events.subscribers`.
 *
 * @example
 * ```ts
 * import { EventLoopBlocked, subscribers } from "gevent-wasm/events"
 * subscribers.push((event) => {
 *   if (event instanceof EventLoopBlocked) console.log(String(event.greenlet), event.blockingTime)
 * })
 * ```
 */
export const subscribers: Subscriber[] = []

/**
 * Publishes an event: calls each subscriber with it. An error that one of them throws goes to the caller, and the others are not told.
 * gevent: `gevent.events.notify`.
 *
 * @throws {TypeError} when the event is no object; and what a subscriber throws.
 * @example
 * ```ts
 * import { notify, subscribe } from "gevent-wasm/events"
 * class Deployed {}
 * subscribe(Deployed, () => console.log("deployed"))
 * notify(new Deployed())
 * ```
 */
export function notify(event: object): void {
  if (typeof event !== "object" || event === null) throw new TypeError(`an event is an object, not ${String(event)}`)
  for (const subscriber of [...subscribers]) subscriber(event)
}

/**
 * Calls a function with each event of a class, those of its subclasses among them. Python: `zope.event.classhandler.handler`.
 *
 * @returns What takes it back, also at the end of a `using` block.
 * @throws {TypeError} when the class or the function is none.
 * @example
 * ```ts
 * import { MemoryUsageThresholdExceeded, subscribe } from "gevent-wasm/events"
 * using _watching = subscribe(MemoryUsageThresholdExceeded, ({ memUsage }) => console.error(`${memUsage} bytes`))
 * ```
 */
export function subscribe<E extends object>(
  type: abstract new (...args: never[]) => E,
  handler: (event: E) => unknown,
): Disposable {
  if (typeof type !== "function") throw new TypeError(`subscribe takes a class of events, not ${String(type)}`)
  if (typeof handler !== "function") throw new TypeError(`subscribe takes a function, not ${String(handler)}`)
  const subscriber: Subscriber = (event) => {
    if (event instanceof type) handler(event)
  }
  subscribers.push(subscriber)
  return {
    [Symbol.dispose]() {
      const index = subscribers.indexOf(subscriber)
      if (index >= 0) subscribers.splice(index, 1)
    },
  }
}
