import { createSocket, type Socket } from "node:dgram"
import { once } from "node:events"
import { Contender } from "./contender.ts"
import { compare } from "./pairs.ts"
import type { Bar, Bench, Result, Work } from "./row.ts"

export const name = "UDP echo, 50 clients x 64 B"
export const bars = {
  "node:dgram": { atLeast: 0.8 },
  "gevent DatagramServer": { atLeast: 3 },
} satisfies Record<string, Bar>

const CLIENTS = 50
const SIZE = 64
const SECONDS = 1
/** Milliseconds after which a client sends again: a datagram may be lost. */
const PATIENCE = 100

/** Echo servers; each gives its port. */
export const works: Record<string, Work> = {
  ours: async () => {
    const { DatagramServer } = await import("gevent-wasm/server")
    const server: InstanceType<typeof DatagramServer> = new DatagramServer("127.0.0.1:0", (data, address) =>
      server.sendto(data, address),
    )
    server.start()
    return server.serverPort
  },
  // one greenlet that receives and answers
  socket: async () => {
    const { spawn } = await import("gevent-wasm")
    const { AF_INET, SOCK_DGRAM, Socket } = await import("gevent-wasm/socket")
    const socket = new Socket(AF_INET, SOCK_DGRAM)
    socket.bind(["127.0.0.1", 0])
    spawn(function* () {
      for (;;) {
        const [data, address] = yield* socket.recvfrom(8192)
        yield* socket.sendto(data, address!)
      }
    })
    return socket.getsockname()[1]
  },
  "node:dgram": async () => {
    const socket = createSocket("udp4", (data, { address, port }) => socket.send(data, port, address))
    socket.bind(0, "127.0.0.1")
    await once(socket, "listening")
    return socket.address().port
  },
}

export async function* run(bench: Bench): AsyncGenerator<Result> {
  const peers: Record<keyof typeof bars, () => Contender> = {
    "node:dgram": () => Contender.work(bench, "udp", "node:dgram"),
    "gevent DatagramServer": () => Contender.python(bench, "udp"),
  }
  for (const [peerName, bar] of Object.entries(bars)) {
    for (const work of ["ours", "socket"]) {
      // the peer first: it may not be there
      const peer = peers[peerName as keyof typeof bars]()
      const ours = Contender.work(bench, "udp", work)
      try {
        const ports = [await ours.once(), await peer.once()] as const
        yield await compare(bench, {
          name: work === "ours" ? `${name}, DatagramServer` : `${name}, Socket`,
          unit: "requests/s",
          peerName,
          bar,
          ours: () => measure(ours, ports[0]),
          peer: () => measure(peer, ports[1]),
        })
      } finally {
        await Promise.all([ours.stop(), peer.stop()])
      }
    }
  }
}

/** Answers for each second that the server spends on a processor. */
async function measure(server: Contender, port: number): Promise<number> {
  const before = await server.cpu()
  const answers = await load(port)
  return answers / ((await server.cpu()) - before)
}

/** Each client sends a datagram, waits for the answer and starts again. */
async function load(port: number): Promise<number> {
  const message = Buffer.alloc(SIZE, 7)
  let answers = 0
  const clients: Socket[] = []
  const heard = new Map<Socket, number>()
  for (let i = 0; i < CLIENTS; i++) {
    const client = createSocket("udp4", (data) => {
      if (!data.equals(message)) throw new Error("the echo is wrong")
      answers++
      heard.set(client, performance.now())
      client.send(message)
    })
    clients.push(client)
    client.bind(0, "127.0.0.1")
    client.connect(port, "127.0.0.1")
    await once(client, "connect")
  }
  for (const client of clients) client.send(message)
  const impatient = setInterval(() => {
    const now = performance.now()
    for (const client of clients) if (now - (heard.get(client) ?? 0) > PATIENCE) client.send(message)
  }, PATIENCE)
  await new Promise((resolve) => setTimeout(resolve, SECONDS * 1000))
  clearInterval(impatient)
  for (const client of clients) client.close()
  return answers
}
