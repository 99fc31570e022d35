import { Io } from "../core/io.ts"
import { ERROR, READ } from "../core/flags.ts"
import { Timer } from "../core/timer.ts"
import { GreenletExit, SocketError } from "../exceptions.ts"
import { Flow } from "../flow.ts"
import { E } from "../host/errno.ts"
import { Greenlet } from "../greenlet.ts"
import { getHub } from "../hub.ts"
import type { GreenletSet } from "../pool/greenletset.ts"
import type { RawGreenlet } from "../rawgreenlet.ts"
import { Socket } from "../socket/socket.ts"
import type { SocketAddress } from "../socket/address.ts"
import { spawn, spawnRaw } from "../spawn.ts"
import type { BlockingCall, Op } from "../wait.ts"
import { closing, Handler } from "./handler.ts"
import { parseAddress, type ListenAddress } from "./listener.ts"
import { poolOfSize, runnerOf, type ServerPool } from "./serverpool.ts"
import { Until } from "../until.ts"

/** A function that runs another one in a greenlet, as `spawn` and `spawnRaw` do. */
export type SpawnFunction = (fn: () => Op<unknown>) => unknown

/** How a server runs its handlers; see `BaseServer`. */
export type SpawnOption = "default" | number | SpawnFunction | ServerPool | GreenletSet | null

/** Options of every server. */
export interface ServerOptions {
  /**
   * `"default"`: each handler in a greenlet. A number: that many at once at most, and no connection is accepted while there
   * are. A pool: the same with its limit. A function: instead of `spawn`. null: in the hub, where a handler may not wait.
   */
  spawn?: SpawnOption
}

const FATAL = ["EBADF", "EINVAL", "ENOTSOCK"]

/**
 * What servers have in common: the listener, the accepting and its pauses, and how handlers are run. A subclass says how to
 * listen and what to take from the listener: see `StreamServer`.
 *
 * gevent: `gevent.baseserver.BaseServer(listener, handle=None, spawn="default")`.
 */
export abstract class BaseServer<A extends unknown[] = unknown[]> implements Disposable {
  /** Seconds of the first pause after an accept that failed; each failure in a row doubles it. gevent: `min_delay`. */
  minDelay = 0.01
  /** Seconds of the longest pause. gevent: `max_delay`. */
  maxDelay = 1
  /** How many connections are accepted in a row before others get their turn. gevent: `max_accept`. */
  maxAccept = 100
  /** Seconds that `stop` waits for the handlers of a pool by default. gevent: `stop_timeout`. */
  stopTimeout = 1
  /** The pool that handlers run in; null without one. */
  pool: ServerPool | GreenletSet | null = null
  /** The listener; null before `start`, when an address was given, and after `close`. */
  socket: Socket | null = null
  /** AF_INET, AF_INET6 or AF_UNIX. */
  family: number = 0
  /** Where it listens; the port is the real one once it has started. Of a unix socket it is the path. */
  address: SocketAddress = ["", 0]
  /** Where `start` is to listen; null with a socket. */
  protected listenAt: SocketAddress | null = null
  private runner: SpawnFunction | "default" | null = "default"
  private watcher: Io | null = null
  private pause: Timer | null = null
  private delay = 0
  private running = false
  private slotWaiter: RawGreenlet | null = null
  private body!: (...args: A) => unknown
  private readonly waiting = new Set<Until>()
  private readonly closer = (...args: A): void => this.doClose(...args)

  /**
   * @param listener - An address, or a socket that is bound.
   * @param handle - What handles a connection: a generator, async or plain function. Needed unless the class has a method of
   *   that name.
   * @throws {TypeError} without a handler, for a listener or a `spawn` of another type; {RangeError} for a bad address or number.
   */
  constructor(
    listener: ListenAddress | Socket,
    handle?: ((...args: A) => unknown) | null,
    { spawn = "default" }: ServerOptions = {},
  ) {
    this.setListener(listener)
    this.setSpawn(spawn)
    this.setHandle(handle)
  }

  /** Handles what was taken from the listener: the constructor's argument, or a subclass's own. */
  handle(..._args: A): unknown {
    throw new TypeError("'handle' must be provided")
  }

