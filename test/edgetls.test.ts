// TLS in workerd: test/edge/tlsworker.ts has a route for each test. The peers are Node's.
import { readFileSync } from "node:fs"
import type { Socket } from "node:net"
import { connect } from "node:net"
import { createSecureContext, TLSSocket } from "node:tls"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { Certificates, type Pair } from "./certificates.ts"
import { TestWorker } from "./edge/project.ts"
import { listen } from "./edge/workerd.ts"

const test = suite("edgetls")
const certificates = new Certificates()
/** The names that were asked for. */
const names: unknown[] = []
const received: number[] = []

/** The server's end of TLS over a connection. */
function server(socket: Socket, { cert, key }: Pair, serve: (secure: TLSSocket) => void): void {
  const secureContext = createSecureContext({ cert: readFileSync(cert), key: readFileSync(key) })
  const secure = new TLSSocket(socket, { isServer: true, secureContext, allowHalfOpen: true } as never)
  secure.on("error", () => undefined)
  secure.on("secure", () => {
    names.push((secure as unknown as { servername: unknown }).servername)
    serve(secure)
  })
}

const echo = (secure: TLSSocket): unknown => secure.pipe(secure)
const starttls = (more: string) => (socket: Socket) => {
  socket.write("hello\n")
  socket.on("data", function answer(line: Buffer) {
    if (String(line) !== "starttls\n") {
      socket.write("starttls\n")
      return
    }
    socket.off("data", answer)
    socket.write(`go\n${more}`)
    server(socket, certificates.server, echo)
  })
}

const good = await listen((socket) => server(socket, certificates.server, echo))
const peers: Record<string, { port: number; server: { close(): { unref(): unknown } } }> = {
  good,
  other: await listen((socket) => server(socket, certificates.other, echo)),
  stranger: await listen((socket) => server(socket, certificates.stranger, echo)),
  afterwards: await listen((socket) =>
    server(socket, certificates.server, (secure) => {
      let text = ""
      secure.on("data", (chunk) => (text += String(chunk)))
      secure.on("end", () => {
        received.push(text.length)
        secure.end(`got: ${text}`)
      })
    }),
  ),
  // passes on what goes to the echo server and comes from there, and ends both connections without a word of TLS
  cut: await listen((socket) => {
    const inner = connect(good.port, "127.0.0.1")
    inner.on("error", () => undefined)
    socket.pipe(inner)
    let timer: NodeJS.Timeout | undefined
    inner.on("data", (chunk) => {
      socket.write(chunk)
      clearTimeout(timer)
      timer = setTimeout(() => {
        socket.end()
        inner.destroy()
      }, 100)
    })
  }),
  mute: await listen((socket) => socket.resume()),
  plain: await listen((socket) => socket.once("data", () => socket.end("this is no TLS"))),
  gone: await listen((socket) => socket.once("data", () => socket.destroy())),
  starttls: await listen(starttls("")),
  injected: await listen((socket) => {
    socket.once("data", () => {
      socket.write("go\ninjected\n")
      server(socket, certificates.server, echo)
    })
  }),
}

const worker = await TestWorker.start("tlsworker", { ca: certificates.ca })
test.after(() => {
  worker.stop()
  for (const { server } of Object.values(peers)) server.close().unref()
})

function ask(route: string, peer = "good", name = "localhost"): Promise<unknown> {
  return worker.ask(`/${route}${route.includes("?") ? "&" : "?"}port=${peers[peer]!.port}&name=${name}`)
}

test("TLS client: the host has it, and no server's side", async () => {
  assert.equal(await ask("capability"), [true, false])
})

test("TLS client: SS-01 SS-03: data goes both ways, over several connections at once", async () => {
  assert.equal(await ask("echo"), [1_000_000, 1_000_000, 1_000_000])
})

test("TLS client: SS-01: a connection is wrapped, and its number and timeout go over", async () => {
  names.length = 0
  assert.equal(await ask("wrap"), [true, -1, 5, true, "hello"])
  assert.equal(names, ["localhost"])
})

test("TLS client: SS-01: connect and connectEx make the handshake", async () => {
  assert.equal(await ask("connect"), ["hello", 0, "again"])
})

test("TLS client: SS-02: a number is verified, too", async () => {
  assert.equal(await ask("wrap", "good", "127.0.0.1"), [true, -1, 5, true, "hello"])
})

const BAD: Record<string, string> = {
  other: "a certificate of another name",
  stranger: "a certificate that nobody has signed",
  plain: "an answer that is no TLS",
  gone: "a peer that goes",
}
for (const [peer, what] of Object.entries(BAD)) {
  test(`TLS client: SS-02: the handshake fails: ${what}`, async () => {
    names.length = 0
    const [error, closed, soon] = (await ask("handshake", peer)) as [Record<string, string>, boolean, boolean]
    assert.equal([error["name"], error["code"]], ["SSLError", "EPROTO"])
    assert.match(error["message"]!, "workerd does not say more")
    assert.equal([closed, soon], [true, true])
    assert.equal(names, [])
  })
}

