// Asks the greeter of unix_server. Try it: node build/examples/unix_client.mjs [path [name]]
import { run } from "gevent-wasm"
import { AF_UNIX, Socket } from "gevent-wasm/socket"

await run(function* main() {
  const [path = "/tmp/greeter.sock", name = "world"] = process.argv.slice(2)
  using socket = new Socket(AF_UNIX)
  yield* socket.connect(path.replace(/^@/, "\0"))
  const question = yield* socket.recv(1024)
  console.log(new TextDecoder().decode(question).trim())
  yield* socket.sendall(`${name}\n`)
  const answer = yield* socket.recv(1024)
  console.log(new TextDecoder().decode(answer).trim())
})
