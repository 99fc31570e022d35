import { Contender } from "./contender.ts"
import type { Bar, Bench, Result } from "./row.ts"

const WARM_UP = 3
const ROUNDS = 7

/** What to compare: both sides as functions that measure themselves once. */
export interface Pair {
  readonly name: string
  readonly unit: string
  readonly peerName: string
  readonly bar: Bar
  readonly ours: () => Promise<number>
  readonly peer: () => Promise<number>
  /** How often each side is measured; default 7, after 3 to warm up. */
  readonly rounds?: number
  readonly warmUp?: number
}

/** Measures both sides in turn, so that what else the machine does meets both, and compares each two neighbours. */
export async function compare({ runtime }: Bench, pair: Pair): Promise<Result> {
  const { ours, peer, rounds = ROUNDS, warmUp = WARM_UP } = pair
  const pairs: { ours: number; peer: number }[] = []
  for (let i = -warmUp; i < rounds; i++) {
    const both = { ours: await ours(), peer: await peer() }
    if (i >= 0) pairs.push(both)
  }
  const better = "atLeast" in pair.bar ? 1 : -1
  const { name, unit, peerName, bar } = pair
  const numbers = {
    ours: median(pairs.map((both) => both.ours)),
    peer: median(pairs.map((both) => both.peer)),
    ratio: median(pairs.map((both) => (both.ours / both.peer) ** better)),
  }
  return { name, host: `${runtime.host} ${runtime.version}`, unit, ...numbers, peerName, ...judge(bar, numbers) }
}

/** A result without a peer. */
export function alone({ runtime }: Bench, name: string, unit: string, ours: number, bar: Bar): Result {
  const numbers = { ours, peer: null, ratio: null }
  return { name, host: `${runtime.host} ${runtime.version}`, unit, ...numbers, peerName: null, ...judge(bar, numbers) }
}

/** Compares two processes by their operations per second of processor time. */
export async function race(
  bench: Bench,
  pair: Omit<Pair, "ours" | "peer">,
  start: { ours: () => Contender; peer: () => Contender },
): Promise<Result> {
  // the peer first: it may not be there
  const peer = start.peer()
  const ours = start.ours()
  try {
    return await compare(bench, { ...pair, ours: () => speed(ours), peer: () => speed(peer) })
  } finally {
    await Promise.all([ours.stop(), peer.stop()])
  }
}

interface RaceAll {
  readonly name: string
  readonly bars: Readonly<Record<string, Bar>>
  readonly unit: string
  readonly script?: string
}

/**
 * Races our work of the row in `file` with all its peers: `gevent` is the Python program of that name, or `script`, each other one a
 * work of the row of the peer's name.
 */
export async function* raceAll(
  bench: Bench,
  file: string,
  { name, bars, unit, script = file }: RaceAll,
): AsyncGenerator<Result> {
  const ours = (): Contender => Contender.work(bench, file, "ours")
  for (const [peerName, bar] of Object.entries(bars)) {
    const peer = (): Contender =>
      peerName === "gevent" ? Contender.python(bench, script) : Contender.work(bench, file, peerName)
    yield await race(bench, { name, unit, peerName, bar }, { ours, peer })
  }
}

async function speed(contender: Contender): Promise<number> {
  const { count, cpu } = await contender.round()
  return count / cpu
}

function judge(bar: Bar, { ours, ratio }: { ours: number; ratio: number | null }): { bar: number; ok: boolean } {
  return "atLeast" in bar
    ? { bar: bar.atLeast, ok: (ratio ?? ours) >= bar.atLeast }
    : { bar: bar.atMost, ok: ours <= bar.atMost }
}

/** The middle one of some numbers, or what lies between the two in the middle. */
export function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}
