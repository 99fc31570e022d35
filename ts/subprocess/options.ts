import { UnicodeEncodeError, type ProcessArguments } from "../exceptions.ts"
import type { HasFileno } from "../fileobject/source.ts"
import type { Data } from "../socket/bytes.ts"

/** `stdin`, `stdout`, `stderr`: a new pipe to the child, a file of the Popen. */
export const PIPE = -1
/** `stderr`: the same as `stdout`. */
export const STDOUT = -2
/** `stdin`, `stdout`, `stderr`: `/dev/null`. */
export const DEVNULL = -3

/** What one of a child's standard streams is: PIPE, DEVNULL, a number, or what has one. Null: that of this process. */
export type Stdio = number | HasFileno | null

/** How a process is started. All of it may be left out. */
export interface PopenOptions {
  /** The program, when it is another one than the first of the arguments; with `shell` the shell. */
  executable?: string | null
  /** What it reads. */
  stdin?: Stdio
  /** Where its output goes. */
  stdout?: Stdio
  /** Where its error output goes; STDOUT: to where its output goes. */
  stderr?: Stdio
  /** Whether the shell runs it: `/bin/sh -c`. */
  shell?: boolean
  /** The folder that it starts in: a path, or a URL of one. */
  cwd?: string | URL | null
  /** The variables of its environment; null: those of this process. */
  env?: Readonly<Record<string, string>> | null
  /** Whether its pipes carry texts, not bytes. */
  text?: boolean | null
  /** The same as `text`. gevent: `universal_newlines`. */
  universalNewlines?: boolean | null
  /** The encoding of the texts; UTF-8 by default. Implies `text`. */
  encoding?: string | null
  /** What becomes of what is no text: `"strict"`, `"replace"`, `"ignore"`. Implies `text`. */
  errors?: string | null
  /** How lines of the texts end: see FileObject. */
  newline?: string | null
  /** Bytes that the files of its pipes buffer: -1 = as FileObject does, 0 = none. */
  bufsize?: number | null
  /** Numbers of the fd table that it gets as well, under the same numbers. */
  passFds?: Iterable<number>
  /** Whether it gets no other descriptors: always so. */
  closeFds?: boolean
  /** Whether signals have their default actions in it: always so. */
  restoreSignals?: boolean
  /** Whether it leads a session, and a group, of its own. */
  startNewSession?: boolean
  /** The user that it runs as: a number or a name. */
  user?: number | string | null
  /** The group that it runs as: a number or a name. */
  group?: number | string | null
  /** Not there: no JavaScript host can put a child into a group. `startNewSession` makes one. */
  processGroup?: null
  /** Not there: no JavaScript host runs code between fork and exec. */
  preexecFn?: null
}

const LONE_SURROGATE = /\p{Surrogate}/u

const KNOWN: ReadonlySet<string> = new Set<keyof PopenOptions>([
  "executable",
  "stdin",
  "stdout",
  "stderr",
  "shell",
  "cwd",
  "env",
  "text",
  "universalNewlines",
  "encoding",
  "errors",
  "newline",
  "bufsize",
  "passFds",
  "closeFds",
  "restoreSignals",
  "startNewSession",
  "user",
  "group",
  "processGroup",
  "preexecFn",
])

/** Whether the pipes of such a process carry texts. */
export type IsText<O extends PopenOptions> = O extends
  { text: true } | { universalNewlines: true } | { encoding: string } | { errors: string } | { newline: string }
  ? true
  : false

/** What is read from the pipes of such a process. */
export type OutputOf<O extends PopenOptions> = IsText<O> extends true ? string : Uint8Array

/** What is written to the pipes of such a process. */
export type InputOf<O extends PopenOptions> = IsText<O> extends true ? string : Data

/** Whether the pipes carry texts. */
export function isText({ text, universalNewlines, encoding, errors, newline }: PopenOptions): boolean {
  return (text ?? universalNewlines ?? false) || given(encoding) || given(errors) || given(newline)
}

/** Throws for what a host cannot do, or nobody. @throws {TypeError} {RangeError} {UnicodeEncodeError} */
export function checkOptions(args: ProcessArguments, options: PopenOptions): void {
  if (typeof args === "string") checkText(args)
  else if (Array.isArray(args) && args.every(isString)) args.forEach(checkText)
  else throw new TypeError(`args must be a string or an array of strings, not ${String(args)}`)
  if (args.length === 0) throw new RangeError("args must not be empty: the first is the program")
  const names = Object.keys(options)
  if (names.length === 0) return
  const unknown = names.find((name) => !KNOWN.has(name))
  if (unknown !== undefined) throw new TypeError(`Popen has no option ${JSON.stringify(unknown)}`)
  checkKinds(options)
  checkNames(options)
}

/** Checks what is no name and no text. */
function checkKinds(options: PopenOptions): void {
  const { bufsize, preexecFn, processGroup, restoreSignals, text, universalNewlines } = options
  if (given(bufsize) && !Number.isInteger(bufsize)) throw new TypeError("bufsize must be an integer")
  if (given(preexecFn)) {
    throw new TypeError("preexecFn is not there: a JavaScript host runs no code between fork and exec; use shell")
  }
  if (given(processGroup)) {
    throw new TypeError("processGroup is not there: a JavaScript host sets no groups; startNewSession makes a new one")
  }
  if (restoreSignals === false) {
    throw new RangeError("restoreSignals cannot be false: JavaScript hosts restore the signals of each child")
  }
  if (typeof text === "boolean" && typeof universalNewlines === "boolean" && text !== universalNewlines) {
    throw new RangeError("text and universalNewlines mean the same and must not differ")
  }
}

/** Checks what the program, its folder and its environment are given as. */
function checkNames({ cwd, env, executable }: PopenOptions): void {
  if (given(cwd)) {
    if (typeof cwd === "string") checkText(cwd)
    else if (!(cwd instanceof URL)) throw new TypeError(`cwd must be a path or a URL, not ${describe(cwd)}`)
  }
  if (given(executable)) {
    if (typeof executable !== "string") throw new TypeError(`executable must be a string, not ${describe(executable)}`)
    checkText(executable)
  }
  if (!given(env)) return
  if (typeof env !== "object" || Symbol.iterator in env || !Object.values(env).every(isString)) {
    throw new TypeError("env must be an object of strings")
  }
  for (const [name, value] of Object.entries(env)) {
    if (name === "" || name.includes("="))
      throw new RangeError(`illegal environment variable name ${JSON.stringify(name)}`)
    checkText(name)
    checkText(value)
  }
}

/** Throws for what no program can be told. */
function checkText(text: string): void {
  if (text.includes("\0")) throw new RangeError("embedded null character in what is to be started")
  // an expression with properties of characters takes a hundredth of the time of a start to be made and run
  if (!text.isWellFormed()) throw new UnicodeEncodeError("utf-8", text, text.search(LONE_SURROGATE))
}

function given<T>(value: T): value is NonNullable<T> {
  return value !== undefined && value !== null
}

function isString(value: unknown): value is string {
  return typeof value === "string"
}

function describe(value: unknown): string {
  return typeof value === "string" ? JSON.stringify(value) : String(value)
}
