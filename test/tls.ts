import { spawn, type Wait } from "gevent-wasm"
import { createDefaultContext, Purpose, type SSLContext, type SSLSocket, type WrapOptions } from "gevent-wasm/ssl"
import { test } from "uvu"
import { Certificates } from "./certificates.ts"
import { connectedPair } from "./sockets.ts"

/** Those of this test file. */
export const certificates = new Certificates()

/** A context for the server's end. */
export function serverContext(pair = certificates.server): SSLContext {
  const context = createDefaultContext(Purpose.CLIENT_AUTH)
  context.loadCertChain(pair.cert, pair.key)
  return context
}

/** A context for the client's end, which trusts the authority of the tests. */
export function clientContext(): SSLContext {
  return createDefaultContext(Purpose.SERVER_AUTH, { cafile: certificates.ca })
}

/** How the sockets of a test are wrapped: so that they can be unwrapped, or on the way without that. */
export let way: WrapOptions = {}

/** Makes a test of each way. */
export function testBothWays(title: string, body: () => Promise<void>): void {
  for (const unwrap of [true, false]) {
    test(unwrap ? title : `${title} (without unwrap)`, async () => {
      way = { unwrap }
      try {
        await body()
      } finally {
        way = {}
      }
    })
  }
}

/** What to wrap the ends of a connection with. */
export interface Ends {
  client?: SSLContext
  server?: SSLContext
  clientOptions?: WrapOptions
  serverOptions?: WrapOptions
}

/** Two sockets with TLS between them. */
export function* securePair(
  ends: Ends = {},
): Generator<Wait<unknown>, [client: SSLSocket, server: SSLSocket], unknown> {
  const { client = clientContext(), server = serverContext() } = ends
  const [near, far] = yield* connectedPair()
  const accepting = spawn(() => server.wrapSocket(far, { ...way, serverSide: true, ...ends.serverOptions }))
  const secured = yield* client.wrapSocket(near, { ...way, serverHostname: "localhost", ...ends.clientOptions })
  return [secured, yield* accepting.get()]
}
