import { test } from "uvu"
import * as assert from "uvu/assert"
import { Heap } from "../ts/heap.ts"

const less = (a: number, b: number): boolean => {
  if (Number.isNaN(a) || Number.isNaN(b)) throw new TypeError("cannot be compared")
  return a < b
}

test("random operations give what a sorted array gives", () => {
  for (let round = 0; round < 50; round++) {
    const first = Array.from({ length: round }, random)
    const heap = new Heap(less, first)
    const model = [...first].sort(ascending)
    for (let step = 0; step < 300; step++) {
      if (Math.random() < 0.55) {
        const item = random()
        heap.push(item)
        model.push(item)
        model.sort(ascending)
      } else assert.is(heap.shift(), model.shift())
      assert.is(heap.length, model.length)
      assert.is(heap.first, model[0])
    }
    assert.equal([...heap].sort(ascending), model)
    for (const item of model) assert.is(heap.shift(), item)
    assert.is(heap.shift(), undefined)
    assert.is(heap.length, 0)
  }
})

test("what cannot be compared stays out, and leaves the others as they were", () => {
  const heap = new Heap(less, [3, 1, 2, 5, 4])
  const before = [...heap]
  assert.throws(() => heap.push(NaN), /cannot be compared/)
  assert.equal([...heap], before)
  let calls = 0
  const brittle = new Heap<number>((a, b) => {
    if (calls > 0 && --calls === 0) throw new TypeError("broken")
    return a < b
  })
  for (let i = 100; i > 0; i--) brittle.push(i)
  // however late the comparison breaks
  for (let after = 1; after <= 6; after++) {
    const items = [...brittle]
    calls = after
    assert.throws(() => brittle.push(0), /broken/)
    assert.equal([...brittle], items)
    calls = after
    assert.throws(() => brittle.shift(), /broken/)
    assert.equal([...brittle], items)
  }
  calls = 0
  for (let i = 1; i <= 100; i++) assert.is(brittle.shift(), i)
})

function random(): number {
  return Math.floor(Math.random() * 50)
}

function ascending(a: number, b: number): number {
  return a - b
}

test.run()
