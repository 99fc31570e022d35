// Echoes lines over TLS, as server and as client.
//   node build/examples/tls_echo.mjs                          both ends in one process, with a certificate made by openssl
//   node build/examples/tls_echo.mjs server PORT CERT KEY     try it: openssl s_client -connect 127.0.0.1:PORT
//   node build/examples/tls_echo.mjs client HOST PORT CA      sends a few lines and prints what comes back
import { run } from "gevent-wasm"
import { StreamServer } from "gevent-wasm/server"
import { createConnection, SHUT_WR, SocketError, type SocketAddress } from "gevent-wasm/socket"
import { createDefaultContext, Purpose, type SSLSocket } from "gevent-wasm/ssl"
import { execFileSync } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

const LINES = ["Hello over TLS.", "Nobody else can read this.", "Good-bye."]

function* echo(socket: SSLSocket, [host, port]: SocketAddress) {
  console.log(`${host}:${port} speaks ${socket.version()} with ${socket.cipher()?.[0]}`)
  try {
    for (;;) {
      const chunk = yield* socket.recv(4096)
      if (chunk.length === 0) break
      yield* socket.sendall(chunk)
    }
    console.log(`${host}:${port} disconnected`)
  } catch (error) {
    if (!(error instanceof SocketError)) throw error
    console.log(`${host}:${port} is gone: ${error.code}`)
  }
}

function startServer(port: number, certfile: string, keyfile: string) {
  const server = new StreamServer(["127.0.0.1", port], echo, { certfile, keyfile })
  server.start()
  console.log(`TLS echo server at ${server.address.join(":")}`)
  return server
}

function* converse(host: string, port: number, cafile: string) {
  const context = createDefaultContext(Purpose.SERVER_AUTH, { cafile })
  const connection = yield* createConnection([host, port], 5)
  using socket = yield* context.wrapSocket(connection, { serverHostname: "localhost" })
  for (const line of LINES) {
    yield* socket.sendall(`${line}\n`)
    let answer = ""
    while (!answer.endsWith("\n")) {
      const chunk = yield* socket.recv(4096)
      if (chunk.length === 0) throw new Error("the server has gone")
      answer += new TextDecoder().decode(chunk)
    }
    console.log(`echo: ${answer.trimEnd()}`)
  }
  socket.shutdown(SHUT_WR)
  yield* socket.recv(1)
}

/** Makes a certificate for localhost that has signed itself. */
function makeCertificate(folder: string): [certificate: string, key: string] {
  const [certificate, key] = [join(folder, "cert.pem"), join(folder, "key.pem")]
  const kind = ["-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1"]
  const names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
  execFileSync("openssl", ["req", ...kind, ...names, "-keyout", key, "-out", certificate], { stdio: "ignore" })
  return [certificate, key]
}

function* both() {
  const folder = mkdtempSync(join(tmpdir(), "tls-echo-"))
  try {
    const [certificate, key] = makeCertificate(folder)
    const server = startServer(0, certificate, key)
    yield* converse(server.serverHost, server.serverPort, certificate)
    yield* server.stop()
  } finally {
    rmSync(folder, { recursive: true })
  }
}

const [role, ...args] = process.argv.slice(2)
await run(function* main() {
  if (role === undefined) yield* both()
  else if (role === "server" && args.length === 3)
    yield* startServer(Number(args[0]), args[1]!, args[2]!).serveForever()
  else if (role === "client" && args.length === 3) yield* converse(args[0]!, Number(args[1]), args[2]!)
  else {
    console.error("usage: tls_echo [server PORT CERT KEY | client HOST PORT CA]")
    process.exitCode = 2
  }
})
