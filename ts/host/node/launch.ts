import { ChildProcess } from "node:child_process"
import { hasSubscribers } from "node:diagnostics_channel"
import process from "node:process"
import { types } from "node:util"
import { ChildPipe } from "./childpipe.ts"
import { errnoOfSystem } from "./errors.ts"
import { promptly } from "./immediate.ts"
import { findLauncher, type Launch, type Launcher, type StdioEntry } from "./launcher.ts"

/** A process that was started. */
export interface Launched {
  readonly pid: number
  /** This end of its pipes, by the child's numbers. */
  readonly pipes: readonly (ChildPipe | null)[]
}

/** What hears how a process has ended. */
export type Exited = (code: number | null, signal: NodeJS.Signals | "" | null) => void

const variables = process.env
let found: Launcher | null | undefined

/** What starts processes that inherit the environment faster than `spawn` of Node; undefined where that has to do it. */
export function launcher(): Launcher | undefined {
  found ??= (inherits() && findLauncher()) || null
  if (found === null || process.env !== variables || !found.current()) return undefined
  // under the permission model `spawn` gives the child its restrictions; and those who watch processes want to see Node's
  const watched = hasSubscribers("child_process") || hasSubscribers("tracing:child_process.spawn:start")
  return watched || "permission" in process ? undefined : found
}

/**
 * Starts a process that inherits the environment.
 *
 * @returns The process, or a negative errno.
 */
export function launch(by: Launcher, options: Launch, exited: Exited): Launched | number {
  const entries = options.stdio.map((entry): StdioEntry =>
    entry === "pipe" ? by.pipe() : entry === "null" ? { type: "ignore" } : { type: "fd", fd: entry },
  )
  const handle = by.handle()
  handle.onexit = (code, signal) => {
    handle.close()
    promptly(() => exited(code, signal))
  }
  const result = by.start(handle, options, entries)
  if (result < 0) {
    handle.close()
    for (const entry of entries) if (entry.type === "pipe") entry.handle.close()
    return -errnoOfSystem(result)
  }
  handle.unref()
  return {
    pid: handle.pid,
    pipes: entries.map((entry, fd) => (entry.type === "pipe" ? pipeOf(entry.handle, fd) : null)),
  }
}

/** This end of a pipe of a child: written at 0, read at 1 and 2, both from 3 on. */
export function pipeOf(pipe: ConstructorParameters<typeof ChildPipe>[0], fd: number): ChildPipe {
  return new ChildPipe(pipe, fd !== 0, fd !== 1 && fd !== 2)
}

/** In a thread, under Deno and Bun, and where a program has put an object of its own there, `process.env` is a copy of the environment. */
function inherits(): boolean {
  if (process.versions["deno"] !== undefined || process.versions["bun"] !== undefined) return false
  if (process.platform === "win32" || !Reflect.has(ChildProcess.prototype, "spawn")) return false
  const prototype: unknown = Object.getPrototypeOf(variables)
  if (types.isProxy(variables) || prototype === null || prototype === Object.prototype) return false
  return process.getBuiltinModule("node:worker_threads").isMainThread
}
