import type { HostName, Runtime } from "./runtimes.ts"
import type { Tools } from "./tools.ts"

/** What a result has to reach: the ratio to a peer, or a number of its own unit that must not be exceeded. */
export type Bar = { readonly atLeast: number } | { readonly atMost: number }

/** Bars that differ by host. */
export type HostBars = Readonly<Record<HostName, Readonly<Record<string, Bar>>>>

/** One line of the table, and one object of the JSON file. */
export interface Result {
  readonly name: string
  /** Where ours ran, such as `node 20.19.0`. */
  readonly host: string
  readonly unit: string
  readonly ours: number
  /** null: there is nothing to compare with. */
  readonly peer: number | null
  readonly peerName: string | null
  /** How many times better ours is, the median over the rounds; null without a peer. */
  readonly ratio: number | null
  /** For `ratio`, and where the unit is bytes for `ours`. */
  readonly bar: number
  readonly ok: boolean
}

/** What a row measures with. */
export interface Bench {
  readonly runtime: Runtime
  readonly tools: Tools
}

/** A measurement that cannot be made on this machine. */
export class Skipped extends Error {
  override name = "Skipped"
}

/** One kind of work. A module of this shape, with its work for the worker process beside it, is a row of the bench. */
export interface Row {
  readonly name: string
  /** By the name of the peer, or by `""` for a bar that needs none. */
  readonly bars: Readonly<Record<string, Bar>> | HostBars
  /** Measures and yields a result for each bar. */
  run(bench: Bench): AsyncIterable<Result>
}

/** Work for a worker process: does something once and says how many operations that were. */
export type Work = (...args: string[]) => number | Promise<number>
