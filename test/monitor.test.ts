import { spawn as spawnProcess } from "node:child_process"
import { host } from "#host"
import { getHub, type Hub, run, sleep, spawn } from "gevent-wasm"
import {
  EventLoopBlocked,
  MemoryUsageThresholdExceeded,
  MemoryUsageUnderThreshold,
  PeriodicMonitorThreadStartedEvent,
  subscribe,
  subscribers,
} from "gevent-wasm/events"
import { PeriodicMonitor } from "gevent-wasm/monitor"
import { test } from "uvu"
import * as assert from "uvu/assert"
import { moduleArguments } from "./hostprocess.ts"
import { takeReports } from "./reports.ts"

/** Whether the host shows a monitor the stack of code that blocks. */
const INTERRUPTS = host.name === "node"

let events: EventLoopBlocked[] = []

test.before.each(() => {
  takeReports()
  events = []
  subscribe(EventLoopBlocked, (event) => events.push(event))
})
test.after.each(() => {
  getHub().periodicMonitoringThread?.kill()
  subscribers.splice(0)
})

/** The monitor of the hub, once its thread is there. */
async function start(maxBlockingTime = 0.2): Promise<PeriodicMonitor> {
  const monitor = getHub().startPeriodicMonitoringThread({ maxBlockingTime }) as PeriodicMonitor
  await sleep(0.5)
  events = [] // of a machine that was busy with the start of the thread
  takeReports()
  return monitor
}

function block(seconds: number): void {
  const end = performance.now() + seconds * 1000
  while (performance.now() < end);
}

/** The events about a greenlet whose name has the word. */
function about(word: string): EventLoopBlocked[] {
  return events.filter((event) => String(event.greenlet).includes(word))
}

test("UT-05: a greenlet that blocks is reported with its name, once", async () => {
  await start()
  const greenlet = spawn(function* culprit() {
    yield* sleep(0.01)
    block(1)
    yield* sleep(0.01)
  })
  await greenlet.join()
  const [event, ...more] = about("culprit")
  assert.is(event?.greenlet, greenlet)
  assert.equal(more, [])
  assert.ok(event!.blockingTime >= 0.2, String(event!.blockingTime))
  const [report, ...others] = takeReports().filter((text) => text.includes("culprit> appears"))
  assert.equal(others, [])
  assert.match(
    report!,
    /^={80}\n\n\d{4}-\S+Z : Greenlet <Greenlet: culprit> appears to be blocked\n {4}Reported by <Per/,
  )
  assert.match(report!, "* Greenlets")
  assert.is(report, `${event!.info.join("\n")}\n`)
})

/** Blocks for as long as it takes until that is reported, which a busy machine puts off. */
function blockUntilReported(name: string): void {
  const end = performance.now() + 20_000
  while (performance.now() < end && about(name).length === 0);
}

if (INTERRUPTS) {
  test("UT-05: the report comes while the loop is blocked, with the stack", async () => {
    await start()
    let during = -1
    await spawn(function* culprit() {
      yield* sleep(0.01)
      blockUntilReported("culprit")
      during = about("culprit").length
    }).join()
    assert.is(during, 1)
    assert.match(
      about("culprit")[0]!.info.join("\n"),
      /Blocked Stack:\n[^*]*at culprit \(\S+monitor\.test\.mjs:\d+:\d+\)/,
    )
  })

  test("UT-05: an async function and MAIN are told apart while they block", async () => {
    await start()
    await spawn(async function culprit() {
      await sleep(0.01)
      blockUntilReported("culprit")
      await sleep(0.01)
    }).join()
    assert.is(about("culprit").length, 1)
    blockUntilReported("<MAIN>")
    await sleep(0.1)
    assert.is(about("<MAIN>").length, 1)
  })
}

test("UT-05: code outside of the greenlets and a callback of the loop are reported when the loop goes on", async () => {
  await start()
  block(1)
  await sleep(0.2)
  assert.is(about("<MAIN>").length, 1)
  getHub().loop.runCallback(() => block(1))
  await sleep(0.2)
  assert.is(about("<Hub").length, 1)
})

test("UT-05: a loop that has nothing to do and greenlets that switch are not reported", async () => {
  await start(1)
  await sleep(2)
  const end = performance.now() + 2000
  await spawn(function* () {
    while (performance.now() < end) yield* sleep(0)
  }).join()
  assert.equal(events, [])
})

