// Run with a small limit of descriptors: opens more connections to a server of its own than there can be.
import { joinall, run, sleep, spawn } from "gevent-wasm"
import { StreamServer } from "gevent-wasm/server"
import { createConnection, type Socket } from "gevent-wasm/socket"

await run(function* () {
  const server = new StreamServer("127.0.0.1:0", function* (socket: Socket) {
    yield* socket.sendall(yield* socket.recv(100))
    yield* socket.recv(100)
  })
  server.start()

  const attempt = function* (seconds: number) {
    try {
      using client = yield* createConnection(server.address, 5)
      yield* client.sendall("x")
      const answer = yield* client.recv(1)
      yield* sleep(seconds)
      return answer.length === 1
    } catch {
      return false
    }
  }
  const flood = Array.from({ length: 120 }, () => spawn(() => attempt(0.2)))
  yield* joinall(flood)
  const served = flood.filter((client) => client.value === true).length
  console.log(`flood: ${served} served, ${flood.length - served} not`)

  yield* sleep(0.05)
  const later = Array.from({ length: 5 }, () => spawn(() => attempt(0)))
  yield* joinall(later)
  console.log(`afterwards: ${later.filter((client) => client.value === true).length} of 5 served`)
  yield* server.stop()
})
