import { getcurrent, run } from "gevent-wasm"
import {
  EventLoopBlocked,
  MemoryUsageThresholdExceeded,
  MemoryUsageUnderThreshold,
  notify,
  subscribe,
  subscribers,
} from "gevent-wasm/events"
import { test } from "uvu"
import * as assert from "uvu/assert"

test.after.each(() => void subscribers.splice(0))

test("UT-07: subscribers get each event, in their order", () => {
  const told: unknown[] = []
  const event = { name: "anything" }
  subscribers.push((one) => told.push("first", one))
  subscribers.push((one) => told.push("second", one))
  notify(event)
  assert.equal(told, ["first", event, "second", event])
})

test("UT-07: an error of a subscriber goes to who notifies, and the others are not told", () => {
  const told: string[] = []
  subscribers.push(() => {
    throw new RangeError("no")
  })
  subscribers.push(() => told.push("second"))
  assert.throws(
    () => notify({}),
    (error: Error) => error instanceof RangeError,
  )
  assert.equal(told, [])
})

test("UT-07: a subscriber may take itself back while it is told", () => {
  const told: string[] = []
  const once = (): void => {
    told.push("once")
    subscribers.splice(subscribers.indexOf(once), 1)
  }
  subscribers.push(once)
  subscribers.push(() => told.push("always"))
  notify({})
  notify({})
  assert.equal(told, ["once", "always", "always"])
})

test("UT-07: subscribe tells of a class and its subclasses until its disposal", () => {
  class Base {}
  class Derived extends Base {}
  const told: Base[] = []
  {
    using _subscription = subscribe(Base, (event) => told.push(event))
    notify(new Derived())
    notify(new Map())
    notify(new Base())
  }
  notify(new Base())
  assert.equal(
    told.map((event) => event.constructor),
    [Derived, Base],
  )
  assert.is(subscribers.length, 0)
})

test("UT-07: what is no class, no function and no event is refused", () => {
  assert.throws(() => subscribe(null as never, () => {}), /subscribe takes a class of events, not null/)
  assert.throws(() => subscribe(Map, 5 as never), /subscribe takes a function, not 5/)
  assert.throws(() => notify("text" as never), /an event is an object, not text/)
})

test("UT-07: events have what they were made with", async () => {
  await run(function* () {
    const blocked = new EventLoopBlocked(getcurrent(), 0.25, ["a line"])
    assert.is(blocked.greenlet, getcurrent())
    assert.is(blocked.blockingTime, 0.25)
    assert.equal(blocked.info, ["a line"])
  })
  const over = new MemoryUsageThresholdExceeded(20, 10, { rss: 20 })
  assert.is(String(over), '<MemoryUsageThresholdExceeded used=20 max=10 details={"rss":20}>')
  const under = new MemoryUsageUnderThreshold(5, 10, { rss: 5 }, 20)
  assert.equal([under.memUsage, under.maxAllowed, under.memoryInfo, under.maxMemoryUsage], [5, 10, { rss: 5 }, 20])
})

test.run()
