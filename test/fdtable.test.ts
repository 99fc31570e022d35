import { test } from "uvu"
import * as assert from "uvu/assert"
import { FdTable } from "../ts/core/fdtable.ts"
import { createPipe } from "../ts/core/pipe.ts"
import { Descriptor, HUP } from "../ts/host/descriptor.ts"
import { E } from "../ts/host/errno.ts"

class Plain extends Descriptor {
  closes = 0

  override readiness(): number {
    return 0
  }

  override close(): void {
    this.closes++
  }
}

test("a new descriptor gets the lowest free number from 3 on", () => {
  const table = new FdTable()
  for (let fd = 3; fd < 300; fd++) assert.is(table.install(new Plain()), fd)
  for (const fd of [250, 7, 31, 32, 64]) assert.is(table.close(fd), 0)
  for (const fd of [7, 31, 32, 64, 250, 300]) assert.is(table.install(new Plain()), fd)
  assert.is(table.size, 298)
})

test("a free number is EBADF", () => {
  const table = new FdTable()
  for (const fd of [0, 1, 2, 3, -1, 1e9]) {
    assert.is(table.close(fd), -E.BADF)
    assert.is(table.get(fd), undefined)
  }
})

test("a full table is EMFILE, and has room again after a close", () => {
  const table = new FdTable(10)
  for (let fd = 3; fd < 10; fd++) assert.is(table.install(new Plain()), fd)
  const last = new Plain()
  assert.is(table.install(last), -E.MFILE)
  assert.is(last.closes, 0)
  table.close(5)
  assert.is(table.install(last), 5)
})

test("a descriptor closes with its last number", () => {
  const table = new FdTable()
  const plain = new Plain()
  const [a, b] = [table.install(plain), table.install(plain)]
  table.close(a)
  assert.is(plain.closes, 0)
  assert.is(table.get(b), plain)
  table.close(b)
  assert.is(plain.closes, 1)
})

test("observers are told before the descriptor closes, also those that go meanwhile", () => {
  const table = new FdTable()
  const [reader, writer] = createPipe()
  const fd = table.install(writer)
  const seen: unknown[] = []
  for (const name of ["a", "b", "c"]) {
    const observer = {
      ready: () => undefined,
      closed: (number: number) => {
        seen.push(name, number, reader.readiness() & HUP)
        writer.observers.splice(writer.observers.indexOf(observer), 1)
      },
    }
    writer.observers.push(observer)
  }
  table.close(fd)
  assert.is(seen.length, 9)
  assert.equal(seen.slice(0, 3), ["c", fd, 0])
  assert.is(reader.readiness() & HUP, HUP)
})

test.run()
