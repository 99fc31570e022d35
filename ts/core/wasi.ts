import { host } from "#host"
import { E } from "../host/errno.ts"
import { descriptors } from "./descriptors.ts"
import { entropy } from "./entropy.ts"
import type { Memory } from "./memory.ts"

/** What the WASI calls need from the instance that they serve. */
export interface WasiGuest {
  readonly memory: Memory
  readonly arguments: readonly string[]
  readonly environment: Readonly<Record<string, string>>
  /** Takes what is written to standard output (1) or error (2): how much it took, or a negative errno. */
  write(fd: 1 | 2, bytes: Uint8Array): number
}

/** `proc_exit` was called: the instance is not to be entered again. */
export class ExitStatus extends Error {
  override name = "ExitStatus"
  readonly status: number

  constructor(status: number) {
    super(`exit(${status})`)
    this.status = status
  }
}

const CLOCK_REALTIME = 0
const CLOCK_MONOTONIC = 1
const FILETYPE_CHARACTER_DEVICE = 2

/** The part of `wasi_snapshot_preview1` that our modules and linked C programs import. */
export function wasiImports(guest: WasiGuest): WebAssembly.ModuleImports {
  const encoder = new TextEncoder()
  const environment = Object.entries(guest.environment).map(([name, value]) => `${name}=${value}`)

  const sizes = (strings: readonly string[], countPointer: number, sizePointer: number): number => {
    const words = guest.memory.words
    words[countPointer >>> 2] = strings.length
    words[sizePointer >>> 2] = strings.reduce((sum, text) => sum + encoder.encode(text).length + 1, 0)
    return E.SUCCESS
  }
  const fill = (strings: readonly string[], table: number, buffer: number): number => {
    let at = buffer >>> 0
    strings.forEach((text, i) => {
      const bytes = encoder.encode(`${text}\0`)
      guest.memory.words[(table >>> 2) + i] = at
      guest.memory.bytes.set(bytes, at)
      at += bytes.length
    })
    return E.SUCCESS
  }
  const transfer = (pointer: number, count: number, done: number, part: (bytes: Uint8Array) => number): number => {
    const words = guest.memory.words
    let total = 0
    for (let i = 0; i < count; i++) {
      const bytes = guest.memory.slice(words[(pointer >>> 2) + 2 * i] ?? 0, words[(pointer >>> 2) + 2 * i + 1] ?? 0)
      if (bytes.length === 0) continue
      const n = part(bytes)
      if (n < 0 && total === 0) return -n
      if (n > 0) total += n
      if (n < bytes.length) break
    }
    guest.memory.words[done >>> 2] = total
    return E.SUCCESS
  }

  return {
    // i64 parameters arrive as BigInt
    clock_time_get: (clock: number, _precision: bigint, pointer: number): number => {
      let time: number
      if (clock === CLOCK_MONOTONIC) time = host.monotonic()
      else if (clock === CLOCK_REALTIME) time = host.wall()
      else return E.INVAL
      // written as two words: a BigInt would be allocated for each reading
      const nanoseconds = time * 1e6
      const words = guest.memory.words
      words[pointer >>> 2] = nanoseconds % 4294967296
      words[(pointer >>> 2) + 1] = nanoseconds / 4294967296
      return E.SUCCESS
    },
    random_get: (pointer: number, length: number): number => {
      entropy.fill(guest.memory.slice(pointer >>> 0, length >>> 0))
      return E.SUCCESS
    },
    proc_exit: (status: number): never => {
      throw new ExitStatus(status)
    },
    args_sizes_get: (count: number, size: number): number => sizes(guest.arguments, count, size),
    args_get: (table: number, buffer: number): number => fill(guest.arguments, table, buffer),
    environ_sizes_get: (count: number, size: number): number => sizes(environment, count, size),
    environ_get: (table: number, buffer: number): number => fill(environment, table, buffer),
    fd_write: (fd: number, pointer: number, count: number, done: number): number => {
      if (fd === 1 || fd === 2) return transfer(pointer, count, done, (bytes) => guest.write(fd, bytes))
      const descriptor = descriptors.get(fd)
      return descriptor === undefined ? E.BADF : transfer(pointer, count, done, (bytes) => descriptor.send(bytes))
    },
    fd_read: (fd: number, pointer: number, count: number, done: number): number => {
      // a program has no standard input of its own: it reads the end of the file at once
      if (fd === 0) return transfer(pointer, count, done, () => 0)
      const descriptor = descriptors.get(fd)
      return descriptor === undefined ? E.BADF : transfer(pointer, count, done, (bytes) => descriptor.recv(bytes))
    },
    fd_close: (fd: number): number => (fd <= 2 ? E.SUCCESS : -descriptors.close(fd)),
    fd_seek: (): number => E.SPIPE,
    fd_fdstat_get: (fd: number, pointer: number): number => {
      if (fd > 2 && descriptors.get(fd) === undefined) return E.BADF
      guest.memory.slice(pointer >>> 0, 24).fill(0)
      guest.memory.bytes[pointer >>> 0] = FILETYPE_CHARACTER_DEVICE
      return E.SUCCESS
    },
  }
}
