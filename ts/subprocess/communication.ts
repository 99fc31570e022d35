import { SocketError, TimeoutExpired } from "../exceptions.ts"
import type { FileObjectPosix } from "../fileobject/fileobjectposix.ts"
import { Flow, QuietGreenlet } from "../flow.ts"
import { Timeout, type TimeoutArgument } from "../limit.ts"
import { bytesOf, type Data } from "../socket/bytes.ts"
import type { BlockingCall } from "../wait.ts"
import type { Popen } from "./popen.ts"

type Body<T> = Generator<BlockingCall<unknown>, T, unknown>
type File = FileObjectPosix<string>
type Output = Uint8Array | string | null

/** The greenlets that write to a process and read from it; they go on when who waits for them does not any more. */
interface Talk {
  readonly writer: QuietGreenlet<void> | null
  readonly readers: readonly (QuietGreenlet<Uint8Array | string> | null)[]
}

/** Writes to a process and reads all that it writes. */
export class Communication {
  private readonly popen: Popen
  private talk: Talk | null = null

  constructor(popen: Popen) {
    this.popen = popen
  }

  /** See `Popen.communicate`. */
  flow(input: unknown, timeout: TimeoutArgument): Flow<[Output, Output]> {
    if (input !== null && this.talk !== null) throw new RangeError("the input was given to an earlier communicate()")
    if (input !== null && this.popen.stdin === null)
      throw new RangeError("there is no pipe for the input: stdin is not PIPE")
    const limit = timeout instanceof Timeout ? timeout : new Timeout(timeout)
    return new Flow(() => this.run(input, limit, limit === timeout))
  }

  private *run(input: unknown, limit: Timeout, given: boolean): Body<[Output, Output]> {
    const { popen } = this
    const talk = (this.talk ??= this.begin(input))
    const started = !limit.pending
    if (started) limit.start()
    try {
      const outputs: Output[] = []
      for (const reader of talk.readers) outputs.push(reader === null ? null : yield* reader.get())
      if (talk.writer !== null) yield* talk.writer.get()
      yield* popen.wait()
      return [outputs[0]!, outputs[1]!]
    } catch (error) {
      if (error !== limit || given) throw error
      throw new TimeoutExpired(popen.args, limit.seconds!, this.partial("stdout"), this.partial("stderr"))
    } finally {
      if (started) limit.cancel()
    }
  }

  private begin(input: unknown): Talk {
    const { stdin, stdout, stderr } = this.files
    return {
      writer: stdin === null ? null : spawned(() => write(stdin, input)),
      readers: [stdout, stderr].map((file) => (file === null ? null : spawned(() => read(file)))),
    }
  }

  /** What was read from an output so far. */
  private partial(name: "stdout" | "stderr"): Output {
    const file = this.files[name]
    if (file === null) return null
    const reader = this.talk!.readers[name === "stdout" ? 0 : 1]!
    return reader.successful() ? (reader.value as Output) : file.readAhead()
  }

  private get files(): Record<"stdin" | "stdout" | "stderr", File | null> {
    return this.popen as unknown as Record<"stdin" | "stdout" | "stderr", File | null>
  }
}

function spawned<T>(body: () => Body<T>): QuietGreenlet<T> {
  const greenlet = new QuietGreenlet<T>(body)
  greenlet.start()
  return greenlet
}

/** Writes all of the input and closes the pipe. That nobody reads it is no error. */
function* write(file: File, input: unknown): Body<void> {
  try {
    if (input !== null) yield* file.write(file.encoding === null ? bytesOf(input as Data) : (input as string))
    yield* file.close()
  } catch (error) {
    if (!(error instanceof SocketError && (error.code === "EPIPE" || error.code === "EINVAL"))) throw error
  } finally {
    file[Symbol.dispose]()
  }
}

function* read(file: File): Body<Uint8Array | string> {
  // whoever has closed it wants nothing
  if (file.closed) return file.encoding === null ? new Uint8Array(0) : ""
  try {
    return yield* file.read()
  } finally {
    file[Symbol.dispose]()
  }
}
