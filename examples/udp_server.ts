// Answers datagrams with how long they are. Try it: node build/examples/udp_server.mjs [port], and then udp_client.mjs or
// nc -u 127.0.0.1 9000
import { run, type Wait } from "gevent-wasm"
import { DatagramServer } from "gevent-wasm/server"
import type { SocketAddress } from "gevent-wasm/socket"

class EchoServer extends DatagramServer {
  override *handle(data: Uint8Array, address: SocketAddress): Generator<Wait<unknown>, void, unknown> {
    console.log(`${address.join(":")}: got ${JSON.stringify(new TextDecoder().decode(data))}`)
    yield* this.sendto(`Received ${data.length} bytes`, address)
  }
}

await run(function* main() {
  const server = new EchoServer(["127.0.0.1", Number(process.argv[2] ?? 9000)])
  server.start()
  console.log(`Receiving datagrams at ${server.address.join(":")}`)
  yield* server.serveForever()
})
