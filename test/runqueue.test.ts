import { test } from "uvu"
import * as assert from "uvu/assert"
import { RunQueue } from "../ts/core/runqueue.ts"

const never = (): number => 0

test("first in, first out, also what comes meanwhile", () => {
  const queue = new RunQueue(() => undefined)
  const seen: number[] = []
  for (let i = 0; i < 1000; i++) {
    queue.push({
      run() {
        seen.push(i)
        if (i < 500) queue.push({ run: () => seen.push(1000 + i) })
      },
    })
  }
  assert.is(queue.length, 1000)
  queue.drain(never, 1000)
  assert.equal(
    seen,
    Array.from({ length: 1500 }, (_, i) => i),
  )
  assert.is(queue.length, 0)
})

test("it wakes once per entry unless somebody is awake", () => {
  let wakes = 0
  const queue = new RunQueue(() => void wakes++)
  queue.push({ run: () => undefined })
  assert.is(wakes, 1)
  queue.awake = true
  queue.push({ run: () => undefined })
  assert.is(wakes, 1)
})

test("drain stops when its time is over, and goes on where it stopped", () => {
  const queue = new RunQueue(() => undefined)
  let now = 0
  let ran = 0
  const again = {
    run() {
      ran++
      queue.push(again)
    },
  }
  queue.push(again)
  queue.drain(() => (now += 3), 5)
  assert.ok(ran >= 50 && ran <= 200, String(ran))
  assert.is(queue.length, 1)
  const before = ran
  queue.drain(() => (now += 3), 5)
  assert.ok(ran > before)
})

test("an entry that throws leaves the others in the queue", () => {
  const queue = new RunQueue(() => undefined)
  const seen: string[] = []
  queue.push({
    run() {
      throw new Error("x")
    },
  })
  queue.push({ run: () => seen.push("second") })
  assert.throws(() => queue.drain(never, 10), /x/)
  assert.is(queue.length, 1)
  queue.drain(never, 10)
  assert.equal(seen, ["second"])
})

test("a drain within a drain runs the rest, in order", () => {
  const queue = new RunQueue(() => undefined)
  const seen: number[] = []
  queue.push({
    run() {
      seen.push(1)
      queue.drain(never, 10)
      seen.push(4)
      queue.push({ run: () => seen.push(5) })
    },
  })
  queue.push({ run: () => seen.push(2) })
  queue.push({ run: () => seen.push(3) })
  queue.drain(never, 10)
  assert.equal(seen, [1, 2, 3, 4, 5])
})

test("a slice ends too while the clock stands still", () => {
  const queue = new RunQueue(() => undefined)
  let rounds = 0
  const entry = {
    run() {
      rounds++
      queue.push(entry)
    },
  }
  queue.push(entry)
  queue.drain(() => 5, 10)
  assert.ok(rounds >= 1000 && rounds <= 100_000, `${rounds} rounds`)
  assert.is(queue.length, 1)
})

test.run()
