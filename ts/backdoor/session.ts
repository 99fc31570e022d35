import { host } from "#host"
import { SystemExit } from "../exceptions.ts"
import { QuietGreenlet } from "../flow.ts"
import type { Code, Evaluator } from "../host/evaluator.ts"
import { resultOf } from "../iteration.ts"
import type { Socket } from "../socket/socket.ts"
import type { BlockingCall } from "../wait.ts"
import { redirect } from "./console.ts"
import { Lines } from "./lines.ts"
import { Output } from "./output.ts"

const PROMPT = ">>> "
const CONTINUATION = "... "
const REQUEST = /^\S+ \S+ HTTP\/\d/

type Steps<T> = Generator<BlockingCall<unknown>, T, unknown>

/** A talk with one user: reads code, runs it and prints what it gives. */
export class Session {
  private readonly builtins: Record<string, unknown>
  private readonly evaluator: Evaluator
  private readonly output: Output
  private readonly lines: Lines
  private readonly terminal: Console
  private readonly maxInput: number
  private source = ""

  /**
   * @param locals - What the user's code sees; copied.
   * @param maxInput - Bytes of the longest input.
   */
  constructor(socket: Socket, locals: Readonly<Record<string, unknown>>, maxInput: number) {
    this.maxInput = maxInput
    const output = (this.output = new Output(socket))
    this.lines = new Lines(socket, maxInput, (bytes) => output.write(bytes))
    this.builtins = Object.assign(Object.create(null) as Record<string, unknown>, {
      quit,
      exit: quit,
      print: (...values: unknown[]) => globalThis.console.log(...values),
      _: undefined,
    })
    this.evaluator = host.evaluator(
      Object.assign(Object.create(this.builtins) as Record<string, unknown>, locals),
    ) as Evaluator
    this.terminal = host.console((text) => output.write(text)) as Console
  }

  /** Talks until the user ends it. */
  *run(banner: string): Steps<void> {
    const { output } = this
    const writer = new QuietGreenlet(() => output.run())
    writer.start()
    const restore = redirect(this.terminal)
    try {
      if (banner !== "") output.write(`${banner}\n`)
      yield* this.interact()
      yield* output.drained()
    } finally {
      restore()
      writer.kill(undefined, false)
    }
  }

  private *interact(): Steps<void> {
    for (let first = true; ; first = false) {
      // what was printed may have left no room
      yield* this.output.drained()
      this.output.write(this.source === "" ? PROMPT : CONTINUATION)
      try {
        const line = yield* this.lines.next()
        if (line === null) return
        if (line === Lines.INTERRUPTED) this.interrupted()
        else if (first && REQUEST.test(line)) return this.refuse()
        else yield* this.take(line)
      } catch (error) {
        if (error instanceof SystemExit) return
        if (error instanceof RangeError) return this.output.write(`${String(error)}\n`)
        throw error
      }
    }
  }

  private interrupted(): void {
    this.source = ""
    this.output.write("\nKeyboardInterrupt\n")
  }

  /** A web page can make a browser of this machine send a request, with code in it. */
  private refuse(): void {
    this.output.write("this is a prompt, and no HTTP server\n")
  }

  private *take(line: string): Steps<void> {
    this.source = this.source === "" ? line : `${this.source}\n${line}`
    if (this.source.length > this.maxInput) throw new RangeError(`an input has ${this.maxInput} bytes at most`)
    let code: Code | null
    try {
      code = this.evaluator.compile(this.source)
    } catch (error) {
      this.source = ""
      this.output.write(`${String(error)}\n`)
      return
    }
    if (code === null) return
    this.source = ""
    yield* this.execute(code)
  }

  private *execute(code: Code): Steps<void> {
    try {
      const value = yield* code.kind === "async" ? this.awaited(code) : (code.run() as Steps<unknown>)
      const result = canBeWaitedFor(value) ? yield* resultOf(value) : value
      if (result === undefined) return
      this.builtins["_"] = result
      yield* this.output.drained()
      this.output.write(`${host.show(result)}\n`)
    } catch (error) {
      if (error instanceof SystemExit) throw error
      yield* this.output.drained()
      this.output.write(`${describe(error, this.evaluator.frame)}\n`)
    }
  }

  /** An async function needs a greenlet of its own, so that a kill of the session reaches what it awaits. */
  private *awaited(code: Code): Steps<unknown> {
    const { terminal } = this
    const greenlet = new QuietGreenlet(async () => {
      const restore = redirect(terminal)
      try {
        return await code.run()
      } finally {
        restore()
      }
    })
    greenlet.start()
    try {
      return yield* greenlet.get()
    } finally {
      greenlet.kill(undefined, false)
    }
  }
}

/** Ends the session. */
function quit(code = 0): never {
  throw new SystemExit(code)
}

/** Operations, generators and promises; other iterators are values. */
function canBeWaitedFor(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false
  return (
    typeof (value as PromiseLike<unknown>).then === "function" ||
    Object.prototype.toString.call(value) === "[object Generator]"
  )
}

/** An error with its stack, down to the user's code. */
function describe(error: unknown, frame: string): string {
  try {
    if (!(error instanceof Error)) return `Uncaught ${host.show(error)}`
    const lines = host.show(error).split("\n")
    const last = lines.findLastIndex((line) => line.includes(frame))
    return lines.filter((line, index) => last < 0 || index <= last || !/^\s+at /.test(line)).join("\n")
  } catch {
    return "an error that cannot be shown"
  }
}
