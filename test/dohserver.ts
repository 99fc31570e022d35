import http from "node:http"
import https from "node:https"
import type { AddressInfo } from "node:net"
import { buffer } from "node:stream/consumers"
import { decode, encode, type Question, type Reply, peerOf } from "./nameserver.ts"

/** Answers the question that a request carries; null: never. */
export async function respond(
  request: http.IncomingMessage,
  response: http.ServerResponse,
  status: number,
  answer: (question: Question) => Reply | null,
): Promise<void> {
  const question = decode(await buffer(request), "tcp", peerOf(request.socket))
  const reply = answer(question)
  if (reply === null) return
  response.writeHead(status, { "content-type": request.headers["content-type"] ?? "" })
  response.end(encode(question, reply))
}

/** A service of DNS over HTTP on a port of the loopback, or over HTTPS, that answers as it is told. */
export class DohServer {
  readonly questions: Question[] = []
  /** The status of its responses. */
  status = 200
  /** How many requests were given up before they were answered. */
  aborted = 0
  private readonly server: http.Server

  private constructor(answer: (question: Question) => Reply | null, tls: https.ServerOptions | undefined) {
    const serve: http.RequestListener = (request, response) => {
      response.on("close", () => void (response.writableEnded || this.aborted++))
      void respond(request, response, this.status, (question) => {
        this.questions.push(question)
        return answer(question)
      })
    }
    this.server = tls === undefined ? http.createServer(serve) : https.createServer(tls, serve)
  }

  /** @param answer - null: never. */
  static async start(answer: (question: Question) => Reply | null, tls?: https.ServerOptions): Promise<DohServer> {
    const doh = new DohServer(answer, tls)
    await new Promise<void>((done) => doh.server.listen(0, "127.0.0.1", done))
    return doh
  }

  get url(): string {
    const { port } = this.server.address() as AddressInfo
    return this.server instanceof https.Server
      ? `https://localhost:${port}/dns-query`
      : `http://127.0.0.1:${port}/dns-query`
  }

  async close(): Promise<void> {
    this.server.closeAllConnections()
    await new Promise((done) => this.server.close(done))
  }
}
