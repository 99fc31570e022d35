import { execFile } from "node:child_process"
import { promisify } from "node:util"
import { Contender } from "./contender.ts"
import { compare } from "./pairs.ts"
import type { Bar, Bench, Result } from "./row.ts"

const SECONDS = 1

/** How servers are compared. */
export interface Exchange {
  readonly name: string
  readonly unit: string
  readonly connections: number
  /** Bytes of a message; 0 for connections that the server closes at once. */
  readonly size: number
  /** Units that an exchange of a message counts for. */
  readonly factor: number
  /** The row that has the servers; default `echo`. */
  readonly work?: string
}

/** Compares our server with those of the bars: `gevent StreamServer` is a Python program, each other one a work of the row. */
export async function* exchangeAll(
  bench: Bench,
  kind: Exchange,
  bars: Readonly<Record<string, Bar>>,
): AsyncGenerator<Result> {
  const { work = "echo" } = kind
  for (const [peerName, bar] of Object.entries(bars)) {
    yield await exchange(bench, kind, { peerName, bar }, () =>
      peerName === "gevent StreamServer" ? Contender.python(bench, work) : Contender.work(bench, work, peerName),
    )
  }
}

/**
 * Compares our server with another by the exchanges for each second that the server's process spends on a processor, so
 * that the load, which is the same for both, may use the other one.
 */
async function exchange(
  bench: Bench,
  { name, unit, connections, size, factor, work = "echo" }: Exchange,
  pair: { peerName: string; bar: Bar },
  start: () => Contender,
): Promise<Result> {
  const peer = start()
  const ours = Contender.work(bench, work, "ours")
  const measure = async (server: Contender, port: number): Promise<number> => {
    const before = await server.cpu()
    const exchanges = await load(bench, port, connections, size)
    const after = await server.cpu()
    return (exchanges * factor) / (after - before)
  }
  try {
    const ports = [await ours.once(), await peer.once()] as const
    return await compare(bench, {
      name,
      unit,
      ...pair,
      ours: () => measure(ours, ports[0]),
      peer: () => measure(peer, ports[1]),
    })
  } finally {
    await Promise.all([ours.stop(), peer.stop()])
  }
}

async function load({ tools }: Bench, ...args: number[]): Promise<number> {
  const [program, ...first] = tools.load as readonly [string, ...string[]]
  const { stdout } = await promisify(execFile)(program, [...first, ...args.map(String), String(SECONDS)])
  return Number(stdout)
}
