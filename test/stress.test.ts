// Kills greenlets at random under load and then counts what is left. STRESS_SECONDS says for how long, STRESS_SEED repeats a run.
import {
  getcurrent,
  getHub,
  GreenletExit,
  run,
  sleep,
  spawn,
  Timeout,
  withTimeout,
  type Greenlet,
  type Wait,
} from "gevent-wasm"
import { addSpawnCallback, removeSpawnCallback } from "gevent-wasm/greenlet"
import { StreamServer } from "gevent-wasm/server"
import { createConnection, LINGER_ON, SO_LINGER, SOL_SOCKET, SocketError, type Socket } from "gevent-wasm/socket"
import { test } from "uvu"
import * as assert from "uvu/assert"
import { openDescriptors } from "./sockets.ts"

const SECONDS = Number(process.env["STRESS_SECONDS"] ?? 3)
const SEED = Number(process.env["STRESS_SEED"] ?? Date.now() % 1_000_000)
const CLIENTS = 60
const SLEEPERS = 40
/** What a connection may end with when either side is killed at any moment. */
const EXPECTED = ["ECONNRESET", "EPIPE", "ETIMEDOUT", "ECONNREFUSED", "ECONNABORTED"]

const { loop } = getHub()

let state = SEED
/** A whole number below `limit`. */
function random(limit: number): number {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0
  return Math.floor((state / 2 ** 32) * limit)
}

interface Counts {
  system: number
  table: number
  active: number
  handles: number
  queued: number
}

function count(): Counts {
  return {
    ...openDescriptors(),
    active: loop.activecnt,
    handles: loop.handles,
    queued: loop.queue.length,
  }
}

/** Swallows what the peer's death may cause, and nothing else. */
function* tolerant(body: () => Generator<Wait<unknown>, unknown, unknown>): Generator<Wait<unknown>, void, unknown> {
  try {
    yield* body()
  } catch (error) {
    if (error instanceof SocketError && EXPECTED.includes(error.code)) return
    if (error instanceof Timeout) return
    throw error
  }
}

function* echo(socket: Socket): Generator<Wait<unknown>, void, unknown> {
  for (;;) {
    const chunk = yield* socket.recv(65536)
    if (chunk.length === 0) return
    if (random(50) === 0) yield* sleep(random(3) / 1000)
    if (random(200) === 0) {
      socket.setsockopt(SOL_SOCKET, SO_LINGER, LINGER_ON)
      return
    }
    yield* socket.sendall(chunk)
  }
}

function* client(server: StreamServer): Generator<Wait<unknown>, void, unknown> {
  using limit = random(4) === 0 ? Timeout.startNew(random(20) / 1000) : new Timeout(null)
  void limit
  using socket = yield* createConnection([random(10) === 0 ? "localhost" : "127.0.0.1", server.serverPort])
  if (random(3) === 0) socket.settimeout((1 + random(20)) / 1000)
  for (let i = 0; i < 1 + random(20); i++) {
    const size = random(20) === 0 ? 1 << 20 : 1 + random(2000)
    const writer = size > 65536 ? spawn(() => tolerant(() => write(socket, size))) : null
    if (writer === null) yield* socket.sendall(new Uint8Array(size))
    try {
      for (let left = size; left > 0;) {
        const chunk = yield* socket.recv(left)
        if (chunk.length === 0) return
        left -= chunk.length
      }
    } finally {
      writer?.kill(undefined, false)
    }
  }
}

function* write(socket: Socket, size: number): Generator<Wait<unknown>, void, unknown> {
  if (socket.closed) return
  try {
    yield* socket.sendall(new Uint8Array(size))
  } catch (error) {
    // its owner closed the socket meanwhile
    if (!(error instanceof SocketError && error.code === "EBADF")) throw error
  }
}

function* sleeper(): Generator<Wait<unknown>, void, unknown> {
  for (;;) {
    yield* sleep(random(5) / 1000)
    yield* withTimeout(random(3) / 1000, () => sleep(random(3) / 1000), null)
  }
}

/** Keeps the population up and kills at random until the time is over. */
function* load(server: StreamServer, alive: Set<Greenlet<unknown>>): Generator<Wait<unknown>, number, unknown> {
  const end = performance.now() + SECONDS * 1000
  const clients: Greenlet<unknown>[] = []
  const sleepers: Greenlet<unknown>[] = []
  let kills = 0
  while (performance.now() < end) {
    for (const [list, size] of [
      [clients, CLIENTS],
      [sleepers, SLEEPERS],
    ] as const) {
      for (let i = list.length - 1; i >= 0; i--) if (list[i]!.dead) list.splice(i, 1)
      while (list.length < size) {
        list.push(list === sleepers ? spawn(sleeper) : spawn(() => tolerant(() => client(server))))
      }
    }
    // anybody who lives, handlers on the server's side included
    const candidates = [...alive]
    for (let i = random(20); i > 0; i--) {
      const victim = candidates[random(candidates.length)]!
      if (spared.has(victim)) continue
      if (random(3) === 0) victim.kill(new SocketError(73, "test"), false)
      else victim.kill(undefined, false)
      kills++
    }
    yield* sleep(random(3) === 0 ? 0 : random(4) / 1000)
  }
  return kills
}

/** Those that run the test itself. */
const spared = new Set<unknown>()

test(`nothing is left of greenlets that were killed at random for ${SECONDS} s (seed ${SEED})`, async () => {
  // the host and the hub open what they need for good
  await createConnection(["localhost", 1]).then(
    (socket) => socket.close(),
    () => undefined,
  )
  await sleep(0.05)
  const before = count()
  const alive = new Set<Greenlet<unknown>>()
  let spawned = 0
  let failures = ""
  const track = (greenlet: Greenlet<unknown>): void => {
    spawned++
    alive.add(greenlet)
    greenlet.rawlink(() => {
      alive.delete(greenlet)
      const { exception } = greenlet
      if (exception === null || exception instanceof GreenletExit || exception instanceof Timeout) return
      if (exception instanceof SocketError && EXPECTED.includes(exception.code)) return
      failures += `${String(exception instanceof Error ? exception.stack : exception)}\n`
    })
  }
  const { exceptionStream } = getHub()
  getHub().exceptionStream = null
  addSpawnCallback(track)
  try {
    await run(function* () {
      const server = new StreamServer("127.0.0.1:0", echo)
      server.start()
      spared.add(getcurrent())
      const kills = yield* load(server, alive)
      assert.ok(kills > 100 * SECONDS, `${kills} kills`)
      server.close()
      for (const greenlet of alive) if (!spared.has(greenlet)) greenlet.kill(undefined, false)
      console.log(`${spawned} greenlets, ${kills} killed`)
    })
    // a farewell to a peer takes the host a moment
    for (let i = 0; i < 200; i++) {
      const now = count()
      if (now.system <= before.system && now.table <= before.table && alive.size === 0) break
      await sleep(0.02)
    }
  } finally {
    removeSpawnCallback(track)
    getHub().exceptionStream = exceptionStream
  }
  assert.is(failures, "")
  assert.is(alive.size, 0, "greenlets that live")
  assert.equal(count(), before)
  loop.verify()
})

test.run()
