// Sends a datagram and prints the answer. Try it: node build/examples/udp_client.mjs [message [port]]
import { run } from "gevent-wasm"
import { AF_INET, SOCK_DGRAM, Socket } from "gevent-wasm/socket"

await run(function* main() {
  const [message = "Hello, UDP", port = "9000"] = process.argv.slice(2)
  using socket = new Socket(AF_INET, SOCK_DGRAM)
  socket.settimeout(5)
  yield* socket.connect(["127.0.0.1", Number(port)])
  console.log(`Sending ${message.length} bytes to ${socket.getpeername().join(":")}`)
  yield* socket.send(message)
  const [data, address] = yield* socket.recvfrom(8192)
  console.log(`${address!.join(":")}: got ${JSON.stringify(new TextDecoder().decode(data))}`)
})
