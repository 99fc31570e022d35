// The bench: node build/test/bench/main.mjs [NAME…] [--json FILE] [--node PATH]… [--host NAME]… [--all]
//   NAME        only these rows: the name of a file here without .ts, or a word of the row's name
//   --json      writes the results to a file, one object a row
//   --node      a Node.js to measure ours on, instead of the running one
//   --host      a host to measure ours and its peers in JavaScript on: node, deno or bun; may be repeated
//   --all       the oldest Node.js that is supported and the newest one
import { writeFileSync } from "node:fs"
import { parseArgs } from "node:util"
import * as accept from "./accept.ts"
import * as communicate from "./communicate.ts"
import * as dns from "./dns.ts"
import * as echo from "./echo.ts"
import * as event from "./event.ts"
import * as hub from "./hub.ts"
import * as idle from "./idle.ts"
import * as imap from "./imap.ts"
import * as million from "./million.ts"
import * as pingpong from "./pingpong.ts"
import * as popen from "./popen.ts"
import * as poolmap from "./poolmap.ts"
import * as queue from "./queue.ts"
import * as readline from "./readline.ts"
import { Skipped, type Result, type Row } from "./row.ts"
import { allNodes, nodeAt, runtimeOf } from "./runtimes.ts"
import * as semaphore from "./semaphore.ts"
import * as sleep from "./sleep.ts"
import * as sleepers from "./sleepers.ts"
import * as spawn from "./spawn.ts"
import { printHeading, printResult } from "./table.ts"
import * as threadpool from "./threadpool.ts"
import * as threads from "./threads.ts"
import * as timeout from "./timeout.ts"
import * as tlsecho from "./tlsecho.ts"
import * as transfer from "./transfer.ts"
import { Tools } from "./tools.ts"
import * as udp from "./udp.ts"
import * as unix from "./unix.ts"
import * as yielding from "./yield.ts"

const ROWS: Record<string, Row> = {
  yield: yielding,
  sleep,
  spawn,
  timeout,
  pingpong,
  queue,
  million,
  semaphore,
  event,
  poolmap,
  imap,
  popen,
  communicate,
  echo,
  transfer,
  udp,
  tlsecho,
  unix,
  accept,
  idle,
  dns,
  readline,
  sleepers,
  threads,
  threadpool,
  hub,
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: "string" },
    node: { type: "string", multiple: true },
    host: { type: "string", multiple: true },
    all: { type: "boolean", default: false },
  },
})
const runtimes = [
  ...(values.all ? allNodes() : (values.node ?? []).map(nodeAt)),
  ...(values.host ?? (values.all || values.node ? [] : ["node"])).map(runtimeOf),
]
const rows = Object.entries(ROWS).filter(
  ([file, { name }]) =>
    !positionals.length || positionals.some((word) => (word in ROWS ? word === file : name.includes(word))),
)
const tools = new Tools()
const results: Result[] = []
let skipped = 0
let failed = 0

printHeading()
for (const [file, row] of rows) {
  for (const runtime of runtimes) {
    try {
      for await (const result of row.run({ runtime, tools })) {
        results.push(result)
        printResult(result)
      }
    } catch (error) {
      if (error instanceof Skipped) skipped++
      else failed++
      const how = error instanceof Skipped ? "skipped" : "failed"
      console.log(
        `${file} (${runtime.host} ${runtime.version}) ${how}: ${error instanceof Error ? error.message : String(error)}`,
      )
    }
  }
}
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(results, null, 2)}\n`)
const missed = results.filter((result) => !result.ok).length
console.log(`${results.length - missed} ok, ${missed} missed, ${skipped} skipped, ${failed} failed`)
process.exitCode = failed > 0 || results.length === 0 ? 1 : 0
