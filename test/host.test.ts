import { host } from "#host"
import { run, sleep, spawn } from "gevent-wasm"
import { E } from "gevent-wasm/host"
import { spawnSync } from "node:child_process"
import process from "node:process"
import { fileURLToPath } from "node:url"
import { test } from "uvu"
import * as assert from "uvu/assert"
import { moduleArguments } from "./hostprocess.ts"
import { connectedPair } from "./sockets.ts"

test("the host is the one that runs this", () => {
  const { deno, bun } = process.versions
  assert.is(host.name, deno ? "deno" : bun ? "bun" : "node")
})

test("a host that is too old says so", () => {
  const path = JSON.stringify(import.meta.resolve("gevent-wasm"))
  const program = `import process from "node:process"
    process.getBuiltinModule = undefined
    await import(${path}).catch((error) => console.log(error.message))`
  const { stdout } = spawnSync(process.execPath, moduleArguments(program), { encoding: "utf8" })
  assert.match(stdout, /^gevent-wasm needs Node\.js >=\d.*; this is v\d/)
})

test("an immediate call is outside every context", async () => {
  const context = host.createContext<string>()
  const seen = await context.run("inside", async () => {
    const immediate = await new Promise((resolve) => host.immediate(() => resolve(context.get())))
    return [immediate, context.get()]
  })
  assert.equal(seen, [undefined, "inside"])
})

test("immediate calls that each ask for the next one do not keep a timer waiting", async () => {
  let rounds = 0
  let over = false
  setTimeout(() => (over = true), 20)
  await new Promise<void>((resolve) => {
    const round = (): void => {
      rounds++
      if (over) resolve()
      else host.immediate(round)
    }
    host.immediate(round)
  })
  assert.ok(rounds > 10, `${rounds} rounds`)
})

test("sockets get their turn while greenlets are busy", () =>
  run(function* () {
    const [client, server] = yield* connectedPair()
    using _one = client
    using _two = server
    let rounds = 0
    const busy = spawn(function* () {
      for (;;) {
        const until = performance.now() + 0.2
        while (performance.now() < until);
        rounds++
        yield* sleep(0)
      }
    })
    try {
      yield* client.sendall("x")
      yield* server.recv(1)
      assert.ok(rounds < 1000, `${rounds} rounds`) // the hub makes 50 of them in a turn
    } finally {
      yield* busy.kill()
    }
  }))

test("a signal that cannot be caught is refused", () => {
  for (const name of ["SIGKILL", "SIGSTOP"])
    assert.is(
      host.signal(host.signals[name]!, true, () => {}),
      -E.INVAL,
    )
  assert.is(
    host.signal(1000, true, () => {}),
    -E.INVAL,
  )
})

const testOnDeno = (name: string, body: () => void): void =>
  host.name === "deno" ? test(name, body) : test.skip(name, body)

function runWithPermissions(...permissions: string[]): string {
  const program = fileURLToPath(new URL("programs/withoutpermissions.mjs", import.meta.url))
  const { stdout, stderr } = spawnSync(
    process.execPath,
    ["run", "--no-prompt", "--allow-read=dist", ...permissions, program],
    { encoding: "utf8" },
  )
  assert.is(stderr, "")
  return stdout
}

testOnDeno("without permissions greenlets run, and what is not allowed fails at the call", () => {
  assert.is(
    runWithPermissions(),
    "sleep\nconnect 127.0.0.1 EACCES\nconnect localhost EACCES\nlocalhost 127.0.0.1\n" +
      "listen EACCES\nstat nothing\n",
  )
})

testOnDeno("SO-13: the permission for the network is all that names and sockets need", () => {
  assert.is(
    runWithPermissions("--allow-net"),
    "sleep\nconnect 127.0.0.1 ECONNREFUSED\nconnect localhost ECONNREFUSED\nlocalhost 127.0.0.1\n" +
      "listen none\nstat nothing\n",
  )
})

test.run()