  /** Opens the listener if there is none. Called by `start`. gevent: `init_socket`. */
  protected abstract initSocket(): void

  /** Takes one thing from the listener: the handler's arguments, or null when nothing waits. gevent: `do_read`. */
  protected abstract doRead(): A | null

  /** The handler has ended. gevent: `do_close`. */
  protected abstract doClose(...args: A): void

  /**
   * Sets where to listen from the next `start` on. A socket that it had and did not start with is not closed. gevent:
   * `set_listener`.
   *
   * @throws as the constructor; {TypeError} when it has started.
   */
  setListener(listener: ListenAddress | Socket): void {
    if (this.running) throw new TypeError("a server that has started keeps its listener: stop it first")
    if (listener instanceof Socket) {
      if ("doHandshake" in listener) {
        throw new TypeError(`Expected a regular socket, not SSLSocket: ${String(listener)}`)
      }
      this.address = listener.getsockname()
      this.family = listener.family
      this.socket = listener
      this.listenAt = null
    } else {
      const { family, address } = parseAddress(listener)
      this.family = family
      this.address = this.listenAt = address
      this.socket = null
    }
  }

  /** Sets how handlers are run. @throws as the constructor. gevent: `set_spawn`. */
  setSpawn(spawn: SpawnOption): void {
    this.pool = null
    if (spawn === "default" || spawn === null || typeof spawn === "function") this.runner = spawn
    else {
      this.pool = typeof spawn === "number" ? poolOfSize(spawn) : spawn
      this.runner = runnerOf(this.pool)
    }
  }

  /** Sets the handler. @throws {TypeError} when there is none. gevent: `set_handle`. */
  setHandle(handle?: ((...args: A) => unknown) | null): void {
    if (handle !== null && handle !== undefined) this.handle = handle
    if (typeof this.handle !== "function" || this.handle === BaseServer.prototype.handle) {
      throw new TypeError("'handle' must be provided")
    }
    this.body = handle ?? this.handle.bind(this)
  }

  /** Whether it was started and not closed since. */
  get started(): boolean {
    return this.running
  }

  /** Whether it has no listener. */
  get closed(): boolean {
    return this.socket === null
  }

  /** The host that it listens at, or the path of its unix socket. gevent: `server_host`. */
  get serverHost(): string {
    const { address } = this
    return typeof address === "string" ? address : address[0]
  }

  /** The port that it listens at; the real one once it has started, 0 for a unix socket. gevent: `server_port`. */
  get serverPort(): number {
    const { address } = this
    return typeof address === "string" ? 0 : address[1]
  }

  /**
   * Listens, and accepts from now on. Nothing happens when it has started.
   *
   * @throws {SocketError} EADDRINUSE …, with the address in the message. {RangeError} when `maxAccept` is less than 1.
   */
  start(): void {
    if (this.running) return
    if (!(this.maxAccept >= 1)) throw new RangeError(`maxAccept must be a positive number, not ${this.maxAccept}`)
    this.initSocket()
    this.running = true
    this.delay = this.minDelay
    this.startAccepting()
  }

  /** Goes on accepting after `stopAccepting`. gevent: `start_accepting`. */
  startAccepting(): void {
    if (this.watcher !== null || this.socket === null) return
    this.endPause()
    this.watcher = new Io(getHub().loop, this.socket.fileno(), READ)
    this.watcher.startWithEvents((events) => this.readable(events))
  }

  /** Accepts no more; connections wait in the system, and the handlers go on. gevent: `stop_accepting`. */
  stopAccepting(): void {
    this.watcher?.stop()
    this.watcher = null
    this.endPause()
  }

  /** Closes the listener. The handlers go on. A second call does nothing. */
  close(): void {
    this.stopAccepting()
    const { socket } = this
    this.socket = null
    this.running = false
    socket?.close()
    Until.notify(this.waiting)
  }

