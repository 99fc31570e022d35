// Run on Deno without a permission but to read the package, and with the one for the network: what is not allowed fails at the
// call, the rest works.
import { run, sleep } from "gevent-wasm"
import { Loop, Stat } from "gevent-wasm/core"
import { createConnection, gethostbyname, Socket, type SocketError } from "gevent-wasm/socket"

function code(call: () => unknown): string {
  try {
    call()
  } catch (error) {
    return (error as SocketError).code
  }
  return "none"
}

await run(function* () {
  yield* sleep(0.001)
  console.log("sleep")
  for (const host of ["127.0.0.1", "localhost"]) {
    try {
      yield* createConnection([host, 1])
    } catch (error) {
      console.log(`connect ${host} ${(error as SocketError).code}`)
    }
  }
  console.log(`localhost ${yield* gethostbyname("localhost")}`)
  using socket = new Socket()
  const listen = (): void => {
    socket.bind(["127.0.0.1", 0])
    socket.listen()
  }
  console.log(`listen ${code(listen)}`)
  const watcher = new Stat(Loop.default(), "/etc/passwd")
  watcher.start(() => {})
  console.log(`stat ${watcher.attr === null ? "nothing" : "something"}`)
  watcher.stop()
})
