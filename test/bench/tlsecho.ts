import { execFileSync, fork } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import type { AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createServer } from "node:tls"
import type { Wait } from "gevent-wasm"
import type { SSLSocket } from "gevent-wasm/ssl"
import { Contender } from "./contender.ts"
import { compare } from "./pairs.ts"
import type { Bar, Bench, Result, Work } from "./row.ts"
import { BUNDLES } from "./tools.ts"

export const name = "TLS echo, 50 connections x 64 B"
export const bars = { "node:tls": { atLeast: 0.85 } } satisfies Record<string, Bar>

const CONNECTIONS = 50
const SIZE = 64
const SECONDS = 1
/** Exchanges before the first measurement: what is measured is a server that has run for a while. */
const WARM_UP_SECONDS = 4

function* echo(socket: SSLSocket): Generator<Wait<unknown>, void> {
  for (;;) {
    const chunk = yield* socket.recv(65536)
    if (chunk.length === 0) return
    yield* socket.sendall(chunk)
  }
}

/** Echo servers; each gives its port. */
export const works: Record<string, Work> = {
  ours: async (certfile?: string, keyfile?: string) => {
    const { StreamServer } = await import("gevent-wasm/server")
    const server = new StreamServer("127.0.0.1:0", echo, { certfile: certfile!, keyfile: keyfile! })
    server.start()
    return server.serverPort
  },
  "node:tls": (certfile?: string, keyfile?: string) =>
    new Promise<number>((resolve) => {
      const server = createServer({ cert: readFileSync(certfile!), key: readFileSync(keyfile!) }, (socket) => {
        socket.on("data", (chunk: Buffer) => socket.write(chunk))
        socket.on("error", () => socket.destroy())
      })
      server.listen(0, "127.0.0.1", () => resolve((server.address() as AddressInfo).port))
    }),
}

export async function* run(bench: Bench): AsyncGenerator<Result> {
  const folder = mkdtempSync(join(tmpdir(), "tls-bench-"))
  const files = [join(folder, "cert.pem"), join(folder, "key.pem")] as const
  const kind = ["-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1"]
  execFileSync("openssl", ["req", ...kind, "-subj", "/CN=localhost", "-out", files[0], "-keyout", files[1]], {
    stdio: "ignore",
  })
  const ours = Contender.work(bench, "tlsecho", "ours", ...files)
  const peer = Contender.work(bench, "tlsecho", "node:tls", ...files)
  try {
    const measure = async (server: Contender, port: number, seconds = SECONDS): Promise<number> => {
      let before = 0
      const exchanges = await load(port, seconds, async () => {
        before = await server.cpu()
      })
      return exchanges / ((await server.cpu()) - before)
    }
    const [ourPort, peerPort] = [await ours.once(), await peer.once()]
    await measure(ours, ourPort, WARM_UP_SECONDS)
    await measure(peer, peerPort, WARM_UP_SECONDS)
    yield await compare(bench, {
      name,
      unit: "requests/s",
      peerName: "node:tls",
      bar: bars["node:tls"],
      warmUp: 10,
      ours: () => measure(ours, ourPort),
      peer: () => measure(peer, peerPort),
    })
  } finally {
    await Promise.all([ours.stop(), peer.stop()])
    rmSync(folder, { recursive: true })
  }
}

/** The exchanges of some seconds. `connected` is called, and waited for, between the handshakes and the first of them. */
function load(port: number, seconds: number, connected: () => Promise<void>): Promise<number> {
  const args = [port, CONNECTIONS, SIZE, seconds].map(String)
  const child = fork(join(BUNDLES, "tlsload.mjs"), args, { stdio: ["ignore", "inherit", "inherit", "ipc"] })
  return new Promise((resolve, reject) => {
    child.on("message", (message: number | "connected") => {
      if (message === "connected") void connected().then(() => child.send("start"), reject)
      else resolve(message)
    })
    child.on("error", reject)
    child.on("exit", (code) => reject(new Error(`the load ended with ${code}`)))
  })
}
