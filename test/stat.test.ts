import { test } from "uvu"
import * as assert from "uvu/assert"
import { mkdtempSync, rmSync, statSync, unlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Loop, Stat } from "gevent-wasm/core"

const folder = mkdtempSync(join(tmpdir(), "stat-"))
const loop = new Loop()
const LEAST = 0.1074891

test.after(() => rmSync(folder, { recursive: true }))

test("CO-18: a file that appears, changes and vanishes", async () => {
  const path = join(folder, "é file")
  const watcher = new Stat(loop, path, 0.001)
  assert.is(watcher.path, path)
  assert.is(watcher.attr, null)
  const sizes: [number | undefined, number | undefined][] = []
  watcher.start(() => {
    sizes.push([watcher.prev?.size, watcher.attr?.size])
    if (sizes.length === 1) writeFileSync(path, "longer")
    else if (sizes.length === 2) unlinkSync(path)
    else watcher.stop()
  })
  assert.is(watcher.attr, null, "there is no such file yet")
  writeFileSync(path, "x")
  await loop.run()
  assert.equal(sizes, [
    [undefined, 1],
    [1, 6],
    [6, undefined],
  ])
  assert.is(watcher.attr, null, "what it saw last stays after stop")
  assert.is(watcher.prev?.size, 6)
})

test("CO-18: attr is what stat(2) says", () => {
  const path = join(folder, "b")
  writeFileSync(path, "text")
  using watcher = new Stat(loop, path)
  watcher.start(() => undefined)
  const expected = statSync(path)
  const { attr } = watcher
  assert.is(attr?.ino, expected.ino)
  assert.is(attr?.mode, expected.mode)
  assert.is(attr?.size, 4)
  assert.is(attr?.nlink, 1)
  assert.is(attr?.uid, expected.uid)
  for (const name of ["atime", "mtime", "ctime"] as const) {
    assert.ok(Math.abs(attr![name] * 1000 - expected[`${name}Ms`]) < 1, name)
  }
})

test("CO-18: an interval below the least is raised", () => {
  for (const [wanted, made] of [
    [0.001, LEAST],
    [0, 0],
    [2, 2],
  ] as const) {
    const watcher = new Stat(loop, folder, wanted)
    assert.is(watcher.interval, wanted)
    watcher.start(() => undefined)
    assert.ok(Math.abs(watcher.interval - made) < 0.1, `${wanted} became ${watcher.interval}`)
    watcher.stop()
  }
})

test("CO-18: the path and the interval are checked", () => {
  for (const wrong of ["a\0b", 5, null]) {
    assert.throws(
      () => new Stat(loop, wrong as never),
      (error: unknown) => error instanceof TypeError,
    )
  }
  for (const wrong of [NaN, "1"]) {
    assert.throws(
      () => new Stat(loop, folder, wrong as never),
      (error: unknown) => error instanceof TypeError,
    )
  }
})

test.run()
