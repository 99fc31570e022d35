// Echoes the lines of any number of clients. Try it: node build/examples/echoserver.mjs [port], then nc 127.0.0.1 16000
import { run } from "gevent-wasm"
import { StreamServer } from "gevent-wasm/server"
import { SocketError, type Socket, type SocketAddress } from "gevent-wasm/socket"

const WELCOME = "Welcome to the echo server! Type quit to exit.\r\n"
const LONGEST = 65536
const NEWLINE = 10

function* echo(socket: Socket, [host, port]: SocketAddress) {
  console.log(`New connection from ${host}:${port}`)
  try {
    yield* socket.sendall(WELCOME)
    let rest = new Uint8Array(0)
    for (;;) {
      const chunk = yield* socket.recv(4096)
      if (chunk.length === 0) {
        console.log(`${host}:${port} disconnected`)
        return
      }
      rest = concat(rest, chunk)
      for (let end = rest.indexOf(NEWLINE); end >= 0; end = rest.indexOf(NEWLINE)) {
        const line = rest.subarray(0, end + 1)
        rest = rest.subarray(end + 1)
        if (new TextDecoder().decode(line).trim().toLowerCase() === "quit") {
          console.log(`${host}:${port} quit`)
          return
        }
        yield* socket.sendall(line)
        console.log(`echoed ${line.length} bytes to ${host}:${port}`)
      }
      if (rest.length > LONGEST) {
        yield* socket.sendall(`A line has ${LONGEST} bytes at most.\r\n`)
        return
      }
    }
  } catch (error) {
    if (!(error instanceof SocketError)) throw error
    console.log(`${host}:${port} is gone: ${error.code}`)
  }
}

function concat(first: Uint8Array, second: Uint8Array): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(first.length + second.length)
  all.set(first)
  all.set(second, first.length)
  return all
}

await run(function* main() {
  const server = new StreamServer(["127.0.0.1", Number(process.argv[2] ?? 16000)], echo)
  server.start()
  console.log(`Echo server at ${server.address.join(":")}`)
  yield* server.serveForever()
})
