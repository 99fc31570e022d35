import { host } from "#host"
import { E } from "../host/errno.ts"
import { hostImports, type EpollOwner, type Guest } from "./imports.ts"
import { Memory } from "./memory.ts"
import { Slots } from "./slots.ts"
import { wasiImports } from "./wasi.ts"

/** The functions that hub.wasm exports: wasm/loop.c and wasm/watcher.c. Loops and watchers are pointers. */
export interface HubExports {
  memory: WebAssembly.Memory
  __wasm_call_ctors?(): void
  loop_new(flags: number, isDefault: number): number
  loop_destroy(loop: number): void
  loop_break(loop: number): void
  loop_clock(loop: number): number
  loop_turn(loop: number): number
  loop_timeout(loop: number): number
  loop_active_count(loop: number): number
  loop_fd_closed(loop: number, fd: number): void
  loop_ref(loop: number): void
  loop_unref(loop: number): void
  loop_now(loop: number): number
  loop_now_update(loop: number): void
  loop_iteration(loop: number): number
  loop_depth(loop: number): number
  loop_pending_count(loop: number): number
  loop_backend(loop: number): number
  loop_verify(loop: number): void
  loop_feed_signal(loop: number, signum: number): void
  ev_version(): number
  ev_backends(which: number): number
  ev_wall(): number
  timer_start(loop: number, id: number, priority: number, ref: number, after: number, repeat: number): number
  timer_again(loop: number, watcher: number, repeat: number): number
  timer_remaining(loop: number, watcher: number): number
  io_start(loop: number, id: number, priority: number, ref: number, fd: number, events: number): number
  stat_start(loop: number, id: number, priority: number, ref: number, path: number, interval: number): number
  watcher_start(
    loop: number,
    id: number,
    priority: number,
    ref: number,
    kind: number,
    number: number,
    trace: number,
  ): number
  watcher_feed_new(loop: number, id: number, priority: number, kind: number, revents: number): number
  watcher_feed(loop: number, watcher: number, revents: number): void
  watcher_stop(watcher: number): void
  watcher_loop(watcher: number): number
  watcher_active(watcher: number): number
  watcher_pending(watcher: number): number
  watcher_clear_pending(loop: number, watcher: number): number
  watcher_set_ref(loop: number, watcher: number, ref: number): void
  async_send(loop: number, watcher: number): void
  async_pending(watcher: number): number
  child_rpid(watcher: number): number
  child_rstatus(watcher: number): number
  stat_fields(watcher: number, which: number, fields: number): number
  stat_interval(watcher: number): number
  resolver_new(loop: number, options: number, status: number): number
  resolver_free(resolver: number): void
  resolver_reload(resolver: number): number
  resolver_servers(resolver: number): number
  resolver_set_servers(resolver: number, servers: number): number
  resolver_set_local_address(resolver: number, ipv4: number, ipv6: number): number
  resolver_queries(resolver: number): number
  resolver_getaddrinfo(resolver: number, id: number, name: number, family: number, flags: number): number
  resolver_gethostbyaddr(resolver: number, id: number, address: number): number
  resolver_query(resolver: number, id: number, name: number, type: number): number
  resolver_cancel(search: number): void
  message_write(name: number, type: number, ednsSize: number, length: number): number
  message_read(id: number, message: number, length: number): void
  address_canonical(text: number, family: number): number
  resolver_scratch(): number
  resolver_error(status: number): number
  resolver_version(): number
  allocate(size: number): number
  release(pointer: number): void
}

/** Who gets a watcher's events. */
export interface EventSink {
  /** `revents` are libev's event bits; with {@link GONE} the watcher has stopped and its handle is void. */
  event(revents: number): void
  /** Its loop was destroyed, and its handle is void. */
  abandoned?(): void
}

/** Who waits for c-ares. */
export interface Searcher {
  /** It has answered: an ARES_ code, and where in the module the answer is, during the call. */
  resolved(status: number, answer: number): void
}

/** Bytes that wasm/resolver.c has for `scratch`. */
const SCRATCH_SIZE = 4096

/** In an event: the watcher is stopped already (a one-shot timer, a closed fd) and its handle released. */
export const GONE: number = 1 << 30

/** The instance of hub.wasm, and the handles that connect its watchers with objects here. */
export class HubModule implements Guest {
  readonly exports: HubExports
  readonly memory: Memory
  readonly opened = new Set<number>()
  readonly arguments: readonly string[] = []
  readonly environment: Readonly<Record<string, string>> = {}
  /** Who waits for the answer to a search of c-ares, by its number. */
  readonly searches = new Slots<Searcher>()
  /** The files that a resolver was given in the place of the host's, by their names. */
  readonly files = new Map<string, Uint8Array>()
  /** What has to go before a loop does, by the pointer of that. */
  readonly tenants = new Map<number, Set<() => void>>()
  private readonly sinks: (EventSink | undefined)[] = [undefined]
  private readonly pointers: number[] = [0]
  private readonly free: number[] = []
  private retired = 0
  private delivered = 0
  private creating: EpollOwner | undefined
  private scratchPointer = 0

