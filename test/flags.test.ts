import { test } from "uvu"
import * as assert from "uvu/assert"
import * as core from "gevent-wasm/core"

test("CO-01: the version strings are gevent's", () => {
  assert.is(core.getVersion(), "libev-4.33")
  assert.is(core.getHeaderVersion(), "libev-4.33")
})

test("CO-02: a loop takes flags as a number, a name, names and a list", () => {
  for (const flags of [
    undefined,
    null,
    0,
    4,
    "epoll",
    "EPOLL",
    " epoll , noenv",
    "",
    ["epoll", 0x1000000],
    ["noenv"],
  ]) {
    const loop = new core.Loop({ flags: flags ?? null })
    assert.is(loop.backend, "epoll")
    assert.is(loop.backendInt, 4)
    loop.destroy()
  }
})

test("CO-02: an unknown flag is a RangeError that lists the names, another type a TypeError", () => {
  assert.throws(() => new core.Loop({ flags: ["port", "blabla"] }), /Invalid backend or flag: blabla\nPossible values:/)
  assert.throws(
    () => new core.Loop({ flags: "blabla" }),
    (error: unknown) => error instanceof RangeError,
  )
  try {
    core.flagsToInt("no such flag")
    assert.unreachable()
  } catch (error) {
    for (const name of ["epoll", "select", "noenv", "forkcheck"]) assert.match(String(error), name)
  }
  for (const wrong of [{}, true, () => 1, [{}], [null]]) {
    assert.throws(
      () => new core.Loop({ flags: wrong as never }),
      (error: unknown) => error instanceof TypeError,
    )
  }
})

test("CO-02: a backend that is not there is refused", () => {
  for (const flags of ["select", "kqueue,poll", 2]) {
    assert.throws(() => new core.Loop({ flags }), /unsupported backend/)
  }
  const loop = new core.Loop({ flags: "select,epoll" })
  assert.is(loop.backend, "epoll", "one of those that were named is enough")
  loop.destroy()
})

test("CO-03: backends, flags and events convert as in gevent's tests", () => {
  assert.equal(core.supportedBackends(), ["epoll"])
  assert.equal(core.recommendedBackends(), ["epoll"])
  assert.ok(Array.isArray(core.embeddableBackends()))
  assert.is(core.flagsToInt(null), 0)
  assert.is(core.flagsToInt(["kqueue", "SELECT"]), 8 | 1)
  assert.equal(core.flagsToList(0x20 | 2), ["port", "poll"])
  assert.equal(core.flagsToList(4 | 0x40000000), ["epoll", 0x40000000])
  for (const names of [["epoll"], ["poll", "noenv"], ["select", "kqueue", "signalfd"]]) {
    assert.equal(core.flagsToList(core.flagsToInt(names)).sort(), [...names].sort())
  }
  assert.is(core.eventsToString(core.READ | core.WRITE), "READ|WRITE")
  assert.is(core.eventsToString(core.ERROR), "ERROR")
  assert.is(core.eventsToString(0x40 | core.READ), "READ|0x40")
  assert.is(core.eventsToString(0), "")
})

test("CO-03: time() is the wall clock", () => {
  assert.ok(Math.abs(core.time() - Date.now() / 1000) < 0.1)
})

test.run()
