// A worker for workerd (Cloudflare's runtime). Each request runs green threads of its own, which open TCP connections to an
// echo service: greenlets in TypeScript, and a C program with a thread for each of its connections.
//
//   GET /echo?word=a&word=b     each word goes through a connection of its own, ten at a time
//   GET /clients?count=20       the C program of examples/c/echo_client.c, with so many green threads
//
// It is an echo service itself, too: what comes over TCP goes back. docs/edge.md says how it is built and run.
import { run, Timeout } from "gevent-wasm"
import { Pool } from "gevent-wasm/pool"
import { Program } from "gevent-wasm/program"
import { serveConnection } from "gevent-wasm/server"
import { createConnection, type Socket } from "gevent-wasm/socket"
import echoClient from "./echo_client.wasm"

interface Environment {
  /** The port of the echo service on 127.0.0.1. */
  ECHO_PORT: string
}

function* readLine(socket: Socket) {
  const decoder = new TextDecoder()
  let text = ""
  while (!text.includes("\n")) {
    const chunk = yield* socket.recv(1024)
    if (chunk.length === 0) break
    text += decoder.decode(chunk, { stream: true })
  }
  return text.split("\n", 1)[0]!
}

function* echo(port: number, word: string) {
  using _limit = Timeout.startNew(5) // for the connection and the answer together
  using socket = yield* createConnection(["127.0.0.1", port])
  yield* socket.sendall(`${word}\n`)
  return yield* readLine(socket)
}

function* echoAll(port: number, words: string[]) {
  return yield* new Pool(10).map((word) => echo(port, word), words)
}

function* runClients(port: number, count: number) {
  const program = yield* Program.load(echoClient)
  const decoder = new TextDecoder()
  let output = ""
  const print = (bytes: Uint8Array): void => void (output += decoder.decode(bytes, { stream: true }))
  const status = yield* program.run([String(port), String(count)], { stdout: print, stderr: print }).get()
  return { status, output }
}

export default {
  async fetch(request: Request, environment: Environment): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url)
    const port = Number(environment.ECHO_PORT)
    if (pathname === "/echo") {
      const words = searchParams.getAll("word")
      return Response.json(await run(() => echoAll(port, words)))
    }
    if (pathname === "/clients") {
      const count = Math.min(Number(searchParams.get("count") ?? 10), 100)
      return Response.json(await run(() => runClients(port, count)))
    }
    return new Response("GET /echo?word=… or /clients?count=…\n", { status: 404 })
  },

  async connect(connection: unknown): Promise<void> {
    await serveConnection(connection, function* (socket) {
      for (;;) {
        const chunk = yield* socket.recv(65536)
        if (chunk.length === 0) return
        yield* socket.sendall(chunk)
      }
    })
  },
}
