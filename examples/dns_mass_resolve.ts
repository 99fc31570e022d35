// Looks 1,000 names up, 100 at a time. gevent: examples/dns_mass_resolve.py
//   node build/examples/dns_mass_resolve.mjs [NAME SERVER]
import { run, Timeout } from "gevent-wasm"
import { Pool } from "gevent-wasm/pool"
import { AresResolver } from "gevent-wasm/resolver"

const COUNT = 1000
const SECONDS = 20

const [server] = process.argv.slice(2)
using resolver = new AresResolver(server === undefined ? {} : { servers: server })

await run(function* () {
  let finished = 0
  const pool = new Pool(100)
  for (let i = 0; i < COUNT; i++) {
    yield* pool.spawn(function* (name: string) {
      try {
        yield* resolver.gethostbyname(name)
      } catch {
        // there need not be such a name
      } finally {
        finished++
      }
    }, `n${i}.example.com`)
  }
  yield* pool.join(new Timeout(SECONDS))
  console.log(`finished within ${SECONDS} seconds: ${finished}/${COUNT}`)
  yield* pool.kill()
})
