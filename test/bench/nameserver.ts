import { spawn } from "node:child_process"
import { once } from "node:events"
import { a, NameServer, TYPES } from "../nameserver.ts"
import type { Tools } from "./tools.ts"

/** The name server of the bench. In C, where there is a compiler: one in JavaScript takes longer for a name than those who ask it. */
export interface BenchServer {
  readonly port: number
  close(): Promise<void>
}

/** Starts it, on 127.0.0.1. */
export async function startNameServer(tools: Tools): Promise<BenchServer> {
  const program = tools.compiled("nameserver")
  if (program === undefined) {
    console.log("the name server is in JavaScript, and takes as long as those who are measured")
    const server = await NameServer.start(({ type }) => {
      server.questions.length = 0
      return { records: type === TYPES.A ? [a("192.0.2.1", 3600)] : [] }
    })
    return server
  }
  const child = spawn(program, { stdio: ["pipe", "pipe", "inherit"] })
  const exited = once(child, "exit")
  const [line] = (await once(child.stdout, "data")) as [Buffer]
  return {
    port: Number(line.toString()),
    async close() {
      child.stdin.end()
      await exited
    },
  }
}
