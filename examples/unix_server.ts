// Greets the clients of a unix socket. Try it: node build/examples/unix_server.mjs [path], and then unix_client.mjs or
// nc -U /tmp/greeter.sock. A path that begins with @ is an abstract name, which has no file.
import { rmSync } from "node:fs"
import { run } from "gevent-wasm"
import { StreamServer } from "gevent-wasm/server"
import type { Socket } from "gevent-wasm/socket"

function* greet(socket: Socket) {
  yield* socket.sendall("What is your name? ")
  const name = new TextDecoder().decode(yield* socket.recv(1024)).trim()
  yield* socket.sendall(`Hello, ${name}!\n`)
  console.log(`greeted ${name}`)
}

await run(function* main() {
  const [path = "/tmp/greeter.sock"] = process.argv.slice(2)
  // the file of a server that ran before is in the way, and this one's stays as well
  if (!path.startsWith("@")) rmSync(path, { force: true })
  const server = new StreamServer(`unix:${path.replace(/^@/, "\0")}`, greet)
  server.start()
  console.log(`Greeter at ${path}`)
  yield* server.serveForever()
})
