import { spawn, type ChildProcess } from "node:child_process"
import { once } from "node:events"
import { createInterface } from "node:readline"
import { join } from "node:path"
import type { Bench } from "./row.ts"
import { Skipped } from "./row.ts"
import { BUNDLES } from "./tools.ts"

/** What a round of work took. */
export interface Round {
  /** How many operations. */
  readonly count: number
  /** Seconds on a processor. */
  readonly cpu: number
}

/** A process that does one side's work: it reads a word a line and answers each with one line of JSON. */
export class Contender {
  private readonly child: ChildProcess
  private waiting: { resolve(answer: never): void; reject(error: Error): void } | null = null
  private said = ""

  private constructor(command: readonly string[]) {
    const [program, ...args] = command as readonly [string, ...string[]]
    this.child = spawn(program, args, { stdio: ["pipe", "pipe", "pipe"] })
    const lines = createInterface({ input: this.child.stdout! })
    lines.on("line", (line) => this.answer(line))
    this.child.stderr!.on("data", (chunk: Buffer) => (this.said = (this.said + chunk.toString()).slice(-2000)))
    this.child.on("error", (error) => this.fail(error))
    this.child.on("close", (code, signal) => {
      this.fail(new Error(`${command.join(" ")} ended with ${code ?? signal}\n${this.said}`))
    })
  }

  /** Ours, or a peer that is JavaScript: the work `name` of a row's module, on the host under test. */
  static work({ runtime }: Bench, row: string, name: string, ...args: string[]): Contender {
    return new Contender([...runtime.command, join(BUNDLES, "worker.mjs"), row, name, ...args])
  }

  /** A peer in Python. @throws {Skipped} without gevent. */
  static python({ tools }: Bench, name: string, ...args: string[]): Contender {
    const { python } = tools
    if (python === undefined) throw new Skipped("no gevent")
    return new Contender([...tools.script(python, name), ...args])
  }

  /** Does its work for a while. */
  round(): Promise<Round> {
    return this.ask("round")
  }

  /** Does its work once. Resolves to how many operations that were, or to what the work returns. */
  async once(): Promise<number> {
    return (await this.ask<{ value: number }>("once")).value
  }

  /** How many seconds all its threads have spent on a processor by now. */
  async cpu(): Promise<number> {
    return (await this.ask<{ value: number }>("cpu")).value
  }

  /** How many bytes of memory are resident, its garbage collected. */
  async memory(): Promise<number> {
    return (await this.ask<{ value: number }>("memory")).value
  }

  /** Ends the process. */
  async stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return
    this.waiting = null
    this.child.kill("SIGKILL")
    await once(this.child, "exit")
  }

  private ask<T>(word: string): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (this.child.exitCode !== null || this.child.signalCode !== null) {
        reject(new Error(`the process has ended\n${this.said}`))
        return
      }
      this.waiting = { resolve, reject }
      this.child.stdin!.write(`${word}\n`)
    })
  }

  private answer(line: string): void {
    if (!line.startsWith("{")) return // what a program prints
    const { waiting } = this
    const answer = JSON.parse(line) as { error?: string }
    this.waiting = null
    if (answer.error !== undefined) waiting?.reject(new Error(answer.error))
    else waiting?.resolve(answer as never)
  }

  private fail(error: Error): void {
    this.waiting?.reject(error)
    this.waiting = null
  }
}