  constructor() {
    let memory: Memory | undefined
    const wasi = {
      write: (fd: 1 | 2, bytes: Uint8Array): number => host.write(fd, bytes),
      get memory(): Memory {
        return memory!
      },
      arguments: this.arguments,
      environment: this.environment,
    }
    const instance = new WebAssembly.Instance(host.hubModule(), {
      host: hostImports(this),
      wasi_snapshot_preview1: wasiImports(wasi),
    })
    this.exports = instance.exports as unknown as HubExports
    this.memory = memory = new Memory(this.exports.memory)
    this.exports.__wasm_call_ctors?.()
  }

  /** Makes an ev_loop for `owner`, who hears of its epoll instance. Returns 0 when libev refuses the flags. */
  createLoop(owner: EpollOwner, flags: number, isDefault: boolean): number {
    this.creating = owner
    const pointer = this.exports.loop_new(flags, isDefault ? 1 : 0)
    this.creating = undefined
    return pointer
  }

  /** A handle for a watcher that is about to start; `bind` completes it. */
  reserve(sink: EventSink): number {
    const handle = this.free.length > 0 ? this.free.pop()! : this.sinks.length
    this.sinks[handle] = sink
    this.pointers[handle] = 0
    return handle
  }

  /** Puts a text into the module, where it stays until the next call: its address. Longer ones than names can be are cut. */
  scratch(text: string): number {
    const bytes = this.memory.bytes
    const start = (this.scratchPointer ||= this.exports.resolver_scratch() >>> 0)
    const length = Math.min(text.length, SCRATCH_SIZE - 1)
    for (let i = 0; i < length; i++) bytes[start + i] = text.charCodeAt(i)
    bytes[start + length] = 0
    return start
  }

  /** Binds a reserved handle to its watcher. Throws RangeError when the module is out of memory. */
  bind(handle: number, pointer: number): number {
    if (pointer === 0) {
      this.forget(handle)
      throw new RangeError("the hub is out of memory for watchers")
    }
    this.pointers[handle] = pointer
    return handle
  }

  /** The watcher of a handle; 0 when its loop was destroyed. */
  pointer(handle: number): number {
    return this.pointers[handle]!
  }

  forget(handle: number): void {
    this.sinks[handle] = undefined
    this.pointers[handle] = 0
    this.free.push(handle)
  }

  /** How many watchers are started or pending, in all loops. */
  get handles(): number {
    return this.sinks.length - 1 - this.free.length - this.retired
  }

  /** How many events were delivered, in all loops. */
  get events(): number {
    return this.delivered
  }

  /** Stops a watcher and forgets its handle. Nothing happens when its loop was destroyed. */
  stop(handle: number): void {
    const watcher = this.pointers[handle]!
    if (watcher === 0) return
    this.exports.watcher_stop(watcher)
    this.forget(handle)
  }

  /** Stops all watchers of a loop that is about to be destroyed. */
  abandon(loop: number): void {
    for (const leave of this.tenants.get(loop) ?? []) leave()
    this.tenants.delete(loop)
    for (let handle = 1; handle < this.pointers.length; handle++) {
      const watcher = this.pointers[handle]!
      if (watcher === 0 || this.exports.watcher_loop(watcher) !== loop) continue
      const sink = this.sinks[handle]!
      this.exports.watcher_stop(watcher)
      this.forget(handle)
      if (sink.abandoned !== undefined) sink.abandoned()
      else {
        // who is not told will stop it once more: the number must be nobody else's by then
        this.free.pop()
        this.retired++
      }
    }
  }

  event(handle: number, revents: number): void {
    this.delivered++
    const sink = this.sinks[handle]
    if ((revents & GONE) !== 0) this.forget(handle)
    sink?.event(revents)
  }

  get owner(): EpollOwner {
    if (this.creating === undefined) throw new TypeError("an epoll instance belongs to a loop")
    return this.creating
  }

  crashed(): void {
    throw new TypeError("the hub runs no C threads")
  }

  resolved(id: number, status: number, answer: number): void {
    this.searches.take(id)?.resolved(status, answer)
  }

  searchName(): number {
    return -E.NOSYS // greenlets ask the resolver themselves
  }

  cancelName(): void {
    // it never begins a search
  }

  config(path: string): Uint8Array | number {
    const given = this.files.get(path)
    if (given !== undefined) return given
    try {
      return host.readFile(path)
    } catch (error) {
      return -host.errno(error)
    }
  }
}

let shared: HubModule | undefined

/** The one instance of hub.wasm on this thread, made at the first call. */
export function hubModule(): HubModule {
  return (shared ??= new HubModule())
}
