import dgram from "node:dgram"
import net from "node:net"

/** What was asked. */
export interface Question {
  readonly id: number
  /** As it came: with random case. */
  readonly spelled: string
  /** In lower case. */
  readonly name: string
  readonly type: number
  readonly transport: "udp" | "tcp"
  /** The address and the port that it came from. */
  readonly address: string
  readonly port: number
}

/** Where a query came from. */
type Origin = Pick<Question, "address" | "port">

/** A record of a reply. Its name is the question's unless it says otherwise. */
export interface Record {
  readonly type: number
  readonly data: Buffer
  readonly ttl?: number
  readonly name?: string
}

/** How to answer. Nothing at all means: not. */
export interface Reply {
  readonly records?: readonly Record[]
  /** The reply's code: 2 = the server cannot, 3 = there is no such name. */
  readonly rcode?: number
  /** Seconds to wait before. */
  readonly delay?: number
  /** Says over UDP that the answer does not fit. */
  readonly truncated?: boolean
  /** Another id than the question's. */
  readonly id?: number
  /** Another question than the one that was asked. */
  readonly question?: string
  /** Comes from another port. */
  readonly elsewhere?: boolean
  /** These bytes, behind the question's id, instead of all that. */
  readonly raw?: Buffer
  /** What goes before it as a reply of its own. */
  readonly before?: Reply
}

export const TYPES = {
  A: 1,
  NS: 2,
  CNAME: 5,
  SOA: 6,
  PTR: 12,
  MX: 15,
  TXT: 16,
  AAAA: 28,
  SRV: 33,
  NAPTR: 35,
  TLSA: 52,
  SVCB: 64,
  HTTPS: 65,
  URI: 256,
  CAA: 257,
} as const

/** A name server over UDP and TCP on one port of the loopback that answers as it is told. */
export class NameServer {
  readonly questions: Question[] = []
  answer: (question: Question) => Reply | null | undefined
  private readonly udp = dgram.createSocket("udp4")
  private readonly other = dgram.createSocket("udp4")
  private readonly tcp = net.createServer((socket) => this.serve(socket))
  private readonly sockets = new Set<net.Socket>()
  private readonly timers = new Set<NodeJS.Timeout>()
  private closed = false

  private constructor(answer: (question: Question) => Reply | null | undefined) {
    this.answer = answer
    this.udp.on("message", (message, from) => {
      this.reply(message, "udp", from, (bytes, elsewhere) => {
        if (!this.closed) (elsewhere ? this.other : this.udp).send(bytes, from.port, from.address)
      })
    })
    for (const socket of [this.udp, this.other]) socket.on("error", () => {})
  }

  static async start(answer: (question: Question) => Reply | null | undefined): Promise<NameServer> {
    for (;;) {
      const server = new NameServer(answer)
      await new Promise<void>((resolve) => server.tcp.listen(0, "127.0.0.1", resolve))
      await new Promise<void>((resolve) => server.other.bind(0, "127.0.0.1", resolve))
      try {
        await new Promise<void>((resolve, reject) => {
          server.udp.once("error", reject)
          server.udp.bind(server.port, "127.0.0.1", resolve)
        })
        return server
      } catch {
        await server.close() // somebody has the port over UDP
      }
    }
  }

  get port(): number {
    return (this.tcp.address() as net.AddressInfo).port
  }

  /** As resolvers take it. */
  get address(): string {
    return `127.0.0.1:${this.port}`
  }

  async close(): Promise<void> {
    if (this.closed) return
    this.closed = true
    for (const timer of this.timers) clearTimeout(timer)
    for (const socket of this.sockets) socket.destroy()
    for (const socket of [this.udp, this.other]) {
      try {
        socket.close()
      } catch {
        // it was never bound
      }
    }
    await new Promise((resolve) => this.tcp.close(resolve))
  }

  private serve(socket: net.Socket): void {
    let pending = Buffer.alloc(0)
    this.sockets.add(socket)
    socket.on("error", () => {})
    socket.on("close", () => this.sockets.delete(socket))
    socket.on("data", (data) => {
      pending = Buffer.concat([pending, data])
      while (pending.length >= 2 && pending.length >= 2 + pending.readUInt16BE(0)) {
        const message = pending.subarray(2, 2 + pending.readUInt16BE(0))
        pending = pending.subarray(2 + message.length)
        this.reply(message, "tcp", peerOf(socket), (bytes) => {
          if (!socket.destroyed) socket.write(Buffer.concat([number(bytes.length, 2), bytes]))
        })
      }
    })
  }

