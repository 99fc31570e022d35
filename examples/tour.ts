// A tour: one echo server, and a thousand clients of two kinds that talk to it over real TCP, all on this one thread.
//
//   npm start
import { getcurrent, GreenletExit, joinall, run, sleep, spawn, Timeout, withTimeout, type Greenlet } from "gevent-wasm"
import { Program } from "gevent-wasm/program"
import { StreamServer } from "gevent-wasm/server"
import { createConnection, type Socket } from "gevent-wasm/socket"

const CLIENTS = 500
const MESSAGES = 10

/** The server's side of a connection: straight-line code, a greenlet each. The socket is closed when it returns. */
function* echo(socket: Socket) {
  for (;;) {
    const chunk = yield* socket.recv(65536)
    if (chunk.length === 0) return
    yield* socket.sendall(chunk)
  }
}

/** A client in TypeScript: sends lines, and waits for the echo of each. Returns how many bytes came back. */
function* client(port: number, number: number) {
  using socket = yield* createConnection(["127.0.0.1", port])
  let bytes = 0
  for (let i = 0; i < MESSAGES; i++) {
    const line = `client ${number}, line ${i}\n`
    yield* socket.sendall(line)
    for (let left = line.length; left > 0;) {
      const chunk = yield* socket.recv(left)
      if (chunk.length === 0) throw new Error("the server hung up")
      left -= chunk.length
      bytes += chunk.length
    }
    yield* sleep(0)
  }
  return bytes
}

/** A client that never gets an answer, and is ended from outside; `finally` runs on the way out. */
function* patient(port: number, log: string[]) {
  using socket = yield* createConnection(["127.0.0.1", port])
  try {
    yield* socket.recv(1)
  } finally {
    log.push(`${(getcurrent() as Greenlet).name} let go of fd ${socket.fileno()}`)
  }
}

await run(function* main() {
  const started = performance.now()
  const server = new StreamServer("127.0.0.1:0", echo)
  server.start()
  const port = server.serverPort
  const program = yield* Program.load(new URL("./echo_client.wasm", import.meta.url))

  // 500 greenlets here, and 500 green threads inside a C program, at the same time
  let output = ""
  const greenlets = Array.from({ length: CLIENTS }, (_, i) => spawn(client, port, i))
  const threads = program.run([String(port), String(CLIENTS), String(MESSAGES)], {
    stdout: (bytes) => {
      output += new TextDecoder().decode(bytes)
    },
  })
  const finished = yield* joinall(greenlets, 30)
  const bytes = finished.reduce((sum, greenlet) => sum + (greenlet.value as number), 0)
  const status = yield* threads.get()

  // kill: nothing can swallow it, and nothing leaks
  const log: string[] = []
  const waiting = spawn(patient, port, log)
  waiting.name = "patient"
  yield* sleep(0.05)
  yield* waiting.kill()

  // Timeout: a limit on any stretch of code
  const limit = Timeout.startNew(0.1)
  let limited = "nothing happened"
  try {
    yield* sleep(10)
  } catch (error) {
    if (error !== limit) throw error
    limited = `thrown after ${limit.seconds} seconds`
  } finally {
    limit.cancel()
  }
  const slow = yield* withTimeout(0.1, () => sleep(10), "gave up")
  yield* server.stop()

  const rows = [
    ["what", "how many", "result"],
    ["TypeScript greenlets", String(CLIENTS), `${finished.length} served, ${bytes} bytes echoed`],
    ["C green threads", String(CLIENTS), `${output.trim()} (exit status ${status})`],
    ["kill()", "1", `${waiting.value instanceof GreenletExit ? "GreenletExit" : "?"}; ${log.join()}`],
    ["Timeout", "1", limited],
    ["withTimeout()", "1", String(slow)],
  ]
  const widths = [0, 1].map((column) => Math.max(...rows.map((row) => row[column]!.length)))
  for (const [what, count, result] of rows) {
    console.log(`${what!.padEnd(widths[0]!)}  ${count!.padStart(widths[1]!)}  ${result}`)
  }
  console.log(`\nOne thread, one hub, ${((performance.now() - started) / 1000).toFixed(2)} seconds.`)
})
