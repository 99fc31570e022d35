// One side of a pair: node worker.mjs ROW WORK [ARGUMENT…]. Reads a word a line from standard input and answers each with a line of JSON.
import { createInterface } from "node:readline"
import type { Round } from "./contender.ts"
import type { Work } from "./row.ts"

/** A round is as much work as takes this many seconds. */
const ROUND_SECONDS = 0.25

const [row, name, ...args] = process.argv.slice(2) as [string, string, ...string[]]
const { works } = (await import(new URL(`${row}.mjs`, import.meta.url).href)) as { works: Record<string, Work> }
const work = (): number | Promise<number> => works[name]!(...args)

for await (const word of createInterface({ input: process.stdin })) {
  let answer: object
  try {
    answer = word === "round" ? await round() : { value: await valueOf(word) }
  } catch (error) {
    answer = { error: error instanceof Error ? (error.stack ?? String(error)) : String(error) }
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`)
}

function valueOf(word: string): number | Promise<number> {
  if (word === "once") return work()
  return word === "cpu" ? cpuSeconds() : residentBytes()
}

async function round(): Promise<Round> {
  const start = cpuSeconds()
  let count = 0
  let cpu = 0
  while (cpu < ROUND_SECONDS) {
    count += await work()
    cpu = cpuSeconds() - start
  }
  return { count, cpu }
}

function residentBytes(): number {
  const collect = (globalThis as { gc?: () => void }).gc
  collect?.()
  collect?.()
  return process.memoryUsage.rss()
}

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e6
}