  private reply(
    message: Buffer,
    transport: "udp" | "tcp",
    from: Origin,
    send: (bytes: Buffer, elsewhere: boolean) => void,
  ): void {
    const question = decode(message, transport, from)
    this.questions.push(question)
    const reply = this.answer(question)
    if (reply === null || reply === undefined) return
    const sendAll = (one: Reply): void => {
      if (one.before) sendAll(one.before)
      send(encode(question, one), one.elsewhere === true)
    }
    if (reply.delay === undefined) sendAll(reply)
    else {
      const timer = setTimeout(() => {
        this.timers.delete(timer)
        sendAll(reply)
      }, reply.delay * 1000)
      this.timers.add(timer)
    }
  }
}

/** A number of so many bytes. */
export function number(value: number, bytes: 1 | 2 | 4): Buffer {
  const buffer = Buffer.alloc(bytes)
  buffer.writeUIntBE(value, 0, bytes)
  return buffer
}

/** A name on the wire, without compression. */
export function wireName(name: string): Buffer {
  const labels = name === "" || name === "." ? [] : name.replace(/\.$/, "").split(".")
  return Buffer.concat([...labels.flatMap((label) => [number(label.length, 1), Buffer.from(label)]), number(0, 1)])
}

export function a(address: string, ttl = 60): Record {
  return { type: TYPES.A, ttl, data: Buffer.from(address.split(".").map(Number)) }
}

/** @param groups - Eight groups in hexadecimal digits. */
export function aaaa(groups: string, ttl = 60): Record {
  return {
    type: TYPES.AAAA,
    ttl,
    data: Buffer.concat(groups.split(":").map((group) => number(parseInt(group, 16), 2))),
  }
}

export function named(type: "CNAME" | "NS" | "PTR", target: string, name?: string): Record {
  return { type: TYPES[type], data: wireName(target), ...(name === undefined ? {} : { name }) }
}

/** A text with its length before it. */
export function text(value: string): Buffer {
  return Buffer.concat([number(Buffer.byteLength(value), 1), Buffer.from(value)])
}

/** What a query asks. */
export function decode(message: Buffer, transport: Question["transport"], { address, port }: Origin): Question {
  const { name: spelled, end } = readName(message)
  const type = message.readUInt16BE(end)
  return { id: message.readUInt16BE(0), spelled, name: spelled.toLowerCase(), type, transport, address, port }
}

/** Where the other end of a connection is. */
export function peerOf({ remoteAddress = "", remotePort = 0 }: net.Socket): Origin {
  return { address: remoteAddress, port: remotePort }
}

/** A whole reply. */
export function encode(question: Question, reply: Reply): Buffer {
  if (reply.raw) return Buffer.concat([number(reply.id ?? question.id, 2), reply.raw])
  const cut = reply.truncated === true && question.transport === "udp"
  const records = cut ? [] : (reply.records ?? [])
  const flags = 0x8180 | (cut ? 0x0200 : 0) | (reply.rcode ?? 0)
  const header = [reply.id ?? question.id, flags, 1, records.length, 0, 0].map((word) => number(word, 2))
  const asked = Buffer.concat([wireName(reply.question ?? question.spelled), number(question.type, 2), number(1, 2)])
  const body = records.map(({ type, data, ttl = 60, name }) =>
    Buffer.concat([
      name === undefined ? number(0xc00c, 2) : wireName(name),
      number(type, 2),
      number(1, 2),
      number(ttl, 4),
      number(data.length, 2),
      data,
    ]),
  )
  return Buffer.concat([...header, asked, ...body])
}

function readName(message: Buffer): { name: string; end: number } {
  const labels: string[] = []
  let at = 12
  for (let length = message[at]!; length !== 0; length = message[at]!) {
    labels.push(message.subarray(at + 1, at + 1 + length).toString("latin1"))
    at += length + 1
  }
  return { name: labels.join("."), end: at + 1 }
}
