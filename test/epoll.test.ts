import { test } from "uvu"
import * as assert from "uvu/assert"
import { Epoll, EPOLL_CTL_ADD, EPOLL_CTL_DEL, EPOLL_CTL_MOD } from "../ts/core/epoll.ts"
import { FdTable } from "../ts/core/fdtable.ts"
import { createPipe } from "../ts/core/pipe.ts"
import { ERR, HUP, IN, OUT } from "../ts/host/descriptor.ts"
import { E } from "../ts/host/errno.ts"

interface Setup {
  table: FdTable
  epoll: Epoll
  reader: number
  writer: number
  wakes: () => number
  closed: number[]
  wait: (max?: number) => [events: number, low: number, high: number][]
}

function setup(): Setup {
  const table = new FdTable()
  let woken = 0
  const closed: number[] = []
  const epoll = new Epoll(
    table,
    () => void woken++,
    (fd) => closed.push(fd),
  )
  const [r, w] = createPipe()
  const view = new Uint32Array(64)
  return {
    table,
    epoll,
    reader: table.install(r),
    writer: table.install(w),
    wakes: () => woken,
    closed,
    wait(max = 16) {
      const count = epoll.wait(view, 0, max)
      return Array.from({ length: count }, (_, i) => [view[i * 4]!, view[i * 4 + 2]!, view[i * 4 + 3]!])
    },
  }
}

const one = Uint8Array.of(1)

test("control: the errors of epoll_ctl", () => {
  const { epoll, reader } = setup()
  assert.is(epoll.control(EPOLL_CTL_ADD, 99, IN, 0, 0), -E.BADF)
  assert.is(epoll.control(EPOLL_CTL_MOD, reader, IN, 0, 0), -E.NOENT)
  assert.is(epoll.control(EPOLL_CTL_DEL, reader, 0, 0, 0), -E.NOENT)
  assert.is(epoll.control(EPOLL_CTL_ADD, reader, IN, 0, 0), 0)
  assert.is(epoll.control(EPOLL_CTL_ADD, reader, IN, 0, 0), -E.EXIST)
  assert.is(epoll.control(7, reader, IN, 0, 0), -E.INVAL)
  for (const bit of [1 << 28, 1 << 30, 1 << 31])
    assert.is(epoll.control(EPOLL_CTL_MOD, reader, IN | bit, 0, 0), -E.INVAL)
  assert.is(epoll.control(EPOLL_CTL_DEL, reader, 0, 0, 0), 0)
  assert.is(epoll.control(EPOLL_CTL_DEL, reader, 0, 0, 0), -E.NOENT)
})

test("wait: level-triggered, with the 64 bits of data", () => {
  const { epoll, table, reader, writer, wait, wakes } = setup()
  epoll.control(EPOLL_CTL_ADD, reader, IN, 0xdeadbeef, 0xfffffff0)
  assert.equal(wait(), [])
  assert.not(epoll.hot)
  table.get(writer)!.send(one)
  assert.is(wakes(), 1)
  assert.ok(epoll.hot)
  for (let i = 0; i < 3; i++) assert.equal(wait(), [[IN, 0xdeadbeef, 0xfffffff0]])
  table.get(reader)!.recv(new Uint8Array(10))
  assert.equal(wait(), [])
  assert.not(epoll.hot)
  table.get(writer)!.send(one)
  assert.is(wakes(), 2)
})

test("control: what is ready already wakes at once", () => {
  const { epoll, writer, wakes, wait } = setup()
  epoll.control(EPOLL_CTL_ADD, writer, OUT, 1, 2)
  assert.is(wakes(), 1)
  assert.equal(wait(), [[OUT, 1, 2]])
  epoll.control(EPOLL_CTL_MOD, writer, IN, 3, 4)
  assert.equal(wait(), [])
  epoll.control(EPOLL_CTL_MOD, writer, OUT, 5, 6)
  assert.equal(wait(), [[OUT, 5, 6]])
})

test("wait: errors and hang-ups come unasked", () => {
  const { epoll, table, reader, writer, wait } = setup()
  epoll.control(EPOLL_CTL_ADD, reader, 0, 1, 0)
  table.close(writer)
  assert.equal(wait(), [[HUP, 1, 0]])
  const second = setup()
  second.epoll.control(EPOLL_CTL_ADD, second.writer, 0, 2, 0)
  second.table.close(second.reader)
  assert.equal(second.wait(), [[ERR, 2, 0]])
})

test("wait: with more ready than asked for, each gets its turn", () => {
  const { epoll, table, wait } = setup()
  for (let i = 0; i < 5; i++) {
    const [, writer] = createPipe()
    epoll.control(EPOLL_CTL_ADD, table.install(writer), OUT, i, 0)
  }
  const seen = Array.from({ length: 5 }, () => wait(2).map(([, low]) => low)).flat()
  assert.equal(seen, [0, 1, 2, 3, 4, 0, 1, 2, 3, 4])
  assert.equal(wait(0), [])
  assert.is(wait().length, 5)
})

test("close of a descriptor: the interest goes and the owner hears of it", () => {
  const { epoll, table, reader, writer, closed, wait } = setup()
  epoll.control(EPOLL_CTL_ADD, reader, IN, 1, 0)
  table.get(writer)!.send(one)
  const descriptor = table.get(reader)!
  table.close(reader)
  assert.equal(closed, [reader])
  assert.equal(wait(), [])
  assert.is(descriptor.observers.length, 0)
  const [again] = createPipe()
  assert.is(table.install(again), reader)
  assert.is(epoll.control(EPOLL_CTL_MOD, reader, IN, 0, 0), -E.NOENT, "the number is another descriptor's")
  table.close(writer)
  assert.equal(closed, [reader], "without an interest nobody is told")
})

test("two numbers of one descriptor have interests of their own", () => {
  const { epoll, table, reader, writer, closed, wait } = setup()
  const copy = table.install(table.get(reader)!)
  epoll.control(EPOLL_CTL_ADD, reader, IN, 1, 0)
  epoll.control(EPOLL_CTL_ADD, copy, IN, 2, 0)
  table.get(writer)!.send(one)
  assert.equal(
    wait().map(([, low]) => low),
    [1, 2],
  )
  table.close(reader)
  assert.equal(closed, [reader])
  assert.equal(
    wait().map(([, low]) => low),
    [2],
  )
})

test("two instances see the same descriptor; close drops every interest", () => {
  const { epoll, table, reader, writer, wait } = setup()
  let woken = 0
  const other = new Epoll(
    table,
    () => void woken++,
    () => undefined,
  )
  epoll.control(EPOLL_CTL_ADD, reader, IN, 1, 0)
  other.control(EPOLL_CTL_ADD, reader, IN, 2, 0)
  table.get(writer)!.send(one)
  assert.is(woken, 1)
  epoll.close()
  assert.equal(wait(), [])
  assert.not(epoll.hot)
  assert.ok(other.hot)
  assert.is(table.get(reader)!.observers.length, 1)
})

test.run()
