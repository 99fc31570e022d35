// A program that one can look into while it runs: it counts, and its backdoor sees the counter.
//
//   node build/examples/backdoor.mjs [port]
//   nc 127.0.0.1 16002
//   >>> state
//   { count: 12, step: 1 }
//   >>> state.step = 10
//   >>> yield* sleep(1)
//   >>> quit()
import { getcurrent, run, sleep, spawn } from "gevent-wasm"
import { BackdoorServer } from "gevent-wasm/backdoor"

const state = { count: 0, step: 1 }

function* count() {
  for (;;) {
    state.count += state.step
    yield* sleep(0.1)
  }
}

await run(function* main() {
  const server = new BackdoorServer(["127.0.0.1", Number(process.argv[2] ?? 16002)], {
    locals: { state, getcurrent, sleep, spawn },
  })
  server.start()
  console.log(`Backdoor at ${server.address.join(":")}`)
  spawn(count)
  yield* server.serveForever()
})
