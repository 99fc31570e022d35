import { host } from "#host"
import { Pool } from "../pool.ts"
import { AresResolver, type RecordType, type RecordTypes } from "../resolver.ts"
import { kindOf } from "../resolver/records.ts"
import { run } from "../index.ts"
import type { BlockingCall } from "../wait.ts"
import { terminal } from "./terminal.ts"
import { UsageError } from "./usage.ts"

const OPTIONS = ["-t", "-s", "-n", "--timeout"]
const USAGE = "usage: gevent resolve [-t TYPE] [-s SERVER] [-n COUNT] [--timeout SECONDS] NAME…"
const encoder = new TextEncoder()

/** What the arguments say. */
interface Wanted {
  readonly names: string[]
  readonly type: RecordType | null
  readonly servers: string | null
  readonly timeout: number | null
  readonly size: number
}

/** A line of the table. */
interface Line {
  readonly name: string
  readonly answers: readonly string[]
  readonly failed: boolean
}

/**
 * `gevent resolve`: looks many names up at once, and prints a table. A line on standard error says how far it is.
 *
 * @returns The exit status: 0 when all names were found, 1 when one was not.
 * @throws {UsageError} for arguments that are wrong.
 */
export async function resolveNames(args: string[]): Promise<number> {
  const wanted = parse(args)
  if (wanted === null) {
    host.write(1, encoder.encode(`${USAGE}\n`))
    return 0
  }
  const { names, servers, timeout, size } = wanted
  using resolver = resolverOf(servers, timeout)
  let done = 0
  return await run(function* () {
    const pool = new Pool(size)
    const lines = new Map<number, Line>()
    const jobs = names.map((name, i) => [name, i] as const)
    for (const next of pool.imapUnordered(function* ([name, i]) {
      lines.set(i, yield* lookUp(resolver, wanted, name))
    }, jobs)) {
      yield* next
      progress(++done, names.length)
    }
    progress(0, 0)
    const table = names.map((_name, i) => lines.get(i)!)
    const width = Math.max(...table.map(({ name }) => name.length))
    for (const { name, answers } of table)
      host.write(1, encoder.encode(`${name.padEnd(width)}  ${answers.join(" ")}\n`))
    return table.some(({ failed }) => failed) ? 1 : 0
  })
}

function resolverOf(servers: string | null, timeout: number | null): AresResolver {
  try {
    return new AresResolver({ servers, timeout })
  } catch (error) {
    if (error instanceof RangeError) throw new UsageError(error.message)
    throw error
  }
}

function* lookUp(
  resolver: AresResolver,
  { type }: Wanted,
  name: string,
): Generator<BlockingCall<unknown>, Line, unknown> {
  try {
    if (type !== null) {
      const records = yield* resolver.resolve(name, type)
      return { name, answers: records.map(describe), failed: false }
    }
    const list = yield* resolver.getaddrinfo(name, null, 0, 1)
    return { name, answers: list.map((entry) => entry[4][0]), failed: false }
  } catch (error) {
    return { name, answers: [error instanceof Error ? error.message : String(error)], failed: true }
  }
}

/** The fields of a record but its name and its TTL. */
function describe({ name: _name, ttl: _ttl, ...fields }: RecordTypes[RecordType]): string {
  const words = Object.entries(fields).filter(([field]) => field !== "data" || !("entries" in fields))
  return words.map(([, value]) => shown(value)).join(" ")
}

function shown(value: unknown): string {
  if (value instanceof Uint8Array) return [...value].map((byte) => byte.toString(16).padStart(2, "0")).join("")
  return typeof value === "string" ? value : JSON.stringify(value)
}

/** Shows a person how far it is on the line where the cursor is; 0 of 0 clears that. */
function progress(done: number, all: number): void {
  if (!terminal) return
  host.write(2, encoder.encode(all === 0 ? "\r\x1b[K" : `\r\x1b[K${done} of ${all} names`))
}

function parse(args: string[]): Wanted | null {
  const values = new Map<string, string>()
  const names: string[] = []
  for (let i = 0; i < args.length; i++) {
    const arg = args[i]!
    if (arg === "-h" || arg === "--help") return null
    if (arg === "--") {
      names.push(...args.slice(i + 1))
      break
    }
    const [option = "", given] = arg.startsWith("--") ? arg.split(/=(.*)/s) : [arg]
    if (!arg.startsWith("-")) names.push(arg)
    else if (!OPTIONS.includes(option)) throw new UsageError(`unknown option ${arg}\n${USAGE}`)
    else {
      const value = given ?? args[++i]
      if (value === undefined) throw new UsageError(`${arg} needs a value\n${USAGE}`)
      values.set(option, value)
    }
  }
  if (names.length === 0) throw new UsageError(`no names\n${USAGE}`)
  return {
    names,
    type: typeOf(values.get("-t")),
    servers: values.get("-s") ?? null,
    timeout: numberOf("--timeout", values.get("--timeout"), false),
    size: numberOf("-n", values.get("-n"), true) ?? 100,
  }
}

function typeOf(text: string | undefined): RecordType | null {
  if (text === undefined) return null
  const type = text.toUpperCase() as RecordType
  try {
    kindOf(type)
  } catch (error) {
    throw new UsageError(`${(error as Error).message}\n${USAGE}`)
  }
  return type
}

function numberOf(option: string, text: string | undefined, whole: boolean): number | null {
  if (text === undefined) return null
  const value = Number(text)
  if (text.trim() === "" || !(value > 0) || (whole && !Number.isInteger(value))) {
    throw new UsageError(`${option} must be a ${whole ? "whole " : ""}number above 0, not ${text}\n${USAGE}`)
  }
  return value
}
