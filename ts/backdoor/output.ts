import { Event } from "../event.ts"
import { SocketError } from "../exceptions.ts"
import type { Data } from "../socket/bytes.ts"
import type { Socket } from "../socket/socket.ts"
import type { BlockingCall, Wait } from "../wait.ts"

/** Characters that may wait to be sent; code that prints more without ever waiting loses the rest. */
const ROOM = 1024 * 1024

/** What goes to a connection: it is written at once and sent by a greenlet of its own, so that code which prints need not wait. */
export class Output {
  private readonly socket: Socket
  private readonly wanted = new Event()
  private readonly idle = new Event()
  private waiting: Data[] = []
  private size = 0
  private lost = false
  private gone = false

  constructor(socket: Socket) {
    this.socket = socket
    this.idle.set()
  }

  /** Adds something to what is sent. It is dropped when the peer is gone. */
  write(data: Data): void {
    if (this.gone) return
    if (this.size > ROOM) {
      this.lost = true
      return
    }
    this.add(data)
  }

  /** Waits until all is sent or the peer is gone. */
  drained(): Wait<unknown> {
    return this.idle.wait()
  }

  /** Sends, until it is killed. */
  *run(): Generator<BlockingCall<unknown>, void, unknown> {
    try {
      for (;;) {
        yield* this.wanted.wait()
        yield* this.send()
      }
    } catch (error) {
      if (!(error instanceof SocketError)) throw error
    } finally {
      this.gone = true
      this.waiting = []
      this.idle.set()
    }
  }

  private *send(): Generator<BlockingCall<unknown>, void, unknown> {
    while (this.waiting.length > 0) {
      const { waiting, lost } = this
      this.waiting = []
      this.size = 0
      this.lost = false
      for (const data of waiting) yield* this.socket.sendall(data)
      if (lost) this.add("\n[more was printed than could be kept]\n")
    }
    this.wanted.clear()
    this.idle.set()
  }

  private add(data: Data): void {
    const last = this.waiting.length - 1
    if (typeof data === "string" && typeof this.waiting[last] === "string") this.waiting[last] += data
    else this.waiting.push(data)
    this.size += typeof data === "string" ? data.length : data.byteLength
    this.idle.clear()
    this.wanted.set()
  }
}
