import { host } from "#host"
import { spawn, spawnSync, type ChildProcessByStdio } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import process from "node:process"
import type { Readable } from "node:stream"
import { test } from "uvu"
import * as assert from "uvu/assert"

// Runs the examples on this host as a user would, with the programs of the system at their other ends.

const flags = host.name === "deno" ? ["run", "--allow-all", "--no-prompt"] : []
const PATIENCE = 20_000

/** An example that runs until it is killed, and what it has printed. */
class Example implements Disposable {
  readonly child: ChildProcessByStdio<null, Readable, Readable>
  printed = ""

  constructor(name: string, ...args: string[]) {
    this.child = spawn(process.execPath, [...flags, `build/examples/${name}.mjs`, ...args], {
      stdio: ["ignore", "pipe", "pipe"],
    })
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => (this.printed += text))
    }
  }

  /** Waits until it has printed what matches. */
  async says(pattern: RegExp): Promise<RegExpExecArray> {
    const signal = AbortSignal.timeout(PATIENCE)
    for (;;) {
      const match = pattern.exec(this.printed)
      if (match) return match
      try {
        await Promise.race([
          once(this.child.stdout, "data", { signal }),
          once(this.child, "exit", { signal }).then(() => new Promise((resolve) => setTimeout(resolve, 10))),
        ])
      } catch {
        throw new Error(`not ${pattern} but: ${this.printed}`)
      }
      if (this.child.exitCode !== null && !pattern.test(this.printed)) {
        throw new Error(`ended with ${this.child.exitCode} and no ${pattern}: ${this.printed}`)
      }
    }
  }

  [Symbol.dispose](): void {
    this.child.kill("SIGKILL")
  }
}

/** What a program prints that is given an input. */
function output(command: string, args: string[], input = ""): string {
  const { error, stdout, stderr } = spawnSync(command, args, { input, encoding: "utf8", timeout: PATIENCE })
  if (error) throw error
  return stdout + stderr
}

/** What an example prints. */
function outputOf(name: string, ...args: string[]): string {
  return output(process.execPath, [...flags, `build/examples/${name}.mjs`, ...args])
}

test("echoserver echoes the lines of nc", async () => {
  using server = new Example("echoserver", "0")
  const [, port] = await server.says(/at 127\.0\.0\.1:(\d+)/)
  const answer = output("nc", ["-N", "127.0.0.1", port!], "one\ntwo\n")
  assert.is(answer, "Welcome to the echo server! Type quit to exit.\r\none\ntwo\n")
  assert.match(output("nc", ["127.0.0.1", port!], "QUIT\n"), "Welcome")
  await server.says(/disconnected[^]*quit\n/)
})

test("portforwarder passes data and both ends on, and a signal lets the last connection end", async () => {
  using server = new Example("echoserver", "0")
  const [, port] = await server.says(/at 127\.0\.0\.1:(\d+)/)
  using forwarder = new Example("portforwarder", "127.0.0.1:0", `127.0.0.1:${port}`)
  const [, entrance] = await forwarder.says(/forwarding 127\.0\.0\.1:(\d+)/)
  const answer = output("nc", ["-N", "127.0.0.1", entrance!], "far away\n")
  assert.match(answer, "far away\n")

  using client = spawnPeer("nc", ["-N", "127.0.0.1", entrance!])
  client.stdin.write("still here\n")
  await once(client.stdout, "data")
  // Deno says of each child that got a signal by child.kill() that it ended by it
  process.kill(forwarder.child.pid!, "SIGTERM")
  await forwarder.says(/accepting no more; 1 connections are left/)
  client.stdin.end()
  const [code] = (await once(forwarder.child, "exit", { signal: AbortSignal.timeout(PATIENCE) })) as [number | null]
  assert.is(code, 0, forwarder.printed)
})

test("lineserver keeps what nc gives it", async () => {
  using server = new Example("lineserver", "0")
  const [, port] = await server.says(/at 127\.0\.0\.1:(\d+)/)
  const answer = output("nc", ["-N", "127.0.0.1", port!], "SET a one two\nGET a\nGET b\nKEYS\nHUH\nQUIT\n")
  assert.is(answer, "OK\nVALUE one two\nNONE\nKEYS a\nERR there is no HUH: it is SET, GET, DEL, KEYS or QUIT\n")
})

test("unix_server and unix_client greet each other", async () => {
  const folder = mkdtempSync(join(tmpdir(), "gevent-unix-"))
  try {
    const path = join(folder, "socket")
    using server = new Example("unix_server", path)
    await server.says(/\n/)
    assert.is(outputOf("unix_client", path, "Ada"), "What is your name?\nHello, Ada!\n")
    assert.match(output("socat", ["-t5", "-", `UNIX-CONNECT:${path}`], "Grace\n"), "Hello, Grace!\n")
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test("udp_server answers udp_client and nc", async () => {
  using server = new Example("udp_server", "0")
  const [, port] = await server.says(/at 127\.0\.0\.1:(\d+)/)
  const answer = `127.0.0.1:${port}: got "Received 2 bytes"\n`
  assert.is(outputOf("udp_client", "hi", port!), `Sending 2 bytes to 127.0.0.1:${port}\n${answer}`)
  await server.says(/127\.0\.0\.1:\d+: got "hi"\n/)
  assert.is(output("nc", ["-u", "-w1", "127.0.0.1", port!], "from nc"), "Received 7 bytes")
})

function spawnPeer(command: string, args: string[]) {
  const child = spawn(command, args, { stdio: ["pipe", "pipe", "inherit"] })
  return Object.assign(child, { [Symbol.dispose]: () => void child.kill("SIGKILL") })
}

test("processes waits for what is quick, and ends what is slow", () => {
  const printed = outputOf("processes")
  assert.match(printed, /^\["uname"\] said "Linux\\n"\n"sleep 10; echo never" is still running\nand ended with -15\n$/)
})

test("pipeline counts the words of a file", () => {
  const folder = mkdtempSync(join(tmpdir(), "gevent-words-"))
  try {
    const path = join(folder, "text")
    writeFileSync(path, "Rose is rose is rose, tree is\nred rose tree.\n")
    assert.match(outputOf("pipeline", path), /^4 rose\n2 tree\n1 red\n$/)
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test("threadpool factorizes in threads while a greenlet ticks", () => {
  const printed = outputOf("threadpool", "91", "97")
  // on a machine that is quick enough there is no time for it
  assert.match(printed, /^91 = 7 × 13\n97 = 97\nand (the hub went on meanwhile|it was too quick for the clock)\n$/)
})

test("backdoor shows the program's state to nc", async () => {
  using server = new Example("backdoor", "0")
  const [, port] = await server.says(/at 127\.0\.0\.1:(\d+)/)
  const answer = output("nc", ["-N", "127.0.0.1", port!], "state.step = 1000\nyield* sleep(0.3)\nstate.count > 1000\n")
  assert.match(answer, /There is no password\.[^]*>>> 1000\n>>> >>> true\n>>> $/)
})

test.run()