  /**
   * Closes the listener, at the call. Waiting for what it returns waits for the handlers of the server's pool, and kills those
   * that have not ended in time. Without a pool the handlers go on until they end, and nothing is waited for.
   *
   * @param timeout - Seconds; by default `stopTimeout`.
   */
  stop(timeout: number | null = null): Flow<void> {
    this.close()
    const { pool, stopTimeout } = this
    return new Flow(function* () {
      if (pool === null) return
      yield* pool.join(timeout ?? stopTimeout)
      yield* pool.kill()
    })
  }

  /**
   * Starts if it has not, waits until it is closed, and stops. Killing who waits stops it. gevent: `serve_forever`.
   *
   * @param stopTimeout - Seconds for `stop`.
   */
  serveForever(stopTimeout: number | null = null): Flow<void> {
    return new Flow(() => this.serve(stopTimeout))
  }

  /** `using` closes it. */
  [Symbol.dispose](): void {
    this.close()
  }

  /** `await using` stops it. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  /** Whether there is no room for a handler more. */
  full(): boolean {
    return this.pool?.full() ?? false
  }

  /** Whether an error of accept means that the listener is lost: EBADF, EINVAL or ENOTSOCK. gevent: `is_fatal_error`. */
  isFatalError(error: unknown): boolean {
    return error instanceof SocketError && FATAL.includes(error.code)
  }

  /** What the console shows. */
  toString(): string {
    const { socket, address, body } = this
    const fileno = socket === null ? "" : `fileno=${socket.fileno()} `
    const where = typeof address === "string" ? JSON.stringify(address) : address.join(":")
    return `<${this.constructor.name} ${fileno}address=${where} handle=${body.name || "(anonymous)"}>`
  }

  private *serve(stopTimeout: number | null): Generator<BlockingCall<unknown>, void, unknown> {
    this.start()
    try {
      yield* new Until(this.waiting, () => !this.running, `end of ${String(this)}`)
    } finally {
      // in a greenlet of its own, so that a second kill does not end it half-way
      yield* spawn(() => this.stop(stopTimeout)).join()
    }
  }

  /** The listener is readable: takes what is there. Runs in the hub. */
  private readable(events: number): void {
    if ((events & ERROR) !== 0) {
      this.acceptFailed(new SocketError(E.BADF, "accept"))
      return
    }
    // a handler in the hub may have closed the server
    for (let left = this.maxAccept; left > 0 && this.watcher !== null; left--) {
      if (this.full()) {
        this.stopAccepting()
        this.slotWaiter = spawnRaw(() => this.resumeWithRoom())
        return
      }
      try {
        const args = this.doRead()
        this.delay = this.minDelay
        if (args === null) return
        this.doHandle(args)
      } catch (error) {
        this.acceptFailed(error)
        return
      }
    }
  }

  /** What is run with the arguments: the handler, or what a subclass puts around it. */
  protected get handler(): (...args: A) => unknown {
    return this.body
  }

  private doHandle(args: A): void {
    const { handler: body, closer, runner } = this
    if (runner === "default") {
      new Handler(body, closer, args).start()
      return
    }
    const run = closing(body, closer, args)
    if (runner === null) {
      getHub().loop.invoke(run, [], this)
      return
    }
    try {
      const greenlet = runner(run)
      // one that is killed before it has begun closes nothing itself
      if (greenlet instanceof Greenlet) greenlet.rawlink(() => closer(...args))
    } catch (error) {
      closer(...args)
      throw error
    }
  }

  private acceptFailed(error: unknown): void {
    getHub().handleError(this, error)
    if (this.isFatalError(error)) this.close()
    else this.pauseAccepting()
  }

  private pauseAccepting(): void {
    this.stopAccepting()
    this.pause = new Timer(getHub().loop, this.delay)
    this.pause.start(() => this.startAccepting())
    this.delay = Math.min(this.maxDelay, this.delay * 2)
  }

  private *resumeWithRoom(): Generator<BlockingCall<unknown>, void, unknown> {
    yield* this.pool!.waitAvailable()
    this.slotWaiter = null
    this.startAccepting()
  }

  private endPause(): void {
    this.pause?.stop()
    this.slotWaiter?.scheduleKill(new GreenletExit())
    this.pause = this.slotWaiter = null
  }
}
