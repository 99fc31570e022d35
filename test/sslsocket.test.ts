import { run, spawn } from "gevent-wasm"
import { socketpair } from "gevent-wasm/socket"
import { TLSVersion } from "gevent-wasm/ssl"
import { test } from "uvu"
import * as assert from "uvu/assert"
import { text } from "./sockets.ts"
import { clientContext, serverContext, testBothWays, way } from "./tls.ts"

testBothWays("SS-01: the two ends of a socketpair get TLS", async () => {
  for (const version of [TLSVersion.TLSv1_2, TLSVersion.TLSv1_3]) {
    const context = clientContext()
    context.maximumVersion = version
    await run(function* () {
      const [near, far] = socketpair()
      const accepting = spawn(() => serverContext().wrapSocket(far, { ...way, serverSide: true }))
      using client = yield* context.wrapSocket(near, { ...way, serverHostname: "localhost" })
      using server = yield* accepting.get()
      // the other end hears of what is sent before `send` returns, and may answer
      const echo = spawn(function* () {
        for (;;) {
          const bytes = yield* server.recv(65536)
          if (bytes.length === 0) return
          yield* server.sendall(bytes)
        }
      })
      for (let i = 0; i < 20; i++) {
        yield* client.sendall(`round ${i}`)
        assert.is(text(yield* client.recv(100)), `round ${i}`)
      }
      const bytes = Uint8Array.from({ length: 1_000_000 }, (_, i) => i * 31 + (i >> 11))
      const sending = spawn(() => client.sendall(bytes))
      let received = 0
      while (received < bytes.length) {
        const chunk = yield* client.recv(65536)
        const sent = bytes.subarray(received, received + chunk.length)
        assert.ok(chunk.length > 0 && Buffer.compare(chunk, sent) === 0, "it comes back as it was")
        received += chunk.length
      }
      yield* sending.get()
      client.close()
      yield* echo.get()
    })
  }
})

test.run()
