import { writeReport } from "../core/report.ts"
import { GreenletTree } from "./greenlettree.ts"
import { currentStack } from "./stack.ts"

/** What a report about all greenlets has. */
export interface RunInfoOptions {
  /** Whether it has the stack of the code that runs now; default true. gevent: `thread_stacks`. */
  threadStacks?: boolean
  /** Whether it says where each greenlet is; default true. gevent: `greenlet_stacks`. */
  greenletStacks?: boolean
  /** How many frames of a stack; default all. */
  limit?: number
}

/** Options of `printRunInfo`. */
export interface PrintRunInfoOptions extends RunInfoOptions {
  /** What gets the text; default: standard error. */
  file?: (text: string) => unknown
}

const RULE = "*".repeat(80)

/**
 * The lines of a report for people: the stack of this thread, and the tree of its greenlets with what they wait for, where they were
 * made and their locals. gevent: `gevent.util.format_run_info(thread_stacks=True, greenlet_stacks=True, limit=None)`.
 *
 * @example
 * ```ts
 * import { formatRunInfo } from "gevent-wasm/util"
 * console.log(formatRunInfo({ threadStacks: false }).join("\n"))
 * ```
 */
export function formatRunInfo(options: RunInfoOptions = {}): string[] {
  const { threadStacks = true, greenletStacks = true, limit } = options
  const details = { runningStacks: greenletStacks, ...(limit === undefined ? {} : { runningStackLimit: limit }) }
  return [
    RULE,
    "* Threads",
    RULE,
    "Thread (CURRENT)",
    threadStacks ? currentStack(limit) : "\t...stack elided...",
    RULE,
    "* Greenlets",
    RULE,
    ...GreenletTree.forest().flatMap((tree) => ["---- Thread boundary", ...tree.formatLines(details)]),
  ]
}

/**
 * Prints the report of `formatRunInfo`.
 * gevent: `gevent.util.print_run_info(thread_stacks=True, greenlet_stacks=True, limit=None, file=None)`.
 *
 * @throws {TypeError} when `file` is no function.
 * @example
 * ```ts
 * import { printRunInfo } from "gevent-wasm/util"
 * printRunInfo({ file: console.log })
 * ```
 */
export function printRunInfo(options: PrintRunInfoOptions = {}): void {
  const { file = writeReport } = options
  if (typeof file !== "function") throw new TypeError(`file must be a function of the text, not ${String(file)}`)
  file(`${formatRunInfo(options).join("\n")}\n`)
}
