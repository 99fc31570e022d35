import { ChildProcess } from "node:child_process"
import type { Handle } from "./wire.ts"

/** A pipe to a child, as libuv is told of it. */
export interface PipeEntry {
  readonly type: "pipe"
  readonly handle: Handle
}

/** What one of a child's descriptors is to be, as libuv is told. */
export type StdioEntry = PipeEntry | { readonly type: "ignore" } | { readonly type: "fd"; readonly fd: number }

/** What a process is started with. */
export interface Launch {
  readonly file: string
  /** The name of the program first. */
  readonly args: readonly string[]
  readonly cwd: string | undefined
  /** Its descriptors from 0 on: a new pipe, `/dev/null`, or one of the host's. */
  readonly stdio: readonly ("pipe" | "null" | number)[]
  readonly detached: boolean
  readonly uid: number | undefined
  readonly gid: number | undefined
}

/** libuv's handle of a process. */
export interface ProcessHandle {
  readonly pid: number
  /** Called once, when the process has ended. */
  onexit: ((code: number, signal: NodeJS.Signals | "") => void) | null
  /** 0, or libuv's errno. */
  spawn: (this: ProcessHandle, ...given: unknown[]) => number
  close(): void
  unref(): void
}

/** How processes are started without what Node's `ChildProcess` does around it, which takes a third of the time. */
export interface Launcher {
  /** A handle that is nobody's. */
  handle(): ProcessHandle
  /** A pipe that a child can be given. */
  pipe(): PipeEntry
  /** Starts a process, which inherits the environment. Returns 0, or libuv's errno. */
  start(handle: ProcessHandle, options: Launch, entries: readonly StdioEntry[]): number
  /** Whether it would still be started so: nobody has put a method of their own in the way since. */
  current(): boolean
}

interface Inside {
  readonly _handle: ProcessHandle
  readonly spawn: (this: Inside, options: object) => number
}

type Call = (options: Launch, entries: readonly StdioEntry[]) => readonly unknown[]

// libuv's EINVAL, which has Node give up and close all that it has opened.
const REFUSED = -22
// DETACHED of libuv's flags
const DETACHED = 1

const probe = {
  file: "file",
  args: ["name", "argument"],
  cwd: "folder",
  detached: true,
  uid: 7,
  gid: 8,
  envPairs: ["A=B"],
  stdio: ["ignore", 5, "pipe"],
}
const entries = [
  { type: "ignore" },
  { type: "fd", fd: 5 },
  { type: "pipe", readable: false, writable: true, handle: 0 },
]

/** The ways to call that are known, each with what the probe looks like then. */
const CALLS: readonly (readonly [seen: unknown, call: Call])[] = [
  [[{ ...probe, stdio: entries }], (options, stdio) => [{ ...options, stdio }]],
  [
    [probe.file, probe.args, probe.cwd, probe.envPairs, entries, DETACHED, probe.uid, probe.gid],
    ({ file, args, cwd, detached, uid, gid }, stdio) => [
      file,
      args,
      cwd,
      undefined,
      stdio,
      detached ? DETACHED : 0,
      uid,
      gid,
    ],
  ],
]

/**
 * How this Node starts processes; undefined when that is none of the ways that are known. Node does not document it, has changed it
 * once and aborts when it is called wrongly: so it is watched as it calls, with a handle that starts nothing.
 */
export function findLauncher(): Launcher | undefined {
  const { prototype } = ChildProcess as unknown as { prototype: Inside }
  const { spawn } = prototype
  let seen: unknown[] = []
  let Process: (new () => ProcessHandle) | undefined
  try {
    const child = new ChildProcess() as unknown as Inside
    Process = child._handle.constructor as new () => ProcessHandle
    child._handle.spawn = (...given) => {
      seen = given
      return REFUSED
    }
    child.spawn({ ...probe })
  } catch {
    // it throws what it was told
  }
  const pipes: Handle[] = []
  const text = JSON.stringify(seen, (key, value: unknown) =>
    key === "handle" ? pipes.push(value as Handle) * 0 : value,
  )
  const call = CALLS.find(([known]) => JSON.stringify(known) === text)?.[1]
  if (call === undefined || Process === undefined) return undefined
  const Pipe = pipes[0]!.constructor as new (kind: number) => Handle
  return {
    handle: () => new Process(),
    pipe: () => ({ type: "pipe", handle: new Pipe(0) }),
    start: (handle, options, entries) => handle.spawn(...call(options, entries)),
    current: () => prototype.spawn === spawn,
  }
}
