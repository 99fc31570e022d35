import { host } from "#host"
import type { ListenAddress } from "../baseserver.ts"
import { need } from "../exceptions.ts"
import { Pool } from "../pool.ts"
import { StreamServer, type SecureServerOptions } from "../server.ts"
import { AF_UNIX, IPPROTO_TCP, TCP_NODELAY } from "../socket/constants.ts"
import type { Socket } from "../socket/socket.ts"
import { version } from "../version.ts"
import type { BlockingCall } from "../wait.ts"
import { checkReach, warning } from "./reach.ts"
import { Session } from "./session.ts"

/** Options of a BackdoorServer. */
export interface BackdoorOptions extends Omit<SecureServerOptions, "spawn"> {
  /** What the code of each connection sees, beside what is global. Each connection has a copy. */
  locals?: Readonly<Record<string, unknown>> | null
  /** What a connection is greeted with; by default it says that there is no password and who can connect. `""` is none. */
  banner?: string | null
  /** Whether addresses that other machines can reach are allowed. Default false. */
  allowRemote?: boolean
  /** Bytes that an input may have, over all its lines; a longer one ends the connection. Default 65536. */
  maxInput?: number
  /** How many may be connected at once; the others wait. Default Infinity. gevent: `spawn`. */
  maxSessions?: number
}

const MAX_INPUT = 65536

/**
 * A prompt of JavaScript over a socket, to look into a program that runs: `nc 127.0.0.1 5001`. There is no password, so it listens
 * only where this machine alone can connect, unless it is told otherwise.
 *
 * Code runs in the session's greenlet: what can be waited for is waited for, `await` and `yield*` work, and `console` prints to the
 * connection. `quit()` ends a connection.
 *
 * gevent: `gevent.backdoor.BackdoorServer(listener, locals=None, banner=None, **server_args)`.
 *
 * @example
 * ```ts
 * import { run } from "gevent-wasm"
 * import { BackdoorServer } from "gevent-wasm/backdoor"
 * import { createConnection } from "gevent-wasm/socket"
 * await run(function* () {
 *   const server = new BackdoorServer("127.0.0.1:0", { locals: { answer: 42 }, banner: "" })
 *   server.start()
 *   using client = yield* createConnection(server.address)
 *   yield* client.sendall("answer\nquit()\n")
 *   const file = client.makefile("r")
 *   console.log(yield* file.readline()) // >>> 42
 *   yield* server.stop()
 * })
 * ```
 */
export class BackdoorServer extends StreamServer {
  /** What the code of each connection sees; a connection copies it when it begins. */
  locals: Record<string, unknown>
  /** What a connection is greeted with; null = a text that says who can connect. */
  banner: string | null
  /** Bytes that an input may have. */
  maxInput: number
  private readonly allowRemote: boolean

  /**
   * @param listener - An address, or a socket that is bound.
   * @throws {RangeError} for an address that other machines can reach, without `allowRemote`; for a limit that is none. {TypeError}
   *   for options of a wrong type. {NotSupportedError} on a host that cannot run texts as code.
   * @throws as the constructor of `StreamServer`.
   */
  constructor(listener: ListenAddress | Socket, options: BackdoorOptions = {}) {
    need("evaluate", "backdoor")
    const { locals = null, banner = null, allowRemote = false, maxInput = MAX_INPUT, ...others } = options
    const { maxSessions = Infinity, ...serverOptions } = others
    if (locals !== null && typeof locals !== "object") {
      throw new TypeError(`locals must be an object, not ${String(locals)}`)
    }
    if (banner !== null && typeof banner !== "string") {
      throw new TypeError(`a banner must be a string, not ${String(banner)}`)
    }
    if (typeof allowRemote !== "boolean") {
      throw new TypeError(`allowRemote must be true or false, not ${String(allowRemote)}`)
    }
    checkCount("maxInput", maxInput)
    if (maxSessions !== Infinity) checkCount("maxSessions", maxSessions)
    super(listener, null, { ...serverOptions, spawn: new Pool(maxSessions === Infinity ? null : maxSessions) })
    this.locals = { ...locals }
    this.banner = banner
    this.maxInput = maxInput
    this.allowRemote = allowRemote
    if (!allowRemote) checkReach(this.family, this.address)
  }

  /** Talks with one user. */
  override *handle(socket: Socket): Generator<BlockingCall<unknown>, void, unknown> {
    if (socket.family !== AF_UNIX) socket.setsockopt(IPPROTO_TCP, TCP_NODELAY, 1)
    yield* new Session(socket, this.locals, this.maxInput).run(this.banner ?? this.defaultBanner())
  }

  protected override initSocket(): void {
    if (!this.allowRemote) checkReach(this.family, this.address)
    super.initSocket()
  }

  private defaultBanner(): string {
    return `gevent-wasm ${version} on ${host.name}. ${warning(this.family, this.address)}\nquit() ends this connection.`
  }
}

function checkCount(name: string, count: number): void {
  if (typeof count !== "number") throw new TypeError(`${name} must be a number, not ${String(count)}`)
  if (!Number.isInteger(count) || count < 1)
    throw new RangeError(`${name} must be a positive whole number, not ${count}`)
}
