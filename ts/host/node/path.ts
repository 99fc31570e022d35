import { Buffer } from "node:buffer"
import { chmodSync, existsSync, renameSync, statSync, unlinkSync } from "node:fs"
import { dirname } from "node:path"
import process from "node:process"
import { E } from "../errno.ts"
import type { Binding, ListenOptions } from "./binding.ts"
import { errnoOfError, errnoOfSystem } from "./errors.ts"

// sizeof(sockaddr_un.sun_path), where the NUL that a path ends with has to fit too. An abstract name might fill it, but not on
// every host.
const SIZE = 108

const NUL = "\0"

interface PipeHandle {
  bind(path: string): number
  close(): void
}

interface PipeWrap {
  Pipe: new (kind: number) => PipeHandle
  constants: { SERVER: number }
}

/** The part of Bun's own interface that is used. */
interface Bun {
  listen(options: { unix: string; socket: object }): { stop(force: boolean): void }
}

/** Abstract names that are bound where the host cannot do that, and not listened at yet. */
const reserved = new Set<string>()

const bun = (globalThis as { Bun?: Bun }).Bun
const pipeWrap = bun === undefined ? loadPipeWrap() : undefined

/** Whether a path can be the name of a unix socket: 0, or a negative errno. */
export function checkPath(path: string): number {
  if (Buffer.byteLength(path) >= SIZE) return -E.NAMETOOLONG
  return path.startsWith(NUL) || !path.includes(NUL) ? 0 : -E.INVAL
}

/**
 * Binds a unix socket: its file appears now, as bind(2) makes it, or its abstract name is taken. The empty path is an
 * abstract name of the system's choice. Where the host cannot bind ahead, the path is listened at for a moment; the file
 * that stays is the one of a socket that nobody listens at, and is replaced when somebody does.
 *
 * @returns The binding, or a negative errno: ADDRINUSE, NOENT, ACCES, NAMETOOLONG …
 */
export function bindPath(path: string): Binding | number {
  if (path === "") return bindAny()
  const unfit = checkPath(path)
  if (unfit < 0) return unfit
  try {
    if (pipeWrap !== undefined) return bindHandle(pipeWrap, path)
    if (bun !== undefined) tryPath(bun, path)
  } catch (error) {
    return -errnoOfError(error)
  }
  return rememberPath(path)
}

/** The binding of a path that its listener will take; an abstract name is kept for it within this process. */
function rememberPath(path: string): Binding | number {
  if (reserved.has(path)) return -E.ADDRINUSE
  if (path.startsWith(NUL)) reserved.add(path)
  const free = (): void => void reserved.delete(path)
  return {
    address: { family: "unix", path },
    source: undefined,
    listen(server, backlog) {
      const options: ListenOptions = { path, backlog, exclusive: true }
      free()
      replace(path, () => server.listen(options))
    },
    unlisten: (server) => keepFile(path, () => server.close()),
    close: free,
  }
}

/** Linux' autobind: five hexadecimal digits that are free. */
function bindAny(): Binding | number {
  for (let left = 16; left > 0; left--) {
    const digits = Math.floor(Math.random() * 0x100000).toString(16)
    const binding = bindPath(`${NUL}${digits.padStart(5, "0")}`)
    if (binding !== -E.ADDRINUSE) return binding
  }
  return -E.NOSPC
}

function bindHandle(wrap: PipeWrap, path: string): Binding | number {
  const source = new wrap.Pipe(wrap.constants.SERVER)
  const result = source.bind(path)
  if (result !== 0) {
    source.close()
    const errno = errnoOfSystem(result)
    // libuv says so of a folder that is not there, too
    return errno === E.ACCES && !existsSync(dirname(path)) ? -E.NOENT : -errno
  }
  return {
    address: { family: "unix", path },
    // libuv cannot read from a handle that was bound before it was connected
    source: undefined,
    listen: (server, backlog) => void server.listen(source, backlog),
    unlisten: (server) => keepFile(path, () => server.close()),
    close: () => keepFile(path, () => source.close()),
  }
}

function tryPath(bun: Bun, path: string): void {
  const trial = bun.listen({ unix: path, socket: { data() {} } })
  keepFile(path, () => trial.stop(true))
}

/**
 * Calls a function that closes the socket at a path, and keeps its file, as close(2) does. Hosts remove it, even when it is
 * another socket's by now; so it steps aside for the time of the call.
 */
function keepFile(path: string, close: () => void): void {
  if (path.startsWith(NUL)) {
    close()
    return
  }
  const aside = `${path}.${process.pid}`
  const moved = move(path, aside)
  close()
  if (moved) move(aside, path)
}

function move(from: string, to: string): boolean {
  try {
    renameSync(from, to)
    return true
  } catch {
    // it is gone, or nobody may change the folder, the host neither
    return false
  }
}

/** Listens at a path instead of the socket whose file is there; that keeps its mode. */
function replace(path: string, listen: () => void): void {
  if (path.startsWith(NUL) || !existsSync(path)) {
    listen()
    return
  }
  const { mode } = statSync(path)
  unlinkSync(path)
  listen()
  chmodSync(path, mode & 0o7777)
}

function loadPipeWrap(): PipeWrap | undefined {
  try {
    const { binding } = process as unknown as { binding?: (name: string) => PipeWrap }
    const wrap = binding?.("pipe_wrap")
    return typeof wrap?.Pipe === "function" ? wrap : undefined
  } catch {
    return undefined
  }
}
