import { test } from "uvu"
import * as assert from "uvu/assert"
import { Deque } from "../ts/deque.ts"

test("random operations give what an array gives", () => {
  for (let round = 0; round < 20; round++) {
    const deque = new Deque<number>()
    const model: number[] = []
    let next = 0
    for (let burst = 0; burst < 60; burst++) {
      const pushes = Math.random() < 0.5
      for (let left = Math.floor(Math.random() * 40 * (round + 1)); left > 0; left--) {
        if (pushes) {
          deque.push(next)
          model.push(next++)
        } else assert.is(deque.shift(), model.shift())
      }
      assert.is(deque.length, model.length)
      assert.is(deque.first, model[0])
      assert.equal([...deque], model)
    }
    for (const item of model) assert.is(deque.shift(), item)
    assert.is(deque.shift(), undefined)
    assert.is(deque.first, undefined)
    deque.push(7)
    assert.equal([...deque], [7])
  }
})

test("undefined is an item", () => {
  const deque = new Deque<undefined>()
  for (let i = 0; i < 5000; i++) deque.push(undefined)
  assert.is(deque.length, 5000)
  deque.shift()
  assert.is([...deque].length, 4999)
})

test("a window of a few items wanders over chunks of all sizes", () => {
  const deque = new Deque<number>()
  for (let i = 0; i < 10; i++) deque.push(i)
  for (let i = 10; i < 20_000; i++) {
    deque.push(i)
    assert.is(deque.shift(), i - 10)
  }
  assert.equal(
    [...deque],
    Array.from({ length: 10 }, (_, i) => 19_990 + i),
  )
})

test.run()
