// A store of texts with a protocol of lines: SET key value, GET key, DEL key, KEYS, QUIT. Each client is a greenlet that reads and
// writes its socket as a file. Try it: node build/examples/lineserver.mjs [port], then nc 127.0.0.1 16001
import { run } from "gevent-wasm"
import { StreamServer } from "gevent-wasm/server"
import { SocketError, SocketTimeout, type Socket } from "gevent-wasm/socket"

const IDLE = 60
const LONGEST = 4096

const store = new Map<string, string>()

function answer(line: string): string {
  const [command = "", key = "", ...words] = line.split(" ")
  switch (command.toUpperCase()) {
    case "SET":
      if (key === "") return "ERR a key is needed"
      store.set(key, words.join(" "))
      return "OK"
    case "GET":
      return store.has(key) ? `VALUE ${store.get(key)}` : "NONE"
    case "DEL":
      return store.delete(key) ? "OK" : "NONE"
    case "KEYS":
      return ["KEYS", ...store.keys()].join(" ")
    default:
      return `ERR there is no ${command}: it is SET, GET, DEL, KEYS or QUIT`
  }
}

function* serve(socket: Socket) {
  socket.settimeout(IDLE)
  using file = socket.makefile("rw")
  try {
    for (;;) {
      const line = yield* file.readline(LONGEST)
      if (line === "" || line.trimEnd().toUpperCase() === "QUIT") return
      if (!line.endsWith("\n")) {
        yield* file.write(`ERR a line has ${LONGEST} characters at most\n`)
        return
      }
      yield* file.write(`${answer(line.trimEnd())}\n`)
      yield* file.flush()
    }
  } catch (error) {
    if (error instanceof SocketTimeout) console.log(`a client said nothing for ${IDLE} seconds`)
    else if (error instanceof SocketError) console.log(`a client is gone: ${error.code}`)
    else throw error
  }
}

await run(function* main() {
  const server = new StreamServer(["127.0.0.1", Number(process.argv[2] ?? 16001)], serve)
  server.start()
  console.log(`Line server at ${server.address.join(":")}`)
  yield* server.serveForever()
})
