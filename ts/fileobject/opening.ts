import type { FileMode } from "../host/host.ts"
import { encodingOf, errorHandlerOf, type Encoding, type ErrorHandler } from "./encoding.ts"
import { checkNewline, type Newline } from "./newline.ts"

/** How a file is opened. */
export interface FileOptions {
  /**
   * Bytes of the buffer. Less than 0: 8192, or 65536 for what has a position; 0: none; 1: for text, what is written goes out with
   * each line. Default -1.
   */
  buffering?: number
  /** The same as `buffering`; one of them can be given. */
  bufsize?: number
  /** Of text: `utf-8`, `utf-8-sig`, `latin-1`, `ascii`, `utf-16`, `utf-16-le`, `utf-16-be`; for reading what TextDecoder knows. Default `utf-8`. */
  encoding?: string | null
  /** What happens to what is no text in the encoding: `strict`, an error; `ignore`, or `replace`. Default `strict`. */
  errors?: string | null
  /** How lines of text end: null: in any way, and they are read with "\n"; "": in any way, which stays; or in this one way. */
  newline?: string | null
  /** Whether `close` closes the descriptor. Default true. */
  closefd?: boolean
  /** The same as `closefd`; one of them can be given. */
  close?: boolean
}

/** What a mode and the options say. */
export interface Opening {
  /** As it was given, without `U`. */
  readonly mode: string
  readonly fileMode: FileMode
  readonly reads: boolean
  readonly writes: boolean
  readonly text: { readonly encoding: Encoding; readonly errors: ErrorHandler; readonly newline: Newline } | null
  readonly buffering: number
  readonly closefd: boolean
}

/** What a file of a socket takes. */
export const STREAM_OPTIONS: readonly string[] = ["buffering", "encoding", "errors", "newline"]
const FILE_OPTIONS: readonly string[] = [...STREAM_OPTIONS, "bufsize", "closefd", "close"]
/** What a FileObjectThread takes. */
export const THREAD_OPTIONS: readonly string[] = [...FILE_OPTIONS, "lock"]

/**
 * Looks at a mode and the options.
 *
 * @param known - The names of the options that there are.
 * @throws {TypeError} for a wrong type, an option that there is not, and one that is given twice; {RangeError} for a wrong value.
 */
export function openingOf(mode: string, options: FileOptions, known: readonly string[] = FILE_OPTIONS): Opening {
  if (typeof mode !== "string") throw new TypeError(`invalid mode: ${String(mode)}`)
  if (typeof options !== "object" || options === null) {
    throw new TypeError(`the options must be an object, not ${String(options)}`)
  }
  for (const name of Object.keys(options)) {
    if (!known.includes(name)) throw new TypeError(`there is no option ${name}`)
  }
  const buffering = oneOf(options, "buffering", "bufsize") ?? -1
  const closefd = oneOf(options, "closefd", "close") ?? true
  const { encoding = null, errors = null, newline = null } = options
  if (!Number.isInteger(buffering)) throw new TypeError(`invalid buffering: ${String(buffering)}`)
  if (typeof closefd !== "boolean") throw new TypeError(`closefd must be a boolean, not ${String(closefd)}`)
  for (const [name, value] of Object.entries({ encoding, errors, newline })) {
    if (value !== null && typeof value !== "string") throw new TypeError(`invalid ${name}: ${String(value)}`)
  }
  const { kind, updates, binary, plain } = parseMode(mode)
  if (binary) {
    for (const [name, value] of Object.entries({ encoding, errors, newline })) {
      if (value !== null) throw new RangeError(`binary mode doesn't take an ${name} argument`.replace("an n", "a n"))
    }
  }
  checkNewline(newline)
  const writes = kind !== "r" || updates
  const text = binary
    ? null
    : { encoding: encodingOf(encoding ?? "utf-8"), errors: errorHandlerOf(errors ?? "strict"), newline }
  if (writes && text?.encoding.kind === "other") {
    throw new RangeError(`${text.encoding.name} can be read, and not be written`)
  }
  return {
    mode: plain,
    fileMode: `${kind}${updates ? "+" : ""}`,
    reads: kind === "r" || updates,
    writes,
    text,
    buffering,
    closefd,
  }
}

function oneOf<K extends keyof FileOptions>(options: FileOptions, name: K, older: K): FileOptions[K] {
  if (options[name] !== undefined && options[older] !== undefined) {
    throw new TypeError(`${name} and ${older} are the same: give one of them`)
  }
  return options[name] ?? options[older]
}

function parseMode(mode: string): { kind: "r" | "w" | "x" | "a"; updates: boolean; binary: boolean; plain: string } {
  const letters = new Set(mode)
  if (letters.size < mode.length || !/^[axrwb+tU]*$/.test(mode)) {
    throw new RangeError(`invalid mode: ${JSON.stringify(mode)}`)
  }
  const kinds = (["x", "r", "w", "a"] as const).filter((letter) => letters.has(letter))
  const updates = letters.has("+")
  const binary = letters.has("b")
  if (letters.has("U")) {
    if (updates || kinds.some((letter) => letter !== "r")) {
      throw new RangeError("mode U cannot be combined with 'x', 'w', 'a', or '+'")
    }
    if (kinds.length === 0) kinds.push("r")
  }
  if (letters.has("t") && binary) throw new RangeError("can't have text and binary mode at once")
  if (kinds.length > 1) throw new RangeError("can't have read/write/append mode at once")
  const [kind] = kinds
  if (kind === undefined) throw new RangeError("must have exactly one of read/write/append mode")
  const plain = `${kind}${updates ? "+" : ""}${letters.has("t") ? "t" : ""}${binary ? "b" : ""}`
  return { kind, updates, binary, plain }
}