test("TLS client: SS-02: a network without TLS is told", async () => {
  const bare = await TestWorker.start("tlsworker", {})
  try {
    const path = `/handshake?port=${good.port}&name=localhost`
    const [error] = (await bare.ask(path)) as [Record<string, string>]
    assert.is(error["name"], "SSLError")
    assert.match(error["message"]!, "not supported on this connection")
  } finally {
    bare.stop()
  }
})

test("TLS client: SS-02: a handshake may take too long, and be killed", async () => {
  assert.equal(await ask("late", "mute"), [
    "SocketTimeout",
    "handshake ETIMEDOUT: The handshake operation timed out",
    "GreenletExit",
    "Timeout",
  ])
})

test("TLS client: SS-02 SS-06: the handshake by hand, and timeout 0", async () => {
  assert.equal(await ask("by-hand"), [null, "ENOTCONN", "EAGAIN", "SSLWantReadError", "ETIMEDOUT", "hello"])
})

test("TLS client: SS-03 SS-07 SS-08: the calls, and what workerd does not tell", async () => {
  const [data, flags, told, ...unknown] = (await ask("calls")) as [unknown, Error, unknown, ...{ code: string }[]]
  assert.equal(data, ["0123", 4, "4567", 2, "89", 1])
  assert.is(flags.name, "RangeError")
  assert.equal(told, [null, null, null, null, null])
  assert.equal(
    unknown.map(({ code }) => code),
    ["ENOTSUP", "ENOTSUP", "ENOTSUP"],
  )
})

test("TLS client: SS-03 SS-04: half-close, the end, and calls after close", async () => {
  assert.equal(await ask("ends", "afterwards"), [
    "SSLZeroReturnError",
    "got: to the end",
    "EBADF",
    "EBADF",
    "RangeError",
    -1,
  ])
})

test("TLS client: SS-03: a stream that was cut ends like any other", async () => {
  assert.is(await ask("cut", "cut"), "x")
})

test("TLS client: SO-20: what was sent before close arrives, though the request is over", async () => {
  received.length = 0
  await ask("close-with-data", "afterwards")
  for (let i = 0; i < 200 && received.length === 0; i++) await new Promise((resolve) => setTimeout(resolve, 10))
  assert.equal(received, [200_000])
})

test("TLS client: SO-11 SL-01: files and select", async () => {
  assert.equal(await ask("files"), [["one\n", "two\n"], 0, 1])
})

test("TLS client: SS-01: STARTTLS, after a talk without TLS", async () => {
  assert.equal(await ask("starttls", "starttls"), ["hello\n", "starttls\n", "go\n", "hello"])
  assert.equal(await ask("starttls-with-file", "starttls"), ["hello\n", "starttls\n", "go\n", "hello"])
})

test("TLS client: SS-01: a connection of one request gets TLS in another", async () => {
  assert.equal(await Promise.all([ask("share"), ask("use-shared")]), [true, "from another request"])
})

test("TLS client: SS-01: STARTTLS while another greenlet reads is refused", async () => {
  const [hello, reader, error] = (await ask("starttls-while-reading", "starttls")) as [
    string,
    string,
    Record<string, unknown>,
  ]
  assert.equal([hello, reader], ["hello\n", "EBADF"])
  assert.equal([error["code"], error["typed"], error["capability"]], ["ENOTSUP", true, "tlsClient"])
  assert.match(error["message"] as string, "while somebody waits")
})

test("TLS client: SS-01: what came before TLS does not count as sent with it", async () => {
  const [go, error] = (await ask("injected", "injected")) as [string, Record<string, unknown>]
  assert.is(go, "go\n")
  assert.equal([error["code"], error["typed"]], ["ENOTSUP", true])
  assert.match(error["message"] as string, "was not read")
})

const REFUSED: Record<string, RegExp> = {
  anotherName: /which was localhost: connect to other\.example$/,
  noName: /verifies every certificate/,
  noVerification: /verifies every certificate/,
  authorities: /its configuration names/,
  certificate: /no certificate of a client/,
  ciphers: /chooses ciphers/,
  curves: /chooses ciphers/,
  minimum: /TLS 1\.2 and 1\.3/,
  maximum: /TLS 1\.2 and 1\.3/,
  options: /no options/,
  protocols: /no ALPN/,
  ragged: /the end of a stream/,
  nobody: /loadDefaultCerts/,
  pair: /connections of its own/,
  serverCertificate: /verifies every certificate/,
}
for (const [what, message] of Object.entries(REFUSED)) {
  test(`TLS client: SS-01 SS-08: what workerd cannot do is refused: ${what}`, async () => {
    names.length = 0
    const error = (await ask(`refused?what=${what}`)) as Record<string, unknown>
    assert.equal([error["name"], error["code"], error["typed"]], ["NotSupportedError", "ENOTSUP", true])
    assert.is(error["capability"], "tlsClient")
    assert.match(error["message"] as string, message)
    assert.equal(names, [])
  })
}

test("missing: TLS server: SS-01: wrapSocket: ENOTSUP", async () => {
  const error = (await ask("refused?what=server")) as Record<string, unknown>
  assert.equal([error["code"], error["typed"], error["capability"]], ["ENOTSUP", true, "tlsServer"])
})

test.run()