test("UT-05: a greenlet may ask to be left alone until it waits", async () => {
  const monitor = await start()
  await spawn(function* ignored() {
    yield* sleep(0.01)
    monitor.ignoreCurrentGreenletBlocking()
    block(0.6)
    yield* sleep(0.01)
  }).join()
  assert.equal(about("ignored"), [])
  await spawn(function* again() {
    yield* sleep(0.01)
    monitor.ignoreCurrentGreenletBlocking()
    yield* sleep(0.01)
    block(0.6)
  }).join()
  assert.is(about("again").length, 1)
  await spawn(function* monitored() {
    monitor.ignoreCurrentGreenletBlocking()
    monitor.monitorCurrentGreenletBlocking()
    block(0.6)
    yield* sleep(0.01)
  }).join()
  assert.is(about("monitored").length, 1)
})

test("UT-05: monitoring functions are called with the hub, get another period and are taken back", async () => {
  const monitor = getHub().startPeriodicMonitoringThread()
  const hubs: Hub[] = []
  const fn = (hub: Hub): void => void hubs.push(hub)
  monitor.addMonitoringFunction(fn, 1000)
  await sleep(0.05)
  assert.equal(hubs, [])
  monitor.addMonitoringFunction(fn, 0.01)
  while (hubs.length < 3) await sleep(0.01)
  assert.ok(hubs.every((hub) => hub === getHub()))
  monitor.addMonitoringFunction(fn, null)
  hubs.splice(0)
  await sleep(0.1)
  assert.equal(hubs, [])
})

test("UT-05: what is no function and no positive period is refused", () => {
  const monitor = getHub().startPeriodicMonitoringThread()
  assert.throws(
    () => monitor.addMonitoringFunction("text" as never, 1),
    (error: Error) =>
      error instanceof TypeError && error.message === "a monitoring function must be a function, not text",
  )
  for (const period of [0, -1]) {
    assert.throws(
      () => monitor.addMonitoringFunction(() => {}, period),
      (error: Error) => error instanceof RangeError && error.message === `period must be positive: ${period}`,
    )
  }
  assert.throws(() => monitor.addMonitoringFunction(() => {}, "1" as never), /period must be a number, not 1/)
  monitor.kill()
  assert.throws(
    () => getHub().startPeriodicMonitoringThread({ maxBlockingTime: 0 }),
    /maxBlockingTime must be positive: 0/,
  )
  assert.throws(() => getHub().startPeriodicMonitoringThread({ maxMemoryUsage: -1 }), /maxMemoryUsage must be positive/)
  assert.is(getHub().periodicMonitoringThread, null)
})

test("UT-05: an error of a monitoring function or a subscriber is reported, and monitoring goes on", async () => {
  const monitor = await start()
  let calls = 0
  monitor.addMonitoringFunction(() => {
    calls++
    throw new RangeError("of the function")
  }, 0.01)
  while (calls < 2) await sleep(0.01)
  assert.ok(takeReports().some((text) => text.includes("of the function")))
  subscribers.unshift(() => {
    throw new RangeError("of the subscriber")
  })
  block(1)
  await sleep(0.1)
  assert.ok(takeReports().some((text) => text.includes("of the subscriber")))
})

test("UT-05: a hub has one monitor, whose start is told", () => {
  const started: unknown[] = []
  subscribe(PeriodicMonitorThreadStartedEvent, (event) => started.push(event.monitor))
  const hub = getHub()
  assert.is(hub.periodicMonitoringThread, null)
  const monitor = hub.startPeriodicMonitoringThread()
  assert.is(hub.startPeriodicMonitoringThread({ maxBlockingTime: 5 }), monitor)
  assert.is(hub.periodicMonitoringThread, monitor)
  assert.instance(monitor, PeriodicMonitor)
  assert.equal(started, [monitor])
  monitor.kill()
  monitor.kill()
  assert.is(hub.periodicMonitoringThread, null)
})

test("UT-05: a monitor that was killed reports nothing, and ends with its hub", async () => {
  const monitor = await start()
  monitor.kill()
  await spawn(function* culprit() {
    block(0.6)
    yield* sleep(0.1)
  }).join()
  assert.equal(events, [])
  const hub = getHub()
  const other = hub.startPeriodicMonitoringThread()
  hub.destroy()
  assert.is(hub.periodicMonitoringThread, null)
  assert.is.not(getHub().startPeriodicMonitoringThread(), other)
})

