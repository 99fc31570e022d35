import type { Strand } from "../strand.ts"
import { formatRunInfo } from "./runinfo.ts"

/** The lines about a strand that blocks. `stack` is where it is; null when that is not known. */
export function blockReport(strand: Strand, reporter: unknown, stack: string | null = null): string[] {
  return [
    "=".repeat(80),
    "",
    `${new Date().toISOString()} : Greenlet ${String(strand)} appears to be blocked`,
    `    Reported by ${String(reporter)}`,
    ...(stack === null ? [] : ["Blocked Stack:", stack]),
    "Info:",
    ...formatRunInfo({ threadStacks: false, greenletStacks: false }),
  ]
}
