import { execFile } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import { Contender } from "./contender.ts"
import { compare } from "./pairs.ts"
import type { Bar, Bench, Result } from "./row.ts"

const SECONDS = 1
// JavaScriptCore compiles for the first ten seconds.
const WARM_UP = 10

/** How servers are compared. */
export interface Exchange {
  readonly name: string
  readonly unit: string
  readonly connections: number
  /** Bytes of a message; 0 for connections that the server closes at once. */
  readonly size: number
  /** Units that an exchange of a message counts for. */
  readonly factor: number
  /** The row that has the servers; default `echo`. They get the path of a unix socket, or nothing for TCP. */
  readonly work?: string
  /** Over what; default TCP. */
  readonly family?: "unix"
}

/** Compares our server with those of the bars: `gevent StreamServer` is a Python program, each other one a work of the row. */
export async function* exchangeAll(
  bench: Bench,
  kind: Exchange,
  bars: Readonly<Record<string, Bar>>,
): AsyncGenerator<Result> {
  const { work = "echo" } = kind
  for (const [peerName, bar] of Object.entries(bars)) {
    yield await exchange(bench, kind, { peerName, bar }, (...path) =>
      peerName === "gevent StreamServer"
        ? Contender.python(bench, work)
        : Contender.work(bench, work, peerName, ...path),
    )
  }
}

/**
 * Compares our server with another by the exchanges for each second that the server's process spends on a processor, so
 * that the load, which is the same for both, may use the other one.
 */
async function exchange(
  bench: Bench,
  { name, unit, connections, size, factor, work = "echo", family }: Exchange,
  pair: { peerName: string; bar: Bar },
  start: (...path: string[]) => Contender,
): Promise<Result> {
  const folder = mkdtempSync(join(tmpdir(), "bench-"))
  const paths = family === "unix" ? [join(folder, "ours"), join(folder, "peer")] : []
  const peer = start(...paths.slice(1))
  const ours = Contender.work(bench, work, "ours", ...paths.slice(0, 1))
  const measure = async (server: Contender, target: number | string): Promise<number> => {
    const before = await server.cpu()
    const exchanges = await load(bench, target, connections, size)
    const after = await server.cpu()
    return (exchanges * factor) / (after - before)
  }
  try {
    const ports = [await ours.once(), await peer.once()] as const
    const targets = [paths[0] ?? ports[0], paths[1] ?? ports[1]] as const
    return await compare(bench, {
      name,
      unit,
      ...pair,
      warmUp: WARM_UP,
      ours: () => measure(ours, targets[0]),
      peer: () => measure(peer, targets[1]),
    })
  } finally {
    await Promise.all([ours.stop(), peer.stop()])
    rmSync(folder, { recursive: true })
  }
}

async function load({ tools }: Bench, ...args: (number | string)[]): Promise<number> {
  const [program, ...first] = tools.load as readonly [string, ...string[]]
  const { stdout } = await promisify(execFile)(program, [...first, ...args.map(String), String(SECONDS)])
  return Number(stdout)
}