test("UT-05: a monitored program ends by itself, and says on standard error that it is blocked", async () => {
  const { code, stderr } = await runProgram(`
    import { getHub, run, sleep } from "gevent-wasm"
    getHub().startPeriodicMonitoringThread({ maxBlockingTime: 0.2 })
    await run(function* culprit() {
      yield* sleep(0.5)
      const end = Date.now() + 1000
      while (Date.now() < end);
      yield* sleep(0)
    })
  `)
  assert.is(code, 0, stderr)
  assert.match(stderr, "culprit> appears to be blocked")
  if (!INTERRUPTS) assert.match(stderr, "The thread of <Hub libev-4.33 epoll> has not switched for 0.2 seconds")
})

test("UT-05: a loop that is blocked for ever is told of", async () => {
  const { stderr } = await runProgram(
    `
    import { getHub, run, sleep } from "gevent-wasm"
    getHub().startPeriodicMonitoringThread({ maxBlockingTime: 0.2 })
    await run(function* culprit() {
      yield* sleep(0.5)
      for (;;);
    })
  `,
    (text) => text.includes("Blocked Stack:") || text.includes("has not switched"),
  )
  assert.match(stderr, INTERRUPTS ? /culprit> appears to be blocked\n.*\nBlocked Stack:/ : /has not switched/)
})

test("UT-06: memory beyond the limit is told once per rise, and once when it is under it again", async () => {
  const monitor = new PeriodicMonitor(getHub(), { maxMemoryUsage: 1, memoryMonitorPeriod: 1000 })
  const told: object[] = []
  subscribers.push((event) => told.push(event))
  try {
    assert.ok(monitor.canMonitorMemoryUsage())
    const first = monitor.monitorMemoryUsage()
    assert.instance(first, MemoryUsageThresholdExceeded)
    assert.is(first!.maxAllowed, 1)
    assert.is(first!.memUsage, first!.memoryInfo.rss)
    let last = first!.memUsage
    const kept: Uint8Array[] = []
    for (let i = 0; i < 50; i++) {
      if (i % 10 === 0) kept.push(new Uint8Array(16 << 20).fill(1))
      const event = monitor.monitorMemoryUsage()
      if (event === null) continue
      assert.instance(event, MemoryUsageThresholdExceeded)
      last = event.memUsage
    }
    assert.ok(last > first!.memUsage)
    assert.is(kept.length, 5)
    monitor.maxMemoryUsage = 2 ** 50
    const under = monitor.monitorMemoryUsage()
    assert.instance(under, MemoryUsageUnderThreshold)
    assert.ok((under as MemoryUsageUnderThreshold).maxMemoryUsage > 1)
    assert.is(monitor.monitorMemoryUsage(), null)
    assert.is(told.at(-1), under)
    monitor.maxMemoryUsage = 1
    assert.instance(monitor.monitorMemoryUsage(), MemoryUsageThresholdExceeded)
    monitor.maxMemoryUsage = null
    assert.is(monitor.monitorMemoryUsage(), null)
  } finally {
    monitor.kill()
  }
})

test("UT-06: the memory is looked at by itself", async () => {
  const told: object[] = []
  subscribe(MemoryUsageThresholdExceeded, (event) => told.push(event))
  getHub().startPeriodicMonitoringThread({ maxMemoryUsage: 1, memoryMonitorPeriod: 0.01 })
  await run(function* () {
    while (told.length === 0) yield* sleep(0.01)
  })
  assert.is(told.length >= 1, true)
})

/** Runs a program on this host, until it ends or `enough` holds of what it has printed. */
function runProgram(
  program: string,
  enough: (stderr: string) => boolean = () => false,
): Promise<{ code: number | null; stderr: string }> {
  return new Promise((resolve, reject) => {
    const child = spawnProcess(process.execPath, moduleArguments(program), { stdio: ["ignore", "inherit", "pipe"] })
    let stderr = ""
    child.stderr.setEncoding("utf8")
    child.stderr.on("data", (text: string) => {
      stderr += text
      if (enough(stderr)) child.kill("SIGKILL")
    })
    child.on("error", reject)
    child.on("close", (code) => resolve({ code, stderr }))
  })
}

test.run()
